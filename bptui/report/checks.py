"""The verdicts of a check as a report to read: a line for each node where all is well, the evidence where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from bptui.checking.finding import Finding, Report, Rung, Verdict, Worst, verdict_of
from bptui.core import text
from bptui.core.text import visible
from bptui.report.line import Line
from bptui.report.numbers import align

MARKS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.KINK: "◇", Verdict.SKIP: "·"}
ROLES = {Verdict.PASS: "forward", Verdict.FAIL: "backward", Verdict.KINK: "update", Verdict.SKIP: "quiet"}

PARTS = {"network": "the whole network", "expect": "[expect]"}
"""What a rule is about that is about no node's own layer."""

ENOUGH_RUNGS = 5


def report_lines(place: str, report: Report) -> Iterator[Line]:
    """Yield the report on one scenario."""
    yield Line(f"{visible(report.title)} ({visible(place)})", "title")
    for part, findings in groupby(report.findings, key=part_of):
        yield from part_lines(part, list(findings))
    yield Line()


def part_of(finding: Finding) -> str:
    """Return what a finding is about: a node with its layer, the network, or what is expected."""
    if finding.rule in PARTS:
        return PARTS[finding.rule]
    return f"{visible(finding.node)}  {visible(finding.layer or '')}"


def part_lines(part: str, findings: Sequence[Finding]) -> Iterator[Line]:
    """Yield a line for one part of a report, and below it what is to be said of its findings."""
    verdict = verdict_of(finding.verdict for finding in findings)
    checked = dict.fromkeys(visible(it.input or it.node) for it in findings if it.rule in {"gradient", *PARTS})
    told = f": {', '.join(checked)}" if checked else ""
    yield Line(f"{MARKS[verdict]} {part}{told}", ROLES[verdict], 2)
    for finding in findings:
        if finding.verdict is not Verdict.PASS:
            yield from finding_lines(finding)


def finding_lines(finding: Finding) -> Iterator[Line]:
    """Yield what there is to say of a finding that is not a plain pass."""
    about = f" of {visible(finding.input)}" if finding.input and finding.rule == "gradient" else ""
    mistake = f": {finding.mistake}" if finding.mistake and finding.verdict is Verdict.FAIL else ""
    lead = f"{MARKS[finding.verdict]} {finding.rule}{about}{mistake}"
    yield Line(lead, ROLES[finding.verdict], 6)
    yield Line(f"{visible(finding.reason, limit=1000)}.", indent=8)
    if finding.worst:
        yield Line(in_numbers(finding, finding.worst), indent=8)
    if finding.advice:
        yield Line(finding.advice, indent=8)
    if finding.verdict is Verdict.FAIL:
        yield from ladder_lines(finding.ladder)


def in_numbers(finding: Finding, worst: Worst) -> str:
    """Return the element that stands out, with both numbers."""
    one, other, error = (text.number(value, 8) for value in (worst.analytic, worst.numeric, worst.error))
    place = f"at [{', '.join(map(str, worst.index))}]: " if worst.index else ""
    if finding.verdict is Verdict.KINK and finding.ladder:
        rung = finding.ladder[len(finding.ladder) // 2]
        left, right = text.number(rung.left), text.number(rung.right)
        who, whose = ("the gradient", "the output's") if finding.rule == "network" else ("backward", "forward's")
        return f"{place}{who} says {one}; {whose} slope is {left} on the left and {right} on the right"
    match finding.rule:
        case "expect":
            return f"{place}got {one}, expected {other}, off by {text.number(worst.analytic - worst.numeric)}"
        case "network":
            return f"the gradient says {one}, the output's slope is {other} (± {error})"
    return f"{place}backward says {one}, the slope of forward is {other} (± {error})"


def ladder_lines(ladder: Sequence[Rung]) -> Iterator[Line]:
    """Yield the slopes for smaller and smaller steps."""
    if not ladder:
        return
    head = ("step", "slope on the left", "on the right", "through both")
    rows = [tuple(text.number(number, 8) for number in rung) for rung in ladder[:ENOUGH_RUNGS]]
    for row in align([head, *rows]):
        yield Line(row, "quiet", 10)


def summary_line(reports: Iterable[Report]) -> Line:
    """Return what it all comes to."""
    reports = list(reports)
    counts = {verdict: sum(report.counts[verdict] for report in reports) for verdict in Verdict}
    told = ", ".join(f"{MARKS[verdict]} {count} {verdict.value}" for verdict, count in counts.items())
    failed = sum(not report.ok for report in reports)
    scenarios = f"{len(reports)} scenario{'s' * (len(reports) != 1)}"
    outcome = f"{failed} of {scenarios} failed" if failed else f"{scenarios}, all well"
    return Line(f"{outcome}: {told}", ROLES[Verdict.FAIL if failed else Verdict.PASS])
