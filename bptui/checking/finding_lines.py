"""A finding as lines to read: what it is about, why, the element with both numbers; and the slopes step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bptui.checking.finding import DEPENDS, Finding, Rung, Verdict, Worst
from bptui.core.text import number, visible
from bptui.lines.line import Line, Span, styled
from bptui.lines.paragraph import marked_paragraph, paragraph

PROMISES: Mapping[str, str] = {
    "raises": "raises nothing",
    "value": "forward returns numbers",
    "repeatable": "forward is repeatable",
    "mutates": "writes into nothing that it was given",
    "gradients": "backward returns a gradient for each input",
    "shape": "each gradient has the shape of its input",
    "dtype": "gradients are floats with all their digits",
    "finite": "values and gradients are finite",
    "shared-memory": "gradients share no memory",
    "second-backward": "a second backward agrees with the first",
    "draws-again": "backward draws no random numbers of its own",
    "linear": "gradients follow dout",
    "stale-cache": "nothing stays from what went through before",
    "origin": "the layer is the one that was meant",
}
"""What a rule of the lint asks of a layer, in words."""

BROKEN: Mapping[str, str] = {
    "raises": "the layer raises an error",
    "value": "forward returns no numbers",
    "repeatable": "forward is not repeatable",
    "mutates": "writes into what it was given",
    "gradients": "gradients and inputs do not match",
    "shape": "a gradient has another shape than its input",
    "dtype": "a gradient does not have all its digits",
    "finite": "not finite",
    "shared-memory": "gradients share memory",
    "second-backward": "a second backward disagrees with the first",
    "draws-again": "backward draws random numbers of its own",
    "linear": "the gradient does not follow dout",
    "stale-cache": "something stays from what went through before",
    "origin": "another layer may have been meant",
    "network": "the whole",
}
"""What is said of a layer that breaks a rule of the lint."""

CAUTIONS: Mapping[str, str] = {
    "raises": "not checked",
    "repeatable": "random numbers are held still",
    "mutates": "parameters change inside backward",
    "second-backward": "gradients add up from call to call",
}
"""What is said where a rule is not kept, and that is no mistake as the layer is used here."""

ABOUT_GRADIENTS = frozenset({"gradient", "gradients", "shape", "dtype", "linear", "network", "finite"})
"""Rules that are about the gradient of an input, where they are about an input at all."""

TITLES: Mapping[str, str] = {"expect": "not as expected", "wiring": "leads nowhere"}
"""What is said of rules that are about no layer."""

SPEAKERS: Mapping[str, tuple[str, str]] = {
    "expect": ("got", "expected"),
    "network": ("gradient says", "the output moves"),
}
"""Whose the two numbers at an element are, by rule."""

BACKWARD_AND_FORWARD = "backward says", "forward's slope"

DIGITS = (8, 6, 4, 3)
"""Digits of the numbers in a ladder of steps, of which as many are shown as there is room for."""

INDENT = 3
LONGEST_NAME = 40


def finding_lines(finding: Finding, width: int, *, pointer: str = " ") -> Iterator[Line]:
    """Yield what there is to say of a finding but for its ladder; ``pointer`` stands before its element."""
    sign = Span(f" {finding.verdict.sign} ", finding.verdict.style)
    place = f" · {finding.where}" if finding.where else ""
    yield from marked_paragraph(sign, f"{finding_title(finding)}{place}", width, "strong")
    if finding.reason:
        yield from paragraph(f"{sentence_of(finding)}.", width, indent=INDENT)
    if finding.advice:
        yield from paragraph(visible(finding.advice, limit=1000), width, "mark", indent=INDENT)
    if finding.worst:
        yield from element_lines(finding, finding.worst, pointer)


def finding_title(finding: Finding) -> str:
    """Return what a finding is about, and the mistake where it is known."""
    is_told = finding.mistake is not None and finding.verdict in {Verdict.FAIL, Verdict.SKIP}
    mistake = visible(finding.mistake or "") if is_told else ""
    if finding.mistake == DEPENDS:
        return "depends on what it is not to depend on"
    if finding.rule == "wiring" and mistake:
        return mistake
    if finding.rule in TITLES:
        return TITLES[finding.rule]
    if finding.rule in ABOUT_GRADIENTS and finding.input is not None:
        about = f"gradient of {short_name(finding.input)}"
        about += f" through {short_name(finding.output)}" * bool(finding.output)
        return f"{about}: {mistake}" if mistake else about
    told = mistake or about_rule(finding)
    return told if finding.input is None else f"{short_name(finding.input)}: {told}"


def about_rule(finding: Finding) -> str:
    """Return what a rule of the lint says of a layer, or what it asks of it where the verdict does not tell."""
    match finding.verdict:
        case Verdict.FAIL:
            return BROKEN.get(finding.rule, finding.rule)
        case Verdict.SKIP:
            return CAUTIONS.get(finding.rule) or BROKEN.get(finding.rule, finding.rule)
    return PROMISES.get(finding.rule, finding.rule)


def element_lines(finding: Finding, worst: Worst, pointer: str) -> Iterator[Line]:
    """Yield the element that stands out with both numbers: what backward says, and what differences of forward say."""
    style = "strong" if pointer.strip() else ""
    yield (Span(" "), Span(pointer, "mark"), Span(" at ", "dim"), Span(element_name(finding, worst), style))
    one, other = speakers(finding)
    rows = ((one, number(worst.analytic, 8), ""), (other, *measured_slope(finding, worst)))
    room = max(len(value) for _, value, _ in rows)
    for label, value, error in rows:
        yield (Span(f"   {label:<18}", "dim"), Span(f"{value:>{room}}", "gradient"), Span(error, "dim"))


def element_name(finding: Finding, worst: Worst) -> str:
    """Return how messages write the element that stands out: ``a1[1, 2]``."""
    name = short_name(finding.input or finding.node)
    return f"{name}[{', '.join(map(str, worst.index))}]" if worst.index else name


def speakers(finding: Finding) -> tuple[str, str]:
    """Return whose the two numbers at an element are, in words."""
    return SPEAKERS.get(finding.rule, BACKWARD_AND_FORWARD)


def measured_slope(finding: Finding, worst: Worst) -> tuple[str, str]:
    """Return the number that was measured, and its error; at a kink both sides, for which there are many in between."""
    if finding.verdict is Verdict.KINK and finding.ladder:
        low, high = sorted((finding.ladder[-1].left, finding.ladder[-1].right))
        return f"{number(low)} to {number(high)}", "  on its two sides"
    if finding.rule == "expect":
        return number(worst.numeric, 8), f"  off by {number(worst.analytic - worst.numeric)}"
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
                return [rung_line(row, rooms, "dim" if row is head else "") for row in rows]
    return [rung_line((number(it.step, 2), number(it.central, 3)), (7, 10), "") for it in ladder]


def rung_line(row: Sequence[str], rooms: Sequence[int], style: str) -> Line:
    """Return one row of the table of steps, its numbers at the right ends of their columns."""
    cells_of_row = "  ".join(f"{it:>{room}}" for it, room in zip(row, rooms, strict=True))
    return styled(" " * INDENT + cells_of_row, style)


def short_name(name: str | None) -> str:
    """Return a value's name as findings write it."""
    return visible(name or "", limit=LONGEST_NAME)


def sentence_of(finding: Finding) -> str:
    """Return a finding's reason with a capital letter, unless it begins with a name of the code."""
    reason = visible(finding.reason, limit=1000)
    first = reason.split(" ", 1)[0]
    is_a_word = first.isascii() and first.islower() and first.rstrip(":") not in {finding.node, finding.input, "dout"}
    return reason[:1].upper() + reason[1:] if is_a_word else reason
