"""Lecture mode: one large panel over the whole screen, for a projector; each key shows one more idea."""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding

from bptui.core.command import Command
from bptui.core.verbs.movement import (
    Back,
    BackwardPass,
    First,
    ForwardPass,
    Last,
    Next,
    NextIteration,
    NextNote,
    PreviousIteration,
    PreviousNote,
)
from bptui.core.verbs.teaching import TogglePredict
from bptui.lines.line import Line, Span
from bptui.lines.paragraph import paragraph
from bptui.session.session import Session
from bptui.tui.content.lecture import Idea, lecture_ideas, lecture_lines
from bptui.tui.keys import textual_name
from bptui.tui.overlay import Overlay, OverlayPane

COMMANDS: tuple[type[Command], ...] = (
    First,
    Last,
    ForwardPass,
    BackwardPass,
    NextIteration,
    PreviousIteration,
    NextNote,
    PreviousNote,
    TogglePredict,
)
"""What a key does as on the screen below."""


class LecturePane(OverlayPane):
    """The ideas at the cursor, as far as they are shown."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.moment)
        self.session = session
        self.shown = 1
        self.question = ""

    def heading(self) -> Line:
        return (Span(self.session.title or self.session.name, "title"),)

    def key_words(self) -> tuple[tuple[str, str], ...]:
        return (("n N", "idea"), (") (", "note"), ("L", "all panes"))

    @property
    def ideas(self) -> list[Idea]:
        """What there is to say at the cursor."""
        width = self.inside.width or self.size.width
        return lecture_ideas(self.session.moment, self.session.notes.get(self.session.moment.position, ()), width)

    def lines(self, width: int, height: int) -> list[Line]:
        ideas = self.ideas
        if self.question:
            asked = paragraph(f"? {self.question}", min(60, width), "mark")
            ideas = [*ideas, [*asked, *paragraph("Enter: answer it", 60, "dim")]]
            return lecture_lines(self.moment, ideas, height)
        return lecture_lines(self.moment, ideas[: self.shown], height)


class LectureScreen(Overlay[str | None]):
    """One idea a key: ``do`` carries out a command on the screen below. It closes with the question that is open."""

    CSS = "LecturePane { max-width: 100%; max-height: 100%; }"
    BINDINGS = [
        Binding("n,space,right,down,f10", "next_idea", show=False, priority=True),
        Binding("N,left,up", "previous_idea", show=False, priority=True),
        Binding("enter", "answer", show=False, priority=True),
        Binding("escape,q,L", "close", show=False, priority=True),
        *(Binding(textual_name(key), f"do({verb.word!r})", show=False) for verb in COMMANDS for key in verb.keys),
    ]

    def __init__(self, session: Session, do: Callable[[Command], object]) -> None:
        self.lecture = LecturePane(session)
        super().__init__(self.lecture)
        self.session = session
        self.carry_out = do

    def action_next_idea(self) -> None:
        """Show one more idea, and after the last the next step."""
        pane = self.lecture
        if pane.shown < len(pane.ideas):
            pane.shown += 1
            pane.renew()
            return
        before = self.session.moment.position
        self.move(Next())
        prediction = self.session.prediction
        if prediction is not None and self.session.moment.position == before:
            pane.question = prediction.question(before)
            pane.renew()

    def action_previous_idea(self) -> None:
        """Show one idea less, and before the first the step before, with all of its own."""
        pane = self.lecture
        if pane.question:
            pane.question = ""
        elif pane.shown > 1:
            pane.shown -= 1
        else:
            self.move(Back())
            pane.shown = len(pane.ideas)
        pane.renew()

    def action_answer(self) -> None:
        """Answer the question on the screen below, or show one more idea."""
        if self.lecture.question:
            self.dismiss(self.lecture.question)
        else:
            self.action_next_idea()

    def action_close(self) -> None:
        self.dismiss(None)

    def action_do(self, word: str) -> None:
        """Do what a key means on the screen below."""
        verb = next(it for it in COMMANDS if it.word == word)
        self.move(verb())

    def move(self, command: Command) -> None:
        """Carry out a command, and begin with the first idea where it has led."""
        self.lecture.question = ""
        self.carry_out(command)
        self.lecture.shown = 1
        self.lecture.show(self.session.moment, self.session.selection.name)
