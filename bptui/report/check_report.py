"""The verdicts of a check as a report to read: a line for each node where all is well, the evidence where it is not.

A fault is told once: what follows from it, and the same fault in the steps of an unrolled loop, only name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import TypeAlias

from bptui.checking.check_scenario import BUILT_IN
from bptui.checking.finding import Finding, Report, Verdict, verdict_of
from bptui.checking.finding_lines import finding_lines, finding_title, ladder_lines
from bptui.core.text import counted, visible
from bptui.lines.line import Line, Span, indented, styled
from bptui.lines.paragraph import UNFOLDED

PARTS = {"network": "the whole network", "expect": "[expect]", "wiring": "the wiring"}
"""What a rule is about that is about no node's own layer."""

ENOUGH_RUNGS = 5
MOST_LISTED = 5

HasLadder: TypeAlias = Callable[[Finding], bool]
"""Which findings are told with the slopes of every step."""


def report_lines(place: str, report: Report, *, has_ladder: HasLadder | None = None) -> Iterator[Line]:
    """Yield the report on one scenario; slopes step by step where they decide, or as ``has_ladder`` says."""
    told = f"{visible(report.title)} ({visible(place)})" if report.title != place else visible(place)
    yield styled(told, "title")
    yield from (styled(f"  {remark}", "dim") for remark in report.remarks)
    seen: dict[tuple[object, ...], str] = {}
    for part, findings in groupby(report.findings, key=lambda it: part_of(it, report.origins)):
        yield from part_lines(part, list(findings), seen, has_ladder or is_decided_by_ladder)
    yield ()


def part_of(finding: Finding, origins: Mapping[str, str]) -> str:
    """Return what a finding is about: a node with its layer and where that is from, the network, or the expected."""
    if finding.rule == "wiring" and finding.mistake:
        return f"the wiring at {visible(finding.node)}"
    if finding.rule in PARTS:
        return PARTS[finding.rule]
    origin = PurePath(origins.get(finding.node, "")).name
    return "  ".join(filter(None, map(visible, (finding.node, finding.layer or "", origin))))


def part_lines(
    part: str, findings: Sequence[Finding], seen: dict[tuple[object, ...], str], has_ladder: HasLadder
) -> Iterator[Line]:
    """Yield a line for one part of a report, and below it what is to be said of its findings."""
    verdict = part_verdict(findings)
    yield (Span("  "), Span(verdict.sign, verdict.style), Span(f" {part}{input_signs(findings)}"))
    for finding in findings:
        if finding.verdict is Verdict.PASS:
            yield from indented(finding_remarks(finding), 5)
        elif finding.follows is None:
            first = seen.setdefault(fault_of(finding), finding.node)
            yield from indented(
                finding_details(finding, has_ladder) if first == finding.node else again_lines(finding, first), 5
            )
    yield from indented(follow_lines(findings), 5)


def part_verdict(findings: Sequence[Finding]) -> Verdict:
    """Return what the findings on a part come to; where some gradients are wrong because of a node, it is not right."""
    verdict = verdict_of(finding.verdict for finding in findings)
    is_right_but_for_others = verdict is Verdict.PASS and any(finding.follows for finding in findings)
    return Verdict.SKIP if is_right_but_for_others else verdict


def input_signs(findings: Sequence[Finding]) -> str:
    """Return the inputs that were looked at, each with its sign where they differ."""
    checked: dict[str, list[Verdict]] = {}
    for it in sorted(findings, key=lambda it: it.rule not in {"gradient", *PARTS}):
        is_about_one = it.rule in {"gradient", "expect"} or it.input is not None
        if is_about_one and (it.rule in {"gradient", *PARTS} or it.verdict is Verdict.FAIL):
            checked.setdefault(visible(it.input or it.slot or it.node), []).append(it.verdict)
    if not checked:
        return ""
    verdicts = {name: verdict_of(found) for name, found in checked.items()}
    if len(set(verdicts.values())) == 1:
        return f": {', '.join(checked)}"
    return f": {'  '.join(f'{name} {verdict.sign}' for name, verdict in verdicts.items())}"


def finding_remarks(finding: Finding) -> Iterator[Line]:
    """Yield what there is to say of the whole although nothing is wrong with it."""
    if finding.rule in {"network", "wiring"} and finding.input is None:
        yield styled(f"   {visible(finding.reason, limit=1000)}.")


def finding_details(finding: Finding, has_ladder: HasLadder) -> Iterator[Line]:
    """Yield all that there is to say of a finding."""
    yield from finding_lines(finding, UNFOLDED)
    if finding.verdict is Verdict.FAIL and has_ladder(finding):
        yield from ladder_lines(finding.ladder[:ENOUGH_RUNGS], UNFOLDED)


def fault_of(finding: Finding) -> tuple[object, ...]:
    """Return what makes a fault the same one at two nodes: the layer, the line and what is wrong there."""
    if finding.verdict is not Verdict.FAIL or finding.where is None:
        return (id(finding),)
    return (finding.layer, finding.rule, finding.slot, finding.mistake, finding.where)


def again_lines(finding: Finding, first: str) -> Iterator[Line]:
    """Yield that a finding is the same as at another node."""
    sign = Span(f" {finding.verdict.sign} ", finding.verdict.style)
    yield (sign, Span(f"{finding_title(finding)}: the same as at {visible(first)}", "dim"))


def follow_lines(findings: Sequence[Finding]) -> Iterator[Line]:
    """Yield which leaves' gradients are wrong because of which node."""
    for culprit, followers in groupby(
        sorted((it for it in findings if it.follows), key=lambda it: it.follows or ""), key=lambda it: it.follows
    ):
        names = ", ".join(visible(it.input or "") for it in followers)
        yield styled(f"   {names}: wrong, which follows from {visible(culprit or '')}.", "dim")


def is_decided_by_ladder(finding: Finding) -> bool:
    """Return whether a finding rests on what happens as the step shrinks: at a kink, or where a slope is uncertain."""
    if not finding.ladder or finding.worst is None:
        return False
    last, worst = finding.ladder[-1], finding.worst
    size = max(abs(last.left), abs(last.right))
    known = max(abs(worst.numeric), abs(worst.analytic))
    return abs(last.left - last.right) > 0.01 * size or not worst.error <= 1e-3 * known


def is_failure(finding: Finding) -> bool:
    """Return whether a finding is a failure: all of those have their ladders where everything is to be told."""
    return finding.verdict is Verdict.FAIL


def whose(reports: Sequence[Report]) -> str:
    """Return whose layers were judged, where some of them are the user's own and some are not."""
    judged = {(it.layer, report.origins.get(it.node)) for report in reports for it in report.findings if it.layer}
    own = sorted({visible(layer) for layer, origin in judged if origin not in {None, BUILT_IN}})
    built_in = sorted({visible(layer) for layer, origin in judged if origin == BUILT_IN})
    return f" (yours: {', '.join(own)}; built in: {', '.join(built_in)})" if own and built_in else ""


def nodes_not_finite(reports: Sequence[Report]) -> list[str]:
    """Return the nodes that make NaN or infinity of finite numbers, though nobody is to blame for it."""
    found = (it for report in reports for it in report.findings if it.rule == "finite")
    return list(dict.fromkeys(visible(it.node) for it in found if it.verdict is Verdict.SKIP))


def unchecked(reports: Sequence[Report]) -> list[str]:
    """Return what could not be checked: the inputs whose gradients were skipped, and nodes of which nothing is known.

    What follows from a failure is told there, and what was only cautioned about was checked.
    """
    found = (it for report in reports for it in report.findings if it.verdict is Verdict.SKIP and it.follows is None)
    names = (it.input or it.slot or it.node for it in found if it.rule in {"gradient", "network", "raises"})
    return list(dict.fromkeys(map(visible, names)))


def tally_line(reports: Iterable[Report]) -> Line:
    """Return what it all comes to; all is well only where everything was checked, and is finite."""
    reports = list(reports)
    counts = {verdict: sum(report.counts[verdict] for report in reports) for verdict in Verdict}
    told = ", ".join(f"{verdict.sign} {count} {verdict.value}" for verdict, count in counts.items())
    failed = sum(not report.ok for report in reports)
    scenarios = counted(len(reports), reports[0].what if reports else "scenario")
    limits = limits_of(reports)
    good = f"{scenarios}, {'nothing failed' if limits else 'all well'}{whose(reports)}"
    outcome = f"{failed} of {scenarios} failed" if failed else good
    style = Verdict.FAIL if failed else Verdict.SKIP if limits else Verdict.PASS
    return styled(f"{'; '.join((outcome, *limits))}: {told}", style.style)


def limits_of(reports: Sequence[Report]) -> list[str]:
    """Return what keeps one from saying that all is well although nothing failed."""
    kinds = (("not finite", nodes_not_finite(reports)), ("not checked", unchecked(reports)))
    return [f"{words} {listed(names)}" for words, names in kinds if names]


def listed(names: Sequence[str]) -> str:
    """Return names with commas between them, the first few of many."""
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more
