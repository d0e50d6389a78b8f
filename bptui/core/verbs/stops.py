"""The verbs of stops: setting them, listing and changing them, and running to the next one or back to the last."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.command import STOP, Command, CountedCommand, ExpressionCommand, NumberedCommand
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class Break(
    Command,
    word="break",
    keys="b F9",
    group=STOP,
    help="a stop on a node, in a pass, if EXPR, after N times; on EXPR, nan, fail or warning at any step",
):
    """Set a stop, as ``core/stop.py`` writes it; None sets or removes one on the selected node."""

    stop: str | None = None


class ListStops(Command, word="breaks", group=STOP, help="the stops that are set"):
    """List the stops."""


@dataclass(frozen=True)
class ChangeStop(Command, word="change", group=STOP, help="let the stop with this number be another"):
    """Let a stop be another, as ``break`` takes it, under its number."""

    number: int
    stop: str


class DeleteStop(NumberedCommand, word="delete", group=STOP, help="remove the stop with this number"):
    """Remove a stop."""


class DisableStop(
    NumberedCommand,
    word="disable",
    group=STOP,
    help="stop no longer at this stop, without forgetting it",
):
    """Disable a stop, without forgetting it."""


class EnableStop(NumberedCommand, word="enable", group=STOP, help="let the disabled stop with this number stop again"):
    """Enable a stop that was disabled."""


class Continue(CountedCommand, word="continue", keys="c F5", group=STOP, help="run on to the next stop"):
    """Go to the ``count``-th stop after this step; where there are fewer, to the end of the run."""


class ReverseContinue(CountedCommand, word="reverse-continue", keys="C", group=STOP, help="back to the stop before"):
    """Go back to the ``count``-th stop before this step; where there are fewer, to before the first step."""


@dataclass(frozen=True)
class Watch(Command, word="watch", keys="w", group=STOP, help="show an expression at every step: norm(grad(W1))"):
    """Show what an expression comes to at every step; None asks for the expression."""

    expression: str | None = None


class ListWatches(Command, word="watches", group=STOP, help="what is watched, and its value now"):
    """List what is watched."""


class Unwatch(NumberedCommand, word="unwatch", group=STOP, help="watch the expression with this number no longer"):
    """Watch an expression no longer."""


class Plot(ExpressionCommand, word="plot", group=STOP, help="the course of an expression over the run so far"):
    """Draw the course of an expression over the run."""


Stopping: TypeAlias = Break | ChangeStop | ListStops | DeleteStop | DisableStop | EnableStop
"""What sets stops, and changes them."""

Watching: TypeAlias = Watch | ListWatches | Unwatch
"""What says which expressions are shown at every step."""
