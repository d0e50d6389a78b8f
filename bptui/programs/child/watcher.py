"""In the child: sees every call of a layer's two passes, and tells what goes in, what comes out, and where."""

from __future__ import annotations

import dis
import inspect
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from bptui.guest.child.description import place_of
from bptui.guest.child.object_arrays import Spot, spots_in
from bptui.guest.child.own_gradients import gradient_of
from bptui.guest.child.styles.method_pair import GRADIENTS, VALUES, kept
from bptui.programs.child.call_source import CallSites
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.layer_style import PassCall, Styles
from bptui.programs.child.object_names import Name, held_name, name_in_call
from bptui.programs.child.value_store import SharedMemoryFullError, ValueStore, as_value
from bptui.programs.event import BackwardCall, CallRaised, Event, FinalArray, ForwardCall

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
    """The hook. ``tell`` is told of each event, and ``finish`` is called with why, when enough has been seen.

    ``calls`` keeps what it takes to make each forward once more.
    """

    def __init__(
        self,
        values: ValueStore,
        sites: CallSites,
        styles: Styles,
        *,
        limits: Limits,
        tell: Callable[[Event], None],
        finish: Callable[[str], None],
    ) -> None:
        self.values = values
        self.sites = sites
        self.styles = styles
        self.limits = limits
        self.tell = tell
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
        self.owners: dict[int, Any] = {}
        self.thread = threading.get_ident()

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
        try:
            see(*arguments)
        except SharedMemoryFullError:
            self.stop()
            self.finish("memory")

    # A call begins.

    def begin(self, frame: FrameType) -> None:
        """See a call that begins."""
        call = self.styles.recognise(frame)
        if call is None:
            return
        top = next((it for it in reversed(self.stack) if not it.is_tentative), None)
        if top and (call.style == "derivative" or is_same_pass(call, top.call)):
            self.stack.append(OpenCall(0, 0, call, frame.f_code, 0, Name(""), {}, is_hidden=True))
            return
        if call.style != "derivative":
            self.note_pass(call, top)
        if not self.is_watching:
            return
        self.count += 1
        site = self.sites.number(frame.f_back, frame.f_code)
        name, arguments = self.name_of(call, frame, site), arguments_of(frame, call)
        opened = OpenCall(self.count, top.number if top else 0, call, frame.f_code, site, name, arguments)
        self.stack.append(opened)
        self.see_given(opened, frame)

    def note_pass(self, call: PassCall, top: OpenCall | None) -> None:
        """Take note of which pass the program is in."""
        if call.is_forward and self.is_backward and top is None:
            self.begin_pass()
        self.is_backward |= not call.is_forward

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
            self.finish("passes")

    def name_of(self, call: PassCall, frame: FrameType, site: int) -> Name:
        """Return the name of the object that a call is about."""
        if call.owner is None or call.style == "context":
            return Name("")
        found = name_in_call(self.sites.receiver(site), frame.f_back)
        return found or held_name(call.owner, frame.f_back, self.styles.is_own) or Name("")

    def see_given(self, opened: OpenCall, frame: FrameType) -> None:
        """See what a call is given, and what its object holds."""
        call = opened.call
        if call.style == "method":
            opened.spots = spots_in(call.owner)
            opened.held = [
                (name, self.array_name(name, spot, call, frame), number)
                for name, spot in opened.spots.items()
                if isinstance(spot.array, np.ndarray) and (number := self.values.see(spot.array)) is not None
            ]
        for parameter, value in opened.arguments.items():
            if parameter != "self" and (number := self.values.see(value)) is not None:
                opened.inputs.append((parameter, number))
        if call.is_forward:
            function = type(call.owner) if call.owner is not None else frame.f_globals.get(frame.f_code.co_name)
            self.calls[opened.number] = KeptCall(call, function, opened.arguments, self.values.copy_of)

    def array_name(self, name: str, spot: Spot, call: PassCall, frame: FrameType) -> str:
        """Return the name under which the person's code holds an array that an object holds, too; looked for once."""
        if not call.is_forward:
            return ""
        keys = self.values.token(spot.array), (self.values.token(call.owner), name)
        known = next((self.array_names[key] for key in keys if key in self.array_names), None)
        if known is None:
            found = held_name(spot.array, frame.f_back, self.styles.is_own)
            known = found.text if found else ""
        self.array_names.update(dict.fromkeys(keys, known))
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
        if value is None and not has_returned(frame):
            owner = self.owner_token(opened.call.owner)
            call = opened.call
            self.tell(
                CallRaised(
                    opened.number, opened.parent, call.is_forward, owner, call.layer, opened.name.text, opened.site
                )
            )
        elif opened.call.is_forward:
            self.end_forward(opened, value, frame)
        else:
            self.end_backward(opened, value)

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
        beside = [
            (name, number)
            for name, spot in (spots_in(call.owner) if opened.spots else {}).items()
            if (gradient := gradient_of(spot)) is not None and (number := self.values.see(gradient)) is not None
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
        for token, owner in self.owners.items():
            for name, spot in spots_in(owner).items():
                if isinstance(spot.array, np.ndarray) and (number := self.values.see(spot.array)) is not None:
                    self.tell(FinalArray(token, name, number))


def is_same_pass(call: PassCall, around: PassCall) -> bool:
    """Return whether a call is of the same object and pass as that around it: ``super().forward(x)``."""
    return call.owner is not None and call.owner is around.owner and call.is_forward == around.is_forward


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
