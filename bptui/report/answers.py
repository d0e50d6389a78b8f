"""Answers to commands, as a line to read without a screen, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bptui.checking.finding_record import printed_record
from bptui.core import text
from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.core.verbs.branches import SetValue, SwitchBranch
from bptui.core.verbs.movement import Jump, Travel
from bptui.core.verbs.selection import Selecting
from bptui.core.verbs.stops import Continue, ReverseContinue
from bptui.core.verbs.view import ShowEvidence
from bptui.explaining import value_state
from bptui.explaining.formula_words import inline
from bptui.explaining.sentence import headline
from bptui.explaining.whole_array import summary_line
from bptui.lines.line import plain
from bptui.recording.array_record import encode_array
from bptui.report.caret_line import caret_line
from bptui.session.answer import Answer, Pointed
from bptui.session.session import Session
from bptui.session.watches import watch_records, watch_text
from bptui.stepping.line_tape import Event, LineCursor
from layers import Array

WIDTH = 100
"""Cells of a line of evidence."""


def answer_text(command: Command, answer: Answer, session: Session) -> str:
    """Return the answer to a command as text: in most cases one line."""
    if isinstance(command, ShowEvidence) and answer.judged:
        from bptui.checking.evidence_lines import evidence_lines  # noqa: PLC0415  (when it is asked for)

        return "\n".join(plain(line).rstrip() for line in evidence_lines(answer.judged, WIDTH))
    if not answer.ok:
        told = answer.text_with_way_on(lambda verb: verb.word)
        return "\n".join([told, *pointed_lines(answer.pointed)]) if answer.pointed else told
    if isinstance(command, Travel | Jump | Continue | ReverseContinue | SetValue | SwitchBranch):
        told = "; ".join(filter(None, (answer.text, place_text(session))))
        return "\n".join([told, *(watch_text(session, it) for it in session.watches.by_number)])
    if isinstance(command, Selecting) and session.selection.name is not None:
        return "; ".join(filter(None, (answer.text, value_text(session.moment, session.selection.name))))
    return answer.text


def pointed_lines(pointed: Pointed) -> Iterator[str]:
    """Yield an expression, and a caret below the place in it that is wrong."""
    yield from (f"  {line}" for line in caret_line(pointed.expression, pointed.position))


def answer_record(command: Command, answer: Answer, session: Session) -> dict[str, Any]:
    """Return the answer to a command as JSON."""
    moment = session.moment
    record: dict[str, Any] = {
        "kind": "answer",
        "command": str(command),
        "ok": answer.ok,
        "step": moment.position,
        "iteration": moment.iteration,
        "pass": moment.pass_.value if moment.position else None,
        "node": moment.name,
        "selected": session.selection.name,
        "text": answer_text(command, answer, session),
    }
    if answer.judged:
        record["verdict"] = answer.judged.verdict.value
        record["findings"] = [printed_record(finding) for finding in answer.judged.findings]
    if answer.value is not None:
        record["value"] = encode_array(answer.value) if isinstance(answer.value, np.ndarray) else answer.value
    if session.watches.by_number:
        record["watches"] = watch_records(session)
    if len(session.branches.by_name) > 1:
        record["branch"] = session.branches.current
    if answer.pointed:
        record["position"] = answer.pointed.position
    record |= answer.record or {}
    if lines := session.lines:
        record["line"] = {"file": lines.step.file or lines.tape.file, "line": lines.step.line}
    return record


def place_text(session: Session) -> str:
    """Return where the cursor is and what has just happened there; another value that is selected, too."""
    if lines := session.lines:
        return line_text(lines)
    moment, selected = session.moment, session.selection.name
    more = value_text(moment, selected) if selected not in (None, moment.name) and selected is not None else ""
    return " ".join(filter(None, (step_text(moment), more)))


def step_text(moment: Moment) -> str:
    """Return which step it is, in a sentence what it did, and what the numbers are like that are too many for one."""
    order = moment.order
    where = f"step {moment.position} of {len(order)}"
    if order.iterations > 1:
        where += f", iteration {moment.iteration} of {order.iterations}"
    if moment.position:
        where += f", {moment.pass_.value}"
    return " ".join([f"{where}: {headline(moment)}", *(f"{it}." for it in numbers_text(moment))])


def numbers_text(moment: Moment) -> Iterator[str]:
    """Yield what the arrays of the step at the cursor are like, those that no sentence holds."""
    match moment.step:
        case ForwardStep(out=out) as step if inline(out) is None:
            yield f"{text.visible(step.name)}: {plain(summary_line(out))}"
        case BackwardStep() as step:
            for name, gradient in zip(step.node.inputs, step.gradients, strict=True):
                if gradient is not None and inline(gradient) is None:
                    yield f"d {text.visible(name)}: {gradient_size(gradient)}"
        case UpdateStep(after=after) as step if inline(after) is None:
            yield f"{text.visible(step.name)} moved by {gradient_size(after - step.before)}"


def value_text(moment: Moment, name: str) -> str:
    """Return what is known of a value at the cursor: its numbers, and its gradient or why there is none."""
    value, gradient = moment.value(name), moment.gradient(name)
    kind = value_state.kind_of_value(moment, name)
    told = [f"{text.visible(name)}, {kind}"]
    if value is not None:
        told.append(inline(value) or f"{text.shape(value)}, {plain(summary_line(value))}")
    if gradient is not None:
        told.append(f"gradient {inline(gradient) or gradient_size(gradient)}")
    if waiting := value_state.waiting(moment, name):
        told.append(waiting)
    return "; ".join(told)


def gradient_size(gradient: Array) -> str:
    """Return how large a gradient is."""
    return f"norm {text.number(float(np.linalg.norm(gradient)))}"


def line_text(lines: LineCursor) -> str:
    """Return the line of a layer's source that is about to run, or how the method has ended, and what has changed."""
    step, tape = lines.step, lines.tape
    code = tape.source_of(step.file).get(step.line, "").strip()
    changed = [f"{name} = {step.names[name].text}" for name in sorted(step.changed) if name in step.names]
    what = code if step.event is Event.LINE else f"{step.event.value} {step.value.text if step.value else ''}".strip()
    place = f"{step.file or tape.file}:{step.line}"
    told = f"{place}: {tape.called}, {lines.index + 1} of {len(tape.steps)}: {what}"
    return text.visible("   ".join([told, *changed]), limit=1000)
