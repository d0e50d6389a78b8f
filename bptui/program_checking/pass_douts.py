"""The gradients that go from call to call in one backward pass of a program: what is handed on, and what came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np

from bptui.core.graph import Node
from bptui.core.step import BackwardStep, UpdateStep
from bptui.core.tape import Tape
from bptui.program_checking.dout_sums import Contribution, HandedDout, equals_sum, factor_between, is_alike, total_of
from bptui.program_checking.source_numbers import PRECISE, is_written_factor
from bptui.programs.cut_passes import is_same_layer
from bptui.programs.pass_graph import WatchedPass
from bptui.programs.scaled_sums import SCALED, scaled
from layers import Array

MOST_SUMS = 4
"""Sums, one behind the other, whose uses are looked at."""


class PassDouts:
    """The gradients that go from call to call in one backward pass. ``failed`` are nodes that are wrong themselves."""

    def __init__(
        self,
        tape: Tape,
        iteration: int,
        watched: WatchedPass,
        failed: frozenset[str],
        has_mean_loss: Callable[[], bool] = lambda: False,
    ) -> None:
        self.graph = watched.graph
        self.has_mean_loss = has_mean_loss
        self.watched = watched
        self.failed = failed
        start, end = tape.order.start(iteration), tape.order.start(iteration + 1)
        steps = [step for step in tape[start:end] if isinstance(step, BackwardStep)]
        self.steps = list(zip(tape.order.passes(iteration).backward, steps, strict=False))
        self.values = tape.iterations[iteration].values
        self.tape = tape

    @cached_property
    def contributions(self) -> dict[int, list[Contribution]]:
        """By slot, what came back to each value."""
        found: defaultdict[int, list[Contribution]] = defaultdict(list)
        for node, step in self.steps:
            for position, (slot, gradient) in enumerate(zip(self.graph.edges[node], step.gradients, strict=True)):
                if gradient is not None:
                    found[slot].append(Contribution(step, position, gradient))
        return found

    @cached_property
    def gone_back(self) -> frozenset[int]:
        """The nodes that have gone back."""
        return frozenset(node for node, _ in self.steps)

    @cached_property
    def unclear_from(self) -> int:
        """The last node that is given a value which code between layers has computed, or -1."""
        computed = {self.graph.slots[name] for name in self.graph.computed}
        return max((node for node, edges in enumerate(self.graph.edges) if not computed.isdisjoint(edges)), default=-1)

    @cached_property
    def calls_by_node(self) -> dict[int, list[BackwardStep]]:
        """By node, its calls back, but that which starts and those of its node."""
        found: defaultdict[int, list[BackwardStep]] = defaultdict(list)
        for node, step in self.steps[1:]:
            if self.watched.nodes[node].call is not None and node != self.steps[0][0]:
                found[node].append(step)
        return found

    def slots_around(self, step: BackwardStep) -> Iterator[int]:
        """Yield what goes into a step's node, and what comes out of it."""
        node = self.graph.node_index(step.name) or 0
        yield from (*self.graph.edges[node], *self.graph.slots_of(node))

    def handed(self) -> Iterator[HandedDout]:
        """Yield what is handed to the calls back, but to that which starts; of a node called twice, the sum."""
        for node, steps in self.calls_by_node.items():
            for place, slot in enumerate(self.graph.slots_of(node)):
                douts = [step.douts[place] for step in steps]
                known = [it for it in douts if it is not None]
                if len(known) == len(douts):
                    yield HandedDout(steps[0], slot, np.add.reduce(known), len(known))

    @cached_property
    def clear(self) -> list[HandedDout]:
        """What is handed over for values that code between layers has not used, as far as can be seen."""
        nodes = ((handed, self.graph.node_at(handed.slot)) for handed in self.handed())
        return [handed for handed, node in nodes if node is not None and node >= self.unclear_from]

    def is_sum(self, handed: HandedDout) -> bool:
        """Return whether what is handed over is the sum of what came back."""
        came = self.contributions[handed.slot]
        return bool(came) and equals_sum(handed.dout, total_of([it.gradient for it in came], handed.dout), came)

    def goes_on_elsewhere(self, handed: HandedDout) -> bool:
        """Return whether other calls of the same layer are handed the sum of all that came back from several uses."""
        own = self.watched.nodes[self.graph.node_at(handed.slot) or 0].call
        if own is None:
            return False
        others = (it for it in self.clear if it.slot != handed.slot and len(self.contributions[it.slot]) > 1)
        calls = ((it, self.watched.nodes[self.graph.node_at(it.slot) or 0].call) for it in others)
        return any(call is not None and is_same_layer(call, own) and self.is_sum(it) for it, call in calls)

    def behind_sums(self, came: Sequence[Contribution]) -> Iterator[Sequence[Contribution]]:
        """Yield what came back to a value, and then, where it is added to another one, what came back to the sums."""
        for _ in range(MOST_SUMS):
            yield came
            behind = [list(self.behind_sum(it)) for it in came]
            if not any(behind):
                return
            came = [one for it, found in zip(came, behind, strict=True) for one in found or [it]]

    def behind_sum(self, contribution: Contribution) -> Iterator[Contribution]:
        """Yield what came back to the sum that a contribution comes from, where code has added and nothing else."""
        index = self.graph.node_index(contribution.step.name) or 0
        derived = self.watched.nodes[index].derived
        if derived is not None and derived.layer == "Add":
            yield from self.contributions[self.graph.slot_of(index)]

    def without_factor(self, handed: HandedDout, came: Sequence[Contribution]) -> Node | None:
        """Return the node that is a value times a number, where what came back to it is handed on as it is."""
        return next((node for node, dout in self.scaled(came) if is_alike(handed.dout, dout)), None)

    def with_factor_twice(self, handed: HandedDout, came: Sequence[Contribution]) -> Node | None:
        """Return the node that is a value times a number, where what came back to it is multiplied by it twice."""
        twice = ((node, scaled(scaled(dout, node.options), node.options)) for node, dout in self.scaled(came))
        return next((node for node, dout in twice if is_alike(handed.dout, dout)), None)

    def scaled(self, came: Sequence[Contribution]) -> Iterator[tuple[Node, Array]]:
        """Yield the node that is the one use of a value, and that value times a number, with what came back to it."""
        if len(came) != 1:
            return
        index = self.graph.node_index(came[0].step.name) or 0
        derived, dout = self.watched.nodes[index].derived, came[0].step.dout
        if derived is not None and derived.layer in SCALED and dout is not None:
            yield self.graph.nodes[index], dout

    @cached_property
    def starts_from_number(self) -> bool:
        """Whether the pass goes back from one number: else code outside of layers has made the loss, of any value."""
        return np.size(self.values[self.graph.slots[self.graph.output]]) == 1

    @cached_property
    def needed(self) -> frozenset[int]:
        """The nodes that the output depends on."""
        return frozenset(self.graph.backward)

    def passed_over(self, handed: HandedDout, skipped: Sequence[Node]) -> Node | None:
        """Return the node that never went back, and for which what is handed over has come back."""
        for node in skipped:
            for slot in self.graph.slots_of(self.graph.node_index(node.name) or 0):
                came = self.contributions[slot]
                total = total_of([it.gradient for it in came], handed.dout)
                if came and not self.is_flat(node) and equals_sum(handed.dout, total, came):
                    return node
        return None

    def is_flat(self, node: Node) -> bool:
        """Return whether a node hands on a value as it was, or has no slope: then no call back is missed."""
        index = self.graph.node_index(node.name) or 0
        out = np.asarray(self.values[self.graph.slot_of(index)])
        if out.dtype.kind != "f" or bool((out == np.floor(out)).all()):
            return True
        inputs = (np.asarray(self.values[slot]) for slot in self.graph.edges[index])
        return any(it.size == out.size and np.array_equal(it.ravel(), out.ravel()) for it in inputs)

    def returned_beside(self, uses: Sequence[Contribution]) -> Sequence[Contribution]:
        """Return what the same calls back have returned for other values."""
        steps = {it.step.number for it in uses}
        every = (it for found in self.contributions.values() for it in found)
        return [it for it in every if it.step.number in steps and it not in uses]

    def of_another(self, handed: HandedDout) -> Contribution | None:
        """Return the gradient of another value that is handed over instead."""
        for slot, found in self.contributions.items():
            for it in found:
                if (
                    slot != handed.slot
                    and it.step.number < handed.step.number
                    and it.gradient.shape == handed.dout.shape
                    and (it.gradient == handed.dout).all()
                ):
                    return it
        return None

    def batch_size(self, handed: HandedDout, came: Sequence[Contribution]) -> int | None:
        """Return the size of the batch where a dout is the sum divided by it, though the loss is a mean already.

        A factor that is written on the way may be meant, as may one over several passes whose gradients are added up;
        and a loss that is wrong itself may be put right by it.
        """
        value = np.asarray(self.values[handed.slot])
        factor = factor_between(handed.dout, came)
        size = value.shape[0] if value.ndim > 1 else 1
        if size < 2 or factor is None or self.failed:
            return None
        if abs(factor * size - 1) > PRECISE:
            return None
        if adds_up_passes(self.tape) or is_scaled_on_the_way(handed, came, factor):
            return None
        return size if self.has_mean_loss() else None


def is_scaled_on_the_way(handed: HandedDout, came: Sequence[Contribution], factor: float) -> bool:
    """Return whether the program multiplies by a number between the calls back that return and take a gradient."""
    here, before = handed.step.call, [it.place for it in came if it.place is not None]
    if here is None or here.line is None:
        return False
    lines = [it.line for it in before if it.path == here.path and it.line is not None and it.line <= here.line]
    return is_written_factor(here.path, factor, first=min(lines, default=0), last=here.line)


def adds_up_passes(tape: Tape) -> bool:
    """Return whether a program goes back several times before it updates its parameters."""
    updated = {step.iteration for step in tape if isinstance(step, UpdateStep)}
    gone_back = {step.iteration for step in tape if isinstance(step, BackwardStep)}
    return bool(updated) and not gone_back - {max(gone_back, default=0)} <= updated
