"""The evidence behind a verdict as lines to read: what failed first, where, by which numbers, and what it may be."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.checking.finding import Finding, Verdict
from bptui.checking.finding_lines import INDENT, PROMISES, finding_lines, ladder_lines
from bptui.checking.verdict_words import findings_in_order, outcome_words
from bptui.checking.verdicts import Judged
from bptui.core.text import visible
from bptui.lines.line import Line, Span, fitted
from bptui.lines.paragraph import marked_paragraph, paragraph


def evidence_lines(judged: Judged, width: int, chosen: Finding | None = None) -> list[Line]:
    """Return all that is known of a node's verdict; ``chosen`` is the finding whose element can be jumped to.

    Where one is chosen, smaller and smaller steps are told of it, and of others where they decide.
    """
    lines = [*outcome_lines(judged, width)]
    kept = [it for it in judged.findings if it.rule in PROMISES and it.verdict is Verdict.PASS]
    for finding in findings_in_order(judged):
        lines += [(), *finding_lines(finding, width, pointer="➤" if finding is chosen else " ")]
        if chosen is None or finding is chosen or finding.verdict in (Verdict.KINK, Verdict.SKIP):
            lines += ladder_lines(finding.ladder, width)
    if kept:
        lines += [(), (Span(" And as a layer:", "dim"),)]
        for finding in kept:
            sign = Span(f" {Verdict.PASS.sign} ", Verdict.PASS.style)
            lines += marked_paragraph(sign, PROMISES[finding.rule], width, "dim")
    return [fitted(line, width) if line else () for line in lines]


def elements(judged: Judged) -> list[Finding]:
    """Return the findings with an element that can be jumped to, in the order in which they are told."""
    return [it for it in findings_in_order(judged) if it.worst is not None and it.input is not None]


def outcome_lines(judged: Judged, width: int) -> Iterator[Line]:
    """Yield the verdict in a sentence, and with which values it was reached."""
    layer = visible(judged.layer, limit=40)
    sentence = f"{layer} at {visible(judged.node, limit=40)} {outcome_words(judged)}."
    yield from marked_paragraph(Span(f" {judged.sign} ", judged.verdict.style), sentence, width, "strong")
    values = f"the values of iteration {judged.iteration + 1}"
    how = f"Checked in float64 with {values}, and with a dout drawn at random, so these numbers are not the tape's."
    if {it.rule for it in judged.findings if it.verdict is Verdict.FAIL} == {"wiring"}:
        how = "The layer is right by itself; what is handed to it was held against what came back, in recorded numbers."
    if judged.is_quick:
        how = "Looked at in passing so far, along one random direction; the full check is still to come."
    yield from paragraph(how, width, "dim", indent=INDENT)
