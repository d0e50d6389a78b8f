"""The tape: every step of a run, kept in columns.

A ``Step`` is a small view made when somebody looks, and a ``Moment`` all that is known at one position. Nothing is
folded from the start, so looking costs the same wherever the position is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from bptui.core.columns import Iteration, Value, as_array, as_optional_array
from bptui.core.graph import Graph
from bptui.core.moment import Moment
from bptui.core.optimizer import Optimizer
from bptui.core.schedule import Pass, Schedule, Turn
from bptui.core.step import BackwardStep, ForwardStep, Local, Step, UpdateStep
from bptui.own_layers.own_layer import OwnLayer
from layers import Array, Layer


class Tape(Sequence[Step], ABC):
    """The steps of a run so far: ``len(tape)``, ``tape[0]``, iteration. ``schedule`` tells those still to come.

    ``values`` and ``gradients`` are those after the last step; ``at`` tells those at any position.
    """

    def __init__(self, schedule: Schedule, leaves: Sequence[Value], dout: Value) -> None:
        self.schedule = schedule
        self.leaves = leaves
        self.dout = dout
        self.iterations: list[Iteration] = []
        self.length = 0

    @property
    def graph(self) -> Graph:
        """The graph that was run."""
        return self.schedule.graph

    @property
    def is_complete(self) -> bool:
        """Whether every step of the schedule has run."""
        return self.length == len(self.schedule)

    @property
    def steps(self) -> Sequence[Step]:
        """The steps, in order."""
        return self

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        if isinstance(index, slice):
            return [self.step(at + 1) for at in range(self.length)[index]]
        return self.step(range(self.length)[index] + 1)

    def __iter__(self) -> Iterator[Step]:
        return map(self.step, range(1, self.length + 1))

    def at(self, position: int) -> Moment:
        """Return all that is known after ``position`` steps, which must have run."""
        progress = self.schedule.progress(position)
        columns = self.iterations[progress.iteration] if self.iterations else Iteration(list(self.leaves))
        return Moment(self, position, progress, columns)

    def step(self, number: int) -> Step:
        """Return the step with this number (from 1), which must have run."""
        turn = self.schedule[number]
        columns = self.iterations[turn.iteration - 1]
        match turn.pass_:
            case Pass.FORWARD:
                out = columns.values[len(self.graph.leaves) + turn.order]
                return ForwardStep(number, turn.iteration, self.graph.nodes[turn.order], as_array(out))
            case Pass.BACKWARD:
                return self.backward_step(turn, columns)
            case Pass.UPDATE:
                return self.update_step(turn, columns)

    def backward_step(self, turn: Turn, columns: Iteration) -> BackwardStep:
        """Return the view of a node's backward."""
        node = self.graph.backward[turn.order]
        first, end = self.schedule.first_edges[turn.order : turn.order + 2]
        return BackwardStep(
            turn.number,
            turn.iteration,
            self.graph.nodes[node],
            as_optional_array(columns.douts[turn.order]),
            tuple(map(as_optional_array, columns.contributions[first:end])),
            lambda: self.local(turn.iteration - 1, node),
        )

    def update_step(self, turn: Turn, columns: Iteration) -> UpdateStep:
        """Return the view of a parameter's update."""
        return UpdateStep(
            turn.number,
            turn.iteration,
            turn.name,
            self.at(turn.number).gradient(turn.name),
            as_array(columns.values[self.graph.slots[turn.name]]),
            as_array(columns.updates[turn.order]),
        )

    @property
    @abstractmethod
    def library(self) -> Mapping[str, type[Layer] | OwnLayer]:
        """The layers by the names that the nodes have for them, as far as they are known."""

    @property
    @abstractmethod
    def optimizer(self) -> Optimizer | None:
        """The rule by which the parameters are updated, if they are, and if it is known."""

    @abstractmethod
    def local(self, iteration: int, node: int) -> Local:
        """Return a node's local derivatives in an iteration (both counted from 0), one per input."""

    @abstractmethod
    def kept(self, iteration: int, node: int) -> Mapping[str, Any]:
        """Return what a node's layer keeps on itself for its backward in an iteration, by attribute."""

    @property
    def values(self) -> Mapping[str, Array | None]:
        """Every value after the last step, by name; None where it has not been reached."""
        end = self.at(self.length)
        return {name: end.value(name) for name in self.graph.names}

    @property
    def gradients(self) -> Mapping[str, Array | None]:
        """Every input's, parameter's and node's gradient after the last step; None where none reaches it."""
        end = self.at(self.length)
        constants = set(self.graph.constants)
        return {name: end.gradient(name) for name in self.graph.names if name not in constants}
