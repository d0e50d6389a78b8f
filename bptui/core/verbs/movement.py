"""The verbs that move the cursor in time: step by step, to a place, to a trouble, to a note, to a mark and back."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.command import MOVE, Command, CountedCommand
from bptui.deferred_dataclass import dataclass


class Next(CountedCommand, word="next", keys="n F10", group=MOVE, help="next step"):
    """Go ``count`` steps forward in time."""


class Back(CountedCommand, word="back", keys="N", group=MOVE, help="previous step"):
    """Go ``count`` steps back in time."""


class Into(
    CountedCommand, word="into", keys="s", group=MOVE, help="into the layer's own source; inside, the next line"
):
    """Go into the source of this step's layer, to the ``count``-th line that runs; inside, ``count`` lines on.

    Where the step asked for before has failed, it is that step's layer.
    """


class LineBack(
    CountedCommand,
    word="line-back",
    keys="S",
    group=MOVE,
    help="inside a layer's source, back a line; from the first, out of it",
):
    """Inside a layer's source go ``count`` lines back, and out of it where there are fewer."""


class Finish(
    CountedCommand,
    word="finish",
    keys="f",
    group=MOVE,
    help="to the end of this pass, or of the next; inside a layer's source, out of it",
):
    """Go to the last step of this pass, or of the next where this one is finished; ``count`` times.

    Inside a layer's source the first time leaves it at the method's end.
    """


class ReverseFinish(
    CountedCommand,
    word="reverse-finish",
    keys="F",
    group=MOVE,
    help="back to the start of this pass, or of the one before; of this node, inside its source",
):
    """Go back to the first step of this pass, or of the one before where this one has just begun; ``count`` times.

    Inside a layer's source the first time leaves it at the method's start: the step before.
    """


class First(Command, word="first", keys="g", group=MOVE, help="first step"):
    """Go to the first step."""


class Last(Command, word="last", keys="G", group=MOVE, help="last step"):
    """Go to the last step."""


class ForwardPass(Command, word="forward-pass", keys="[", group=MOVE, help="start of this iteration's forward pass"):
    """Go to the first step of this iteration's forward pass, either way."""


class BackwardPass(Command, word="backward-pass", keys="]", group=MOVE, help="start of this iteration's backward pass"):
    """Go to the first step of this iteration's backward pass, either way."""


@dataclass(frozen=True)
class RunTo(
    Command, word="run-to", keys="t", group=MOVE, help="run to the selected node, or the one named, either way"
):
    """Go to the nearest later step of a node, or where there is none to the nearest earlier one; ``count`` times.

    A leaf's steps are its update and the one that completes its gradient. No name means the selected value.
    """

    name: str | None = None
    count: int = 1


@dataclass(frozen=True)
class GoTo(Command, word="goto", group=MOVE, help="the step with this number; 0 is before the first"):
    """Go to the step with this number; 0 is before the first."""

    step: int


@dataclass(frozen=True)
class GoToIteration(Command, word="iteration", group=MOVE, help="start of the iteration with this number"):
    """Go to the first step of this iteration, counted from 1."""

    iteration: int


class NextIteration(
    CountedCommand, word="next-iteration", keys="}", group=MOVE, help="the same step of the next iteration"
):
    """Go to the same step of the ``count``-th iteration after this."""


class PreviousIteration(
    CountedCommand, word="previous-iteration", keys="{", group=MOVE, help="the same step of the previous iteration"
):
    """Go to the same step of the ``count``-th iteration before this."""


class NextTrouble(
    CountedCommand, word="next-trouble", keys="x", group=MOVE, help="next trouble: a ✗, NaN, Inf, a warning or a note"
):
    """Go to the ``count``-th step after this that a person should look at."""


class PreviousTrouble(CountedCommand, word="previous-trouble", keys="X", group=MOVE, help="previous trouble"):
    """Go to the ``count``-th step before this that a person should look at."""


class NextNote(CountedCommand, word="next-note", keys=")", group=MOVE, help="next note"):
    """Go to the ``count``-th step after this that has a note."""


class PreviousNote(CountedCommand, word="previous-note", keys="(", group=MOVE, help="previous note"):
    """Go to the ``count``-th step before this that has a note."""


@dataclass(frozen=True)
class SetMark(Command, word="mark", keys="m", group=MOVE, help="set a mark, a letter, at this step"):
    """Remember this step under a name; None asks for the name."""

    mark: str | None = None


@dataclass(frozen=True)
class JumpToMark(Command, word="jump", keys="'", group=MOVE, help="jump to a mark"):
    """Go to the step that was marked with a name; None asks for the name."""

    mark: str | None = None


class JumpBack(CountedCommand, word="jump-back", keys="ctrl+o", group=MOVE, help="back to where the last jump began"):
    """Go back to where the ``count``-th last jump began: a move that was not to a step beside."""


Travel: TypeAlias = (
    Next
    | Back
    | Into
    | LineBack
    | Finish
    | ReverseFinish
    | First
    | Last
    | ForwardPass
    | BackwardPass
    | RunTo
    | GoTo
    | GoToIteration
    | NextIteration
    | PreviousIteration
)
"""What moves the debugger's cursor."""

Jump: TypeAlias = NextTrouble | PreviousTrouble | NextNote | PreviousNote | JumpToMark | JumpBack
"""What moves the cursor to a place that the session knows of."""
