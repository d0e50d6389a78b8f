"""What is known to be wrong, where the eye is: the lines in red that a node's panel and the welcome begin with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import PurePath

from bptui.checking.check_uses import unused_values
from bptui.checking.finding import Finding, Verdict
from bptui.checking.finding_lines import element_name, speakers
from bptui.checking.verdict_words import foremost
from bptui.checking.verdicts import Judged, Verdicts
from bptui.core.command import key_or_word
from bptui.core.graph import Graph
from bptui.core.moment import Moment
from bptui.core.text import number, visible
from bptui.core.verbs.movement import NextTrouble
from bptui.core.verbs.view import ShowEvidence
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span, indented, packed
from bptui.lines.paragraph import paragraph
from bptui.lines.signs import CAUTION, FAIL

LONGEST = 120
"""Characters of a reason that the first look has room for."""

ROOMY = 12
"""From this height on there is room for the numbers, too."""


def verdict_lines(verdicts: Verdicts, moment: Moment, name: str, width: int, height: int) -> list[Line]:
    """Return that a node is wrong, or that a gradient comes through one that is; nothing where neither is known.

    Where little can be seen at once, what the evidence says too is left out.
    """
    iteration = moment.iteration - 1
    if moment.graph.node(name) is None:
        culprit = verdicts.path(iteration, name).culprit if moment.gradient(name) is not None else None
        words = f"{FAIL} this gradient comes through {visible(culprit or '', limit=40)}, which is wrong"
        return paragraph(words, width, "bad") if culprit else []
    judged = verdicts.of(iteration, name)
    failure = foremost(judged) if judged else None
    if judged is None or failure is None:
        return []
    lines = dotted_parts([*what_is_wrong(failure), f"{key_or_word(ShowEvidence)} shows why"], width)
    return [*lines, *detail_lines(judged, failure, width), ()] if height >= ROOMY else lines


def what_is_wrong(finding: Finding) -> Iterator[str]:
    """Yield what is wrong and at which element, and the line of the user's file: ``✗ wrong mask at a1[1, 2]``."""
    if finding.worst is None:
        yield f"{FAIL} {visible(finding.mistake or finding.reason, limit=LONGEST)}"
    else:
        yield f"{FAIL} {visible(finding.mistake or 'wrong gradient')} at {element_name(finding, finding.worst)}"
    if finding.where:
        line = "" if finding.where.line is None else f":{finding.where.line}"
        yield f"{visible(PurePath(finding.where.path).name, limit=40)}{line}"


def dotted_parts(parts: Sequence[str], width: int) -> list[Line]:
    """Return parts in red with a dot between two, the first on a line of its own where they are too long for one."""
    line = " · ".join(parts)
    if cells(line) <= width:
        return paragraph(line, width, "bad")
    return [*paragraph(parts[0], width, "bad"), *paragraph(" · ".join(parts[1:]), width - 2, "bad", indent=2)]


def detail_lines(judged: Judged, finding: Finding, width: int) -> Iterator[Line]:
    """Yield both numbers at the element, and of a node with several gradients which are right all the same."""
    if finding.worst:
        one, other = speakers(finding)
        said, measured = number(finding.worst.analytic), number(finding.worst.numeric)
        yield from paragraph(f"in the check {one} {said}, {other} is {measured}", width, indent=2)
    if len(judged.by_input) > 1:
        marks = [mark_of(name, verdict) for name, verdict in judged.by_input.items()]
        yield from indented(packed(marks, width - 2), 2)


def mark_of(name: str, verdict: Verdict) -> Line:
    """Return the verdict on the gradient of one input."""
    return Span(f"{verdict.sign} ", verdict.style), Span(f"d {visible(name, limit=40)}", "dim")


def invitation_lines(verdicts: Verdicts | None, moment: Moment, width: int) -> list[Line]:
    """Return, before the first step, what is known to be wrong further on, and the key that goes there."""
    parts = [*wrong_nodes(verdicts.wrong(moment.iteration - 1) if verdicts else ())]
    if failure := moment.tape.failure:
        why = visible(failure.message, limit=LONGEST)
        parts.append(f"{FAIL} the run ends at step {len(moment.tape) + 1}: {why}")
    unused = unused_lines(moment.graph, moment.graph.unused[:1], width)
    if not parts and not unused:
        return []
    lines = [*(line for part in parts for line in paragraph(part, width, "bad")), *unused]
    return [*lines, (Span("  "), Span(f"{key_or_word(NextTrouble)} ", "key"), Span("goes there"))]


def unused_lines(graph: Graph, names: Collection[str], width: int) -> list[Line]:
    """Return of some values that no one uses them, and which parameters get no gradient because of that."""
    told = (it for it in unused_values(graph) if it.node in names)
    return [line for it in told for line in paragraph(f"{CAUTION} {it.reason}", width, "warning")]


def wrong_nodes(wrong: Sequence[Judged]) -> Iterator[str]:
    """Yield the first of some nodes that are wrong, with what is wrong of it, and how many more there are."""
    for judged, failure in ((it, foremost(it)) for it in wrong[:1]):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        what = " · ".join(what_is_wrong(failure)).removeprefix(f"{FAIL} ") if failure else ""
        yield f"{FAIL} {visible(judged.node, limit=40)} · {visible(judged.layer, limit=40)}{more}: {what}"
