"""What a scenario has for a class: notes at steps, what is to be predicted, and what each node counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from bptui.core.order import Order, Pass
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class PlannedNote:
    """A note of the scenario's own, at a step's number, or at a node's step in a pass of the first iteration."""

    text: str
    step: int | None = None
    node: str | None = None
    pass_: Pass | None = None

    def position(self, order: Order) -> int | None:
        """Return the step that it stands at, None where there is no such step; the start where it names none."""
        if self.step is not None:
            return self.step if self.step <= len(order) else None
        if self.node is not None:
            return order.step_number(0, self.pass_ or Pass.FORWARD, self.node)
        if self.pass_ is None:
            return 0
        starts = (start for start in order.pass_starts(0) if order[start].pass_ is self.pass_)
        return next(starts, None)


@dataclass(frozen=True)
class Quiz:
    """What is hidden until it is predicted: the steps of ``nodes`` (all where there are none) in one pass or in all."""

    nodes: tuple[str, ...] = ()
    pass_: Pass | None = None

    def asks(self, pass_: Pass, name: str) -> bool:
        """Return whether a step is asked about, by its pass and its node or parameter."""
        return self.pass_ in {None, pass_} and (not self.nodes or name in self.nodes)


@dataclass(frozen=True)
class Lesson:
    """What a scenario has for a class. ``points`` are by node or by layer."""

    notes: tuple[PlannedNote, ...] = ()
    quiz: Quiz = Quiz()
    points: Mapping[str, float] = field(default_factory=dict)
