"""What two tapes differ in: their steps aligned by iteration, pass and node, the first difference, and the largest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from time import monotonic

import numpy as np

from bptui.core.order import Pass, Turn
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from layers import Array

MOST_TOLD = 200
"""Differences that are told of, the largest of all."""

COARSE = 1e-4
"""How far from each other numbers of two precisions may be, relative to the array's scale."""

MOST_NAMES = 1_000
"""Nodes, steps and iterations that one of the two lacks, of which is kept what they are."""


@dataclass(frozen=True, eq=False)
class Difference:
    """An array that is another in the two: ``what`` of a ``name``, at ``step`` here and ``other_step`` there.

    ``index`` is the element that is furthest apart, with its two numbers; None where the shapes differ, or where only
    one has the array. ``apart`` is their distance, ``relative`` that in units of the largest number in the arrays, and
    ``count`` is how many elements differ.
    """

    step: int
    other_step: int
    turn: Turn
    what: str
    array: Array | None
    other: Array | None
    index: tuple[int, ...] | None = None
    apart: float = float("inf")
    relative: float = float("inf")
    count: int = 0

    @property
    def numbers(self) -> tuple[float, float] | None:
        """The two numbers that are furthest apart."""
        if self.index is None or self.array is None or self.other is None:
            return None
        return float(self.array[self.index]), float(self.other[self.index])


class TapeDiff:
    """The comparison of ``tape`` with ``other``, as far as it has come: ``advance`` goes on with it.

    Two numbers are the same where they are no further apart than ``rtol`` times the scale of their array; None is bit
    for bit, but for arrays of two precisions ``COARSE``. ``first`` is the first difference, ``largest`` has the others.
    """

    def __init__(self, tape: Tape, other: Tape, rtol: float | None = None) -> None:
        self.tape = tape
        self.other = other
        self.rtol = rtol
        self.first: Difference | None = None
        self.worst: dict[tuple[Pass, str, str], Difference] = {}
        self.compared = 0
        self.different = 0
        self.only_here: dict[str, None] = {}
        self.only_there: dict[str, None] = {}
        self.is_over = False
        self.has_two_precisions = False
        self.work = self.steps()

    @property
    def tolerance(self) -> float:
        """How far numbers may be apart, relative to their array's largest, and be the same; 0 is bit for bit."""
        return self.rtol if self.rtol is not None else COARSE if self.has_two_precisions else 0.0

    @property
    def largest(self) -> list[Difference]:
        """The largest difference of each array, over all iterations, the one that is largest relative to it first."""
        kept = [it for it in self.worst.values() if it is not self.first]
        return nlargest(MOST_TOLD, kept, key=lambda it: it.relative)

    @property
    def differs(self) -> bool:
        """Whether the two are not the same."""
        return bool(self.different or self.only_here or self.only_there)

    def advance(self, seconds: float) -> bool:
        """Go on for so many seconds; return whether that was all."""
        end = monotonic() + seconds
        for _ in self.work:
            if monotonic() > end:
                return False
        self.is_over = True
        return True

    def finish(self) -> None:
        """Compare all that is left."""
        for _ in self.work:
            pass
        self.is_over = True

    def steps(self) -> Iterator[None]:
        """Compare one step after the other, and before each iteration the leaves that it begins with."""
        order, there = self.tape.order, self.other.order
        for iteration in range(len(self.tape.iterations)):
            self.compare_leaves(iteration)
            for number in range(order.start(iteration) + 1, min(order.start(iteration + 1), len(self.tape)) + 1):
                self.compare_turn(order[number])
                yield
        for iteration in range(len(self.other.iterations)):
            for number in range(there.start(iteration) + 1, min(there.start(iteration + 1), len(self.other)) + 1):
                turn = there[number]
                if partner(self.tape, turn) is None and len(self.only_there) < MOST_NAMES:
                    self.only_there[lacking(self.tape, turn)] = None
                yield

    def compare_leaves(self, iteration: int) -> None:
        """Compare the leaves of an iteration that the one before it has left alike."""
        if iteration >= len(self.other.iterations):
            return
        graph, there = self.tape.order.passes(iteration).graph, self.other.order.passes(iteration).graph
        first = self.tape.order.start(iteration) + 1
        for name in graph.leaves:
            if name in there.slots and there.is_leaf(name) and (iteration == 0 or self.were_alike(iteration, name)):
                values = self.tape.iterations[iteration].values, self.other.iterations[iteration].values
                one, two = np.asarray(values[0][graph.slots[name]]), np.asarray(values[1][there.slots[name]])
                turn = Turn(first, iteration + 1, Pass.FORWARD, 0, name)
                self.compare(turn, self.other.order.start(iteration) + 1, "", one, two)

    def were_alike(self, iteration: int, name: str) -> bool:
        """Return whether the iteration before has left a leaf alike in the two."""
        left = [
            np.asarray(it.leaves_after(iteration - 1)[it.order.passes(iteration - 1).graph.slots[name]])
            for it in (self.tape, self.other)
            if name in it.order.passes(iteration - 1).graph.slots
        ]
        return len(left) > 1 and array_difference(left[0], left[1], self.rtol) is None

    def compare_turn(self, turn: Turn) -> None:
        """Compare a step with its partner in the other tape."""
        number = partner(self.other, turn)
        if number is None:
            if len(self.only_here) < MOST_NAMES:
                self.only_here[lacking(self.other, turn)] = None
            return
        one, two = self.tape.step(turn.number), self.other.step(number)
        here, there = list(step_arrays(one)), list(step_arrays(two))
        if is_same_work(one, two):
            pairs = [(what, array, other) for (_, what, array), (_, _, other) in zip(here, there, strict=True)]
        else:
            others = {key: array for key, _, array in there}
            pairs = [(what, array, others[key]) for key, what, array in here if key in others]
        for what, array, other in pairs:
            self.compare(turn, number, what, array, other)

    def compare(self, turn: Turn, number: int, what: str, array: Array | None, other: Array | None) -> None:
        """Compare two arrays, and keep what they differ in."""
        if array is None and other is None:
            return
        self.compared += 1
        self.has_two_precisions |= array is not None and other is not None and are_of_two_precisions(array, other)
        found = array_difference(array, other, self.rtol)
        if found is None:
            return
        difference = Difference(turn.number, number, turn, what, array, other, *found)
        self.different += 1
        self.first = self.first or difference
        key = turn.pass_, turn.name, what
        if key not in self.worst or difference.relative > self.worst[key].relative:
            self.worst[key] = difference


def partner(tape: Tape, turn: Turn) -> int | None:
    """Return the step of a tape that does what a turn does; None where it has none, or has not come to it."""
    order = tape.order
    if turn.iteration > order.iterations:
        return None
    number = order.step_number(turn.iteration - 1, turn.pass_, turn.name)
    return number if number is not None and number <= len(tape) else None


def lacking(tape: Tape, turn: Turn) -> str:
    """Return in words what a tape has not that has no partner of a turn: an iteration, a name, or a step of it."""
    if turn.iteration > tape.order.iterations:
        return f"iteration {turn.iteration}"
    is_known = turn.name in tape.order.passes(turn.iteration - 1).graph.slots
    return f"the {turn.pass_.value} of {turn.name}" if is_known else turn.name


def is_same_work(one: Step, two: Step) -> bool:
    """Return whether what two steps have made stands in the same order; they may call it by other names."""
    if isinstance(one, UpdateStep) or isinstance(two, UpdateStep):
        return True
    sizes = [(it.node.layer, len(it.node.inputs), len(it.node.outputs)) for it in (one, two)]
    return sizes[0] == sizes[1]


def step_arrays(step: Step) -> Iterator[tuple[tuple[str, int], str, Array | None]]:
    """Yield what a step has made or was given: whose it is and for which use of that, what it is called, the array.

    A node may be another in the two, an LSTM's step here and what that expands to there: what both have is compared.
    """
    match step:
        case ForwardStep():
            for name, out in zip(step.node.outputs, step.outs, strict=True):
                yield (name, 0), "" if name == step.name else name, out
        case BackwardStep():
            for name, dout in zip(step.node.outputs, step.douts, strict=True):
                yield (name, 0), "dout", dout
            uses: Counter[str] = Counter()
            for name, gradient in zip(step.node.inputs, step.gradients, strict=True):
                uses[name] += 1
                yield (name, uses[name]), f"gradient of {name}", gradient
        case UpdateStep():
            yield ("", 0), "gradient", step.gradient
            yield ("", 1), "update", step.after


def array_difference(
    array: Array | None, other: Array | None, rtol: float | None
) -> tuple[tuple[int, ...] | None, float, float, int] | None:
    """Return where two arrays are furthest apart, how far, that relative to their scale, and how many elements differ.

    None where they are the same.
    """
    if array is None or other is None or array.shape != other.shape:
        return None if array is other else (None, float("inf"), float("inf"), 0)
    if rtol is None:
        rtol = COARSE if are_of_two_precisions(array, other) else 0.0
    with np.errstate(all="ignore"):
        one, two = array.astype(np.float64), other.astype(np.float64)
        alike = (one == two) | (np.isnan(one) & np.isnan(two))
        if alike.all():
            return None
        apart = np.where(alike, 0.0, np.abs(one - two))
        apart = np.where(np.isnan(apart), np.inf, apart)
        scale = largest_finite(one, two)
        relative = apart / scale if scale else apart
    differing = ~alike & ~(relative <= rtol)
    if not differing.any():
        return None
    index = np.unravel_index(int(np.argmax(np.where(differing, apart, -1.0))), array.shape)
    place = tuple(map(int, index))
    return place, float(apart[place]), float(relative[place]), int(np.count_nonzero(differing))


def are_of_two_precisions(one: Array, two: Array) -> bool:
    """Return whether two arrays are floating-point numbers of two widths; integers beside such are exact."""
    return one.dtype.kind == two.dtype.kind == "f" and one.dtype != two.dtype


def largest_finite(one: Array, two: Array) -> float:
    """Return the largest size of a finite number in two arrays, 0 where there is none."""
    both = np.abs(np.concatenate([one.reshape(-1), two.reshape(-1)]))
    return float(np.max(both, where=np.isfinite(both), initial=0.0))
