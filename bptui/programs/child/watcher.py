"""In the child: sees every call of a layer's two passes, and tells what goes in, what comes out, and where."""

from __future__ import annotations

import dis
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from bptui.guest.child.description import place_of
from bptui.guest.child.object_arrays import Spot, attribute_dict, spots_in
from bptui.guest.child.own_gradients import gradient_of
from bptui.guest.child.styles.method_pair import GRADIENTS, VALUES, kept
from bptui.programs.child.call_source import CallSites
from bptui.programs.child.forward_passes import ForwardPasses
from bptui.programs.child.kept_call import LEFT_OUT, CopyOf, KeptCall
from bptui.programs.child.layer_style import PassCall, Styles
from bptui.programs.child.object_names import Name, held_at, held_name, name_in_call, unpacked_name
from bptui.programs.child.value_store import Array, SharedMemoryFullError, ValueStore, as_value
from bptui.programs.event import BackwardCall, CallRaised, FinalArray, ForwardCall

MOST_MISSES = 3
"""Times that what holds an argument is looked for in vain: a network's data is another array each time."""

LARGE = 1 << 16
"""Bytes from which on an array takes time to copy."""

RETURNS = frozenset(dis.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in dis.opmap)


@dataclass(eq=False)
class OpenCall:
    """A call that has begun: its ``number``, the call it happens in, its code, and what was seen of it so far."""

    number: int
    parent: int
    call: PassCall
    code: CodeType
    site: int
    name: Name
    arguments: dict[str, Any]
    spots: dict[str, Spot] = field(default_factory=dict)
    held: list[tuple[str, str, int]] = field(default_factory=list)
    arrays: dict[str, int] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    inputs: list[tuple[str, int]] = field(default_factory=list)
    is_hidden: bool = False

    @property
    def is_tentative(self) -> bool:
        """Whether it may turn out to be no layer's: a network has methods called loss and gradient, too."""
        return self.is_hidden or self.call.style == "derivative"


@dataclass
class Limits:
    """What is watched: after ``skip`` forward and backward passes, the next ``passes``."""

    passes: int
    skip: int = 0


class Watcher:
    """The hook. Events go through ``forward_passes``; ``finish`` is told why enough was seen, and what there is to say.

    ``calls`` keeps what it takes to make each forward once more.
    """

    def __init__(
        self,
        values: ValueStore,
        sites: CallSites,
        styles: Styles,
        *,
        limits: Limits,
        forward_passes: ForwardPasses,
        finish: Callable[[str, str], None],
    ) -> None:
        self.values = values
        self.sites = sites
        self.styles = styles
        self.limits = limits
        self.forward_passes = forward_passes
        self.tell = forward_passes.tell
        self.finish = finish
        self.stack: list[OpenCall] = []
        self.count = 0
        self.passes = 0
        self.is_backward = False
        self.calls: dict[int, KeptCall] = {}
        self.latest: dict[int, int] = {}
        self.caches: dict[tuple[str, int], tuple[Any, int]] = {}
        self.waiting: dict[str, dict[int, set[int]]] = {}
        self.array_names: dict[Any, str] = {}
        self.owner_names: dict[int, Name] = {}
        self.owners: dict[int, Any] = {}
        self.results: dict[int, set[str]] = {}
        self.places: dict[str, tuple[Any, str]] = {}
        self.misses: dict[tuple[int, str], int] = {}

    def start(self) -> None:
        """See the calls of this thread from now on."""
        sys.setprofile(self.hook)

    def stop(self) -> None:
        """See no more."""
        sys.setprofile(None)

    def hook(self, frame: FrameType, event: str, value: Any) -> None:
        """Be told by Python of each call and return."""
        if event == "call":
            if self.styles.is_candidate(frame.f_code):
                self.guarded(self.begin, frame)
        elif event == "return" and self.stack and self.stack[-1].code is frame.f_code:
            self.guarded(self.end, frame, value)

    def guarded(self, see: Callable[..., None], *arguments: Any) -> None:
        """See something, and stop where there is no more room for it."""
        self.values.moment += 1
        try:
            see(*arguments)
        except SharedMemoryFullError:
            self.stop()
            self.finish("memory", "")
        except Exception:  # noqa: BLE001  (a mistake of ours is not to be the program's)
            self.stop()
            self.finish("bug", traceback.format_exc())

    # A call begins.

    def begin(self, frame: FrameType) -> None:
        """See a call that begins."""
        call = self.styles.recognise(frame)
        if call is None:
            return
        top = self.top
        if top and is_whole_step(call, top.call):
            top.is_hidden, self.is_backward = True, False
            top = self.top
        if top and (call.style == "derivative" or is_detail(call, top.call)):
            self.stack.append(OpenCall(0, 0, call, frame.f_code, 0, Name(""), {}, is_hidden=True))
            return
        if call.style != "derivative":
            self.note_pass(call, top)
        if not self.is_watching:
            return
        if call.is_forward and top is None and not self.is_backward:
            self.note_forward_pass(call, frame)
        self.count += 1
        site = self.sites.number(frame.f_back, frame.f_code)
        name, arguments = self.name_of(call, frame, site), arguments_of(frame, call)
        opened = OpenCall(self.count, top.number if top else 0, call, frame.f_code, site, name, arguments)
        self.stack.append(opened)
        self.see_given(opened, frame)

    @property
    def top(self) -> OpenCall | None:
        """The innermost call that is under way."""
        return next((it for it in reversed(self.stack) if not it.is_tentative), None)

    def note_pass(self, call: PassCall, top: OpenCall | None) -> None:
        """Take note of which pass the program is in."""
        if call.is_forward and self.is_backward and top is None:
            self.begin_pass()
        if not call.is_forward:
            self.is_backward = True
            self.forward_passes.went_back()

    def note_forward_pass(self, call: PassCall, frame: FrameType) -> None:
        """Take note of where a pass begins though none has gone back."""
        key = call.layer if call.owner is None else self.values.token(call.owner)
        if self.forward_passes.begins((key, frame.f_code, call.owner is None and where(frame)), given(frame)):
            kept = self.forward_passes.next_pass(self.values, self.count)
            if kept is not None:
                self.calls = {number: it for number, it in self.calls.items() if number <= kept}

    @property
    def is_watching(self) -> bool:
        """Whether the passes that are skipped are over."""
        return self.passes >= self.limits.skip

    def begin_pass(self) -> None:
        """Let an iteration begin, or end watching."""
        self.is_backward = False
        self.passes += 1
        self.values.forget_dead()
        self.caches.clear()
        self.waiting.clear()
        if self.passes == self.limits.skip + self.limits.passes:
            self.stop()
            self.finish("passes", "")

    def name_of(self, call: PassCall, frame: FrameType, site: int) -> Name:
        """Return the name of the object that a call is about."""
        if call.owner is None or call.style == "context":
            return Name("")
        token = self.values.token(call.owner)
        if token not in self.owner_names:
            found = name_in_call(self.sites.receiver(site), frame.f_back)
            found = found or held_name(call.owner, frame.f_back, self.styles.is_own)
            self.owner_names[token] = found or Name("")
        return self.owner_names[token]

    def see_given(self, opened: OpenCall, frame: FrameType) -> None:
        """See what a call is given, and what its object holds."""
        call = opened.call
        if call.style == "method":
            opened.spots = spots_in(call.owner)
            opened.held = [
                (name, self.array_name(name, spot, call, frame), number)
                for name, spot in opened.spots.items()
                if self.is_lasting(call, name, spot) and (number := self.values.see(spot.array)) is not None
            ]
            opened.arrays = ids_of_arrays(call.owner)
        for parameter, value in opened.arguments.items():
            is_new = isinstance(value, np.ndarray) and value.ndim > 0 and not self.values.is_known(value)
            if (number := self.values.see(value)) is not None:
                opened.inputs.append((parameter, number))
                if is_new and call.is_forward and self.sites.is_passing(opened.site, parameter, frame.f_back):
                    self.find_holder(opened, parameter, value, frame)
        function = type(call.owner) if call.owner is not None else frame.f_globals.get(frame.f_code.co_name)
        cache = "" if call.is_forward else self.cache_among(opened)
        self.calls[opened.number] = KeptCall(call, function, opened.arguments, self.copy_for(opened), cache)

    def cache_among(self, opened: OpenCall) -> str:
        """Return the parameter for which a call back is given what a forward of its layer has made, "" for none."""
        layer = opened.call.layer
        found = (name for name, it in opened.arguments.items() if (layer, id(it)) in self.caches)
        return next(found, "")

    def find_holder(self, opened: OpenCall, parameter: str, value: Array, frame: FrameType) -> None:
        """Take note of the key or attribute that holds an array for which a call has no name.

        A place that was found before is looked at first; where none was found a few times, none is looked for.
        """
        site = (opened.site, parameter)
        known = next((name for name, place in self.places.items() if held_at(place) is value), None)
        if known is None and self.misses.get(site, 0) < MOST_MISSES:
            found = held_name(value, frame.f_back, self.styles.is_own)
            if found and found.place:
                known = found.text
                self.places[known] = found.place
            else:
                self.misses[site] = self.misses.get(site, 0) + 1
        if known is not None:
            opened.holders[parameter] = known

    def copy_for(self, opened: OpenCall) -> CopyOf:
        """Return what copies the arrays that an object holds before a forward.

        What the forward before has left there, and this one will make anew, is left out if it is large.
        """
        owner = opened.call.owner
        results = self.results.get(self.values.token(owner), ()) if owner is not None else ()
        left = {id(it) for name, it in (attribute_dict(owner) or {}).items() if name in results}
        return lambda it: LEFT_OUT if id(it) in left and it.nbytes > LARGE else self.values.copy_of(it)

    def is_lasting(self, call: PassCall, name: str, spot: Spot) -> bool:
        """Return whether a place on an object keeps its array through a pass, as parameters do, and results do not."""
        is_result = name in self.results.get(self.values.token(call.owner), ())
        return isinstance(spot.array, np.ndarray) and not is_result and self.values.has_room_for(spot.array)

    def note_results(self, opened: OpenCall) -> None:
        """Take note of the attributes of an object in which a forward has put another array than was there."""
        now = ids_of_arrays(opened.call.owner)
        changed = {name for name, it in now.items() if opened.arrays.get(name) != it}
        self.results.setdefault(self.values.token(opened.call.owner), set()).update(changed)

    def array_name(self, name: str, spot: Spot, call: PassCall, frame: FrameType) -> str:
        """Return the name under which the person's code holds an array that an object holds, too; looked for once."""
        if not call.is_forward:
            return ""
        keys = self.values.token(spot.array), (self.values.token(call.owner), name)
        known = next((self.array_names[key] for key in keys if key in self.array_names), None)
        if known is None:
            found = held_name(spot.array, frame.f_back, self.styles.is_own, within=call.owner)
            known = found.text if found else own_name(spot)
        self.array_names.update(dict.fromkeys(keys if known else keys[1:], known))
        return known

    # A call ends.

    def end(self, frame: FrameType, value: Any) -> None:
        """See a call that ends."""
        opened = self.stack.pop()
        if opened.is_hidden:
            return
        if opened.call.style == "derivative":
            if self.count > opened.number or as_value(value) is None:
                self.styles.forget(opened.call)
                return
            self.note_pass(opened.call, self.stack[-1] if self.stack else None)
        has_raised = value is None and not has_returned(frame)
        if opened.call.is_forward:
            self.end_forward(opened, () if has_raised else value, frame)
        else:
            self.end_backward(opened, () if has_raised else value)
        if has_raised:
            self.tell(CallRaised(opened.number))

    def owner_token(self, owner: Any) -> int:
        """Return what stands for an object as long as the process lives, 0 for none."""
        if owner is None:
            return 0
        token = self.values.token(owner)
        self.owners[token] = owner
        return token

    def end_forward(self, opened: OpenCall, value: Any, frame: FrameType) -> None:
        """See what a forward has made."""
        call = opened.call
        outs, cache = split_result(call, value)
        numbers = [number for it in outs if (number := self.values.see_result(it)) is not None]
        self.forward_passes.note_made(outs)
        if call.style == "method":
            self.note_results(opened)
        owner = self.owner_token(call.owner)
        if owner:
            self.latest[owner] = opened.number
        else:
            given = {number for _, number in opened.inputs}
            self.waiting.setdefault(call.layer, {})[opened.number] = given.union(numbers)
            if cache is not None:
                self.caches[call.layer, id(cache)] = cache, opened.number
        thing = type(call.owner) if call.owner is not None and call.style != "context" else None
        file, line = place_of(thing) if thing else (opened.code.co_filename, opened.code.co_firstlineno)
        self.tell(
            ForwardCall(
                opened.number,
                opened.parent,
                owner,
                call.layer,
                call.style,
                opened.name.text,
                opened.name.holder,
                file,
                line or 0,
                opened.site,
                opened.inputs,
                opened.holders,
                options_of(opened),
                defaults_of(opened.code, frame, call),
                numbers,
                opened.held,
                call.style == "loss",
            )
        )
        if call.style == "loss":
            self.tell_gradient_of_loss(opened, value)

    def tell_gradient_of_loss(self, opened: OpenCall, value: Any) -> None:
        """Tell of the backward that a loss has done with its forward."""
        self.count += 1
        gradients = [self.values.see_result(it) for it in value[1:]]
        self.tell(
            BackwardCall(
                self.count, opened.parent, opened.number, 0, opened.call.layer, opened.site, (), gradients, (), ()
            )
        )

    def end_backward(self, opened: OpenCall, value: Any) -> None:
        """See what a backward has made."""
        call = opened.call
        if value is None and call.owner is not None:
            value = kept(call.owner, GRADIENTS)
        forward = self.forward_of(opened)
        gradients = [self.values.see_result(it) for it in gradients_in(value)]
        spots = spots_in(call.owner) if opened.spots else {}
        held = {name for name, _, _ in opened.held}
        beside = [
            (name, number)
            for name, spot in spots.items()
            if name in held
            and (gradient := gradient_of(spot)) is not None
            and (number := self.values.see(gradient)) is not None
        ]
        if forward in self.calls:
            self.calls[forward].backward = opened.number
        self.tell(
            BackwardCall(
                opened.number,
                opened.parent,
                forward,
                self.owner_token(call.owner),
                call.layer,
                opened.site,
                [number for _, number in opened.inputs],
                gradients,
                opened.held,
                beside,
            )
        )

    def forward_of(self, opened: OpenCall) -> int:
        """Return the forward that a backward goes with: its object's last, or that which has made its cache."""
        call = opened.call
        if call.owner is not None:
            return self.latest.get(self.values.token(call.owner), 0)
        waiting = self.waiting.get(call.layer, {})
        number = self.maker_of_cache(opened)
        if not number and waiting:
            given = {value for _, value in opened.inputs}
            number = max(waiting, key=lambda it: (len(waiting[it] & given), it))
        waiting.pop(number, None)
        return number

    def maker_of_cache(self, opened: OpenCall) -> int:
        """Return the forward that has made the cache that a backward is given, 0 where it is given none."""
        for parameter, it in opened.arguments.items():
            cache, number = self.caches.get((opened.call.layer, id(it)), (None, 0))
            if number and cache is it:
                opened.inputs = [pair for pair in opened.inputs if pair[0] != parameter]
                return number
        return 0

    # The end.

    def see_final_values(self) -> None:
        """Tell what the objects hold now: the last updates are seen by that."""
        self.forward_passes.keep()
        for token, owner in self.owners.items():
            for name, spot in spots_in(owner).items():
                if isinstance(spot.array, np.ndarray) and (number := self.values.see(spot.array)) is not None:
                    self.tell(FinalArray(token, name, number))
        for name, place in self.places.items():
            now = held_at(place)
            if isinstance(now, np.ndarray) and (number := self.values.see(now)) is not None:
                self.tell(FinalArray(0, name, number))


def is_detail(call: PassCall, around: PassCall) -> bool:
    """Return whether a call is the affair of that around it: ``super().forward(x)``, and a forward that goes back."""
    is_same = call.owner is not None and call.owner is around.owner and call.is_forward == around.is_forward
    return is_same or (call.is_forward and not around.is_forward)


def own_name(spot: Spot) -> str:
    """Return what a class itself calls an array in a list of its objects, behind a dot; "" where that is not known."""
    is_listed = spot.container and isinstance(spot.key, int)
    name = unpacked_name(type(spot.owner), spot.container, spot.key) if is_listed else ""
    return f".{name}" if name else ""


def where(frame: FrameType) -> tuple[int, int]:
    """Return the place at which a function is called, as good as any other name for it."""
    return (id(frame.f_back.f_code), frame.f_back.f_lasti) if frame.f_back else (0, 0)


def given(frame: FrameType) -> list[Any]:
    """Return what a function is given, and what arrays are views of."""
    found = list(frame.f_locals.values())
    return found + [it.base for it in found if isinstance(it, np.ndarray) and it.base is not None]


def is_whole_step(call: PassCall, around: PassCall) -> bool:
    """Return whether a call back begins by going forward with its own object: it is a training step, and not a pass."""
    return call.owner is not None and call.owner is around.owner and call.is_forward and not around.is_forward


def ids_of_arrays(owner: Any) -> dict[str, int]:
    """Return which array each attribute of an object is."""
    return {name: id(it) for name, it in (attribute_dict(owner) or {}).items() if isinstance(it, np.ndarray)}


def has_returned(frame: FrameType) -> bool:
    """Return whether a frame ends by a return, and not by an exception."""
    return frame.f_code.co_code[frame.f_lasti] in RETURNS


def arguments_of(frame: FrameType, call: PassCall) -> dict[str, Any]:
    """Return what a function was given, by parameter; self and ctx are left out."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    names = list(code.co_varnames[:count])
    if call.owner is not None:
        del names[0]
    found = {name: frame.f_locals[name] for name in names}
    if code.co_flags & 0x04:
        found |= {f"*{at}": it for at, it in enumerate(frame.f_locals[code.co_varnames[count]])}
    return found


def options_of(opened: OpenCall) -> dict[str, Any]:
    """Return the arguments that are not values, as far as they can be written down."""
    values = {name for name, _ in opened.inputs}
    return {
        name: it
        for name, it in opened.arguments.items()
        if name not in values and (isinstance(it, bool | str) or it is None)
    }


def defaults_of(code: CodeType, frame: FrameType, call: PassCall) -> tuple[str, ...]:
    """Return the parameters of a function that have a default."""
    function = frame.f_globals.get(code.co_name)
    if call.names is not None:
        function = inspect.unwrap(getattr(type(call.owner), call.names.forward))
    elif call.owner is not None:
        return ()
    defaults = getattr(function, "__defaults__", None) or ()
    named = getattr(function, "__kwdefaults__", None) or {}
    names = code.co_varnames[: code.co_argcount]
    return (*names[len(names) - len(defaults) :], *named)


def split_result(call: PassCall, value: Any) -> tuple[Sequence[Any], Any]:
    """Return the outputs of a forward, and the cache that its backward is given."""
    if value is None and call.owner is not None:
        return (kept(call.owner, VALUES),), None
    if call.style == "loss":
        return value[:1], None
    if call.style == "pair" and isinstance(value, tuple) and len(value) > 1:
        return value[:-1], value[-1]
    return (value if isinstance(value, tuple) else (value,)), None


def gradients_in(value: Any) -> Iterator[Any]:
    """Yield what a backward has returned, one after the other."""
    if isinstance(value, tuple | list):
        for it in value:
            yield from gradients_in(it) if isinstance(it, tuple) else (it,)
    else:
        yield value
