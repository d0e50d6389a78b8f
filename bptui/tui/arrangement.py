"""Where the panes stand: a low circuit lies across the whole screen, a high one beside what is said of its nodes.

Panes take what their content needs. The circuit comes first: what it leaves is for those below or beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from textual.geometry import Size

from bptui.circuit import Room
from bptui.core.moment import Moment

WIDE = (100, 28)
"""From this many columns and rows on, the panes stand side by side; below, in one column."""

EDGES = 2
"""Cells of a frame, across or down."""

BARS = 2
"""Rows of the title and of the footer."""

FOLDED = 3
"""Rows of the panes that are folded in one column."""

LEAST_CIRCUIT = 5
"""Rows of the smallest circuit, its frame included."""

LEAST_TOLD = 10
"""Rows of the unfolded pane in one column, its frame included: a sentence and the gradients."""

TIGHTLY_TOLD = 8
"""Rows of it where the circuit is a little too high to be shown otherwise."""

SHARE_LOW, SHARE_HIGH = 0.5, 0.68
"""Of the rows, those that a circuit takes at most across the screen, and beside the other panes."""


class Layout(Enum):
    """How panes stand: the names of the classes in the style sheet."""

    LOW = "low"
    HIGH = "high"
    NARROW = "narrow"


class Rows(NamedTuple):
    """How many rows the circuit and the value have, frames included."""

    circuit: int
    value: int


class Arrangement(NamedTuple):
    """How panes stand, and the room that the circuit has there."""

    layout: Layout
    room: Room


def arrangements(size: Size) -> Sequence[Arrangement]:
    """Return those for a screen of this size, the best first."""
    width, height = size
    rows = height - BARS
    if width < WIDE[0] or height < WIDE[1]:
        share = max(LEAST_CIRCUIT, (rows - FOLDED) * 2 // 5)
        return [
            Arrangement(Layout.NARROW, Room(width - EDGES, max(share, rows - FOLDED - told) - EDGES))
            for told in (LEAST_TOLD, TIGHTLY_TOLD)
        ]
    return [
        Arrangement(Layout.LOW, Room(width - EDGES, int(rows * SHARE_LOW) - EDGES)),
        Arrangement(Layout.HIGH, Room(high_width(width) - EDGES, int(rows * SHARE_HIGH) - EDGES)),
    ]


def high_width(width: int) -> int:
    """Return the columns of a high circuit: what the style sheet's two columns of three come to."""
    return max(width * 61 // 100, width - 70) - 1


def pane_rows(size: Size, arrangement: Arrangement, picture: Size, moment: Moment) -> Rows:
    """Return the rows of the panes in an arrangement, when the circuit's picture is of this size."""
    circuit = max(LEAST_CIRCUIT, min(picture.height, arrangement.room.height) + EDGES)
    below = size.height - BARS - (circuit if arrangement.layout is Layout.LOW else 0)
    return Rows(circuit, value_rows(moment, below))


def value_rows(moment: Moment, rows: int) -> int:
    """Return the rows of the pane of numbers, its frame included: one for a scalar, and more for arrays.

    A graph's own arrays are mostly as high as the leaves that they are made of.
    """
    shapes = [array.shape for name in moment.graph.leaves if (array := moment.value(name)) is not None]
    if not any(shapes):
        return 1 + EDGES
    highest = max(shape[-2] if len(shape) > 1 else 1 for shape in shapes)
    return max(6, min(highest + 6 + EDGES, rows * 9 // 20))
