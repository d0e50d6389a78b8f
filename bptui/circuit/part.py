"""What stands on a sheet of a circuit: boxes with ports, each knowing which boxes feed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from typing import Literal, TypeAlias

from bptui.core.graph import Use
from bptui.deferred_dataclass import dataclass
from bptui.lines.cell_width import cut_middle

PartKind: TypeAlias = Literal["node", "leaf", "output", "inlet", "outlet"]
"""An output is what a node gives beside the value of its name, fed by that node. An inlet brings in a value whose
own box stands elsewhere; an outlet takes one there."""

Uses: TypeAlias = "tuple[Use, ...]"

SHORT_NAME = 12
"""Cells of a name where names are all that is drawn."""


@dataclass(frozen=True, eq=False)
class Part:
    """One box of a sheet. ``inputs`` are the sheet's parts that feed its ports, top to bottom, by index.

    ``shares`` has, for each port, the uses whose contribution is written there, or None where nothing is.
    ``gradient`` has the uses that the gradient at its output sums up, None for all there are.
    ``after`` are parts that it must stand to the right of, though no wire of theirs reaches it.
    A part that is not ``is_framed`` is its name alone, in one row.
    """

    name: str
    kind: PartKind
    lines: tuple[str, ...]
    inputs: tuple[int, ...] = ()
    shares: Sequence[Uses | None] = ()
    gradient: Uses | None = None
    after: tuple[int, ...] = ()
    is_framed: bool = True

    @cached_property
    def ports(self) -> tuple[int, ...]:
        """The row of each port, from the box's top: one row apart, two where a contribution is written between."""
        heights = (1 if share is None else 2 for share in self.shares)
        return tuple(accumulate(heights, initial=int(self.is_framed)))[:-1]

    @cached_property
    def height(self) -> int:
        """Rows of the box with its border, which the last port's contribution may stand beside."""
        return max(len(self.lines), *self.ports, 1) + 2 if self.is_framed else 1

    @property
    def out(self) -> int:
        """The row from which its value leaves, from the box's top."""
        return (self.height - 1) // 2

    @property
    def text_row(self) -> int:
        """The row of its first line of text, from the box's top."""
        return 1 + (self.height - 2 - len(self.lines)) // 2 if self.is_framed else 0

    @property
    def name_alone(self) -> Part:
        """The part with nothing but its name, and a frame only around a node and its outputs."""
        lines = (cut_middle(self.lines[-1], SHORT_NAME),)
        return replace(self, lines=lines, shares=(None,) * len(self.inputs), is_framed=self.kind in {"node", "output"})
