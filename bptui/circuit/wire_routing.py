"""Wires between two neighbouring columns: one vertical trunk a value, on as few tracks as keep them apart.

A wire comes in from the left at its source's row, turns into its trunk, and leaves it to the right at its
pins' rows. Two values meet only where one runs straight over the other. That holds by construction: a trunk
whose source's row is another's pin's row lies to the left of it, and where such demands go round in a circle,
one of the wires gets a jog: it changes to a second trunk on a row that is free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import NamedTuple

from bptui.deferred_dataclass import dataclass


@dataclass(eq=False, slots=True)
class Trunk:
    """The vertical piece of one value's wire, from its source's ``row`` to the rows of its ``pins``.

    ``jogged_from`` is the trunk that it continues; that one's only pin is its ``row``.
    """

    net: int
    row: int
    pins: frozenset[int]
    jogged_from: Trunk | None = None
    track: int = 0
    low: int = field(init=False)
    high: int = field(init=False)

    def __post_init__(self) -> None:
        self.low = min(self.row, *self.pins)
        self.high = max(self.row, *self.pins)

    def must_precede(self, other: Trunk) -> bool:
        """Tell whether the two would run over each other if ``other`` stood to the left."""
        if other.jogged_from is self:
            return True
        return self.net != other.net and self.row in other.pins

    def crossings_before(self, other: Trunk) -> int:
        """Count how often the two cross with ``other`` to the right."""
        mine = sum(other.low < pin < other.high for pin in self.pins)
        return mine + (self.low < other.row < self.high)

    def is_clear_of(self, other: Trunk) -> bool:
        """Tell whether both may stand on one track, with a row between them."""
        return self.low > other.high + 1 or other.low > self.high + 1


class Ends(NamedTuple):
    """Where one value's wire enters a channel, and where it leaves."""

    row: int
    pins: frozenset[int]


def route(wires: Mapping[int, Ends]) -> list[Trunk]:
    """Return the trunks of ``wires``, given by net, with their tracks; a straight wire has none."""
    trunks = [trunk for net, ends in wires.items() for trunk in trunks_of(net, ends)]
    taken = {row for ends in wires.values() for row in (ends.row, *ends.pins)}
    ordered = order_trunks(trunks, taken)
    for index, trunk in enumerate(ordered):
        barring = [
            other.track + 1 for other in ordered[:index] if not trunk.is_clear_of(other) or other.must_precede(trunk)
        ]
        trunk.track = max(barring, default=0)
    return ordered


def trunks_of(net: int, ends: Ends) -> Iterable[Trunk]:
    """Yield the trunks of one wire: two where it goes straight on and forks both up and down.

    In one trunk those forks would be a ┼, which stands for two wires that do not touch.
    """
    up = frozenset(pin for pin in ends.pins if pin < ends.row)
    down = frozenset(pin for pin in ends.pins if pin > ends.row)
    sides = (up, down) if ends.row in ends.pins else (up | down,)
    return (Trunk(net, ends.row, pins) for pins in sides if pins)


def order_trunks(trunks: list[Trunk], taken: set[int]) -> list[Trunk]:
    """Return ``trunks`` from left to right, as the demands on them allow and with few crossings.

    ``taken`` are the rows that a jog may not use; those that are used are added.
    """
    waiting, ordered = list(trunks), []
    while waiting:
        free = [trunk for trunk in waiting if not any(other.must_precede(trunk) for other in waiting)]
        if not free:
            trunk = on_a_cycle(waiting)
            waiting.remove(trunk)
            waiting += jog(trunk, taken)
            continue
        best = min(free, key=lambda trunk: cost_of_going_first(trunk, waiting))
        waiting.remove(best)
        ordered.append(best)
    return ordered


def cost_of_going_first(trunk: Trunk, waiting: Iterable[Trunk]) -> int:
    """Return the crossings that it brings, less those that it spares, if ``trunk`` stands left of all others."""
    others = (other for other in waiting if other is not trunk)
    return sum(trunk.crossings_before(other) - other.crossings_before(trunk) for other in others)


def on_a_cycle(waiting: list[Trunk]) -> Trunk:
    """Return a trunk that must precede itself; each of those ``waiting`` has one that must precede it."""
    seen: set[int] = set()
    trunk = waiting[0]
    while id(trunk) not in seen:
        seen.add(id(trunk))
        trunk = next(other for other in waiting if other.must_precede(trunk))
    return trunk


def jog(trunk: Trunk, taken: set[int]) -> tuple[Trunk, Trunk]:
    """Return two trunks for one, joined on the free row nearest to its source."""
    distance = 1
    while {trunk.row - distance, trunk.row + distance} <= taken:
        distance += 1
    towards = 1 if trunk.row + trunk.row <= trunk.low + trunk.high else -1
    rows = (trunk.row + towards * distance, trunk.row - towards * distance)
    row = next(row for row in rows if row not in taken)
    taken.add(row)
    first = Trunk(trunk.net, trunk.row, frozenset({row}))
    return first, Trunk(trunk.net, row, trunk.pins, first)
