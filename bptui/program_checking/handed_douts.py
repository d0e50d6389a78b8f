"""What a program hands to each call back, held against the sum of what came back from all uses of that value.

Only what the numbers tell apart is accused: a use is missing or counts twice, a gradient is that of another value, a
layer in between never went back, or the batch size divides twice. A value that code between layers may have used, too,
is not judged, and another number than the sum, which may be meant, is a caution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations

import numpy as np

from bptui.checking.finding import Finding, Verdict
from bptui.core.graph import Node
from bptui.core.step import BackwardStep
from bptui.core.tape import Tape
from bptui.core.text import number, visible
from bptui.errors import Where
from bptui.program_checking.checked_program import CheckedProgram
from bptui.program_checking.repeated_calls import is_mean_loss
from bptui.program_checking.source_numbers import PRECISE, stands_in_source
from bptui.programs.pass_graph import WatchedPass
from layers import Array

RULE = "wiring"

MOST_USES = 6
"""Uses of a value of which all choices are tried."""

MOST_SUMS = 4
"""Sums, one behind the other, whose uses are looked at."""

LOOSENESS = 64
"""Last digits, of the sum of all sizes, by which a sum may differ that was made in another order."""


@dataclass(frozen=True, eq=False)
class Contribution:
    """A gradient that has come back to a value from one of its uses: the ``position``-th input of a step's node."""

    step: BackwardStep
    position: int
    gradient: Array

    @property
    def place(self) -> Where | None:
        """Where the program has called for it, or the line that used the value without a layer."""
        return self.step.call or self.step.node.where


@dataclass(frozen=True, eq=False)
class HandedDout:
    """What is handed to a call back for one output of its node, whose slot it is."""

    step: BackwardStep
    slot: int
    dout: Array
    calls: int = 1


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

    def handed(self) -> Iterator[HandedDout]:
        """Yield what is handed to the calls back, but to that which starts; of a node called twice, the sum."""
        by_node: defaultdict[int, list[BackwardStep]] = defaultdict(list)
        for node, step in self.steps[1:]:
            if self.watched.nodes[node].call is not None:
                by_node[node].append(step)
        for node, steps in by_node.items():
            for place, slot in enumerate(self.graph.slots_of(node)):
                douts = [step.douts[place] for step in steps]
                known = [it for it in douts if it is not None]
                if len(known) == len(douts) and node != self.steps[0][0]:
                    yield HandedDout(steps[0], slot, np.add.reduce(known), len(known))

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with what is handed over."""
        for handed in self.clear:
            yield from self.judged(handed)
        yield from self.never_called()

    @cached_property
    def clear(self) -> list[HandedDout]:
        """What is handed over for values that code between layers has not used, as far as can be seen."""
        nodes = ((handed, self.graph.node_at(handed.slot)) for handed in self.handed())
        return [handed for handed, node in nodes if node is not None and node >= self.unclear_from]

    def is_sum(self, handed: HandedDout) -> bool:
        """Return whether what is handed over is the sum of what came back."""
        came = self.contributions[handed.slot]
        return bool(came) and equals_sum(handed.dout, total_of([it.gradient for it in came], handed.dout), came)

    def judged(self, handed: HandedDout) -> Iterator[Finding]:
        """Yield the finding on one dout, where it is not the sum of what came back."""
        came = self.contributions[handed.slot]
        uses = [use for use in self.graph.uses[handed.slot] if use.node in self.needed]
        skipped = [self.graph.nodes[use.node] for use in uses if use.node not in self.gone_back]
        total = total_of([it.gradient for it in came], handed.dout)
        if not uses or self.is_sum(handed):
            if came and skipped and not any(map(self.is_flat, skipped)):
                yield self.finding(handed, "a use is missing", missing_call_words(self, handed, skipped[0]))
            return
        if handed.calls > 1:
            return
        explanation = next(self.explanations(handed, came, skipped), None)
        if explanation is not None:
            yield self.finding(handed, *explanation)
        elif came and self.starts_from_number:
            yield self.caution(handed, came, total)

    def explanations(
        self, handed: HandedDout, came: Sequence[Contribution], skipped: Sequence[Node]
    ) -> Iterator[tuple[str, str]]:
        """Yield the mistakes that the numbers tell, what is handed over instead, and what there is to say of them."""
        if not handed.dout.any():
            return
        if (passed_over := self.passed_over(handed, skipped)) is not None:
            yield "a backward is never called", passed_over_words(self, handed, passed_over)
        for uses in self.behind_sums(came):
            if (left_out := subset_left_out(handed.dout, uses)) is not None:
                yield "a use is missing", missing_words(self, handed, left_out)
            if (twice := added_twice(handed.dout, uses)) is not None:
                yield "a use counts twice", twice_words(self, handed, twice)
            if (pair := exchanged(handed.dout, uses)) is not None:
                yield "a use is missing", exchanged_words(self, handed, *pair)
            if (pair := exchanged(handed.dout, uses, self.returned_beside(uses))) is not None:
                yield "gradients swapped", mistaken_words(self, handed, *pair)
        if (other := self.of_another(handed)) is not None:
            yield "gradients swapped", swapped_words(self, handed, other)
        if (size := self.batch_size(handed, came)) is not None:
            yield "divided by the batch size twice", batch_words(self, handed, came, size)

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

        A number that stands in the source may be meant, and a loss that is wrong itself may be put right by it.
        """
        value = np.asarray(self.values[handed.slot])
        factor = factor_between(handed.dout, came)
        size = value.shape[0] if value.ndim > 1 else 1
        if size < 2 or factor is None or self.failed:
            return None
        if abs(factor * size - 1) > PRECISE:
            return None
        file = handed.step.call.path if handed.step.call else ""
        return size if self.has_mean_loss() and not stands_in_source(file, factor) else None

    def never_called(self) -> Iterator[Finding]:
        """Yield a caution for each node before which nothing has gone back, though it keeps parameters."""
        for index in sorted(self.needed - self.gone_back):
            it = self.watched.nodes[index]
            behind = any(
                use.node in self.gone_back for slot in self.graph.slots_of(index) for use in self.graph.uses[slot]
            )
            if it.call is None or not behind or not any(name in self.graph.parameters for name in it.node.inputs):
                continue
            name = visible(it.node.name)
            reason = (
                f"the backward of {name} (forward in {it.node.where}) is never called: its parameters get no gradient"
            )
            yield Finding(
                it.node.name,
                it.node.layer,
                None,
                RULE,
                Verdict.SKIP,
                reason=reason,
                mistake="a backward is never called",
            )

    # What is said.

    def name(self, handed: HandedDout) -> str:
        """Return which dout is meant: to which node it is handed, and where."""
        return f"the dout handed to {visible(handed.step.name)}.backward ({handed.step.call})"

    def finding(self, handed: HandedDout, mistake: str, reason: str) -> Finding:
        """Return a failure."""
        node = handed.step.node
        return Finding(
            node.name, node.layer, None, RULE, Verdict.FAIL, reason=reason, mistake=mistake, where=handed.step.call
        )

    def caution(self, handed: HandedDout, came: Sequence[Contribution], total: Array) -> Finding:
        """Return a caution: something else than the sum is handed over, which may be meant."""
        factor = factor_between(handed.dout, came)
        if not handed.dout.any():
            what = "0: nothing goes back through it"
        elif factor is not None:
            what = f"{number(factor)} × the gradient that came back"
        else:
            place = int(np.argmax(np.abs(handed.dout - total))) if handed.dout.shape == total.shape else 0
            index = [int(at) for at in np.unravel_index(place, handed.dout.shape)]
            what = "something else than the sum of what came back"
            if handed.dout.shape == total.shape:
                got, sum_ = number(float(handed.dout.flat[place])), number(float(total.flat[place]))
                what += f": {got} for {sum_}" + (f" at {index}" if index else "")
        reason = f"{self.name(handed)} is {what} ({lines_of(came)}); right if that is meant"
        node = handed.step.node
        return Finding(
            node.name,
            node.layer,
            None,
            RULE,
            Verdict.SKIP,
            reason=reason,
            mistake="another dout",
            where=handed.step.call,
        )


def handed_dout_findings(program: CheckedProgram, failed: frozenset[str]) -> Iterator[Finding]:
    """Yield what is wrong with the douts that a program hands over, each mistake at a node once; or what was judged."""
    seen: set[tuple[str, str | None]] = set()
    sums = handed_over = 0
    for iteration, watched in enumerate(program.watched.passes):
        if not watched.backwards:
            continue
        douts = PassDouts(program.tape, iteration, watched, failed, partial(is_mean_loss, program, watched))
        sums += sum(map(douts.is_sum, douts.clear))
        handed_over += len(list(douts.handed()))
        for finding in douts.findings():
            key = (finding.node, finding.mistake)
            if key not in seen:
                seen.add(key)
                yield finding
    if sums and not seen:
        reason = f"{sums} of {handed_over} gradients that are handed on are the sums of what came back"
        yield Finding(program.program.called, None, None, RULE, Verdict.PASS, reason=reason)


def passed_over_words(douts: PassDouts, handed: HandedDout, node: Node) -> str:
    """Return what is said where a dout is that of a node behind one that never went back."""
    came = [
        it for slot in douts.graph.slots_of(douts.graph.node_index(node.name) or 0) for it in douts.contributions[slot]
    ]
    name = visible(node.name)
    return (
        f"{douts.name(handed)} is what came back for {name} ({lines_of(came)}), "
        f"and the backward of {name} (forward in {node.where}) is never called"
    )


def missing_words(douts: PassDouts, handed: HandedDout, left_out: Sequence[Contribution]) -> str:
    """Return what is said where what came back from some uses is left out."""
    uses = " and ".join(f"{visible(it.step.name)} ({it.place})" for it in left_out)
    value = visible(douts.graph.names[handed.slot])
    return (
        f"{douts.name(handed)} is the gradient of {value} without what came back from {uses}: "
        f"a value that is used several times gets the sum"
    )


def missing_call_words(douts: PassDouts, handed: HandedDout, skipped: Node) -> str:
    """Return what is said where one of the uses never went back."""
    value, name = visible(douts.graph.names[handed.slot]), visible(skipped.name)
    return (
        f"{douts.name(handed)} is the gradient of {value} without that of its use by {name} "
        f"(forward in {skipped.where}), whose backward is never called"
    )


def twice_words(douts: PassDouts, handed: HandedDout, twice: Contribution) -> str:
    """Return what is said where what came back from one use is added twice."""
    value = visible(douts.graph.names[handed.slot])
    return (
        f"{douts.name(handed)} is the gradient of {value} with what came back from "
        f"{visible(twice.step.name)} ({twice.place}) added twice"
    )


def exchanged_words(douts: PassDouts, handed: HandedDout, missing: Contribution, twice: Contribution) -> str:
    """Return what is said where one use counts twice, and another not at all."""
    return (
        f"{missing_words(douts, handed, [missing])}; "
        f"instead, that from {visible(twice.step.name)} ({twice.place}) is there twice"
    )


def mistaken_words(douts: PassDouts, handed: HandedDout, missing: Contribution, other: Contribution) -> str:
    """Return what is said where, of all that a call back has returned, the gradient of another value is added."""
    value, name = visible(douts.graph.names[handed.slot]), visible(other.step.node.inputs[other.position])
    return (
        f"{douts.name(handed)} is the gradient of {value} with that of {name} in the place of its own, "
        f"both returned by {visible(missing.step.name)} ({missing.place})"
    )


def swapped_words(douts: PassDouts, handed: HandedDout, other: Contribution) -> str:
    """Return what is said where the gradient of another value is handed over."""
    index = douts.graph.node_index(other.step.name) or 0
    name = visible(douts.graph.names[douts.graph.edges[index][other.position]])
    value = visible(douts.graph.names[handed.slot])
    return (
        f"{douts.name(handed)} is the gradient of {name}, returned by {visible(other.step.name)} "
        f"({other.place}), and not that of {value}"
    )


def batch_words(douts: PassDouts, handed: HandedDout, came: Sequence[Contribution], size: int) -> str:
    """Return what is said where the batch size divides once more."""
    return (
        f"{douts.name(handed)} is what came back ({lines_of(came)}) divided by {size}, the size of the batch: "
        f"the loss is a mean, and its backward has divided by it already"
    )


def lines_of(came: Sequence[Contribution]) -> str:
    """Return where the gradients come from: nodes, each with its line."""
    return ", ".join(f"{visible(it.step.name)} in {it.place}" for it in came)


def total_of(gradients: Sequence[Array], like: Array) -> Array:
    """Return the sum of some gradients, zeros where there are none."""
    return np.add.reduce([np.asarray(it, np.float64) for it in gradients]) if gradients else np.zeros_like(like)


def same_shape(dout: Array, came: Sequence[Contribution]) -> bool:
    """Return whether gradients have the shape of a dout."""
    return all(it.gradient.shape == dout.shape for it in came)


def equals_sum(dout: Array, total: Array, came: Sequence[Contribution]) -> bool:
    """Return whether a dout is a sum, but for the rounding of its terms."""
    if dout.shape != total.shape:
        return False
    eps = max(float(np.finfo(it.dtype).eps) for it in (dout, *(one.gradient for one in came)) if it.dtype.kind == "f")
    size = np.add.reduce([np.abs(it.gradient) for it in came]) if came else np.abs(dout)
    with np.errstate(all="ignore"):
        is_same = np.abs(dout - total) <= LOOSENESS * eps * size
    return bool((is_same | (dout == total) | (np.isnan(dout) & np.isnan(total))).all())


def subset_left_out(dout: Array, came: Sequence[Contribution]) -> Sequence[Contribution] | None:
    """Return the fewest gradients without which the sum of the others is a dout; None where there are no such."""
    if not same_shape(dout, came):
        return None
    for count in range(1, len(came) if len(came) <= MOST_USES else 2):
        for left_out in combinations(came, count):
            kept = [it for it in came if it not in left_out]
            if kept and equals_sum(dout, total_of([it.gradient for it in kept], dout), came):
                return left_out
    return None


def added_twice(dout: Array, came: Sequence[Contribution]) -> Contribution | None:
    """Return the gradient that is in a dout twice, where there are others beside it."""
    if len(came) < 2 or not same_shape(dout, came):
        return None
    total = total_of([it.gradient for it in came], dout)
    return next((it for it in came if it.gradient.any() and equals_sum(dout, total + it.gradient, came)), None)


def exchanged(
    dout: Array, came: Sequence[Contribution], others: Sequence[Contribution] = ()
) -> tuple[Contribution, Contribution] | None:
    """Return the gradient that is missing from a sum, and that which stands there instead: one of ``others``.

    Without others, it is one of those that the sum is made of, which is there twice.
    """
    if len(came) < 2 or not same_shape(dout, came):
        return None
    total = total_of([it.gradient for it in came], dout)
    for missing in came:
        for it in others or came:
            is_fit = it is not missing and it.gradient.shape == dout.shape and it.gradient.any()
            if is_fit and equals_sum(dout, total - missing.gradient + it.gradient, [*came, it]):
                return missing, it
    return None


def factor_between(dout: Array, came: Sequence[Contribution]) -> float | None:
    """Return the number by which a dout is a multiple of the sum of what came back; None where it is none."""
    if not came or not same_shape(dout, came):
        return None
    total = total_of([it.gradient for it in came], dout)
    if not total.any() or not np.isfinite(total).all():
        return None
    place = int(np.abs(total).argmax())
    factor = float(dout.flat[place] / total.flat[place])
    return factor if factor and equals_sum(dout / factor, total, came) else None
