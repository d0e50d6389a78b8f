"""The bottom line: the keys that matter most, or what has just been said."""

from __future__ import annotations

from bptui.core.moment import Moment
from bptui.tui.keys import KEYS
from bptui.tui.line import Line, Span
from bptui.tui.pane import Pane, fitted, line_width


class Footer(Pane):
    """One row at the bottom. A message stays until the next key."""

    is_framed = False

    def __init__(self, moment: Moment, *, id: str | None = None) -> None:  # noqa: A002  (Textual's word)
        super().__init__(moment, id=id, can_focus=False)
        self.message: Line = ()
        self.count = ""

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        typed: Line = (Span(f" {self.count}", "mark"), Span(" times …", "dim")) if self.count else ()
        return [fitted(self.message or (*typed, *key_line(width - line_width(typed))), width)]


def key_line(width: int) -> Line:
    """Return as many of the footer's keys as fit, quitting and help before all others."""
    shown = [key for key in KEYS if key.short]
    last = [key for key in shown if key.command in {"help", "quit"}]
    entries = {key: (Span(f" {key.shown.split()[0]}", "key"), Span(f" {key.short} ", "dim")) for key in shown}
    room = width - sum(line_width(entries[key]) for key in last)
    kept = []
    for key in shown:
        if key in last:
            continue
        room -= line_width(entries[key])
        if room < 0:
            break
        kept.append(key)
    return tuple(span for key in (*kept, *last) for span in entries[key])
