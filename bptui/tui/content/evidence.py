"""The evidence behind a verdict as lines to read: what failed first, where, by which numbers, and what it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bptui.checking.finding import Finding, Rung, Verdict, Worst
from bptui.checking.verdicts import Judged
from bptui.core.text import number, visible
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, fitted
from bptui.lines.paragraph import paragraph

OUTCOMES: Mapping[Verdict, str] = {
    Verdict.PASS: "is right",
    Verdict.FAIL: "is wrong",
    Verdict.KINK: "is right, at a kink",
    Verdict.SKIP: "could not be checked",
}

PROMISES: Mapping[str, str] = {
    "raises": "raises nothing",
    "value": "forward returns numbers",
    "repeatable": "forward is repeatable",
    "mutates": "writes into nothing that it was given",
    "gradients": "backward returns a gradient for each input",
    "shape": "each gradient has the shape of its input",
    "dtype": "gradients are floats with all their digits",
    "finite": "gradients are finite",
    "shared-memory": "gradients share no memory",
    "second-backward": "a second backward agrees with the first",
    "linear": "gradients follow dout",
    "stale-cache": "nothing stays from what went through before",
}
"""What a rule of the lint asks of a layer, in words."""

ORDER = (Verdict.FAIL, Verdict.KINK, Verdict.SKIP, Verdict.PASS)

DIGITS = (8, 6, 4, 3)
"""Digits of the numbers in a ladder of steps, of which as many are shown as there is room for."""

INDENT = 3


def evidence_lines(judged: Judged, width: int, chosen: Finding | None = None) -> list[Line]:
    """Return all that is known of a node's verdict; ``chosen`` is the finding whose element can be jumped to."""
    lines = [*outcome_lines(judged, width)]
    kept = [it for it in judged.findings if it.rule in PROMISES and it.verdict is Verdict.PASS]
    for finding in told(judged):
        lines += [(), *finding_lines(finding, width, is_chosen=finding is chosen)]
    if kept:
        lines += [(), (Span(" And as a layer:", "dim"),)]
        for finding in kept:
            lines += marked(Verdict.PASS.sign, "good", PROMISES[finding.rule], width, "dim")
    return [fitted(line, width) if line else () for line in lines]


def told(judged: Judged) -> list[Finding]:
    """Return the findings that are told one by one: what failed first, then the kinks, what was skipped, the rest."""
    findings = [it for it in judged.findings if not (it.rule in PROMISES and it.verdict is Verdict.PASS)]
    return sorted(findings, key=lambda it: ORDER.index(it.verdict))


def elements(judged: Judged) -> list[Finding]:
    """Return the findings with an element that can be jumped to, in the order in which they are told."""
    return [it for it in told(judged) if it.worst is not None and it.input is not None]


def outcome_lines(judged: Judged, width: int) -> Iterator[Line]:
    """Yield the verdict in a sentence, and with which values it was reached."""
    layer = visible(judged.layer, limit=40)
    sentence = f"{layer} at {visible(judged.node, limit=40)} {OUTCOMES[judged.verdict]}."
    yield from marked(judged.sign, judged.verdict.style, sentence, width, "strong")
    values = f"the values of iteration {judged.iteration + 1}"
    how = f"Checked in float64 with {values}, and with a dout drawn at random, so these numbers are not the tape's."
    if judged.is_quick:
        how = "Looked at in passing so far, along one random direction; the full check is still to come."
    yield from paragraph(how, width, "dim", indent=INDENT)


def finding_lines(finding: Finding, width: int, *, is_chosen: bool) -> Iterator[Line]:
    """Yield one finding: what it is about, why, the element, both numbers, and the ladder of steps."""
    style = finding.verdict.style
    yield from marked(finding.verdict.sign, style, title(finding), width, "strong")
    if finding.reason:
        yield from paragraph(f"{capital(visible(finding.reason, limit=1000))}.", width, indent=INDENT)
    if finding.advice:
        yield from paragraph(visible(finding.advice, limit=1000), width, "mark", indent=INDENT)
    if finding.worst:
        yield from number_lines(finding, finding.worst, is_chosen=is_chosen)
    yield from ladder_lines(finding.ladder, width)


def title(finding: Finding) -> str:
    """Return what a finding is about, and the mistake where it is known."""
    about = f"gradient of {shown(finding.input)}" if finding.rule == "gradient" else finding.rule
    if finding.rule in PROMISES and finding.verdict is Verdict.FAIL:
        about = f"not so: {PROMISES[finding.rule]}"
    mistake = f": {visible(finding.mistake)}" if finding.mistake and finding.verdict is Verdict.FAIL else ""
    return f"{about}{mistake}"


def number_lines(finding: Finding, worst: Worst, *, is_chosen: bool) -> Iterator[Line]:
    """Yield the element that stands out with what backward says, and what differences of forward say."""
    place = f"{shown(finding.input)}[{', '.join(map(str, worst.index))}]" if worst.index else shown(finding.input)
    sign = Span("➤", "mark") if is_chosen else Span(" ")
    yield (Span(" "), sign, Span(" at ", "dim"), Span(place, "strong" if is_chosen else ""))
    rows = (("backward says", number(worst.analytic, 8), ""), ("forward's slope", *slope(finding, worst)))
    room = max(len(value) for _, value, _ in rows)
    for label, value, error in rows:
        yield (Span(f"   {label:<16}", "dim"), Span(f"{value:>{room}}", "gradient"), Span(error, "dim"))


def slope(finding: Finding, worst: Worst) -> tuple[str, str]:
    """Return the slope that was measured, and its error; at a kink both sides, for which there are many in between."""
    if finding.verdict is Verdict.KINK and finding.ladder:
        low, high = sorted((finding.ladder[-1].left, finding.ladder[-1].right))
        return f"{number(low)} to {number(high)}", "  on its two sides"
    return number(worst.numeric, 8), f"  ± {number(worst.error, 2)}"


def ladder_lines(ladder: Sequence[Rung], width: int) -> list[Line]:
    """Return the slopes for smaller and smaller steps, with as many digits as there is room for."""
    if not ladder:
        return []
    heads = (("step", "from the left", "from the right", "through both"), ("step", "left", "right", "both"))
    for head in heads:
        for digits in DIGITS:
            rows = [head, *((number(it.step, 3), *(number(slope, digits) for slope in it[1:])) for it in ladder)]
            rooms = [max(map(len, column)) for column in zip(*rows, strict=True)]
            if INDENT + sum(rooms) + 2 * (len(rooms) - 1) <= width:
                return [table_line(row, rooms, "dim" if row is head else "") for row in rows]
    return [table_line((number(it.step, 2), number(it.central, 3)), (7, 10), "") for it in ladder]


def table_line(row: Sequence[str], rooms: Sequence[int], style: str) -> Line:
    """Return one row of a table, its numbers at the right ends of their columns."""
    text = "  ".join(f"{it:>{room}}" for it, room in zip(row, rooms, strict=True))
    return (Span(" " * INDENT + text, style),)


def marked(sign: str, sign_style: str, sentence: str, width: int, style: str = "") -> list[Line]:
    """Return a sentence behind a sign."""
    first, *others = paragraph(sentence, max(1, width - INDENT), style) or [()]
    return [(Span(f" {sign} ", sign_style), *first), *((Span(" " * INDENT), *line) for line in others)]


def shown(name: str | None) -> str:
    """Return a value's name as it is written here."""
    return visible(name or "", limit=40)


def capital(sentence: str) -> str:
    """Return a sentence that begins with a capital letter, unless it begins with a name of the code."""
    first = sentence.split(" ", 1)[0]
    return sentence if cells(first) != len(first) or not first.islower() else sentence[:1].upper() + sentence[1:]


def summary(judged: Judged) -> str:
    """Return a verdict in one line, for the footer."""
    worst = next(iter(told(judged)), None)
    lead = f"{judged.sign} {visible(judged.node, limit=40)}: {visible(judged.layer, limit=40)}"
    if judged.verdict in {Verdict.FAIL, Verdict.SKIP} and worst is not None:
        why = visible(worst.mistake or worst.reason, limit=100)
        return f"{lead} {OUTCOMES[judged.verdict]}: {why}"
    return f"{lead} {OUTCOMES[judged.verdict]}"
