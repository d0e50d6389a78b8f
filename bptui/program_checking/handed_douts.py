"""What a program hands to each call back, held against the sum of what came back from all uses of that value.

Only what the numbers tell apart is accused: a use is missing or counts twice, a gradient is that of another value, a
layer in between never went back, or the batch size divides twice. A value that code between layers may have used, too,
is not judged, and another number than the sum, which may be meant, is a caution.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations

import numpy as np

from bptui.checking.finding import Finding, Verdict
from bptui.core.graph import Node
from bptui.core.step import BackwardStep
from bptui.core.text import number, visible
from bptui.program_checking.checked_program import CheckedProgram
from bptui.program_checking.dout_sums import (
    Contribution,
    HandedDout,
    added_twice,
    exchanged,
    factor_between,
    subset_left_out,
    total_of,
)
from bptui.program_checking.dout_words import (
    batch_words,
    dout_name,
    exchanged_words,
    lines_of,
    missing_call_words,
    missing_words,
    mistaken_words,
    passed_over_words,
    scaled_twice_words,
    swapped_words,
    twice_words,
    unscaled_words,
)
from bptui.program_checking.pass_douts import PassDouts
from bptui.program_checking.repeated_calls import is_mean_loss
from layers import Array

RULE = "wiring"


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
        for finding in pass_findings(douts, is_cut=watched is program.watched.cut_pass):
            key = (finding.node, finding.mistake)
            if key not in seen:
                seen.add(key)
                yield replace(finding, since=iteration)
    if sums and not seen:
        reason = f"{sums} of {handed_over} gradients that are handed on are the sums of what came back"
        yield Finding(program.program.called, None, None, RULE, Verdict.PASS, reason=reason)


def pass_findings(douts: PassDouts, *, is_cut: bool) -> Iterator[Finding]:
    """Yield what is wrong with what is handed over; what comes back from a node called twice is not judged again.

    In a pass that ``is_cut`` some calls back may have come after what was seen.
    """
    twice = list(calls_once_more(douts))
    yield from (called_twice(*it) for it in twice)
    behind = {slot for step, _ in twice for slot in douts.slots_around(step)}
    for handed in douts.clear:
        if handed.slot not in behind:
            yield from judged_dout(douts, handed)
    if not is_cut:
        yield from never_called(douts)


def judged_dout(douts: PassDouts, handed: HandedDout) -> Iterator[Finding]:
    """Yield the finding on one dout, where it is not the sum of what came back."""
    came = douts.contributions[handed.slot]
    uses = [use for use in douts.graph.uses[handed.slot] if use.node in douts.needed]
    skipped = [douts.graph.nodes[use.node] for use in uses if use.node not in douts.gone_back]
    total = total_of([it.gradient for it in came], handed.dout)
    if not uses or douts.is_sum(handed):
        if came and skipped and not any(map(douts.is_flat, skipped)):
            yield dout_failure(handed, "a use is missing", missing_call_words(douts, handed, skipped[0]))
        return
    if handed.calls > 1:
        return
    explanation = next(explanations(douts, handed, came, skipped), None)
    if explanation is not None:
        is_cut = explanation[0] == "a use is missing" and douts.goes_on_elsewhere(handed)
        finding = dout_failure(handed, *explanation)
        yield as_truncation(finding) if is_cut else finding
    elif came and douts.starts_from_number:
        yield dout_caution(handed, came, total)


def explanations(
    douts: PassDouts, handed: HandedDout, came: Sequence[Contribution], skipped: Sequence[Node]
) -> Iterator[tuple[str, str]]:
    """Yield the mistakes that the numbers tell, what is handed over instead, and what there is to say of them."""
    if not handed.dout.any():
        return
    if (passed_over := douts.passed_over(handed, skipped)) is not None:
        yield "a backward is never called", passed_over_words(douts, handed, passed_over)
    for uses in douts.behind_sums(came):
        if (left_out := subset_left_out(handed.dout, uses)) is not None:
            yield "a use is missing", missing_words(douts, handed, left_out)
        if (twice := added_twice(handed.dout, uses)) is not None:
            yield "a use counts twice", twice_words(douts, handed, twice)
        if (pair := exchanged(handed.dout, uses)) is not None:
            yield "a use is missing", exchanged_words(douts, handed, *pair)
        if (pair := exchanged(handed.dout, uses, douts.returned_beside(uses))) is not None:
            yield "gradients swapped", mistaken_words(douts, handed, *pair)
    yield from factor_explanations(douts, handed, came)
    if (other := douts.of_another(handed)) is not None:
        yield "gradients swapped", swapped_words(douts, handed, other)
    if (size := douts.batch_size(handed, came)) is not None:
        yield "divided by the batch size twice", batch_words(handed, came, size)


def factor_explanations(
    douts: PassDouts, handed: HandedDout, came: Sequence[Contribution]
) -> Iterator[tuple[str, str]]:
    """Yield what the numbers tell where a value is used times a number, and what came back is not, or is twice."""
    if (scaled := douts.without_factor(handed, came)) is not None:
        yield "a factor is missing", unscaled_words(douts, handed, scaled)
    if (scaled := douts.with_factor_twice(handed, came)) is not None:
        yield "a factor counts twice", scaled_twice_words(douts, handed, scaled)


def calls_once_more(douts: PassDouts) -> Iterator[tuple[BackwardStep, BackwardStep]]:
    """Yield the first two calls back of each node that is handed its dout again, or what it has returned itself."""
    for steps in douts.calls_by_node.values():
        for first, again in combinations(steps, 2):
            handed = [it for it in again.douts if it is not None and it.any()]
            if handed and (has_same_douts(first, again) or has_returned_dout(first, again)):
                yield first, again
                break


def has_same_douts(first: BackwardStep, again: BackwardStep) -> bool:
    """Return whether two calls back of a node are handed the same."""
    return all(it is other or np.array_equal(it, other) for it, other in zip(first.douts, again.douts, strict=True))  # type: ignore[arg-type]


def has_returned_dout(first: BackwardStep, again: BackwardStep) -> bool:
    """Return whether a call back is handed what an earlier one of the same node has returned."""
    returned = [it for it in first.gradients if it is not None]
    return len(again.douts) == 1 and any(np.array_equal(it, again.douts[0]) for it in returned)  # type: ignore[arg-type]


def called_twice(first: BackwardStep, again: BackwardStep) -> Finding:
    """Return the finding on a backward that is called twice for one forward."""
    node = first.node
    line = str(again.call) + ", called again" * (again.call == first.call)
    what = "with the same dout" if has_same_douts(first, again) else "with the gradient that it has returned itself"
    reason = (
        f"the backward of {visible(node.name)} (forward in {node.where}) is called twice for one forward: "
        f"in {first.call}, and {what} in {line}"
    )
    mistake = "a backward is called twice"
    return Finding(node.name, node.layer, None, RULE, Verdict.FAIL, reason=reason, mistake=mistake, where=again.call)


def never_called(douts: PassDouts) -> Iterator[Finding]:
    """Yield a caution for each node before which nothing has gone back, though it keeps parameters."""
    for index in sorted(douts.needed - douts.gone_back):
        it = douts.watched.nodes[index]
        behind = any(
            use.node in douts.gone_back for slot in douts.graph.slots_of(index) for use in douts.graph.uses[slot]
        )
        if it.call is None or not behind or not any(name in douts.graph.parameters for name in it.node.inputs):
            continue
        name = visible(it.node.name)
        reason = f"the backward of {name} (forward in {it.node.where}) is never called: its parameters get no gradient"
        yield Finding(
            it.node.name,
            it.node.layer,
            None,
            RULE,
            Verdict.SKIP,
            reason=reason,
            mistake="a backward is never called",
        )


def dout_failure(handed: HandedDout, mistake: str, reason: str) -> Finding:
    """Return a failure."""
    node = handed.step.node
    return Finding(
        node.name, node.layer, None, RULE, Verdict.FAIL, reason=reason, mistake=mistake, where=handed.step.call
    )


def as_truncation(finding: Finding) -> Finding:
    """Return a failure as a caution: a gradient may be cut off there on purpose, as it is in truncated BPTT."""
    reason = f"{finding.reason}; right if it is cut off there on purpose, as in truncated backpropagation through time"
    return replace(finding, verdict=Verdict.SKIP, mistake="truncated", reason=reason)


def dout_caution(handed: HandedDout, came: Sequence[Contribution], total: Array) -> Finding:
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
    reason = f"{dout_name(handed)} is {what} ({lines_of(came)}); right if that is meant"
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
