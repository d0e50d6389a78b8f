"""Lecture mode: one large panel over the whole screen, for a projector; each key shows one more idea."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.binding import Binding
from textual.message import Message

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
from bptui.core.verbs.program import WriteNote
from bptui.core.verbs.teaching import GiveAnswer, GiveHint, Reveal, TogglePredict
from bptui.lines.line import Line, Span
from bptui.session.answer import Answer
from bptui.session.line_editor import EDITS, TypedLine
from bptui.session.session import Session
from bptui.tui.content.lecture import Idea, asking_ideas, lecture_ideas, lecture_lines
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

NUMBER_STARTS = frozenset("0123456789.-(")

ASKING: tuple[type[Command], ...] = (GiveHint, Reveal)
"""What helps with a question."""


class LecturePane(OverlayPane):
    """The ideas at the cursor, as far as they are shown; in predict mode the question, and what is being typed."""

    class Entered(Message):
        """An answer was typed, or where nothing is asked a note, and Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, session: Session) -> None:
        super().__init__(session.moment)
        self.session = session
        self.shown = 1
        self.question = ""
        self.told = Answer()
        self.typed: TypedLine | None = None

    def heading(self) -> Line:
        return (Span(self.session.title or self.session.name, "title"),)

    def key_words(self) -> tuple[tuple[str, str], ...]:
        if self.typed is not None:
            return (("Enter", "answers" if self.question else "writes it down"), ("Esc", "leaves"))
        if self.question:
            return (("Enter", "answer"), ("H", "hint"), ("r", "show"), ("N", "back"))
        return (("n N", "idea"), (") (", "note"), ("L", "all panes"))

    @property
    def ideas(self) -> list[Idea]:
        """What there is to say at the cursor."""
        width = self.inside.width or self.size.width
        return lecture_ideas(self.session.moment, self.session.notes.get(self.session.moment.position, ()), width)

    def lines(self, width: int, height: int) -> list[Line]:
        ideas = self.ideas if self.question else self.ideas[: self.shown]
        asking = asking_ideas(self.question, self.told, self.typed, width)
        return lecture_lines(self.moment, [*ideas, *asking], height)

    def ask(self, question: str, told: Answer) -> None:
        """Show a question, and above it what an answer came to."""
        self.question, self.told, self.typed = question, told, None
        self.renew()

    def begin_to_type(self) -> None:
        """Take an answer or a note, key by key."""
        self.said, self.typed = "", TypedLine()
        self.renew()

    def on_key(self, event: events.Key) -> None:
        """Take what is typed; at a question a number begins the answer."""
        if self.typed is None and self.question and (event.character or " ") in NUMBER_STARTS:
            self.begin_to_type()
        if self.typed is None:
            return
        event.stop()
        match event.key:
            case "escape":
                self.typed = None
            case "enter":
                text, self.typed = self.typed.text.strip(), None
                self.post_message(self.Entered(text))
            case key if key in EDITS:
                self.typed = EDITS[key](self.typed)
            case _ if event.is_printable and event.character:
                self.typed = self.typed.insert(event.character)
        self.renew()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.typed is not None and event.text.strip():
            self.typed = self.typed.insert(event.text.strip().splitlines()[0])
            self.renew()


class LectureScreen(Overlay[None]):
    """One idea a key, and in predict mode one number; ``do`` carries out a command on the screen below."""

    CSS = "LecturePane { max-width: 100%; max-height: 100%; }"
    BINDINGS = [
        Binding("n,space,right,down,f10", "next_idea", show=False, priority=True),
        Binding("N,left,up", "previous_idea", show=False, priority=True),
        Binding("enter", "answer", show=False, priority=True),
        *(Binding(textual_name(key), "write_note", show=False, priority=True) for key in WriteNote.keys),
        Binding("escape,q,L", "close", show=False, priority=True),
        *(
            Binding(textual_name(key), f"do({it.word!r})", show=False, priority=True)
            for it in COMMANDS
            for key in it.keys
        ),
        *(
            Binding(textual_name(key), f"ask({it.word!r})", show=False, priority=True)
            for it in ASKING
            for key in it.keys
        ),
    ]

    def __init__(self, session: Session, do: Callable[[Command], Answer]) -> None:
        self.lecture = LecturePane(session)
        super().__init__(self.lecture)
        self.session = session
        self.carry_out = do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While an answer is being typed, leave all keys to it; what helps with a question needs one."""
        is_typing = self.lecture.typed is not None
        return not is_typing and (action != "ask" or bool(self.lecture.question))

    def action_next_idea(self) -> None:
        """Show one more idea, and after the last the next step."""
        pane = self.lecture
        if pane.shown < len(pane.ideas):
            pane.shown += 1
            pane.renew()
            return
        before = self.session.moment.position
        self.move(Next())
        if self.session.moment.position == before:
            pane.shown = len(pane.ideas)
            self.ask_for_next(Answer())

    def action_previous_idea(self) -> None:
        """Show one idea less, and before the first the step before, with all of its own."""
        pane = self.lecture
        if pane.question or pane.told.text:
            pane.ask("", Answer())
        elif pane.shown > 1:
            pane.shown -= 1
        else:
            self.move(Back())
            pane.shown = len(pane.ideas)
        pane.renew()

    def action_answer(self) -> None:
        """Answer the question, or show one more idea."""
        if self.lecture.question:
            self.lecture.begin_to_type()
        else:
            self.action_next_idea()

    def action_ask(self, word: str) -> None:
        """Give a hint at the question, or show the number."""
        self.carry_out_asking(next(it for it in ASKING if it.word == word)())

    def action_write_note(self) -> None:
        """Take a note at this step; a question waits until it is asked again."""
        self.lecture.ask("", Answer())
        self.lecture.begin_to_type()

    def on_lecture_pane_entered(self, message: LecturePane.Entered) -> None:
        if message.text and self.lecture.question:
            self.carry_out_asking(GiveAnswer(message.text))
        elif message.text:
            self.carry_out(WriteNote(message.text))
            self.lecture.shown = len(self.lecture.ideas)
            self.lecture.renew()

    def carry_out_asking(self, command: Command) -> None:
        """Carry out a command of predict mode, and show what it came to: a question, or the step that it gave."""
        before = self.session.moment.position
        answer = self.carry_out(command)
        if self.session.moment.position != before:
            self.lecture.show(self.session.moment, self.session.selection.name)
            self.lecture.shown = len(self.lecture.ideas)
            self.lecture.ask("", answer)
        else:
            self.ask_for_next(answer)

    def ask_for_next(self, told: Answer) -> None:
        """Show what is asked for at the cursor."""
        prediction = self.session.prediction
        question = prediction.question(self.session.moment.position) if prediction else ""
        self.lecture.ask(question, told)

    def action_do(self, word: str) -> None:
        """Do what a key means on the screen below."""
        verb = next(it for it in COMMANDS if it.word == word)
        self.move(verb())

    def move(self, command: Command) -> None:
        """Carry out a command, and begin with the first idea where it has led."""
        self.lecture.ask("", Answer())
        self.carry_out(command)
        self.lecture.shown = 1
        self.lecture.show(self.session.moment, self.session.selection.name)
