"""The verbs for a class: numbers that are predicted before they are shown, and one large panel for a projector."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.command import TEACH, Command, ExpressionCommand


class TogglePredict(
    Command, word="predict", keys="P", group=TEACH, help="hide each number until it is predicted; again, no longer"
):
    """Stop before each step until its numbers are predicted, or no longer."""


class GiveAnswer(ExpressionCommand, word="answer", group=TEACH, help="the number that is asked for, or an expression"):
    """Answer what is asked for with a number or an expression."""


class GiveHint(Command, word="hint", keys="H", group=TEACH, help="what the number that is asked for is made of"):
    """Tell what the number that is asked for is made of."""


class Reveal(Command, word="reveal", keys="r", group=TEACH, help="show the number that is asked for, and go on"):
    """Give up on the number that is asked for."""


class ShowScore(Command, word="score", group=TEACH, help="how many numbers were predicted"):
    """Tell how many numbers were predicted."""


class ToggleLecture(
    Command, word="lecture", keys="L", group=TEACH, help="one large panel for a class, an idea a key; again, all panes"
):
    """Show one large panel, or all panes again."""


Predicting: TypeAlias = TogglePredict | GiveAnswer | GiveHint | Reveal | ShowScore
"""What asks for numbers before they are shown, and answers."""
