"""Which line of the user's file a finding is about: backward runs once more, watched line by line."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import copies
from bptui.checking.fault import FaultError
from bptui.checking.function_source import Unused, tree_of, unused_names
from bptui.checking.line_watch import LineWatch
from bptui.checking.probe import Probe, Visit
from bptui.checking.repair.user_function import UserFunction, functions_of
from bptui.errors import Location
from layers import Array

EDITING, A_LINE, ELEMENTS = 600, 3, 100
"""What it costs to exchange a function's code, a line that runs, and how many elements cost as little as one unit."""


@dataclass(frozen=True, eq=False)
class UserLines:
    """The lines of a layer at some inputs; with a dout of 1 what backward multiplies by it can be told apart."""

    probe: Probe
    inputs: tuple[Array, ...]
    dout: Array

    @cached_property
    def forward(self) -> LineWatch:
        """What watches forward."""
        return LineWatch()

    @cached_property
    def seen(self) -> tuple[LineWatch, Visit | None, tuple[Any, ...]]:
        """A backward that was watched, the visit that it belongs to, and what it gave; nothing where it broke down."""
        watch = LineWatch()
        try:
            with self.forward.watching():
                visit = self.probe.visit(copies(self.inputs))
            with watch.watching():
                given = self.probe.backward(visit.layer, self.dout.copy())
        except FaultError:
            return watch, None, ()
        if not watch.codes:  # forward itself works out the gradient, as loss functions do that return both
            return self.forward, visit, given
        return watch, visit, given

    @cached_property
    def cost(self) -> int:
        """What it costs to change the code and go through the layer once, roughly in microseconds: by counting."""
        lines = self.seen[0].events + self.forward.events
        elements = sum(x.size for x in self.inputs) + self.dout.size
        return EDITING + lines * A_LINE + elements // ELEMENTS

    @cached_property
    def functions(self) -> list[UserFunction]:
        """The user's functions that made the gradients, and can be edited."""
        return functions_of(self.seen[0].codes)

    @cached_property
    def forward_functions(self) -> list[UserFunction]:
        """The user's functions that made the value, and can be edited."""
        _ = self.seen
        return functions_of(self.forward.codes)

    @cached_property
    def trees(self) -> tuple[ast.FunctionDef, ...]:
        """The user's backward, and the functions of the user's that it calls, as Python reads them."""
        found = (tree_of(code) for code in self.seen[0].codes)
        return tuple([it for it in found if it is not None])

    @property
    def last(self) -> Location | None:
        """The last line of backward that ran."""
        return self.seen[0].last

    def of_gradient(self, position: int) -> Location | None:
        """Return the line that makes the gradient of an input."""
        watch, _, given = self.seen
        last = None if self.probe.subject.is_held(position) else watch.last  # what is kept is not made by a return
        return watch.line_of(self.kept(given, position), last) if position < len(given) else last

    def kept(self, given: tuple[Any, ...], position: int) -> Any:
        """Return the very array that backward has made; for what a layer keeps, that on the object itself."""
        result = given[position]
        return np.asarray(result) if isinstance(result, np.ndarray | np.generic) else result

    def of_write(self, position: int) -> Location | None:
        """Return the line that writes into an input, in forward or in backward."""
        watch, visit, _ = self.seen
        if visit is None:
            return None
        return last_write(self.forward, visit.given[position]) or last_write(watch, visit.given[position])

    @cached_property
    def unused(self) -> tuple[Unused, ...]:
        """What backward itself computes and never uses."""
        return tuple(unused_names(self.trees[0])) if self.trees else ()


def last_write(watch: LineWatch, given: Any) -> Location | None:
    """Return the line that last wrote into what a layer was given, None where none did."""
    lines = [it for it in watch.written.values() if it.line]
    found = [it for it in lines if np.may_share_memory(it.array, given)]
    found = found or [it for it in lines if np.array_equal(it.array, given)]
    return max(found, key=lambda it: it.moment).line if found else None
