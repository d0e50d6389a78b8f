"""Where one pass ends and the next begins when a program goes forward again without having gone back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise

from bptui.programs.backward_partners import by_handed_gradients, in_reverse
from bptui.programs.event import ForwardCall
from bptui.programs.pass_events import PassEvents
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.seen_values import SeenValue


def cut_passes(events: PassEvents, facts: ProgramFacts) -> Iterator[PassEvents]:
    """Yield the passes among the calls of an iteration: those that only go forward, and that which goes back, the last.

    A pass begins where a layer goes forward again, or that of the same name in another network, if nothing that was
    made before is used from there on. That which goes back is the one whose value the first gradient is for.
    """
    events = by_handed_gradients(events)
    tops = [call for call in events.forwards if not call.parent]
    outermost = outermost_calls(events)
    cut_at = [0, *cuts(tops, events, facts), len(tops)]
    passes = [{call.number for call in tops[start:end]} for start, end in pairwise(cut_at)]
    going_back = next((it for it in passes if with_first_back(events) & it), passes[-1])
    for numbers in sorted(passes, key=lambda it: it is going_back):
        chosen = [call for call in events.forwards if outermost[call.number] in numbers]
        if numbers is going_back:
            yield in_reverse(PassEvents(chosen, events.backwards, events.raised))
        else:
            yield PassEvents(chosen)


def with_first_back(events: PassEvents) -> set[int]:
    """Return the outermost call around the forward that the program goes back from first, in a set of its own.

    A loss that tells its gradient at once has not gone back by that.
    """
    outermost = outermost_calls(events)
    losses = {call.number for call in events.forwards if call.is_loss}
    known = (outermost[it.forward] for it in events.backwards if it.forward in outermost and it.forward not in losses)
    return set(islice(known, 1))


def cuts(tops: Sequence[ForwardCall], events: PassEvents, facts: ProgramFacts) -> list[int]:
    """Return the places between the outermost calls at which a pass ends."""
    outermost = outermost_calls(events)
    with_back = {outermost.get(call.forward) for call in events.backwards}
    back = [at for at, call in enumerate(tops) if call.number in with_back]
    first_back, last_back = (back[0], back[-1]) if back else (len(tops), len(tops))
    found: list[int] = []
    start = 0
    for at, call in enumerate(tops):
        before = tops[start:at]
        if first_back < at <= last_back or not (begins_again(call, before) or begins_other_network(call, before)):
            continue
        made = things_of((number for it in before for number in it.outs), facts)
        if made.isdisjoint(things_of((number for after in tops[at:] for _, number in after.inputs), facts)):
            found.append(at)
            start = at
    return found


def begins_again(call: ForwardCall, before: Sequence[ForwardCall]) -> bool:
    """Return whether one of the calls before was of the same layer."""
    return any(is_same_layer(call, it) for it in before)


def begins_other_network(call: ForwardCall, before: Sequence[ForwardCall]) -> bool:
    """Return whether a call is to another network of the kind what the first of the calls before was to one."""
    first = next(iter(before), None)
    return first is not None and bool(call.name) and (call.layer, call.name) == (first.layer, first.name)


def is_same_layer(call: ForwardCall, other: ForwardCall) -> bool:
    """Return whether two calls are of one object; of functions, made at one place."""
    return call.owner == other.owner if call.owner or other.owner else call.site == other.site


def things_of(numbers: Iterable[int], facts: ProgramFacts) -> set[tuple[str, object]]:
    """Return what values are known by: the memory that they lie in, the object, or the mere number."""
    return {thing_of(facts.values[number]) for number in numbers}


def thing_of(value: SeenValue) -> tuple[str, object]:
    """Return what a value is known by."""
    if value.event.memory:
        return "memory", value.event.memory
    return ("object", value.event.token) if value.event.token else ("number", value.content)


def outermost_calls(events: PassEvents) -> Mapping[int, int]:
    """Return for each call forward the number of the outermost call around it."""
    parents = events.parents
    outermost: dict[int, int] = {}
    for number in sorted(parents):
        parent = parents[number]
        outermost[number] = outermost.get(parent, parent) if parent else number
    return outermost
