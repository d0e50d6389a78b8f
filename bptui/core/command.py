"""What a person can ask of the debugger. Keys, palette, the ``:`` line, tests and replay all speak these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bptui.core.order import Pass


@dataclass(frozen=True, slots=True)
class Next:
    """Go ``count`` steps forward in time."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Back:
    """Go ``count`` steps back in time."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Finish:
    """Go to the last step of this pass, or of the next where this one is finished; ``count`` times.

    Inside a layer's source the first time leaves it at the method's end.
    """

    count: int = 1


@dataclass(frozen=True, slots=True)
class ReverseFinish:
    """Go back to the first step of this pass, or of the one before where this one has just begun; ``count`` times.

    Inside a layer's source the first time leaves it at the method's start: the step before.
    """

    count: int = 1


@dataclass(frozen=True, slots=True)
class GoTo:
    """Go to the step with this number; 0 is before the first."""

    step: int


@dataclass(frozen=True, slots=True)
class First:
    """Go to the first step."""


@dataclass(frozen=True, slots=True)
class Last:
    """Go to the last step."""


@dataclass(frozen=True, slots=True)
class PassStart:
    """Go to the first step of a pass of this iteration, either way."""

    pass_: Pass


@dataclass(frozen=True, slots=True)
class RunTo:
    """Go to the nearest later step of a node, or where there is none to the nearest earlier one.

    A leaf's steps are its update and the one that completes its gradient.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Into:
    """Go into the source of this step's layer, to the ``count``-th line that runs; inside, ``count`` lines on.

    Where the step asked for before has failed, it is that step's layer.
    """

    count: int = 1


@dataclass(frozen=True, slots=True)
class LineBack:
    """Inside a layer's source go ``count`` lines back, and out of it where there are fewer."""

    count: int = 1


Command: TypeAlias = Next | Back | Finish | ReverseFinish | GoTo | First | Last | PassStart | RunTo | Into | LineBack
