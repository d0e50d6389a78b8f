"""Verdicts on their way into a recording, and out of it again: what was found is read, and nothing is checked anew."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.checking.finding import Finding, Rung, Verdict, Worst
from bptui.recording.records import (
    FindingRecord,
    PlaceRecord,
    VerdictRecord,
    WorstRecord,
    as_where,
)
from bptui.recording.replay_tape import Recording
from bptui.session.check_scheduler import Conclusion

LONGEST, MOST_RUNGS = 2_000, 100
"""Characters of a sentence, and rungs of a ladder, that are shown of a recording; ours have fewer."""


def verdict_record(conclusion: Conclusion, at: int, time: float) -> VerdictRecord:
    """Return what a check has found as a record, at a step and after so many seconds."""
    iterations = tuple(iteration + 1 for iteration in conclusion.iterations)
    return VerdictRecord(at, time, conclusion.node, iterations, tuple(map(recorded_finding, conclusion.findings)))


def recorded_finding(it: Finding) -> FindingRecord:
    """Return a finding as a record has it."""
    worst, where = it.worst, it.where
    return FindingRecord(
        it.rule,
        it.verdict.value,
        input=it.input,
        worst=WorstRecord(worst.index, worst.analytic, worst.numeric, worst.error) if worst else None,
        reason=it.reason,
        mistake=it.mistake,
        advice=it.advice,
        where=PlaceRecord(where.path, where.line) if where else None,
        slot=it.slot,
        output=it.output,
        ladder=it.ladder,
        follows=it.follows,
        since=it.since + 1,
    )


def recorded_conclusions(recording: Recording) -> Iterator[Conclusion]:
    """Yield what was found of a recording's nodes, in the order in which it was."""
    order = recording.tape.order
    for record in recording.verdicts:
        iterations = tuple(number - 1 for number in record.iterations if 1 <= number <= order.iterations)
        layer = layer_of(recording, record.node, iterations)
        findings = tuple(finding_of(record.node, layer, it) for it in record.findings)
        yield Conclusion(record.node, iterations, findings)


def layer_of(recording: Recording, name: str, iterations: tuple[int, ...]) -> str | None:
    """Return the layer of a node in the first of some iterations; None where it is not there."""
    if not iterations:
        return None
    graph = recording.tape.order.passes(iterations[0]).graph
    node = graph.node(name) if name in graph.slots else None
    return None if node is None else node.layer


def finding_of(node: str, layer: str | None, it: FindingRecord) -> Finding:
    """Return the finding that a record tells of."""
    worst = it.worst
    return Finding(
        node,
        layer,
        it.input,
        it.rule,
        Verdict(it.verdict),
        worst=Worst(worst.index, worst.analytic, worst.numeric, worst.error) if worst else None,
        reason=it.reason[:LONGEST],
        mistake=it.mistake and it.mistake[:LONGEST],
        advice=it.advice and it.advice[:LONGEST],
        ladder=tuple(Rung(*numbers) for numbers in it.ladder[:MOST_RUNGS]),
        where=as_where(it.where),
        slot=it.slot,
        output=it.output,
        follows=it.follows,
        since=it.since - 1,
    )
