"""What panels tell the screen: what the person has pointed at, as a command. They decide nothing themselves."""

from __future__ import annotations

from textual.message import Message

from bptui.core.command import Command


class Asked(Message):
    """The person has asked for something by pointing at it."""

    def __init__(self, command: Command) -> None:
        super().__init__()
        self.command = command
