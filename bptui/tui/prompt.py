"""The line to type in: go to a step or a name, run a command, search, or write a note."""

from __future__ import annotations

from textual.binding import Binding
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from bptui.core.graph import Graph
from bptui.tui.keys import COMMANDS

MOST_SUGGESTED = 5_000
"""Names that are offered for completion."""


class Prompt(Input):
    """One line at the bottom that starts with its kind, ``:``, ``/`` or ``;``. Taking that away closes it."""

    BINDINGS = [Binding("escape", "close", show=False), Binding("tab", "cursor_right", show=False)]

    class Entered(Message):
        """A line was entered."""

        def __init__(self, kind: str, text: str) -> None:
            super().__init__()
            self.kind = kind
            self.text = text

    def __init__(self, kind: str, graph: Graph) -> None:
        names = [f":{name}" for name in (*COMMANDS, *graph.names[:MOST_SUGGESTED])]
        suggester = SuggestFromList(names) if kind == ":" else None
        super().__init__(value=kind, compact=True, suggester=suggester, select_on_focus=False, max_length=2000)
        self.kind = kind

    def on_mount(self) -> None:
        self.before = self.screen.focused
        self.focus()
        self.cursor_position = 1

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if not event.value.startswith(self.kind):
            self.action_close()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_close()
        if text := event.value[1:].strip():
            self.screen.post_message(self.Entered(self.kind, text))

    def on_blur(self) -> None:
        self.remove()

    def action_close(self) -> None:
        """Go away, and give the focus back."""
        self.screen.set_focus(self.before)
        self.remove()
