"""What lies over the debugger's screen for a while, and has keys of its own: the help, and the evidence."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from bptui.lines.line import Line, Span
from bptui.tui.keys import pressed_key_name
from bptui.tui.message import Refused
from bptui.tui.pane import Pane

Result = TypeVar("Result")


class OverlayPane(Pane):
    """All that the overlay has to show, to scroll through; its lower edge says which keys there are."""

    said = ""

    def key_words(self) -> tuple[tuple[str, str], ...]:
        """Return the keys that mean something here, and what they do."""
        return (("Esc", "closes"),)

    def footing(self) -> Line:
        if self.said:
            return (Span(self.said, "warning"),)
        keys = (span for key, word in self.key_words() for span in (Span(f"{key} ", "key"), Span(f"{word} ", "dim")))
        return (*super().footing(), Span("  "), *keys)

    def say(self, text: str) -> None:
        """Write a message on the lower edge, until something else is shown."""
        self.said = text
        self.renew()

    def move(self, columns: int, rows: int) -> None:
        self.said = ""
        super().move(columns, rows)


class Overlay(ModalScreen[Result], Generic[Result]):
    """A pane over the screen, of whose keys those that mean nothing say so."""

    CSS = "OverlayPane { width: 100%; max-width: 100; height: 100%; max-height: 48; }"

    def __init__(self, pane: OverlayPane) -> None:
        super().__init__()
        self.pane = pane
        self.styles.align = ("center", "middle")  # a screen's CSS is about what is in it

    def compose(self) -> ComposeResult:
        yield self.pane

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss()

    def on_key(self, event: events.Key) -> None:
        """Say of a key that means nothing here that it does not."""
        self.pane.say(f"{pressed_key_name(event)} means nothing here")

    def on_refused(self, message: Refused) -> None:
        self.pane.say(message.text)
