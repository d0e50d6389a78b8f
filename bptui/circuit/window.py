"""The visible part of a drawing, and where it goes when the cursor moves."""

from __future__ import annotations

from typing import NamedTuple

from bptui.circuit.drawing import Drawing


class Window(NamedTuple):
    """The cells of a drawing that are visible. They may reach beyond it."""

    x: int
    y: int
    width: int
    height: int

    def bounded(self, drawing: Drawing) -> Window:
        """Return the window moved back over the drawing; what is smaller than the window stands in its middle."""
        return self._replace(x=bound(self.x, self.width, drawing.width), y=bound(self.y, self.height, drawing.height))

    def following(self, drawing: Drawing, name: str) -> Window:
        """Return the window moved as little as may be to show the box of ``name`` and what stands around it."""
        if name not in drawing.box:
            return self.bounded(drawing)
        box = drawing.box[name]
        x = scroll_start(self.x, self.width, box.x, box.x + box.width)
        y = scroll_start(self.y, self.height, box.y, box.y + box.height)
        return self._replace(x=x, y=y).bounded(drawing)


def bound(start: int, size: int, whole: int) -> int:
    """Return where to start so that ``size`` cells lie within ``whole``, or around its middle."""
    if whole <= size:
        return (whole - size) // 2
    return min(max(start, 0), whole - size)


def scroll_start(start: int, size: int, first: int, last: int) -> int:
    """Return where to start so that the cells from ``first`` to before ``last`` are seen, a quarter from the edges."""
    context = min(size // 4, max(0, size - (last - first)) // 2)
    return min(max(start, last + context - size), first - context)
