"""A list over the screen: the arrows choose a row, and keys work on it, each by a command."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.binding import Binding

from bptui.core.command import Command
from bptui.lines.line import Line, Span
from bptui.lines.paragraph import paragraph
from bptui.session.answer import Answer
from bptui.session.session import Session
from bptui.tui.choice_pane import ChoicePane
from bptui.tui.content.listings import Listing, ListRow, RowKey
from bptui.tui.overlay import Overlay

LOWEST = 8
"""Rows that a list takes, its frame included."""


class ListPane(ChoicePane):
    """The rows of a listing, as the session has them now."""

    def __init__(self, session: Session, listing: Listing) -> None:
        super().__init__(session.moment)
        self.session = session
        self.listing = listing
        self.rows_now: list[ListRow] = list(listing.rows(session))
        self.chosen = next((at for at, row in enumerate(self.rows_now) if row.is_here), 0)
        self.styles.height = max(LOWEST, self.count + 2)

    @property
    def count(self) -> int:
        return len(self.rows_now)

    def heading(self) -> Line:
        return (Span(self.listing.title, "title"), Span(f"  {self.count}", "dim"))

    def key_words(self) -> tuple[tuple[str, str], ...]:
        return (*self.listing.keys, ("Esc", "closes"))

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        if not self.rows_now:
            return list(paragraph(self.listing.empty, width - 1, "dim", indent=1))
        return [self.row_of(at, row.line, width) for at, row in enumerate(self.rows_now)]

    def row_key(self, key: str) -> RowKey | None:
        """Return what a key does with the chosen row."""
        return self.rows_now[self.chosen].by_key.get(key) if self.rows_now else None

    def read_again(self) -> None:
        """Show the rows as they are now."""
        self.rows_now = list(self.listing.rows(self.session))
        self.chosen = max(0, min(self.chosen, self.count - 1))
        self.renew()


class ListScreen(Overlay[Command | str | None]):
    """A listing over the screen; it ends with what is to be done, or typed, behind it. ``do`` carries out a command."""

    BINDINGS = [Binding("escape,q", "close", show=False)]

    def __init__(self, session: Session, listing: Listing, do: Callable[[Command], Answer]) -> None:
        self.listed = ListPane(session, listing)
        self.do = do
        super().__init__(self.listed)

    def on_key(self, event: events.Key) -> None:
        """Do what a key does with the chosen row; of one that means nothing here, every overlay says so."""
        row_key = self.listed.row_key(DELETING.get(event.key, event.key))
        if row_key is None:
            return
        event.stop()
        event.prevent_default()
        if row_key.closes or isinstance(row_key.does, str):
            self.dismiss(row_key.does)
            return
        answer = self.do(row_key.does)
        self.listed.read_again()
        self.listed.say(answer.text)


DELETING = {"backspace": "delete"}
"""Keys that stand for another here."""
