"""Which line of the user's file a finding is about: found by letting backward run once more, watched line by line."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import copies
from bptui.checking.line_watch import Line, LineWatch
from bptui.checking.probe import FaultError, Probe, Visit
from bptui.checking.source_look import Unused, tree_of, unused_names
from layers import Array


@dataclass(frozen=True, eq=False)
class UserLines:
    """The lines of a layer's backward at some inputs; with a dout of 1 what is multiplied by it can be told apart."""

    probe: Probe
    inputs: tuple[Array, ...]
    dout: Array

    @cached_property
    def seen(self) -> tuple[LineWatch, Visit | None, tuple[Any, ...]]:
        """A backward that was watched, the visit that it belongs to, and what it gave; nothing where it broke down."""
        watch = LineWatch()
        try:
            visit = self.probe.visit(copies(self.inputs))
            with watch.watching():
                given = self.probe.backward(visit.layer, self.dout.copy())
        except FaultError:
            return watch, None, ()
        return watch, visit, given

    @cached_property
    def tree(self) -> ast.FunctionDef | None:
        """The user's backward, as Python reads it."""
        code = self.seen[0].code
        return None if code is None else tree_of(code)

    @property
    def last(self) -> Line | None:
        """The last line of backward that ran."""
        return self.seen[0].last

    def of_gradient(self, position: int) -> Line | None:
        """Return the line that makes the gradient of an input."""
        watch, _, given = self.seen
        return watch.line_of(self.kept(given, position)) if position < len(given) else self.last

    def kept(self, given: tuple[Any, ...], position: int) -> Any:
        """Return the very array that backward has made; for what a layer keeps, that on the object itself."""
        result = given[position]
        return np.asarray(result) if isinstance(result, np.ndarray | np.generic) else result

    def of_write(self, position: int) -> Line | None:
        """Return the line of backward that writes into an input."""
        watch, visit, _ = self.seen
        if visit is None:
            return None
        found = [it for it in watch.written.values() if it.line and np.may_share_memory(it.array, visit.given[position])]
        return max(found, key=lambda it: it.moment).line if found else None

    @cached_property
    def unused(self) -> tuple[Unused, ...]:
        """What backward computes and never uses."""
        return tuple(unused_names(self.tree)) if self.tree else ()


def line_that_changes(state: Callable[[], object], work: Callable[[], object]) -> Line | None:
    """Return the first line of the user's after which ``state`` has another answer while ``work`` is done."""
    watch = LineWatch(probe=state)
    with watch.watching():
        work()
    return watch.probed
