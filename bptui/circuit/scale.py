"""How much of a graph one picture of it says."""

from __future__ import annotations

from enum import Enum


class Scale(Enum):
    """From near to far: boxes with numbers at their wires, boxes with names alone, and a map of all nodes."""

    WHOLE = "whole"
    BOXES = "boxes"
    MAP = "map"

    @property
    def farther(self) -> Scale:
        """The next scale, after the map the nearest again."""
        scales = list(Scale)
        return scales[(scales.index(self) + 1) % len(scales)]
