"""The visible part of a drawing, and where it goes when the cursor moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bptui.circuit.drawing import Box, Drawing

WIRES = 6
"""Cells before a box that must be seen too: where the wires come together."""


class Window(NamedTuple):
    """The cells of a drawing that are visible. They may reach beyond it."""

    x: int
    y: int
    width: int
    height: int

    def bounded(self, drawing: Drawing) -> Window:
        """Return the window moved back over the drawing; what is smaller than the window stands in its middle."""
        return self._replace(x=bound(self.x, self.width, drawing.width), y=bound(self.y, self.height, drawing.height))

    def following(self, drawing: Drawing, name: str, inputs: Iterable[str] = ()) -> Window:
        """Return the window over the box of ``name`` with its output and its inputs, as many as fit.

        It stays where it is as long as it shows them, and else moves such that they stand in its middle.
        """
        if name not in drawing.box:
            return self.bounded(drawing)
        area = Area.around(drawing.box[name], drawing)
        for source in inputs:
            wider = area.joined(Area.of(drawing.box[source])) if source in drawing.box else area
            if wider.fits(self):
                area = wider
        return self if area.is_inside(self) else self.centred(area).bounded(drawing)

    def centred(self, area: Area) -> Window:
        """Return the window with an area in its middle."""
        x = (area.left + area.right - self.width) // 2
        return self._replace(x=x, y=(area.top + area.bottom - self.height) // 2)


class Area(NamedTuple):
    """Cells that are to be seen together."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, box: Box) -> Area:
        """Return a box's cells."""
        return cls(box.x, box.y, box.x + box.width, box.y + box.height)

    @classmethod
    def around(cls, box: Box, drawing: Drawing) -> Area:
        """Return the cells of a box, of the wires that come together before it, and of the numbers after it."""
        after = min(drawing.width, box.x + box.width + drawing.label_width + 1)
        return cls(max(0, box.x - WIRES), box.y, after, box.y + box.height)

    def joined(self, other: Area) -> Area:
        """Return the least area that has both."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        return Area(left, top, max(self.right, other.right), max(self.bottom, other.bottom))

    def fits(self, window: Window) -> bool:
        """Tell whether a window can show all of it."""
        return self.right - self.left <= window.width and self.bottom - self.top <= window.height

    def is_inside(self, window: Window) -> bool:
        """Tell whether a window shows all of it, or as much as it can."""
        across = window.x <= self.left and self.right <= window.x + window.width
        return across and window.y <= self.top and self.bottom <= window.y + window.height


def bound(start: int, size: int, whole: int) -> int:
    """Return where to start so that ``size`` cells lie within ``whole``, or around its middle."""
    if whole <= size:
        return (whole - size) // 2
    return min(max(start, 0), whole - size)
