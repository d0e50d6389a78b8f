"""The signs at a box of the circuit: a stop, NaN or infinity, a warning, a verdict.

A box that stands for several values has the signs of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from bptui.core.moment import Moment
from bptui.core.stop import Stops
from bptui.deferred_dataclass import dataclass
from bptui.explaining.non_finite import MOST_SEARCHED, non_finite
from bptui.guest.observation import Remark
from bptui.lines.line import Line, Span
from bptui.lines.signs import CAUTION, DISABLED_STOP, FAIL, KINK, NON_FINITE, PASS, SIGN_STYLES, SKIP, STOP
from bptui.session.status_messages import failed_turn
from bptui.tui.content.stop_signs import stop_sign
from layers import Array

BY_IMPORTANCE = (FAIL, NON_FINITE, STOP, CAUTION, DISABLED_STOP, KINK, SKIP, PASS)
"""The signs, the one first that a person should see where there is room for one alone."""

MOST_KEPT = 5_000


class NodeSigns(NamedTuple):
    """What stands at a value, as signs or empty: a ``stop``, a ``trouble`` in its numbers, its node's ``verdict``."""

    stop: str = ""
    trouble: str = ""
    verdict: str = ""

    @property
    def text(self) -> str:
        """The signs one after the other."""
        return "".join(self)


def combined_signs(signs: Iterable[NodeSigns]) -> NodeSigns:
    """Return the signs of several values at one box: of each kind, the most important."""
    kinds = zip(*signs, strict=True)
    return NodeSigns(*[min(filter(None, kind), key=BY_IMPORTANCE.index, default="") for kind in kinds])


def sign_spans(signs: str, width: int) -> Line:
    """Return signs in the middle of ``width`` cells; where there is no room for all, the most important."""
    kept = sorted(signs, key=BY_IMPORTANCE.index)[:width]
    shown = [it for it in signs if it in kept]
    before = (width - len(shown)) // 2
    blanks = Span(" " * before), Span(" " * (width - len(shown) - before))
    return (blanks[0], *[Span(it, SIGN_STYLES.get(it, "")) for it in shown], blanks[1])


class FiniteArrays:
    """Whether arrays have nothing but numbers in them, each looked through once."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[Array, bool]] = {}

    def has(self, array: Array | None) -> bool:
        """Return whether an array is finite; one that is not there, or is too large to look through, counts as such."""
        if array is None or array.size > MOST_SEARCHED:
            return True
        if not array.ndim:
            return array.dtype.kind != "f" or math.isfinite(array)
        kept = self.kept.get(id(array))
        if kept is not None and kept[0] is array:
            return kept[1]
        if len(self.kept) >= MOST_KEPT:
            self.kept.clear()
        self.kept[id(array)] = array, (is_finite := not non_finite(array))
        return is_finite


@dataclass(frozen=True, eq=False)
class CircuitSigns:
    """What there is to mark at a moment; ``verdicts`` has the signs of verdicts by node."""

    moment: Moment
    verdicts: Mapping[str, str]
    stops: Stops
    remarks: Mapping[Remark, int]
    finite: FiniteArrays

    def of_box(self, names: Iterable[str]) -> NodeSigns:
        """Return the signs at a box that stands for several values; it is right where no node in it is unchecked."""
        inside = list(names)
        signs = combined_signs(map(self.at, inside))
        is_open = signs.verdict == PASS and any(map(self.is_unchecked, inside))
        return signs._replace(verdict="") if is_open else signs

    def is_unchecked(self, name: str) -> bool:
        """Return whether a value is of a node that has a layer, and no verdict yet."""
        graph = self.moment.graph
        node = graph.node(name) if name in graph.slots else None
        if node is None or node.name in self.verdicts:
            return False
        return bool(node.origin) or node.call is None  # what a program's code makes between layers is never checked

    def at(self, name: str) -> NodeSigns:
        """Return the signs at a value."""
        verdict = FAIL if name == self.failed else self.verdicts.get(name, "")
        return NodeSigns(self.stopped.get(name, ""), self.trouble(name), verdict)

    def trouble(self, name: str) -> str:
        """Return the sign for NaN or infinity in a value or its gradient, else for a warning about its node."""
        moment = self.moment
        if not (self.finite.has(moment.value(name)) and self.finite.has(moment.gradient(name))):
            return NON_FINITE
        return CAUTION if name in self.warned else ""

    @cached_property
    def failed(self) -> str | None:
        """The node at which the run ends early."""
        turn = failed_turn(self.moment)
        return turn.name if turn else None

    @cached_property
    def stopped(self) -> Mapping[str, str]:
        """The signs of stops by the node that they are on."""
        return {name: stop_sign(self.stops.on(name)) for name in self.stops.nodes}

    @cached_property
    def warned(self) -> frozenset[str]:
        """The nodes about which there is a warning."""
        return frozenset([remark.node for remark in self.remarks])
