"""Plays a recording on the screen: what was done appears when it was done."""

from __future__ import annotations

from typing import Protocol

from textual.screen import Screen
from textual.timer import Timer

from bptui.core.text import escaped
from bptui.core.verbs.movement import GoTo
from bptui.core.verbs.playback import Faster, Play, Playing, Slower
from bptui.session.answer import Answer, refusal
from bptui.session.session import Session

FRAME = 0.05
"""Seconds between two looks at what happens next."""


class Stage(Protocol):
    """Where a recording is played."""

    session: Session

    def tell(self, answer: Answer) -> None:
        """Write an answer."""

    def show(self) -> None:
        """Show where the session is."""


class Player:
    """Plays the recording of a Textual ``screen``'s session on the ``stage``."""

    def __init__(self, screen: Screen[None], stage: Stage) -> None:
        self.screen = screen
        self.stage = stage
        self.timer: Timer | None = None

    def obey(self, command: Playing) -> Answer:
        """Play, or pause, or change the pace."""
        playback = self.stage.session.playback
        if playback is None or not playback.actions:
            return refusal("there is nothing to play: this is not the recording of a session")
        match command:
            case Play():
                playback.toggle(self.stage.session.moment.position)
            case Faster() | Slower():
                playback.change_pace(2.0 if isinstance(command, Faster) else 0.5)
        if self.timer is None:
            self.timer = self.screen.set_interval(FRAME, self.go_on)
        return Answer(playback.words)

    def go_on(self) -> None:
        """Show what has happened by now."""
        session = self.stage.session
        for action in session.playback.due() if session.playback else ():
            if action.step != session.moment.position:
                session.do(GoTo(action.step))
            self.stage.tell(Answer(escaped(action.words, limit=200), "mark"))
            self.stage.show()
