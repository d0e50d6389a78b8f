"""A hand-in as whoever marks it wants it: each node's or layer's points, and what cost them.

What is said of a failure is its kind and its place, which is a hint and not the solution; all that is known of it is
said where the whole is to be explained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from bptui.checking.finding import Finding, Mark, Report, Verdict
from bptui.checking.finding_lines import element_name, finding_lines, finding_title, sentence_of
from bptui.core.text import visible
from bptui.errors import BptuiError, ScenarioError
from bptui.lines.line import Line, Span, indented, plain, styled
from bptui.lines.paragraph import UNFOLDED

FINEST_POINTS = 9
"""Decimals of points: tenths that are added up make whole ones."""

OUTCOMES: Mapping[Verdict, str] = {
    Verdict.PASS: "passed",
    Verdict.KINK: "passed",
    Verdict.FAIL: "failed",
    Verdict.SKIP: "not checked",
}

TOLD_BY_REASON = frozenset({"raises", "value"})
"""The rules of which the kind is told by what the user's own code has said."""

UNNAMED_MISTAKES: Mapping[str, str] = {
    "gradient": "not the slope of forward",
    "gradients": "gradients and inputs do not match",
    "shape": "another shape than its input",
    "dtype": "not all of its digits",
    "finite": "not finite",
    "linear": "does not follow dout",
    "network": "not the slope of the whole network",
}
"""What is said of an input's gradient by rule, where no name is known for the mistake."""


@dataclass(frozen=True)
class MarkedItem:
    """One thing that counts: what it is called, its points, and why it has not earned them."""

    name: str
    points: float
    earned: float
    outcome: str
    message: str = ""


@dataclass(frozen=True)
class HandIn:
    """One scenario, marked. ``error`` says why nothing of it could be checked."""

    place: str
    title: str
    items: tuple[MarkedItem, ...]
    error: str = ""

    @property
    def points(self) -> float:
        """The points that there are."""
        return sum_of_points(item.points for item in self.items)

    @property
    def earned(self) -> float:
        """The points that were earned."""
        return sum_of_points(item.earned for item in self.items)

    @property
    def is_full(self) -> bool:
        """Whether all points were earned; where nothing counts, whether nothing failed."""
        if self.points:
            return self.earned == self.points
        return not self.error and all(item.outcome != "failed" for item in self.items)


def sum_of_points(points: Iterator[float]) -> float:
    """Return the sum of some points."""
    return round(fsum(points), FINEST_POINTS)


def marked_hand_in(place: str, report: Report, *, messages: Callable[[Mark], str]) -> HandIn:
    """Return a scenario with its marks, and what ``messages`` says of each."""
    items = (MarkedItem(item_name(it), it.points, it.earned, OUTCOMES[it.verdict], messages(it)) for it in report.marks)
    return HandIn(visible(place), visible(report.title), tuple(items))


def unread_hand_in(place: str, error: BptuiError, points: Mapping[str, float]) -> HandIn:
    """Return a scenario of which nothing could be checked, with the points that it would have had."""
    problems = error.problems if isinstance(error, ScenarioError) else (error,)
    words = "\n".join(visible(line, limit=1000) for problem in problems for line in str(problem).splitlines())
    named = points or {place: 1.0}
    items = (MarkedItem(visible(name), count, 0.0, OUTCOMES[Verdict.SKIP], words) for name, count in named.items())
    return HandIn(visible(place), visible(place), tuple(items), words)


def item_name(mark: Mark) -> str:
    """Return what a mark is for: a node, or a layer and the nodes in which it stands."""
    if mark.nodes == (mark.name,):
        return visible(mark.name)
    return f"{visible(mark.name)} ({', '.join(map(visible, mark.nodes))})"


def brief_message(mark: Mark) -> str:
    """Return the kind and the place of all that keeps a mark from its points, a line each."""
    return "\n".join(dict.fromkeys(brief_line(it, mark) for it in mark.reasons))


def full_message(mark: Mark) -> str:
    """Return all that is known of what keeps a mark from its points."""
    return "\n".join(plain(line).strip() for it in mark.reasons for line in finding_lines(it, UNFOLDED))


def brief_line(finding: Finding, mark: Mark) -> str:
    """Return the kind and the place of one finding; of one that could not be checked, why."""
    is_told = finding.rule in TOLD_BY_REASON or finding.verdict is Verdict.SKIP
    kind = sentence_of(finding) if is_told and finding.reason else failure_kind(finding)
    element = f", at {element_name(finding, finding.worst)}" if finding.worst else ""
    node = f"{visible(finding.node)}: " if mark.nodes != (finding.node,) else ""
    place = f" ({finding.where})" if finding.where and str(finding.where) not in kind else ""
    return f"{node}{kind}{element}{place}"


def failure_kind(finding: Finding) -> str:
    """Return what a finding is about, and the mistake: by its name, or where it has none by the rule."""
    is_unnamed = finding.verdict is Verdict.FAIL and finding.mistake is None and finding.input is not None
    unnamed = UNNAMED_MISTAKES.get(finding.rule, "") if is_unnamed else ""
    return f"{finding_title(finding)}: {unnamed}" if unnamed else finding_title(finding)


def mark_lines(place: str, report: Report) -> Iterator[Line]:
    """Yield what each part of a scenario is worth, and below it, in brief, why it is not worth more."""
    yield styled(f"{visible(report.title)} ({visible(place)})", "title")
    for mark in report.marks:
        worth = f"{mark.earned:g} of {mark.points:g}" if mark.points else "counts nothing"
        yield (Span("  "), Span(mark.verdict.sign, mark.verdict.style), Span(f" {item_name(mark)}: {worth}"))
        yield from indented((styled(line, "dim") for line in brief_message(mark).splitlines()), 5)
    yield ()


def points_line(hand_ins: Sequence[HandIn]) -> Line:
    """Return what it all comes to."""
    earned, points = sum_of_points(it.earned for it in hand_ins), sum_of_points(it.points for it in hand_ins)
    style = Verdict.PASS if all(it.is_full for it in hand_ins) else Verdict.FAIL
    return styled(f"{earned:g} of {points:g} points", style.style)
