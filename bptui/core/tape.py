"""The tape: every step of a run, kept in columns. It is data, filled by a run, a transcript or a watched program.

A ``Step`` is a small view made on demand, and a ``Moment`` all that is known at one position. Nothing is
folded from the start, so looking costs the same wherever the position is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from bptui.core.arrays_by_name import ArraysByName
from bptui.core.columns import Dout, Iteration, Value, arriving, as_array, as_optional_array, freeze
from bptui.core.graph import Graph
from bptui.core.moment import Moment
from bptui.core.optimizer import Optimizer
from bptui.core.order import Order, Pass, Passes, Turn
from bptui.core.revisit import Curve, NothingKept, Revisit
from bptui.core.step import BackwardStep, ForwardStep, Local, Step, UpdateStep
from bptui.errors import LayerError
from layers import Array

NOTHING: Mapping[str, Any] = {}


class Tape(Sequence[Step]):
    """The steps so far: ``len(tape)``, ``tape[0]``, iteration. ``order`` tells which they are, and those to come.

    ``leaves`` (by slot) and ``dout`` are what the first iteration starts from. ``library`` has what is known of the
    layers, by the names that the nodes have for them, and ``optimizer`` the rule of the updates, if it is known.
    ``revisit`` looks again at what a layer did. ``failure`` is what the step after the last has failed with; where it
    ``is_cut``, nobody knows what came after that: it is a program's, whose recording was broken off.

    ``values`` and ``gradients`` are those after the last step; ``at`` tells those at any position.
    """

    def __init__(
        self,
        order: Order,
        leaves: Sequence[Value],
        dout: Value | None = None,
        *,
        library: Mapping[str, object] = NOTHING,
        optimizer: Optimizer | None = None,
        revisit: Revisit | None = None,
    ) -> None:
        self.order = order
        self.leaves = leaves
        self.dout = dout
        self.library = library
        self.optimizer = optimizer
        self.revisit = revisit or NothingKept()
        self.iterations: list[Iteration] = []
        self.failure: LayerError | None = None
        self.is_cut = False

    # Filling it.

    def begin_iteration(self, leaves: Sequence[Value] | None = None) -> Iteration:
        """Open an iteration with its leaves; by default those that the updates of the one before have left."""
        self.iterations.append(Iteration(list(self.next_leaves() if leaves is None else leaves), self.dout))
        return self.iterations[-1]

    def add_forward(self, *outs: Value) -> None:
        """Add the next node's forward, with its outputs."""
        self.iterations[-1].values.extend(map(freeze, outs))

    def begin_backward(self, dout: Value | None) -> None:
        """Let ``dout`` enter at the output of the latest iteration."""
        graph = self.graph
        self.iterations[-1].begin_backward(len(graph.names), graph.slots[graph.output], dout)

    def arriving(self, node: int) -> Dout:
        """Return what arrives at a node of the latest iteration, as ``add_backward`` takes it."""
        columns = self.iterations[-1]
        return arriving(columns.totals, self.graph.slots_of(node), columns.values)

    def add_backward(self, dout: Dout, gradients: Sequence[Value | None]) -> None:
        """Add the backward of the node whose turn it is: what arrived, and a contribution or None for each input."""
        columns, passes = self.iterations[-1], self.passes
        columns.add_backward(dout, passes.graph.edges[passes.backward[len(columns.douts)]], gradients)

    def add_update(self, after: Value, memory: Mapping[str, Any] = NOTHING) -> None:
        """Add the update of the parameter whose turn it is, and what its optimizer remembers."""
        self.iterations[-1].add_update(freeze(after), memory)

    def next_leaves(self) -> Sequence[Value]:
        """Return the leaves that the next iteration starts from."""
        return self.leaves_after(len(self.iterations) - 1) if self.iterations else self.leaves

    def leaves_of(self, iteration: int) -> Sequence[Value]:
        """Return the leaves that an iteration (from 0) starts from: it has begun, or is the next."""
        if iteration == len(self.iterations):
            return self.next_leaves()
        return self.iterations[iteration].values[: len(self.order.passes(iteration).graph.leaves)]

    def leaves_after(self, iteration: int) -> Sequence[Value]:
        """Return the leaves as the updates of an iteration (from 0) have left them."""
        columns, passes = self.iterations[iteration], self.order.passes(iteration)
        leaves = columns.values[: len(passes.graph.leaves)]
        for name, after in zip(passes.updated, columns.updates, strict=False):
            leaves[passes.graph.slots[name]] = after
        return leaves

    def memory(self, parameter: str) -> Mapping[str, Any]:
        """Return what the optimizer remembers of a parameter from the iteration before the latest."""
        before = len(self.iterations) - 2
        if before < 0:
            return NOTHING
        rank = self.order.passes(before).update_ranks.get(parameter)
        return NOTHING if rank is None else self.iterations[before].memories[rank]

    def fork(self, position: int, order: Order | None = None) -> Tape:
        """Return a second tape with the first ``position`` steps of this one: the same objects, to go on from there.

        It goes on in the same order, or in another that begins with the same steps. The columns of the iteration at
        ``position`` are its own, so that a value in them may be another.
        """
        progress = self.order.progress(position)
        branch = Tape(
            order or self.order,
            self.leaves,
            self.dout,
            library=self.library,
            optimizer=self.optimizer,
            revisit=self.revisit,
        )
        branch.iterations = self.iterations[: progress.iteration]
        if progress.iteration < len(self.iterations):
            passes = self.order.passes(progress.iteration)
            branch.iterations.append(self.iterations[progress.iteration].cut(passes, progress))
        return branch

    # Reading it.

    @property
    def graph(self) -> Graph:
        """The graph of the latest iteration."""
        return self.passes.graph

    @property
    def passes(self) -> Passes:
        """The passes of the latest iteration."""
        return self.order.passes(max(0, len(self.iterations) - 1))

    @property
    def is_complete(self) -> bool:
        """Whether every step of the order is there."""
        return len(self) == len(self.order)

    @property
    def steps(self) -> Sequence[Step]:
        """The steps, in order."""
        return self

    def __len__(self) -> int:
        if not self.iterations:
            return 0
        columns, latest = self.iterations[-1], len(self.iterations) - 1
        forward = self.order.passes(latest).graph.nodes_within(len(columns.values))
        return self.order.start(latest) + forward + len(columns.douts) + len(columns.updates)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        if isinstance(index, slice):
            return [self.step(at + 1) for at in range(len(self))[index]]
        return self.step(range(len(self))[index] + 1)

    def __iter__(self) -> Iterator[Step]:
        return map(self.step, range(1, len(self) + 1))

    def at(self, position: int) -> Moment:
        """Return all that is known after ``position`` steps, which must have run."""
        progress = self.order.progress(position)
        columns = self.iterations[progress.iteration] if self.iterations else Iteration(list(self.leaves), self.dout)
        return Moment(self, position, progress, columns)

    def step(self, number: int) -> Step:
        """Return the step with this number (from 1), which must have run."""
        turn = self.order[number]
        columns = self.iterations[turn.iteration - 1]
        match turn.pass_:
            case Pass.FORWARD:
                return self.forward_step(turn, columns)
            case Pass.BACKWARD:
                return self.backward_step(turn, columns)
            case Pass.UPDATE:
                return self.update_step(turn, columns)

    def forward_step(self, turn: Turn, columns: Iteration) -> ForwardStep:
        """Return the view of a node's forward."""
        graph = self.order.passes(turn.iteration - 1).graph
        outs = tuple([as_array(columns.values[slot]) for slot in graph.slots_of(turn.rank)])
        return ForwardStep(turn.number, turn.iteration, graph.nodes[turn.rank], outs)

    def backward_step(self, turn: Turn, columns: Iteration) -> BackwardStep:
        """Return the view of a node's backward."""
        passes = self.order.passes(turn.iteration - 1)
        node, dout = passes.backward[turn.rank], columns.douts[turn.rank]
        it = passes.graph.nodes[node]
        return BackwardStep(
            turn.number,
            turn.iteration,
            it,
            tuple(map(as_optional_array, dout if isinstance(dout, tuple) else (dout,) * len(it.outputs))),
            tuple(map(as_optional_array, columns.contributions[passes.edges_of(turn.rank)])),
            lambda: self.local(turn.iteration - 1, node),
            passes.calls[turn.rank] if passes.calls else None,
        )

    def update_step(self, turn: Turn, columns: Iteration) -> UpdateStep:
        """Return the view of a parameter's update."""
        passes = self.order.passes(turn.iteration - 1)
        slot = passes.graph.slots[turn.name]
        return UpdateStep(
            turn.number,
            turn.iteration,
            turn.name,
            self.at(turn.number).gradient(turn.name),
            as_array(columns.values[slot]),
            as_array(columns.updates[turn.rank]),
            passes.places[turn.rank] if passes.places else None,
        )

    def inputs(self, iteration: int, node: int) -> list[Value]:
        """Return the values that a node worked with in an iteration (both counted from 0)."""
        values = self.iterations[iteration].values
        return [values[slot] for slot in self.order.passes(iteration).graph.edges[node]]

    def local(self, iteration: int, node: int) -> Local:
        """Return a node's local derivatives in an iteration (both counted from 0), one per input."""
        return self.revisit.local(self, iteration, node)

    def kept(self, iteration: int, node: int) -> Mapping[str, Any]:
        """Return what a node's layer keeps on itself for its backward in an iteration, by attribute."""
        return self.revisit.kept(self, iteration, node)

    def curve(self, iteration: int, node: int, place: int, x: Array) -> Curve | None:
        """Return the curve of a layer of the user's own over ``x``, None where it has none or runs no more."""
        return self.revisit.curve(self, iteration, node, place, x)

    @property
    def values(self) -> Mapping[str, Array | None]:
        """Every value after the last step, by name; None where it has not been reached."""
        end = self.at(len(self))
        return ArraysByName(end.graph.slots, end.value)

    @property
    def gradients(self) -> Mapping[str, Array | None]:
        """Every input's, parameter's and node's gradient after the last step; None where none reaches it."""
        end = self.at(len(self))
        return ArraysByName(end.graph.taking_gradient, end.gradient)
