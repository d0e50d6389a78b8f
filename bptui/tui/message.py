"""What panes tell the screen: what was pointed at, as a command, and which key led nowhere; and the driver the app."""

from __future__ import annotations

from textual.message import Message

from bptui.core.command import Command


class Asked(Message):
    """The person has asked for something by pointing at it."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command


class Refused(Message):
    """A key has changed nothing; ``text`` says why."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class BackgroundReported(Message):
    """The terminal has told whether its background is light."""

    def __init__(self, *, is_light: bool) -> None:
        super().__init__()
        self.is_light = is_light
