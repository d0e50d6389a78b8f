"""What comes back from a command: a sentence for the person, and whether it was carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from bptui.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from bptui.checking.verdicts import Judged
    from bptui.core.command import Command
    from bptui.core.expression import Result
    from bptui.core.tape_diff import TapeDiff


class WayOn(NamedTuple):
    """What a person may want to do next: a verb, and what it does."""

    verb: type[Command]
    does: str


class Pointed(NamedTuple):
    """A place in an expression: its text, and a number of characters from 0."""

    expression: str
    position: int


class RunComparison(NamedTuple):
    """A comparison of two runs, and what its two sides are called."""

    diff: TapeDiff
    here: str
    there: str


@dataclass(frozen=True)
class Answer:
    """``text`` says what is not seen anyway, mostly nothing; ``style`` is the name of its style.

    ``is_pending`` is an answer for now: the rest takes time. ``judged`` has the verdict that was asked for, ``value``
    what an expression comes to, ``record`` what else there is for other programs, as JSON, and
    ``pointed`` where in an expression the mistake is. ``compared`` has the comparison that was asked for.
    """

    text: str = ""
    style: str = ""
    ok: bool = True
    is_pending: bool = False
    way_on: WayOn | None = None
    judged: Judged | None = None
    value: Result | None = None
    record: Mapping[str, object] | None = None
    pointed: Pointed | None = None
    compared: RunComparison | None = None

    def text_with_way_on(self, written: Callable[[type[Command]], str]) -> str:
        """Return the text and the way on, whose verb is written as a key on the screen, and as a word elsewhere."""
        if self.way_on is None:
            return self.text
        return f"{self.text}: {written(self.way_on.verb)} {self.way_on.does}"


Question: TypeAlias = Callable[[], Answer]
"""What a command comes down to: it is asked again for as long as its answer is pending."""


def refusal(text: str, way_on: WayOn | None = None) -> Answer:
    """Return the answer to what cannot be done."""
    return Answer(text, "warning", ok=False, way_on=way_on)
