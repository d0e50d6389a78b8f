"""Looking at what a guest did: it goes forward again on the recorded inputs, in a fresh instance."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.columns import as_array, as_optional_array
from bptui.errors import LayerError
from bptui.guest.observation import Remark
from bptui.guest.pending_call import TIME_LIMIT, Pending

if TYPE_CHECKING:
    from bptui.core.engine import Run
    from bptui.core.step import Local

REMEMBERED = 64


class Looks:
    """What a run's guests were asked lately. One that does not answer within ``patience`` seconds shows nothing."""

    def __init__(self, run: Run, *, patience: float = TIME_LIMIT) -> None:
        self.run = run
        self.patience = patience
        self.calls: OrderedDict[tuple[str, int, int], Pending] = OrderedDict()

    def local(self, iteration: int, node: int) -> Local:
        """Return a node's local derivatives, one per input, None where it cannot tell."""
        nothing = (None,) * len(self.run.graph.edges[node])
        out, locals_ = self.ask("local", iteration, node, (None, nothing))
        if out is not None:
            self.compare(out, iteration, node)
        return tuple(map(as_optional_array, locals_))

    def kept(self, iteration: int, node: int) -> Mapping[str, Any]:
        """Return what a node's layer keeps on itself, by attribute."""
        attributes: Mapping[str, Any] = self.ask("kept", iteration, node, {})
        return attributes

    def ask(self, what: str, iteration: int, node: int, nothing: Any) -> Any:
        """Return the answer of a fresh instance that has gone forward again, or ``nothing``."""
        key = (what, iteration, node)
        if self.run.waiting and key not in self.calls:
            return nothing  # the process is busy, and may be so for ever
        if key not in self.calls:
            values = self.run.iterations[iteration].values
            layer = self.run.guest(node, iteration)
            begin = layer.begin_local if what == "local" else layer.begin_kept
            self.calls[key] = begin(*[values[slot] for slot in self.run.graph.edges[node]])
        self.calls.move_to_end(key)
        while len(self.calls) > REMEMBERED:
            self.calls.popitem(last=False)
        return self.answer(self.calls[key], nothing)

    def answer(self, call: Pending, nothing: Any) -> Any:
        """Return what a call has given, or ``nothing`` where it has not, or not yet."""
        if not call.wait(self.patience) and call.elapsed > TIME_LIMIT:
            call.insist(0)
        if not call.is_ready():
            return nothing
        try:
            return call.result()
        except LayerError:
            return nothing

    def compare(self, out: Any, iteration: int, node: int) -> None:
        """Remark upon a second forward that gives another value than the recorded one."""
        run = self.run
        recorded = as_array(run.iterations[iteration].values[len(run.graph.leaves) + node])
        if np.shape(out) != recorded.shape or as_array(out).tobytes() != recorded.tobytes():
            it = run.graph.nodes[node]
            text = f"{it.layer}.forward gives another value the second time: it is not repeatable"
            remark = Remark(it.name, "repeats", text)
            if remark not in run.remarks:
                run.note(remark)
