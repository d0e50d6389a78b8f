"""Which forward a call back is meant for, where its object has gone forward several times.

What an object remembers is its last forward. What the program means shows in the gradient that it hands over: that is
for the value which one of the forwards has made. Where the gradient was computed with, the calls back undo the calls
forward, the last first. Whether the object gives the gradient that is meant, or that of another call, is for a check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bptui.programs.event import BackwardCall, ForwardCall
from bptui.programs.pass_events import PassEvents


def by_handed_gradients(events: PassEvents) -> PassEvents:
    """Return the calls, each back with the forward for whose value it is handed a gradient, where that shows.

    A loss may be handed its targets once more: it is meant for the forward that was given these.
    """
    forwards = {call.number: call for call in events.forwards}
    makers = {number: call.number for call in events.forwards for number in call.outs}
    meant: dict[int, int] = {}
    backwards = []
    for call in events.backwards:
        made_by = next((makers[meant[it]] for it in call.douts if it in meant and meant[it] in makers), None)
        made_by = given_what_is_handed(call, forwards) if made_by is None else made_by
        made_by = within_group(call, made_by, forwards)
        is_other = made_by is not None and is_of_same_object(forwards[made_by], forwards.get(call.forward))
        attributed = call._replace(forward=made_by) if made_by is not None and is_other else call
        backwards.append(attributed)
        meant |= gradients_by_value(attributed, forwards)
    return replace(events, backwards=backwards)


def within_group(call: BackwardCall, made_by: int | None, forwards: Mapping[int, ForwardCall]) -> int | None:
    """Return the last forward of a call back's object within the group that has made its value; else ``made_by``."""
    own = forwards.get(call.forward)
    if made_by is None or own is None or is_of_same_object(forwards[made_by], own):
        return made_by
    inside = {it.number for it in forwards.values() if made_by in calls_around(it, forwards)}
    others = [it.number for it in forwards_of(own, forwards.values()) if it.number in inside]
    return made_by if own.number in inside else max(others, default=made_by)


def calls_around(call: ForwardCall, forwards: Mapping[int, ForwardCall]) -> Iterator[int]:
    """Yield the numbers of the forwards that a forward happened in."""
    parent = call.parent
    while parent in forwards:
        yield parent
        parent = forwards[parent].parent


def given_what_is_handed(call: BackwardCall, forwards: Mapping[int, ForwardCall]) -> int | None:
    """Return the last other forward of the object that was given what a call back is handed, and its own was not."""
    own = forwards.get(call.forward)
    if own is None:
        return None
    handed = set(call.douts) - {number for _, number in own.inputs}
    others = (it for it in forwards_of(own, forwards.values()) if handed & {number for _, number in it.inputs})
    return max((it.number for it in others if it.number < call.number), default=None)


def gradients_by_value(call: BackwardCall, forwards: Mapping[int, ForwardCall]) -> dict[int, int]:
    """Return for each gradient that a call back has returned, by number, the value that it is a gradient of."""
    forward = forwards.get(call.forward)
    inputs = forward.inputs if forward else ()
    pairs = zip(call.gradients, inputs, strict=False)
    return {gradient: int(value) for gradient, (_, value) in pairs if gradient is not None}


def in_reverse(events: PassEvents) -> PassEvents:
    """Return the calls, the second call back of an object with its forward before the last, and so on."""
    waiting: dict[int, list[int]] = {}
    for made in events.forwards:
        if made.owner:
            waiting.setdefault(made.owner, []).append(made.number)
    backwards = []
    for call in events.backwards:
        left = waiting.get(call.owner, [])
        forward = call.forward if call.forward in left or not left else left[-1]
        if forward in left:
            left.remove(forward)
        backwards.append(call._replace(forward=forward))
    return replace(events, backwards=backwards)


def is_of_same_object(one: ForwardCall, other: ForwardCall | None) -> bool:
    """Return whether two forwards are of one object, or of one function."""
    if other is None:
        return False
    return one.owner == other.owner if one.owner or other.owner else one.layer == other.layer


def forwards_of(call: ForwardCall, forwards: Iterable[ForwardCall]) -> Sequence[ForwardCall]:
    """Return the other forwards of the object of one, or of its function."""
    return [it for it in forwards if it.number != call.number and is_of_same_object(it, call)]
