"""The verbs that show something: the circuit, an array, a verdict with its evidence, and the panes."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.command import LOOK, Command, CountedCommand, ExpressionCommand
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class ChangeScale(
    Command,
    word="scale",
    keys="z",
    group=LOOK,
    help="the circuit at the next scale: whole with its numbers, boxes with names alone, a map of all nodes",
):
    """Show the circuit at a scale, by default at the next."""

    scale: str | None = None


@dataclass(frozen=True)
class Fold(
    Command,
    word="fold",
    keys="o",
    group=LOOK,
    help="open or close the nodes that belong to the selected one: a formula's parts",
):
    """Draw the nodes of a composite as one, or as they are; by default those of the selected value."""

    name: str | None = None


class TurnGradient(
    Command,
    word="gradient",
    keys="v",
    group=LOOK,
    help="the value's gradient instead of its numbers, or the other way round",
):
    """Show the selected value's gradient instead of its numbers, or the other way round."""


class HeatMap(
    Command, word="heat", keys="h", group=LOOK, help="numbers as colours, a heat map, or the other way round"
):
    """Show numbers as colours, or the other way round."""


class NextSlice(
    CountedCommand, word="next-slice", keys=">", group=LOOK, help="of an array with more than two axes, the next slice"
):
    """Show the ``count``-th next slice of an array with more than two axes."""


class PreviousSlice(CountedCommand, word="previous-slice", keys="<", group=LOOK, help="the previous slice"):
    """Show the ``count``-th slice before."""


@dataclass(frozen=True)
class SelectElement(
    Command,
    word="element",
    keys="j",
    group=LOOK,
    help="to the element [I, J], the largest by size, or the next NaN or infinity; alone, what stands out most",
):
    """Select an element of the array that is shown: that of an index, the largest, or the next that is not finite."""

    place: str | None = None


@dataclass(frozen=True)
class Check(Command, word="check", keys="=", group=LOOK, help="check the selected node; once checked, its evidence"):
    """Check a node, by default the selected one; where that is done, show what came of it."""

    node: str | None = None


@dataclass(frozen=True)
class ShowEvidence(
    Command, word="evidence", keys="Enter", group=LOOK, help="the evidence behind the selected node's verdict"
):
    """Show what is behind a node's verdict, by default the selected one's."""

    node: str | None = None


class Copy(
    Command,
    word="copy",
    keys="ctrl+c",
    group=LOOK,
    help="copy the selected number, with all its digits; at once again, quit",
):
    """Copy the selected number, and leave the second time."""


class Print(
    ExpressionCommand, word="print", group=LOOK, help="the value of an expression at this step: norm(grad(W1))"
):
    """Answer what an expression comes to at the cursor."""


class ListPasses(
    Command, word="passes", keys="i", group=LOOK, help="the passes of all iterations: their steps, loss and troubles"
):
    """List the iterations, each with its passes, what came out and what is wrong there."""


class NextPane(Command, word="next-pane", keys="Tab", group=LOOK, help="next pane"):
    """Move the focus on."""


class PreviousPane(Command, word="previous-pane", keys="shift+Tab", group=LOOK, help="previous pane"):
    """Move the focus back."""


ShowCircuit: TypeAlias = ChangeScale | Fold
"""How the circuit is shown."""

ShowValue: TypeAlias = TurnGradient | HeatMap | NextSlice | PreviousSlice | SelectElement
"""How the selected value is shown."""
