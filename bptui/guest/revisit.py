"""Looking again at what a guest did: it goes forward again on the recorded inputs, in a fresh instance."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.columns import Value, as_array, as_optional_array
from bptui.core.engine import TIME_LIMIT
from bptui.core.revisit import Curve, Revisit
from bptui.core.step import Local
from bptui.errors import LayerError
from bptui.guest.guest_layer import GuestLayer
from bptui.guest.guests import Guests
from bptui.guest.observation import Remark
from bptui.guest.pending_call import Pending
from layers import Array

if TYPE_CHECKING:
    from bptui.core.tape import Tape

REMEMBERED = 64

CURVE_JOB = "bptui.guest.child.curve_job:curve_here"
"""What draws a curve in the child."""


class GuestsRevisit:
    """The revisit of a tape with guests; ``others`` is that of its other layers.

    A guest that does not answer within the guests' ``look_patience`` shows nothing.
    """

    def __init__(self, guests: Guests, others: Revisit) -> None:
        self.guests = guests
        self.others = others
        self.calls: OrderedDict[tuple[str | int | bytes, ...], tuple[list[Value], Pending]] = OrderedDict()

    def local(self, tape: Tape, iteration: int, node: int) -> Local:
        """Return a node's local derivatives, one per input, None where it cannot tell."""
        if node not in self.guests:
            return self.others.local(tape, iteration, node)
        nothing = (None,) * len(tape.order.passes(iteration).graph.edges[node])
        out, locals_ = self.ask("local", tape, iteration, node, (None, nothing))
        if out is not None:
            self.compare(out, tape, iteration, node)
        return tuple(map(as_optional_array, locals_))

    def kept(self, tape: Tape, iteration: int, node: int) -> Mapping[str, Any]:
        """Return what a node's layer keeps on itself, by attribute."""
        if node not in self.guests:
            return self.others.kept(tape, iteration, node)
        attributes: Mapping[str, Any] = self.ask("kept", tape, iteration, node, {})
        return attributes

    def curve(self, tape: Tape, iteration: int, node: int, place: int, x: Array) -> Curve | None:
        """Return the layer's own values over ``x``, and the slope at the first; None where it has none, or not yet."""
        if node not in self.guests:
            return self.others.curve(tape, iteration, node, place, x)
        nothing: dict[str, list[Any]] = {"arrays": []}
        match self.ask("curve", tape, iteration, node, nothing, place=place, x=x)["arrays"]:
            case [np.ndarray() as y, np.ndarray() as slope] if y.shape == x.shape and slope.shape == (1,):
                return y, float(slope[0])
        return None

    def ask(self, what: str, tape: Tape, iteration: int, node: int, nothing: Any, **more: Any) -> Any:
        """Return the answer of a fresh instance that has gone forward again, or ``nothing``."""
        inputs = tape.inputs(iteration, node)
        drawn = [it.tobytes() if isinstance(it, np.ndarray) else it for it in more.values()]
        key: tuple[str | int | bytes, ...] = (what, iteration, node, *map(id, inputs), *drawn)
        if self.guests.is_waited_for and key not in self.calls:
            return nothing  # the process is busy, and may be so for ever
        if key not in self.calls:
            layer = self.guests.make(node, iteration)
            self.calls[key] = (
                inputs,
                begin_revisit(layer, what, inputs, **more),
            )  # those live on: no other can have their id
        self.calls.move_to_end(key)
        while len(self.calls) > REMEMBERED:
            self.calls.popitem(last=False)
        return self.answer(self.calls[key][1], nothing)

    def answer(self, call: Pending, nothing: Any) -> Any:
        """Return what a call has given, or ``nothing`` where it has not, or not yet."""
        if not call.wait(self.guests.look_patience) and call.elapsed > TIME_LIMIT:
            call.insist(0)
        if not call.is_ready():
            return nothing
        try:
            return call.result()
        except LayerError:
            return nothing

    def compare(self, out: Any, tape: Tape, iteration: int, node: int) -> None:
        """Remark upon a second forward that gives another value than the recorded one."""
        graph = tape.order.passes(iteration).graph
        recorded = as_array(tape.iterations[iteration].values[graph.slot_of(node)])
        if np.shape(out) != recorded.shape or as_array(out).tobytes() != recorded.tobytes():
            it = graph.nodes[node]
            text = f"{it.layer}.forward gives another value the second time: it is not repeatable"
            remark = Remark(it.name, "repeats", text)
            if remark not in self.guests.remarks:
                self.guests.note(remark)


def begin_revisit(layer: GuestLayer, what: str, inputs: list[Value], **more: Any) -> Pending:
    """Ask a fresh instance what is wanted of it."""
    match what:
        case "local":
            return layer.begin_local(*inputs)
        case "kept":
            return layer.begin_kept(*inputs)
    return layer.begin_job(CURVE_JOB, *inputs, more["x"], place=more["place"], count=len(inputs))
