"""The whole network: does each leaf's gradient say how the output moves? What single nodes cannot show, fan-out does.

Each leaf moves along a few random directions. Where a node sends no gradient back (Detach, a target), the output's
way through it does not count either: there the node gets what the run gave it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import same
from bptui.checking.fault import FaultError
from bptui.checking.finding import Finding, Verdict, Worst
from bptui.checking.numeric.bisection import PRECISION, random_direction
from bptui.checking.numeric.directions import Direction, along
from bptui.checking.numeric.extrapolation import Ladder, climb
from bptui.checking.numeric.finite_differences import Point, last_digit_moved
from bptui.checking.numeric.judge import RELATIVE
from bptui.checking.numeric.noise import digit_of_float32, grain_of
from bptui.checking.probe import as_number, called
from bptui.checking.random_sources import SEED, borrowed_random_state
from bptui.checking.subject import widened
from bptui.core.columns import Value, as_array
from bptui.core.text import counted
from bptui.running import Run
from bptui.scenario.scenario import Scenario
from layers import Array

RULE = "network"
DIRECTIONS = 2

MOST_VALUES = 20_000
"""Values of nodes that are worked out for each step of the differences: for each leaf as many as there are nodes."""

TRIES = 4
"""How many more looks there may be, for each that there is in any case, to find which leaves are wrong."""

SIZES = (1.0, 2.0**-12)
"""What the two ladders of steps start from, compared with the leaf's own size."""


def check_network(scenario: Scenario) -> Iterator[Finding]:
    """Yield a finding for each leaf that the output's gradient reaches, measured in float64."""
    with borrowed_random_state():
        np.random.seed(SEED)  # noqa: NPY002  (a layer that draws from there draws the same numbers every time)
        network = Network(exact(scenario))
        try:
            if network.run.failure:
                raise FaultError("raises", network.run.failure.message)
            if not network.is_repeatable:
                raise FaultError("repeatable", "the output is another one each time, so it cannot be measured")
            yield from network.findings()
        finally:
            network.run.close()


def exact(scenario: Scenario) -> Scenario:
    """Return the scenario in float64, without training."""
    values = {name: widened(value) for name, value in scenario.values.items()}
    return replace(scenario, values=values, dout=widened(scenario.dout), train=None, dtype=np.dtype(np.float64))


@dataclass(frozen=True, eq=False)
class Network:
    """A graph as one function of its leaves, and the run whose gradients are judged."""

    scenario: Scenario

    @cached_property
    def run(self) -> Run:
        """Both passes at the scenario's values."""
        run = Run(self.scenario)
        run.finish()
        return run

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """The inputs and parameters to which a gradient comes back."""
        graph = self.scenario.graph
        return tuple(name for name in graph.inputs + graph.parameters if self.gradients[name] is not None)

    @property
    def gradients(self) -> Mapping[str, Array | None]:
        """The gradients of all values."""
        return self.run.tape.gradients

    @cached_property
    def cut(self) -> frozenset[tuple[int, int]]:
        """The uses, by node and position, through which no gradient goes back."""
        passes, columns = self.run.tape.passes, self.run.tape.iterations[0]
        return frozenset(
            (node, position)
            for rank, node in enumerate(passes.backward)
            for position, it in enumerate(columns.contributions[passes.edges_of(rank)])
            if it is None
        )

    @cached_property
    def before_steps(self) -> frozenset[int]:
        """The slots of the values that go through a layer that gives integers: a step function has no slope to tell."""
        graph, values = self.scenario.graph, self.run.tape.iterations[0].values
        found: set[int] = set()
        for node, slots in reversed(list(enumerate(graph.edges))):
            outs = [graph.slots[name] for name in graph.nodes[node].outputs]
            if any(np.asarray(values[slot]).dtype.kind in "iub" or slot in found for slot in outs):
                found.update(slots)
        return frozenset(found)

    @cached_property
    def calls(self) -> list[tuple[int, tuple[int, ...], dict[int, Value]]]:
        """The nodes with the slots of their inputs, and what the run gave them where no gradient goes back."""
        recorded = self.run.tape.iterations[0].values
        edges = enumerate(self.scenario.graph.edges)
        return [
            (node, slots, {at: recorded[slot] for at, slot in enumerate(slots) if (node, at) in self.cut})
            for node, slots in edges
        ]

    def forward(self, leaves: tuple[Array, ...]) -> Array:
        """Return the output for other leaves, in the order of the graph's."""
        np.random.seed(SEED)  # noqa: NPY002
        values = called(partial(self.values_at, leaves), "forward")
        return as_number(values[self.scenario.graph.slots[self.scenario.graph.output]])

    def values_at(self, leaves: tuple[Array, ...]) -> list[Any]:
        """Return all values for other leaves."""
        values: list[Any] = [leaf[()] for leaf in leaves]
        for node, slots, given in self.calls:
            inputs = [values[slot] for slot in slots]
            for at, value in given.items():
                inputs[at] = value
            outs = self.run.fresh_layer(node).forward(*inputs)
            values += outs if isinstance(outs, tuple) else (outs,)
        return values

    @property
    def is_repeatable(self) -> bool:
        """Whether the same leaves give the same output, and that of the run."""
        one, two = self.forward(self.point.inputs), self.forward(self.point.inputs)
        return same(one, two) and bool(np.allclose(one, self.point.out, rtol=1e-9, atol=1e-12, equal_nan=True))

    @cached_property
    def coarse_point(self) -> Point:
        """The same point, with how coarse the output is there."""
        return replace(self.point, grain=np.fmax(grain_of(self.point), self.grain_of_float32))

    @cached_property
    def grain_of_float32(self) -> Array:
        """How coarse the output is since values on the way to it have float32's digits, to first order; or 0."""
        tape, out = self.run.tape, self.point.out
        values, gradients = tape.values, self.gradients
        names = [name for node in self.scenario.graph.nodes for name in node.outputs]
        coarse = [
            (value, gradients[name])
            for name in names
            if (value := values[name]) is not None and value.dtype == np.float32
        ]
        if not coarse:
            return np.zeros(out.shape)
        grain = digit_of_float32(out)
        if out.size > 1:
            return grain
        reach = sum(float(np.sum(np.abs(slope) * digit_of_float32(it))) for it, slope in coarse if slope is not None)
        return np.fmax(grain, reach / max(float(np.abs(self.point.dout).max()), np.finfo(float).tiny))

    @cached_property
    def point(self) -> Point:
        """Where the output is measured."""
        graph = self.scenario.graph
        leaves = tuple([self.scenario.values[name] for name in graph.leaves])
        away = tuple([np.asarray(last_digit_moved(x)) if x.dtype.kind == "f" else x for x in leaves])
        out = as_number(self.run.tape.values[graph.output])
        return Point(
            self.forward, leaves, away, out, np.where(np.isfinite(out), as_array(self.run.tape.iterations[0].dout), 0)
        )

    def findings(self) -> Iterator[Finding]:
        """Yield the finding on each leaf; of many in a large network several are measured together."""
        excuses = {leaf: self.excuse(leaf) for leaf in self.leaves}
        found = {
            leaf: replace(self.finding(leaf), verdict=Verdict.SKIP, reason=it) for leaf, it in excuses.items() if it
        }
        measured = [leaf for leaf in self.leaves if leaf not in found]
        most = max(1, MOST_VALUES // len(self.scenario.graph.nodes))
        size = max(1, -(-len(measured) // most))
        tries = iter(range(TRIES * most))
        for start in range(0, len(measured), size):
            found |= {it.input or "": it for it in self.search(measured[start : start + size], tries)}
        yield from (found[leaf] for leaf in self.leaves)

    def search(self, leaves: Sequence[str], tries: Iterator[int]) -> Iterator[Finding]:
        """Yield the finding on each of some leaves: halves of them are looked at, and halves of these, where all fail.

        Each look takes one of ``tries``.
        """
        if len(leaves) == 1:
            yield self.check(*leaves)
            return
        found = self.check(*leaves)
        if found.verdict is Verdict.PASS:
            told = f"measured together with {counted(len(leaves) - 1, 'other')}"
            yield from (replace(found, input=leaf, reason=told) for leaf in leaves)
        elif next(tries, None) is None:
            told = f"among {len(leaves)} leaves that the output does not follow as it should, too many to measure each"
            yield from (replace(self.finding(leaf), verdict=Verdict.SKIP, reason=told) for leaf in leaves)
        else:
            middle = len(leaves) // 2
            yield from self.search(leaves[:middle], tries)
            yield from self.search(leaves[middle:], tries)

    def finding(self, leaf: str) -> Finding:
        """Return the finding on a leaf with which all is well."""
        return Finding(self.scenario.graph.output, None, leaf, RULE, Verdict.PASS)

    def excuse(self, leaf: str) -> str | None:
        """Return why a leaf's gradient cannot be measured, None where it can."""
        gradient = self.gradients[leaf]
        if gradient is None or not (np.isfinite(self.point.out).all() and np.isfinite(gradient).all()):
            return "the output or the gradient is not finite"
        if self.scenario.graph.slots[leaf] in self.before_steps:
            return "there is a step function on its way"
        return None

    def check(self, *leaves: str) -> Finding:
        """Return the finding on ``leaves``, which move together; the first direction that disagrees stands for all."""
        found = self.finding(leaves[0])
        for seed in range(DIRECTIONS):
            found = self.judge(self.finding(leaves[0]), *self.direction(leaves, seed))
            if found.verdict is not Verdict.PASS:
                return found
        return found

    def direction(self, leaves: Sequence[str], seed: int) -> tuple[Direction, float, float]:
        """Return a direction in which ``leaves`` move, each in its own way, with the slope that is promised along it.

        And the size of the parts of that.
        """
        inputs, slots = self.point.inputs, self.scenario.graph.slots
        moving = {slots[leaf]: self.gradients[leaf] for leaf in leaves}
        seeds = {slot: seed + DIRECTIONS * at for at, slot in enumerate(moving)}
        directions = tuple([random_direction(x, seeds[at]) if at in seeds else None for at, x in enumerate(inputs)])
        gradients = tuple([moving.get(at) for at in range(len(inputs))])
        return Direction(inputs, directions), *along(directions, gradients)

    def judge(self, finding: Finding, line: Direction, slope: float, size: float) -> Finding:
        """Return the finding that one direction comes to; an output that is coarse is given its due."""
        found = self.judge_at(self.point, finding, line, slope, size)
        if found.verdict not in {Verdict.FAIL, Verdict.KINK} or not np.any(self.coarse_point.grain):
            return found
        allowing = self.judge_at(self.coarse_point, finding, line, slope, size)
        worst = allowing.worst
        if allowing.verdict is Verdict.FAIL and worst and 20 * worst.error > 0.01 * abs(worst.numeric):
            return replace(allowing, verdict=Verdict.SKIP, reason="the output is too coarse to tell", ladder=())
        return allowing

    @property
    def precision(self) -> float:
        """How far a slope may be off: with layers of the user's own by as much as each of them may by itself."""
        return RELATIVE if self.scenario.guests else 10 * PRECISION

    def judge_at(self, point: Point, finding: Finding, line: Direction, slope: float, size: float) -> Finding:
        """Return the finding that one direction comes to at a point."""
        ladders = [climb(point, line, np.array([start])) for start in SIZES]
        ladder = min(ladders, key=lambda it: float(it.limit[1][0]))
        value, error = (float(it[0]) for it in ladder.limit)
        worst = Worst((), slope, value, error)
        if abs(slope - value) <= 20 * error + self.precision * size:
            return replace(finding, worst=worst)
        if any(bool((it.is_steep | it.is_blind)[0]) for it in ladders) or not np.isfinite(value):
            return replace(finding, verdict=Verdict.SKIP, reason="the output has no finite slope here")
        kinks = [it for it in ladders if it.is_kink[0]]
        if kinks:
            return at_kink(finding, kinks[-1], slope, error)
        reason = f"the gradient of {finding.input} is not the slope of {finding.node} along a random direction"
        return replace(finding, verdict=Verdict.FAIL, worst=worst, reason=reason, ladder=ladder.of(0))


def at_kink(finding: Finding, ladder: Ladder, slope: float, error: float) -> Finding:
    """Return the finding at a kink: right is what lies between the two sides."""
    low, high, slack = (float(it[0]) for it in ladder.hull())
    worst = Worst((), slope, (low + high) / 2, max(error, slack))
    if low - slack <= slope <= high + slack:
        reason = "a kink: the slopes on its two sides differ, and the gradient lies between them"
        return replace(finding, verdict=Verdict.KINK, worst=worst, reason=reason, ladder=ladder.of(0))
    reason = f"the gradient of {finding.input} lies beyond both slopes of {finding.node} at a kink"
    return replace(finding, verdict=Verdict.FAIL, worst=worst, reason=reason, ladder=ladder.of(0))
