"""An edit: a tape that forks from another where a person has set a value, to run on from there.

The steps before are shared, as the same objects. Nothing of the tape that it forks from changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from bptui.core.columns import Dout, Iteration, Value, freeze
from bptui.core.order import Pass
from bptui.core.tape import Tape
from bptui.deferred_dataclass import dataclass
from layers import Array

MAIN = "main"
"""The branch that a run starts with."""


class EditKind(Enum):
    """What of a run is set: a leaf, what a node has computed, or the gradient that arrives at one."""

    LEAF = "leaf"
    OUTPUT = "output"
    DOUT = "dout"


@dataclass(frozen=True, eq=False)
class ValueEdit:
    """``name`` is set to ``value`` (of the shape and dtype that it had) in an ``iteration`` (from 0)."""

    kind: EditKind
    name: str
    iteration: int
    value: Array

    def is_about(self, name: str, iteration: int, *, of_dout: bool) -> bool:
        """Return whether it sets a value, or what arrives at it, in an iteration (from 0)."""
        is_of_dout = self.kind is EditKind.DOUT
        return (self.name, self.iteration, is_of_dout) == (name, iteration, of_dout)

    @property
    def is_of_start(self) -> bool:
        """Whether it sets a leaf from the start of the run on, as if the scenario had said so."""
        return self.kind is EditKind.LEAF and self.iteration == 0

    def first_step(self, tape: Tape) -> int:
        """Return the number of the first step that may differ from those of ``tape``."""
        order = tape.order
        match self.kind:
            case EditKind.LEAF:
                return order.start(self.iteration) + 1
            case EditKind.OUTPUT:
                number = order.step_number(self.iteration, Pass.FORWARD, self.name)
            case EditKind.DOUT:
                number = order.step_number(self.iteration, Pass.BACKWARD, self.name)
        assert number is not None
        return number


def forked(tape: Tape, edit: ValueEdit) -> Tape:
    """Return a tape with the steps of ``tape`` before an edit, and the edited value, to go on from there."""
    value = freeze(edit.value.copy())[()] if edit.value.ndim == 0 else freeze(edit.value.copy())
    match edit.kind:
        case EditKind.LEAF:
            return with_leaf(tape, edit, value)
        case EditKind.OUTPUT:
            return with_output(tape, edit, value)
        case EditKind.DOUT:
            return with_dout(tape, edit, value)


def with_leaf(tape: Tape, edit: ValueEdit, value: Value) -> Tape:
    """Return a fork at the start of an iteration, which begins with another leaf."""
    branch = tape.fork(tape.order.start(edit.iteration), tape.order.branching(edit.iteration))
    branch.iterations = branch.iterations[: edit.iteration]
    slot = tape.order.passes(edit.iteration).graph.slots[edit.name]
    leaves = list(tape.leaves_of(edit.iteration))
    leaves[slot] = value
    if edit.iteration == 0:
        branch.leaves = tuple(leaves)
    branch.begin_iteration(leaves)
    return branch


def with_output(tape: Tape, edit: ValueEdit, value: Value) -> Tape:
    """Return a fork after a node's forward, with another value in the place of what it has computed."""
    branch = tape.fork(edit.first_step(tape), tape.order.branching(edit.iteration))
    branch.iterations[-1].values[branch.graph.slots[edit.name]] = value
    return branch


def with_dout(tape: Tape, edit: ValueEdit, value: Value) -> Tape:
    """Return a fork before a node's backward, at which another gradient arrives."""
    branch = tape.fork(edit.first_step(tape) - 1, tape.order.branching(edit.iteration))
    columns, passes = branch.iterations[-1], branch.passes
    slot = passes.graph.slots[edit.name]
    if not columns.douts:
        branch.begin_backward(value)
        return branch
    columns.totals[slot] = value
    if (edge := passes.last_edge(edit.name, len(columns.douts))) is not None:
        columns.sums[edge] = value
    return branch


class SentBack(NamedTuple):
    """What has arrived at a node, and a contribution or None for each of its inputs."""

    dout: Dout
    gradients: Sequence[Value | None]


class Reuse:
    """What a run that goes on from an edit need not compute: what comes to the same as in the run before.

    Only the edited iteration is looked at; all later ones begin with other parameters.
    """

    def __init__(self, original: Tape, iteration: int) -> None:
        self.original: Iteration | None = None
        if iteration < len(original.iterations):
            self.original = original.iterations[iteration]
        self.iteration = iteration

    def outputs(self, tape: Tape, node: int) -> list[Value] | None:
        """Return what a node came to, None where it has to be computed: its inputs are others."""
        slots = tape.graph.slots_of(node)
        if not self.applies(tape) or not self.has_inputs(tape, node) or slots.stop > len(self.columns.values):
            return None
        return self.columns.values[slots.start : slots.stop]

    def backward(self, tape: Tape, rank: int) -> SentBack | None:
        """Return what a node sent back, None where it has to be computed: its inputs or what arrives are others."""
        if not self.applies(tape) or rank >= len(self.columns.douts):
            return None
        node = tape.passes.backward[rank]
        if not self.has_inputs(tape, node) or not are_same(tape.arriving(node), self.columns.douts[rank]):
            return None
        return self.back_before(tape, rank)

    def back_before(self, tape: Tape, rank: int) -> SentBack:
        """Return what arrived at a node before, and what it sent back."""
        return SentBack(self.columns.douts[rank], self.columns.contributions[tape.passes.edges_of(rank)])

    def applies(self, tape: Tape) -> bool:
        """Return whether a tape is in the edited iteration, and there is anything to compare it with."""
        return self.original is not None and len(tape.iterations) == self.iteration + 1

    @property
    def columns(self) -> Iteration:
        """What there was before."""
        assert self.original is not None
        return self.original

    def has_inputs(self, tape: Tape, node: int) -> bool:
        """Return whether a node has the same inputs as before."""
        now, before = tape.iterations[-1].values, self.columns.values
        slots = tape.graph.edges[node]
        return all(slot < len(before) and are_same(now[slot], before[slot]) for slot in slots)


def are_same(value: Value | None, other: Value | None) -> bool:
    """Return whether two values, or two tuples of them, are the same to the bit."""
    if value is other:
        return True
    if value is None or other is None:
        return False
    if isinstance(value, tuple):
        return isinstance(other, tuple) and all(map(are_same, value, other))
    one, two = np.asarray(value), np.asarray(other)
    return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()
