"""What is asked for at the cursor in predict mode, as lines."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.core.command import key_or_word
from bptui.core.verbs.movement import Next
from bptui.core.verbs.teaching import GiveHint, Reveal
from bptui.lines.line import Line
from bptui.lines.paragraph import paragraph
from bptui.session.session import Session


def question_lines(session: Session, width: int) -> Iterator[Line]:
    """Yield what is asked for, how to answer it, and how it went so far; nothing where nothing is asked for."""
    prediction = session.prediction
    if prediction is None:
        return
    question = prediction.question(session.moment.position)
    if question:
        yield from paragraph(f"? {question}", width, "mark")
        keys = f"{key_or_word(Next)} asks for it, {key_or_word(GiveHint)} gives a hint, {key_or_word(Reveal)} shows it"
        yield from paragraph(keys, width, "dim")
    yield from paragraph(prediction.score.words, width, "dim")
    yield ()
