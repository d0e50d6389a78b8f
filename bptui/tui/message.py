"""What panels tell the screen: something was pointed at. They decide nothing themselves."""

from __future__ import annotations

from textual.message import Message


class NodeSelected(Message):
    """The person pointed at a value."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class StepClicked(Message):
    """The person pointed at a step of the tape."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
