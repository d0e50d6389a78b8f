"""In the child: sees every call of a layer's two passes, and tells what goes in, what comes out, and where."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

import bptui.programs.child.own_numpy  # noqa: F401  (it looks at NumPy before the program changes anything there)
from bptui.guest.child.description import place_of
from bptui.guest.child.object_arrays import Spot, attribute_dict, spots_in
from bptui.guest.child.own_gradients import by_place, gradient_of
from bptui.guest.child.styles.method_pair import GRADIENTS, kept
from bptui.programs.child.call_source import CallSites
from bptui.programs.child.constructions import Constructions
from bptui.programs.child.forward_passes import ForwardPasses
from bptui.programs.child.kept_call import LEFT_OUT, CopyOf, KeptCall
from bptui.programs.child.known_names import KnownNames
from bptui.programs.child.layer_style import CONSTRUCTOR, PassCall, Styles
from bptui.programs.child.open_call import (
    OpenCall,
    adds_in_place,
    arguments_of,
    call_options,
    default_parameters,
    function_called,
    gradients_in,
    gradients_of_loss,
    has_returned,
    ids_of_arrays,
    is_detail,
    is_function_in_derivative,
    is_whole_step,
    objects_given,
    returns_loss,
    split_result,
    unseen_call,
    where,
)
from bptui.programs.child.pass_partners import PassPartners, arrays_in_cache
from bptui.programs.child.update_lines import UpdateLines
from bptui.programs.child.value_store import SharedMemoryFullError, ValueStore, seen_as_array
from bptui.programs.event import BackwardCall, CallRaised, FinalArray, ForwardCall

LARGE = 1 << 16
"""Bytes from which on an array takes time to copy."""


REMEMBERED_PASSES = 3
"""Passes after which an object is forgotten that is not called any more; some programs make new ones in each."""


class SeenOwner(NamedTuple):
    """An object with a forward or backward, and the pass in which that was called last."""

    owner: Any
    passes: int


@dataclass
class Limits:
    """What is watched: after ``skip`` forward and backward passes, the next ``passes``."""

    passes: int
    skip: int = 0


class Watcher:
    """The hook. Events go through ``forward_passes``; a pass back ``is_lost`` whose forward these have passed over.

    ``finish`` is told why enough was seen, and what there is to say. Where that ``is_full``, passes are counted on.
    ``returned`` is told the number of each call that has returned. ``calls`` keeps what it takes to make each forward
    once more.
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
        returned: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.values = values
        self.sites = sites
        self.styles = styles
        self.limits = limits
        self.names = KnownNames(values, sites, styles.is_own)
        self.partners = PassPartners(values)
        self.constructions = Constructions(values)
        self.forward_passes = forward_passes
        self.tell = forward_passes.tell
        self.lines = UpdateLines(values, self.names, styles.is_candidate, self.tell)
        self.finish = finish
        self.returned = returned
        self.stack: list[OpenCall] = []
        self.count = 0
        self.passes = 0
        self.is_backward = False
        self.is_lost = False
        self.is_full = False
        self.calls: dict[int, KeptCall] = {}
        self.owners: dict[int, SeenOwner] = {}
        self.results: dict[int, set[str]] = {}

    def start(self) -> None:
        """See the calls of this thread from now on."""
        sys.setprofile(self.hook)

    def stop(self) -> None:
        """See no more."""
        sys.setprofile(None)
        self.lines.end()

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
            self.is_full = True
            self.stack.clear()
            self.lines.end()
            self.finish("memory", "")
        except Exception:  # noqa: BLE001  (a mistake of ours is not to be the program's)
            self.stop()
            self.finish("bug", traceback.format_exc())

    # A call begins.

    def begin(self, frame: FrameType) -> None:
        """See a call that begins."""
        if frame.f_code.co_name == CONSTRUCTOR:
            self.constructions.note(frame)
            return
        call = self.styles.recognise(frame)
        if call is None:
            return
        if self.is_full:
            self.count_pass(call)
            self.stack.append(unseen_call(call, frame))
            return
        top = self.top
        if top and is_whole_step(call, top.call):
            top.is_hidden, self.is_backward = True, False
            top = self.top
        is_own_function = bool(self.stack) and is_function_in_derivative(call, self.stack[-1].call)
        if is_own_function or (top and (call.style == "derivative" or is_detail(call, top.call))):
            self.stack.append(unseen_call(call, frame))
            return
        if call.style != "derivative":
            self.note_pass(call, top)
        if not self.is_watching:
            return
        if call.is_forward and top is None and not self.is_backward and not self.is_inside_passed_over:
            self.note_forward_pass(call, frame)
        if self.forward_passes.is_passed_over or self.is_lost:
            self.stack.append(unseen_call(call, frame))
            return
        self.count += 1
        site = self.sites.number(frame.f_back, frame.f_code)
        name, arguments = self.names.name_of(call, frame, site), arguments_of(frame, call)
        opened = OpenCall(self.count, top.number if top else 0, call, frame.f_code, site, name, arguments)
        self.stack.append(opened)
        self.see_given(opened, frame)

    @property
    def is_inside_passed_over(self) -> bool:
        """Whether a call is under way of a pass that is not looked at."""
        return self.forward_passes.is_passed_over and bool(self.stack)

    @property
    def top(self) -> OpenCall | None:
        """The innermost call that is under way."""
        return next((it for it in reversed(self.stack) if not it.is_tentative), None)

    def note_pass(self, call: PassCall, top: OpenCall | None) -> None:
        """Take note of which pass the program is in."""
        if call.is_forward and self.is_backward and top is None:
            self.lines.end()
            self.begin_pass()
        if not call.is_forward:
            self.is_backward = True
            self.is_lost |= self.forward_passes.is_passed_over
            self.forward_passes.went_back()

    def count_pass(self, call: PassCall) -> None:
        """Count the passes of a program of which no more is seen, so that it ends when it was to end."""
        if self.stack or call.style == "derivative":
            return
        if call.is_forward and self.is_backward:
            self.passes += 1
            if self.passes == self.limits.skip + self.limits.passes:
                self.stop()
                self.finish("passes", "")
        self.is_backward = not call.is_forward

    def note_forward_pass(self, call: PassCall, frame: FrameType) -> None:
        """Take note of where a pass begins though none has gone back."""
        if not self.forward_passes.begun:
            self.forward_passes.begin_at(frame)
        key = call.layer if call.owner is None else self.values.token(call.owner)
        if self.forward_passes.begins((key, frame.f_code, call.owner is None and where(frame)), objects_given(frame)):
            kept = self.forward_passes.next_pass(self.values, self.count, frame)
            if kept is not None:
                self.calls = {number: it for number, it in self.calls.items() if number <= kept}

    @property
    def is_watching(self) -> bool:
        """Whether the passes that are skipped are over."""
        return self.passes >= self.limits.skip

    def begin_pass(self) -> None:
        """Let an iteration begin, or end watching."""
        self.is_backward = self.is_lost = False
        self.passes += 1
        self.values.forget_dead()
        self.owners = {token: it for token, it in self.owners.items() if it.passes >= self.passes - REMEMBERED_PASSES}
        self.partners.begin_pass()
        if self.passes == self.limits.skip + self.limits.passes:
            self.stop()
            self.finish("passes", "")

    def see_given(self, opened: OpenCall, frame: FrameType) -> None:
        """See what a call is given, and what its object holds."""
        call = opened.call
        if call.style == "method":
            opened.spots = spots_in(call.owner)
            opened.held = [
                (name, self.names.array_name(name, spot, call, frame), number)
                for name, spot in opened.spots.items()
                if self.is_lasting(call, name, spot) and (number := self.values.see(spot.array)) is not None
            ]
            opened.arrays = ids_of_arrays(call.owner)
        for parameter, value in opened.arguments.items():
            is_array = isinstance(value, np.ndarray) and value.ndim > 0
            is_new = is_array and not self.values.is_known(value)
            if (number := self.values.see(value)) is not None:
                opened.inputs.append((parameter, number))
                if is_array and call.is_forward and self.sites.is_passing(opened.site, parameter, frame.f_back):
                    self.names.find_holder(opened, parameter, value, frame if is_new else None)
        function = function_called(call, frame)
        cache = "" if call.is_forward else self.partners.cache_among(opened)
        for it in arrays_in_cache(opened.arguments.get(cache)):
            if self.values.is_known(it):
                self.values.see(it)  # so that what was changed since the forward shows
        kept_call = KeptCall(call, function, opened.arguments, self.copy_for(opened), cache)
        kept_call.inputs = [parameter for parameter, _ in opened.inputs]
        if call.is_forward and call.names is not None:
            kept_call.built = self.constructions.spotted(call.owner, opened.spots)
        self.calls[opened.number] = kept_call

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

    # A call ends.

    def end(self, frame: FrameType, value: Any) -> None:
        """See a call that ends."""
        opened = self.stack.pop()
        if opened.is_hidden:
            if self.forward_passes.is_passed_over and not self.stack:
                self.forward_passes.note_made(split_result(opened.call, value)[0])
            return
        if opened.call.style == "derivative":
            if self.count > opened.number or seen_as_array(value) is None:
                self.styles.forget(opened.call)
                return
            self.note_pass(opened.call, self.stack[-1] if self.stack else None)
        has_raised = value is None and not has_returned(frame)
        if (
            opened.call.style == "loss"
            and not has_raised
            and self.count == opened.number
            and not returns_loss(value, opened)
        ):
            self.styles.forget_function(frame)
            return
        if opened.call.is_forward:
            self.end_forward(opened, () if has_raised else value, frame)
        else:
            self.end_backward(opened, () if has_raised else value)
        if has_raised:
            self.tell(CallRaised(opened.number))
        elif self.is_backward and not self.stack:
            now = {token: it.owner for token, it in self.owners.items() if it.passes == self.passes}
            self.lines.begin(frame.f_back, now)
        self.returned(self.count if opened.call.style == "loss" else opened.number)

    def owner_token(self, owner: Any) -> int:
        """Return what stands for an object as long as the process lives, 0 for none."""
        if owner is None:
            return 0
        token = self.values.token(owner)
        self.owners[token] = SeenOwner(owner, self.passes)
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
        self.partners.add_forward(opened, numbers, cache)
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
                call_options(opened),
                default_parameters(opened.code, frame, call),
                numbers,
                opened.held,
                call.style == "loss",
                opened.function,
            )
        )
        if call.style == "loss":
            self.tell_gradient_of_loss(opened, value)

    def tell_gradient_of_loss(self, opened: OpenCall, value: Any) -> None:
        """Tell of the backward that a loss has done with its forward."""
        self.count += 1
        inputs = [parameter for parameter, _ in opened.inputs]
        gradients = [self.values.see_result(it) for it in gradients_of_loss(value, inputs)]
        self.tell(
            BackwardCall(
                self.count,
                opened.parent,
                opened.number,
                0,
                opened.call.layer,
                opened.site,
                (),
                gradients,
                (),
                (),
                function=opened.function,
            )
        )

    def end_backward(self, opened: OpenCall, value: Any) -> None:
        """See what a backward has made."""
        call = opened.call
        if value is None and call.owner is not None:
            value = kept(call.owner, GRADIENTS)
        forward = self.partners.forward_of(opened)
        if isinstance(value, Mapping):
            value = by_place(value, self.calls[forward].inputs if forward in self.calls else ())
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
                adds_in_place(opened.code),
                [name for name, _ in opened.inputs],
                opened.function,
            )
        )

    # The end.

    def see_final_values(self) -> None:
        """Tell what the objects hold now: the last updates are seen by that."""
        self.forward_passes.keep()
        for token, it in self.owners.items():
            for name, spot in spots_in(it.owner).items():
                if isinstance(spot.array, np.ndarray) and (number := self.values.see(spot.array)) is not None:
                    self.tell(FinalArray(token, name, number))
        for name, now in self.names.held_now():
            if (number := self.values.see(now)) is not None:
                self.tell(FinalArray(0, name, number))
