"""The guests of a graph: the layers of the user's own at its nodes, all in one process, and what they did oddly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from bptui.core.engine import TIME_LIMIT, NotReadyError
from bptui.core.graph import Node
from bptui.guest.guest_layer import GuestLayer
from bptui.guest.host import Host
from bptui.guest.observation import Remark
from bptui.guest.pending_call import Pending
from bptui.own_layers.own_layer import OwnLayer

PATIENCE = 0.005
"""Seconds that a run waits for a guest before it sees to other things: ordinary calls take far less."""

MOST_REMARKS = 100
"""As many remarks as are kept: a layer that prints says something else each time."""


class Guests:
    """Makes guests for the ``nodes`` that ``own`` has a layer for, by index. ``close`` ends their process.

    ``takes_gradient`` tells of each node's inputs whether a gradient goes back to them, ``needs_gradient`` whether
    somebody waits for it; ``dtype`` and ``seed`` are the scenario's, ``new_host`` starts a process. ``remarks`` counts
    how often the guests have done each odd thing. ``is_waited_for`` tells whether one of them keeps a run waiting,
    ``look_patience`` how many seconds a look at what one did may wait for it.
    """

    def __init__(
        self,
        own: Mapping[int, OwnLayer],
        nodes: Sequence[Node],
        *,
        takes_gradient: Sequence[Sequence[bool]],
        needs_gradient: Sequence[Sequence[bool]],
        dtype: np.dtype[Any],
        seed: int,
        new_host: Callable[[], Host],
    ) -> None:
        self.own = own
        self.nodes = nodes
        self.takes_gradient = takes_gradient
        self.needs_gradient = needs_gradient
        self.dtype = dtype
        self.seed = seed
        self.new_host = new_host
        self.remarks: Counter[Remark] = Counter()
        self.look_patience = TIME_LIMIT
        self.is_waited_for = False

    def __contains__(self, node: int) -> bool:
        return node in self.own

    @cached_property
    def host(self) -> Host:
        """The process of the guests."""
        return self.new_host()

    def make(self, node: int, iteration: int = 0) -> GuestLayer:
        """Return a new instance of a node's layer; ``iteration`` (from 0) is for what it draws at random."""
        layer = GuestLayer(
            self.own[node],
            self.host,
            self.nodes[node],
            takes_gradient=self.takes_gradient[node],
            needs_gradient=self.needs_gradient[node],
            dtype=self.dtype,
            seed=self.seed,
            notice=self.note,
        )
        layer.iteration = iteration
        return layer

    def note(self, remark: Remark) -> None:
        """Count a remark; of very many, those that are known already."""
        if remark in self.remarks or len(self.remarks) < MOST_REMARKS:
            self.remarks[remark] += 1

    def close(self) -> None:
        """End the process, if there is one; to call a guest again starts another."""
        if "host" in vars(self):
            self.host.close()


class NonBlockingGuest:
    """A guest as a run calls it: ``forward`` and ``backward`` raise NotReadyError while it has not returned.

    Called again, they go on with the same call.
    """

    def __init__(self, guests: Guests, layer: GuestLayer) -> None:
        self.guests = guests
        self.layer = layer
        self.pending: Pending | None = None

    def forward(self, *inputs: Any) -> Any:
        """Return the value at ``inputs``. Raises LayerError, and NotReadyError."""
        return self.answer(lambda: self.layer.begin_forward(*inputs))

    def backward(self, *douts: Any) -> tuple[Any, ...]:
        """Return the gradient of each input. Raises LayerError, and NotReadyError."""
        return tuple(self.answer(lambda: self.layer.begin_backward(*douts)))

    def answer(self, begin: Callable[[], Pending]) -> Any:
        """Return what the call that is under way has given, after ``begin`` where none is."""
        if self.pending is None:
            self.pending = begin()
        if not self.pending.wait(PATIENCE):
            self.guests.is_waited_for = True
            raise NotReadyError(self.pending)
        pending, self.pending = self.pending, None
        self.guests.is_waited_for = False
        return pending.result()
