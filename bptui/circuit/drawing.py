"""A sheet of a circuit as it is drawn: what never changes, and the places of what does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, NamedTuple

from bptui.circuit.canvas import DrawnRow, WirePieces
from bptui.circuit.part import PartKind, Uses
from bptui.deferred_dataclass import dataclass


class Box(NamedTuple):
    """Where a part stands, border included. ``name`` is the value that it computes, holds, brings or takes away."""

    name: str
    kind: PartKind
    x: int
    y: int
    width: int
    height: int

    @property
    def is_framed(self) -> bool:
        """Whether there is a border; without one it is a name in a row."""
        return self.height > 1

    @property
    def out(self) -> int:
        """The row in which its value leaves."""
        return self.y + (self.height - 1) // 2

    def holds(self, x: int, y: int) -> bool:
        """Tell whether the cell (x, y) is the box's."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


class Label(NamedTuple):
    """A place of ``width`` cells for a number at a wire.

    "value" stands above a wire where it leaves its box; "gradient" below it there, the sum over ``uses``, or the
    value's whole gradient where that is None; "contribution" below a wire where it ends, the sum over ``uses``,
    which is one use but for a wire that leaves the sheet.
    """

    kind: Literal["value", "gradient", "contribution"]
    name: str
    uses: Uses | None
    x: int
    y: int
    width: int

    @property
    def is_right_aligned(self) -> bool:
        """Whether its text ends where its place ends: at the arrow head."""
        return self.kind == "contribution"


@dataclass(frozen=True, eq=False)
class Drawing:
    """One sheet: ``rows`` has what never changes, with the places of ``labels`` left blank.

    ``wires`` has, for each row, the wires by the name of their value, as they look drawn heavily. ``label_width`` is
    that of every label, 0 where there is none.
    """

    width: int
    height: int
    rows: tuple[DrawnRow, ...]
    wires: tuple[Mapping[str, WirePieces], ...]
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    label_width: int

    @cached_property
    def box(self) -> Mapping[str, Box]:
        """The box of each value by name: its own, or else the first inlet that brings it in."""
        homes = {box.name: box for box in reversed(self.boxes) if box.kind == "inlet"}
        return homes | {box.name: box for box in self.boxes if box.kind in {"node", "leaf", "output"}}

    @cached_property
    def boxes_by_row(self) -> tuple[tuple[int, ...], ...]:
        """For each row, which of ``boxes`` reach into it."""
        found: list[list[int]] = [[] for _ in range(self.height)]
        for index, box in enumerate(self.boxes):
            for y in range(box.y, box.y + box.height):
                found[y].append(index)
        return tuple(map(tuple, found))

    @cached_property
    def labels_by_row(self) -> tuple[tuple[Label, ...], ...]:
        """For each row, its labels."""
        found: list[list[Label]] = [[] for _ in range(self.height)]
        for label in self.labels:
            found[label.y].append(label)
        return tuple(map(tuple, found))

    def neighbour(self, name: str, columns: int, rows: int) -> str | None:
        """Return the value whose box is nearest to that of ``name`` in a direction: left, right, up or down."""
        here = self.box.get(name)
        if here is None:
            return None
        ahead = [(distance(here, box, columns, rows), box.name) for box in self.box.values()]
        return min(((far, it) for far, it in ahead if far is not None), default=(0, None))[1]

    def name_at(self, x: int, y: int) -> str | None:
        """Return the value whose box holds the cell (x, y)."""
        if not 0 <= y < self.height:
            return None
        here = (self.boxes[index] for index in self.boxes_by_row[y])
        return next((box.name for box in here if box.holds(x, y)), None)


def distance(here: Box, there: Box, columns: int, rows: int) -> float | None:
    """Return how far a box is in a direction, what lies aside counting twice; None where it lies in no such one."""
    across, down = centre(there)[0] - centre(here)[0], centre(there)[1] - centre(here)[1]
    along, aside = (across, down) if columns else (down, across)
    if along * (columns or rows) <= 0 or (columns and reaches_over(here, there)):
        return None
    return abs(along) + 2 * abs(aside)


def centre(box: Box) -> tuple[float, float]:
    """Return the middle of a box, in units that look the same both ways: a cell is twice as high as wide."""
    return box.x + box.width / 2, 2 * (box.y + box.height / 2)


def reaches_over(here: Box, there: Box) -> bool:
    """Return whether two boxes stand in one column: above each other, and not beside."""
    return here.x < there.x + there.width and there.x < here.x + here.width
