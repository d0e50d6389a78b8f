"""Watching expressions: their values at the cursor, whether they have changed, and their course over the run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.expression import Result, check_names, evaluate
from bptui.core.moment import Moment
from bptui.core.text import escaped, number
from bptui.core.verbs.stops import ListWatches, Unwatch, Watch, Watching
from bptui.errors import ExpressionError, NotReachedError
from bptui.explaining.formula_words import inline
from bptui.lines.bars import bars, charted, finite_ones
from bptui.lines.line import Line, Span, fitted
from bptui.recording.array_record import encode_array
from bptui.session.answer import Answer, Question
from bptui.session.course import Course
from bptui.session.expression_value import result_text
from bptui.session.status_messages import progress_bar
from bptui.session.stops import known_names

if TYPE_CHECKING:
    from bptui.session.session import Session

NOT_REACHED = "not reached"

SPARKLINE = 24
"""Places of the course of a watch."""

WIDEST, HIGHEST = 60, 8
"""Cells of a plot."""

SLICE = 0.01
"""Seconds of work after which a key may be answered."""

MOMENTARY = 0.003
"""Seconds that a course may take of what a step has."""


def change_watches(session: Session, command: Watching) -> Answer:
    """Watch an expression, or no longer, or list what is watched. Raises BptuiError."""
    match command:
        case Watch(expression):
            assert expression is not None
            check_names(expression, known_names(session))
            given = session.watches.add(expression)
            value = value_at(expression, session.moment)
            answer = Answer(
                f"watch {given}: {watched_text(expression, value)}", record={"watch": given, **coded(value)}
            )
        case ListWatches():
            lines = [watch_text(session, it) for it in session.watches.by_number]
            return Answer("\n".join(lines) or "nothing is watched", record={"watches": watch_records(session)})
        case Unwatch(given):
            answer = Answer(f"{escaped(session.watches.remove(given))} is watched no longer")
    session.log(command)
    return answer


def value_at(expression: str, moment: Moment) -> Result | str | None:
    """Return what an expression comes to; None where it is not reached, and what is wrong in words where it is that."""
    try:
        return evaluate(expression, moment)
    except NotReachedError:
        return None
    except ExpressionError as error:
        return error.message


def watched_text(expression: str, value: Result | None, *, short: str | None = None) -> str:
    """Return a watch in words: ``norm(dout) = 3.2``, its value as ``short`` has it, or that it is not reached."""
    if value is None:
        return f"{escaped(expression)}: {NOT_REACHED}"
    if isinstance(value, str):
        return f"{escaped(expression)}: {escaped(value)}"
    return f"{escaped(expression)} = {short or result_text(value)}"


def watch_text(session: Session, given: int) -> str:
    """Return a watch with its number in words."""
    expression = session.watches.by_number[given]
    return f"watch {given}: {watched_text(expression, value_at(expression, session.moment))}"


def watch_records(session: Session) -> list[dict[str, Any]]:
    """Return every watch as JSON: its number, its expression, and its value or null."""
    return [
        {"watch": given, "expression": expression, **coded(value_at(expression, session.moment))}
        for given, expression in session.watches.by_number.items()
    ]


def coded(value: Result | None) -> dict[str, Any]:
    """Return a value as JSON."""
    return {"value": encode_array(value) if isinstance(value, np.ndarray) else value}


def watch_lines(session: Session, width: int) -> Iterator[Line]:
    """Yield each watch on a line: its value now, marked where the step has changed it, and its course so far."""
    moment = session.moment
    before = moment.tape.at(moment.position - 1) if moment.position else moment
    for expression in session.watches.by_number.values():
        value = value_at(expression, moment)
        has_changed = has_other_value(value, value_at(expression, before))
        style = "changed" if has_changed else ""
        told = watched_text(expression, value, short=inline(value) if isinstance(value, np.ndarray) else None)
        now = (Span("▸" if has_changed else " ", style), Span(told, style), Span("  "))
        course = () if session.prediction else spark(session, expression)  # it would tell what is to be predicted
        yield fitted((*now, *course), width)


def has_other_value(value: Result | None, other: Result | None) -> bool:
    """Return whether two values of an expression are not the same."""
    if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
        return value.shape != other.shape or not np.array_equal(value, other, equal_nan=value.dtype.kind == "f")
    return type(value) is not type(other) or bool(value != other)


def spark(session: Session, expression: str) -> Iterator[Span]:
    """Yield the course of a watch as bars, the one at the cursor marked; nothing where it is not a number."""
    course = session.courses.get(expression)
    if course is None or course.tape is not session.tape:
        course = session.courses[expression] = Course(expression, session.tape, SPARKLINE)
    course.advance(MOMENTARY)
    points = course.points
    if len(finite_ones(it.value for it in points)) < 2:
        return
    here = session.moment.iteration if course.is_over_iterations else session.moment.position
    current = max((place for place, it in enumerate(points) if it.at <= here), default=0)
    yield from bars([it.value for it in points], current)


def plot(session: Session, expression: str) -> Question:
    """Draw the course of an expression. Raises ExpressionError where it speaks of what is not there."""
    check_names(expression, known_names(session))
    return partial(plotted, session, Course(expression, session.tape, WIDEST))


def plotted(session: Session, course: Course) -> Answer:
    """Return the course as a chart, once the run is over and it is worked out."""
    if session.run and not session.run.is_over:
        done, count = len(session.tape), len(session.tape.order)
        return Answer(f"running: {done:,} of {count:,} steps {progress_bar(done, count)}", "dim", is_pending=True)
    if not course.advance(SLICE):
        return Answer("working out the course …", "dim", is_pending=True)
    points = course.points
    over = "iteration" if course.is_over_iterations else "step"
    record = {"over": over, "at": [it.at for it in points], "values": [finite_or_text(it.value) for it in points]}
    finite = finite_ones(it.value for it in points)
    if not finite:
        return Answer(
            f"{escaped(course.expression)} is not a single number at any {over} so far",
            "warning",
            ok=False,
            record=record,
        )
    low, high = number(min(finite)), number(max(finite))
    room = max(len(low), len(high))
    rows = charted([it.value for it in points], HIGHEST)
    labels = [high, *[""] * (HIGHEST - 2), low]
    chart = [f"{label:>{room}} ┤{row}" for label, row in zip(labels, rows, strict=True)]
    heading = f"{escaped(course.expression)} at {over}s {points[0].at:,} to {points[-1].at:,}"
    return Answer("\n".join([heading, *chart]), record=record)


def finite_or_text(value: float | None) -> float | str | None:
    """Return a number as JSON has it: NaN and infinity as words."""
    return value if value is None or np.isfinite(value) else str(encode_array(np.asarray(value))["data"][0])
