"""The signs of stops: on a node, and on a step."""

from __future__ import annotations

from bptui.core.order import Turn
from bptui.core.stop import Stops
from bptui.lines.signs import DISABLED_STOP, STOP


def sign_at_step(stops: Stops, turn: Turn) -> str:
    """Return the sign of a stop on a step; empty where there is none."""
    return stop_sign(stops.on(turn.name, turn.pass_)) if stops.by_number else ""


def stop_sign(is_enabled: bool | None) -> str:  # noqa: FBT001  (what ``Stops.on`` tells)
    """Return the sign for what ``Stops.on`` tells."""
    return "" if is_enabled is None else STOP if is_enabled else DISABLED_STOP
