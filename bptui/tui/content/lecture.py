"""A step for a class: what is said of it idea by idea, with room between them, to be read from the last row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bptui.core.graph import UNNAMED
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.core.text import counted, escaped, shape, visible
from bptui.explaining.equations import Equation, forward_equation, gradient_equations, sum_equation, update_equation
from bptui.explaining.formula_words import inline
from bptui.explaining.sentence import arrival_sentence, headline
from bptui.explaining.whole_array import whole_array
from bptui.lines.line import Line, Span, cut, line_width
from bptui.lines.paragraph import paragraph
from bptui.lines.signs import PASS_SIGNS
from bptui.session.answer import Answer
from bptui.session.line_editor import TypedLine
from bptui.tui.content.welcome import markdown_lines
from layers import Array

MARGIN = 4
MOST_ROWS = 8
"""Rows of an array that a class can take in."""

WIDEST = 72
"""Cells of a line that is easily read."""

Idea = Sequence[Line]


def lecture_ideas(moment: Moment, notes: Sequence[str], width: int) -> list[Idea]:
    """Return what there is to say at a position, one idea after the other; notes come last."""
    room = min(WIDEST, width - 2 * MARGIN)
    noted = [markdown_lines(note, room, "mark") for note in notes]
    if moment.step is None:
        start = f"{counted(len(moment.order), 'step')}: the first computes {visible(moment.order[1].name)}."
        return [*noted, paragraph(start, room, "strong")]
    return [paragraph(lecture_opening(moment), room, "strong"), *map(list, equation_ideas(moment, room)), *noted]


def lecture_opening(moment: Moment) -> str:
    """Return what a step is about to do, and no number that it makes."""
    match moment.step:
        case ForwardStep() as step:
            return f"{visible(step.node.layer)} computes {' and '.join(map(visible, step.node.outputs))}."
        case BackwardStep() as step if step.dout is not None:
            return arrival_sentence(moment, step)
        case UpdateStep() as step:
            return f"{visible(step.name)} is updated."
    return headline(moment)


def equation_ideas(moment: Moment, width: int) -> Iterator[Idea]:
    """Yield the equations of a step, each side an idea of its own."""
    match moment.step:
        case ForwardStep() as step:
            for name, out in zip(step.node.outputs, step.outs, strict=True):
                yield from equation_sides(forward_equation(moment, name), out, width, "value")
        case BackwardStep() as step if step.dout is not None:
            leaving = [gradient for gradient in step.gradients if gradient is not None]
            for equation, gradient in zip(gradient_equations(moment, step.name), leaving, strict=True):
                yield from equation_sides(equation, gradient, width, "gradient")
            for name in dict.fromkeys(step.node.inputs):
                total = moment.gradient(name)
                if total is not None and not moment.awaits_gradient(name):
                    yield from equation_sides(sum_equation(moment, name), total, width, "gradient")
        case UpdateStep() as step:
            yield from equation_sides(update_equation(moment, step.name), step.after, width, "update")


def equation_sides(equation: Equation | None, result: Array, width: int, style: str) -> Iterator[Idea]:
    """Yield an equation: what it says, the numbers in it, and what comes out, an idea each."""
    if equation is None:
        return
    left = equation.left
    parts = [*equation.signed_parts] or [(equation.sign, "…")]
    for place, (sign, part) in enumerate(parts):
        lead = left if not place else " " * min(len(left), width // 3)
        is_result = bool(equation.result) and place == len(parts) - 1
        yield paragraph(f"{lead} {sign} {part}", width, style if is_result else "strong" if not place else "")
    if inline(result) is None:
        rows = [line for line in whole_array(result, indent=2) if line_width(line) <= width]
        yield rows[:MOST_ROWS] if rows else paragraph(shape(result), width, style)


def asking_ideas(question: str, told: Answer, typed: TypedLine | None, width: int) -> list[Idea]:
    """Return what an answer came to, the question that is open, and the answer or the note that is being typed."""
    room = min(WIDEST, width - 2 * MARGIN)
    ideas: list[Idea] = []
    if told.text:
        ideas.append(paragraph(told.text, room, told.style or "mark"))
    if question:
        ideas.append([*paragraph(f"? {question}", room, "mark"), *line_being_typed(typed, room, "=")])
    elif typed is not None:
        ideas.append(list(line_being_typed(typed, room, "✎")))
    return ideas


def line_being_typed(typed: TypedLine | None, width: int, sign: str) -> Iterator[Line]:
    """Yield what is being typed after a sign, its cursor as a block; the end that fits where it is long."""
    if typed is None:
        return
    start = max(0, typed.cursor - (width - 6))
    before, after = escaped(typed.text[start : typed.cursor]), escaped(typed.text[typed.cursor :])
    line = (Span(f"  {sign} "), Span(before, "strong"), Span(after[:1] or " ", "cursor"), Span(after[1:], "strong"))
    yield line if line_width(line) <= width else cut(line, width)


def lecture_lines(moment: Moment, ideas: Sequence[Idea], height: int) -> list[Line]:
    """Return the panel: where one is, and the ideas with room between; the latest are in sight."""
    gap = 2 if height >= 36 else 1
    head = [(), heading_line(moment), wiring_line(moment), ()]
    body: list[Line] = []
    for idea in ideas:
        body += [*idea, *[()] * gap]
    room = max(1, height - len(head) - 1)
    margin = Span(" " * MARGIN)
    lines: Iterable[Line] = (*head, *body[-room:])
    return [(margin, *line) if line else () for line in lines]


def heading_line(moment: Moment) -> Line:
    """Return where one is: the pass, the step, the node."""
    if moment.step is None or moment.pass_ is None:
        return (Span("Before the first step", "title"),)
    sign = PASS_SIGNS[moment.pass_]
    within = f"   iteration {moment.iteration}" if moment.order.iterations > 1 else ""
    place = f"step {moment.position} of {len(moment.order)}{within}"
    return (
        Span(f"{sign} {moment.pass_.value.upper()}", moment.pass_.value),
        Span(f"   {visible(moment.name or '', limit=30)}", "title"),
        Span(f"   {place}", "dim"),
    )


def wiring_line(moment: Moment) -> Line:
    """Return what the step's node takes and gives, as a row: ``apple, count → Mul → apple_price``."""
    node = moment.graph.node(moment.name or "") if moment.name in moment.graph.slots else None
    if node is None:
        return ()
    inputs = ", ".join(visible(name, limit=16) for name in node.inputs)
    outputs = ", ".join(visible(name, limit=16) for name in node.outputs if UNNAMED not in name)
    arrow = "←" if moment.pass_ is Pass.BACKWARD else "→"
    return (Span(f"{inputs} {arrow} {visible(node.layer, limit=24)} {arrow} {outputs}", "dim"),)
