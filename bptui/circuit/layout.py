"""Drawing a sheet: columns, their order, rows, then channel after channel from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bptui.circuit.canvas import Canvas, WirePieces
from bptui.circuit.column_assignment import Link, StationGrid, build_grid
from bptui.circuit.column_order import order_columns
from bptui.circuit.drawing import Box, Drawing, Label
from bptui.circuit.part import Part, Uses
from bptui.circuit.row_assignment import assign_rows, squeezed
from bptui.circuit.wire_routing import Ends, Trunk, route
from bptui.lines.cell_width import cells, split_cells

ROUND = "╭─╮│╰╯"
LIGHT = "┌─┐│└┘"
MARGIN = 1
"""Cells between a label and what stands beside it."""

MOST_SPREAD = 12
"""Cells by which wires grow at the most where there is room."""

AIRY = 0.7
"""Of the room's rows, those that boxes may take with a row between them."""


class Room(NamedTuple):
    """The cells that a drawing is made for."""

    width: int
    height: int


class Wires(NamedTuple):
    """How long wires are drawn: so many cells for a label, and so many more before they turn."""

    label_width: int
    spread: int = 0


def draw(parts: Sequence[Part], *, label_widths: tuple[int, int] = (9, 9), room: Room | None = None) -> Drawing:
    """Return the drawing of ``parts``, each of which comes after those that feed it.

    Without ``room`` everything takes its full size. A drawing that is high for its room loses the rows between its
    boxes, and wires that were straight; one that is too wide has shorter labels, down to the least of
    ``label_widths``; and in a wider room the wires are longer.
    """
    grid = build_grid(parts)
    order_columns(grid)
    tops = assign_rows(grid)
    if room and grid.bottom(tops) > room.height * AIRY:
        tops = assign_rows(grid, gap=0)
    if room and grid.bottom(tops) > room.height:
        tops = squeezed(grid, tops, room.height)
    drawer = SheetDrawer(grid, tops, Wires(label_widths[1]))
    drawing = drawer.draw()
    if room is None or not parts:
        return drawing
    wires = fitting_wires(drawer, room.width - drawing.width, label_widths)
    return drawing if wires == drawer.wires else SheetDrawer(grid, tops, wires).draw()


def fitting_wires(drawer: SheetDrawer, spare: int, label_widths: tuple[int, int]) -> Wires:
    """Return how long the wires should be when a drawing leaves ``spare`` cells, or lacks them."""
    least, most = label_widths
    if spare < 0:
        return Wires(max(least, most + spare // max(1, drawer.places)))
    channels = len(drawer.grid.columns) - 1
    return Wires(most, min(MOST_SPREAD, spare // channels) if channels else 0)


class SheetDrawer:
    """Draws one sheet; ``top`` has each station's row, and ``places`` counts the labels along its width."""

    def __init__(self, grid: StationGrid, top: Sequence[int], wires: Wires) -> None:
        self.grid = grid
        self.top = top
        self.wires = wires
        self.label_width = wires.label_width
        self.places = 0
        self.canvas = Canvas()
        self.boxes: list[Box] = []
        self.labels: list[Label] = []

    def draw(self) -> Drawing:
        """Return the drawing."""
        x = 0
        for column in self.grid.columns:
            x = self.draw_column(column, x)
        return self.finish()

    def finish(self) -> Drawing:
        """Return what was drawn, its first row and column being 0."""
        cells = {*self.canvas.joined(), *self.canvas.texts}
        top = min((y for _, y in cells), default=0)
        height = 1 + max((y - top for _, y in cells), default=-1)
        width = max([1 + x for x, _ in cells] + [label.x + label.width for label in self.labels], default=0)
        boxes = tuple([box._replace(y=box.y - top) for box in self.boxes])
        labels = tuple([label._replace(y=label.y - top) for label in self.labels])
        rows = self.canvas.rows(top, width, height)
        return Drawing(width, height, rows, self.lit(top, height), boxes, labels, self.label_width)

    def lit(self, top: int, height: int) -> tuple[dict[str, WirePieces], ...]:
        """Return the wires in each row by name; those of all boxes that bring in one value count as one."""
        named: list[dict[str, WirePieces]] = []
        for row in self.canvas.heavy(top, height):
            named.append({})
            for net, pieces in row.items():
                name = self.grid.parts[net].name
                named[-1][name] = named[-1].get(name, ()) + pieces
        return tuple(named)

    def draw_column(self, column: Sequence[int], x: int) -> int:
        """Draw ``column`` from ``x`` on with the wires that leave it, and return where the next one starts."""
        parts = [station for station in column if not self.grid.is_passage(station)]
        width = max(self.box_width(self.grid.parts[station]) for station in parts)
        right = x + width
        for station in parts:
            self.draw_box(station, x, width)
        for station in column:
            if self.grid.is_passage(station):
                self.canvas.horizontal(self.grid.nets[station], self.top[station], x, right)
        return self.draw_channel(column, right)

    def box_width(self, part: Part) -> int:
        return max(map(cells, part.lines)) + (4 if part.is_framed else 2)

    def draw_box(self, station: int, x: int, width: int) -> None:
        """Draw the box of a part: what has wires on both sides is as wide as its column, another stands at its wire."""
        part, y = self.grid.parts[station], self.top[station]
        own = width if part.kind in {"node", "output"} else self.box_width(part)
        left = x + width - own if part.kind in {"leaf", "inlet"} else x
        box = Box(part.name, part.kind, left, y, own, part.height)
        self.boxes.append(box)
        style = "box" if part.kind == "node" else part.kind
        for offset, row in enumerate(border(box, LIGHT if part.kind == "node" else ROUND)):
            self.canvas.write(left, y + offset, list(row), style)
        for offset, line in enumerate(part.lines):
            written = split_cells(line)
            text_style = "layer" if part.kind == "node" and offset == 0 else "name"
            self.canvas.write(left + (own - len(written)) // 2, y + part.text_row + offset, written, text_style)

    def draw_output(self, station: int, x: int, lead: int) -> None:
        """Start the wire of a value, with the places for the value above it and its gradient below."""
        part, y = self.grid.parts[station], self.out_row(station)
        if not self.label_width:
            return
        self.canvas.horizontal(station, y, x, x + lead - MARGIN - 1)
        start = x + MARGIN
        self.labels.append(Label("value", part.name, None, start, y - 1, self.label_width))
        self.labels.append(Label("gradient", part.name, part.gradient, start, y + 1, self.label_width))

    def lead(self, links: Sequence[Link]) -> int:
        """Return how far wires run before they turn; those that lead nowhere have no need to be long."""
        label = self.label_width + 2 * MARGIN if self.label_width else 1
        return label + (self.wires.spread if links else 0)

    def draw_channel(self, column: Sequence[int], x: int) -> int:
        """Draw the wires from ``column`` to the next, and return the first cell behind them."""
        sources = {self.grid.nets[station]: station for station in column if self.grid.links[station]}
        wires = {net: self.ends(station) for net, station in sources.items()}
        links = [link for station in sources.values() for link in self.grid.links[station]]
        lead = self.lead(links)
        for station in column:
            if not self.grid.is_passage(station) and self.grid.parts[station].kind != "outlet":
                self.draw_output(station, x, lead)
        trunks = route(wires)
        first = x + lead
        tracks = 1 + max((trunk.track for trunk in trunks), default=-1)
        after = first + 2 * tracks
        is_shared = any(self.share(link) is not None for link in links)
        self.places += 1 + is_shared
        end = after + (self.label_width + MARGIN if is_shared else 0)
        for net, ends in wires.items():
            self.draw_wire(net, ends, [trunk for trunk in trunks if trunk.net == net], (x, first, end))
        for link in links:
            self.draw_port(link, end)
        return end + 1 if links else first

    def ends(self, station: int) -> Ends:
        links = self.grid.links[station]
        return Ends(self.out_row(station), frozenset(map(self.port_row, links)))

    def draw_wire(self, net: int, ends: Ends, trunks: Sequence[Trunk], places: tuple[int, int, int]) -> None:
        """Draw one value's wire; ``places`` are where it starts, the first track, and where it ends."""
        start, first, end = places
        if ends.row in ends.pins:
            self.canvas.horizontal(net, ends.row, start, end)
        for trunk in trunks:
            x = first + 2 * trunk.track
            before = trunk.jogged_from
            self.canvas.horizontal(net, trunk.row, start if before is None else first + 2 * before.track, x)
            self.canvas.vertical(net, x, trunk.low, trunk.high)
            if not any(other.jogged_from is trunk for other in trunks):
                for pin in trunk.pins:
                    self.canvas.horizontal(net, pin, x, end)

    def draw_port(self, link: Link, x: int) -> None:
        """Draw the arrow head at a port, with the place for a contribution below its wire."""
        if self.grid.is_passage(link.station):
            return
        y = self.port_row(link)
        self.canvas.write(x, y, ["▶"], "arrow")
        if (share := self.share(link)) is not None:
            source = self.grid.parts[self.grid.parts[link.station].inputs[link.port]]
            self.labels.append(Label("contribution", source.name, share, x - self.label_width, y + 1, self.label_width))

    def share(self, link: Link) -> Uses | None:
        """Return the uses whose contribution is written at a port, None where there is none."""
        return None if self.grid.is_passage(link.station) else self.grid.parts[link.station].shares[link.port]

    def out_row(self, station: int) -> int:
        return self.top[station] + self.grid.out(station)

    def port_row(self, link: Link) -> int:
        return self.top[link.station] + self.grid.port(link)


def border(box: Box, characters: str) -> list[str]:
    """Return the rows of an empty box; one without a frame is blank."""
    if not box.is_framed:
        return [" " * box.width]
    top_left, flat, top_right, side, bottom_left, bottom_right = list(characters)
    inner = box.width - 2
    middle = side + " " * inner + side
    return [
        top_left + flat * inner + top_right,
        *[middle] * (box.height - 2),
        bottom_left + flat * inner + bottom_right,
    ]
