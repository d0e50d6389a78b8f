"""Everything visible at one position of a tape: what the panels show and the reports print."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bptui.core.columns import Iteration, as_array, as_optional_array
from bptui.core.graph import Graph, Use
from bptui.core.order import Order, Pass, Passes, Progress, Turn
from bptui.core.step import Local, Step
from bptui.deferred_dataclass import dataclass
from layers import Array

if TYPE_CHECKING:
    from bptui.core.tape import Tape


@dataclass(frozen=True, eq=False)
class Moment:
    """A position of a tape, and the values and gradients known there. Looking one up costs the same anywhere.

    ``position`` counts the steps done: at 0 nothing has run, at 3 the step numbered 3 has just run and is ``step``.
    """

    tape: Tape
    position: int
    progress: Progress
    columns: Iteration

    @property
    def order(self) -> Order:
        """Which step does what."""
        return self.tape.order

    @cached_property
    def passes(self) -> Passes:
        """The passes of this iteration."""
        return self.tape.order.passes(self.progress.iteration)

    @property
    def graph(self) -> Graph:
        """The graph of this iteration."""
        return self.passes.graph

    @property
    def iteration(self) -> int:
        """The iteration, from 1."""
        return self.progress.iteration + 1

    @cached_property
    def step(self) -> Step | None:
        """The step that has just run, None at position 0."""
        return self.tape.step(self.position) if self.position else None

    @cached_property
    def turn(self) -> Turn | None:
        """Whose turn the step was that has just run, None at position 0."""
        return self.order[self.position] if self.position else None

    @property
    def pass_(self) -> Pass:
        """The pass of the step that has just run; at position 0 the forward pass, which is about to start."""
        return self.turn.pass_ if self.turn else Pass.FORWARD

    @property
    def name(self) -> str | None:
        """Whose step has just run: a node's or, in the update, a parameter's; None at position 0."""
        return self.turn.name if self.turn else None

    @cached_property
    def changed(self) -> frozenset[str]:
        """The values whose number or gradient the step has just changed."""
        turn = self.turn
        if turn is None:
            return frozenset()
        if turn.pass_ is Pass.BACKWARD:
            node = self.graph.nodes[self.passes.backward[turn.rank]]
            contributions = self.columns.contributions[self.passes.edges_of(turn.rank)]
            return frozenset(name for name, it in zip(node.inputs, contributions, strict=True) if it is not None)
        if turn.pass_ is Pass.FORWARD:
            return frozenset(self.graph.nodes[turn.rank].outputs)
        return frozenset({turn.name})

    def value(self, name: str) -> Array | None:
        """Return a value, or None where this iteration has not reached it yet, or has none of that name."""
        passes, progress = self.passes, self.progress
        slot = passes.graph.slots.get(name)
        if slot is None:
            return None
        if progress.update and (rank := passes.update_ranks.get(name)) is not None:
            if rank < progress.update:
                return as_array(self.columns.updates[rank])
        elif slot >= passes.graph.first_slots[progress.forward]:
            return None
        return as_array(self.columns.values[slot])

    def gradient(self, name: str) -> Array | None:
        """Return the sum of the contributions that have reached a value, or None before any has."""
        if not self.progress.backward:
            return None
        if name == self.graph.output:
            return as_optional_array(self.columns.dout)
        edge = self.passes.last_edge(name, self.progress.backward)
        return None if edge is None else as_optional_array(self.columns.sums[edge])

    def contribution(self, use: Use) -> Array | None:
        """Return what one use of a value has added to its gradient, or None before it has."""
        rank = self.passes.backward_ranks[use.node]
        if rank is None or rank >= self.progress.backward:
            return None
        return as_optional_array(self.columns.contributions[self.passes.first_edges[rank] + use.position])

    def awaits_gradient(self, name: str) -> bool:
        """Return whether contributions to a value's gradient are still to come in this iteration."""
        if name == self.graph.output:
            return bool(self.passes.backward) and not self.progress.backward
        ranks = self.passes.arrivals_at(name).ranks
        return bool(ranks) and ranks[-1] >= self.progress.backward

    def step_of(self, name: str, pass_: Pass) -> Step | None:
        """Return a node's step in a pass of this iteration, or a parameter's update; None where it has not run."""
        number = self.order.step_number(self.progress.iteration, pass_, name)
        if number == self.position:
            return self.step
        return self.tape.step(number) if number is not None and number <= self.position else None

    def local(self, name: str) -> Local:
        """Return a node's local derivatives, one per input; it must have gone forward."""
        return self.tape.local(self.progress.iteration, self.node_index(name))

    def kept(self, name: str) -> Mapping[str, Any]:
        """Return what a node's layer keeps on itself for its backward, by attribute; it must have gone forward."""
        return self.tape.kept(self.progress.iteration, self.node_index(name))

    def node_index(self, name: str) -> int:
        """Return a node's index in forward order. Raises KeyError for a leaf."""
        index = self.graph.node_index(name)
        if index is None:
            raise KeyError(name)
        return index
