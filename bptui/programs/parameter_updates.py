"""The updates of a watched program's parameters, seen by what these are when they are used the next time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from bptui.core.order import RecordedOrder
from bptui.core.tape import Tape
from bptui.errors import Location
from bptui.programs.event import ChangedAt, FinalArray
from bptui.programs.pass_graph import WatchedPass
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.seen_values import SeenValue
from bptui.programs.update_rules import ParameterChange, RuleSearch, learning_rate_of
from layers import Array


class ParameterUpdates:
    """Adds the updates of the latest iteration to ``tape`` when the next begins, or watching ends."""

    def __init__(self, tape: Tape, order: RecordedOrder, facts: ProgramFacts) -> None:
        self.tape = tape
        self.order = order
        self.facts = facts
        self.now: dict[str, SeenValue] = {}
        self.spots: dict[tuple[int, str], str] = {}
        self.search = RuleSearch()
        self.lines: dict[tuple[int, str], Location] = {}
        self.latest: dict[str, Array] = {}
        self.owners: dict[str, int] = {}

    def add_before(self, watched: WatchedPass) -> None:
        """Add the updates that the leaves of the next iteration show, and remember those."""
        parameters = {leaf.name: leaf.value for leaf in watched.leaves if leaf.kind == "parameter"}
        owners = owners_of_held(watched)
        self.add({name: it for name, it in parameters.items() if not self.is_another(name, it, owners.get(name))})
        self.now, self.owners = parameters, owners
        for node in watched.nodes:
            if node.call:
                names = node.node.inputs[len(node.arguments) :]
                self.spots |= {(node.call.owner, spot): name for spot, name in zip(node.held, names, strict=True)}

    def is_another(self, name: str, value: SeenValue, owner: int | None) -> bool:
        """Return whether a value is that of another network, which has a parameter of the same name.

        It is another array on another object; where objects are made anew for each iteration, it has come of the one
        before by its gradient.
        """
        before, holder = self.now.get(name), self.owners.get(name)
        if before is None or owner is None or holder in (None, owner) or before.event.token == value.event.token:
            return False
        gradient = self.gradient_of(name)
        if gradient is None or before.array.shape != value.array.shape:
            return True
        return learning_rate_of(ParameterChange(before.array, value.array, gradient, None)) is None

    def gradient_of(self, name: str) -> Array | None:
        """Return the gradient of a value of the latest iteration, None where there is none."""
        columns, graph = self.tape.iterations[-1], self.order.graph
        gradient = columns.totals[graph.slots[name]] if columns.totals and name in graph.slots else None
        return None if gradient is None else np.asarray(gradient)

    def note_lines(self, changes: Iterable[ChangedAt]) -> None:
        """Take note of the lines that have changed parameters after the latest iteration."""
        self.lines = {(it.owner, it.spot): Location(self.facts.shown(it.file), it.line) for it in changes}

    def add_final(self, final: Sequence[FinalArray]) -> None:
        """Add the updates that what the objects hold in the end shows."""
        names = {(0, name): name for name in self.now} | self.spots
        values = {names[it.owner, it.spot]: it.value for it in final if (it.owner, it.spot) in names}
        self.add({name: self.facts.values[number] for name, number in values.items()})

    def add(self, parameters: dict[str, SeenValue]) -> None:
        """Add an update of each parameter that is another than it was, with the line that has changed it."""
        names = {(0, name): name for name in self.now} | self.spots
        lines = {names[key]: where for key, where in self.lines.items() if key in names}
        for name, value in parameters.items():
            before = self.now.get(name)
            if before is None or before.equals(value) or before.array.shape != value.array.shape:
                continue
            self.note_change(name, before, value)
            self.order.add_update(name, lines.get(name))
            self.tape.add_update(value.recorded)
        self.tape.optimizer = self.search.rule

    def note_change(self, name: str, before: SeenValue, after: SeenValue) -> None:
        """Take note of an update, as far as it can tell of the rule."""
        gradient = self.gradient_of(name)
        if gradient is None:
            return
        change = ParameterChange(before.array, after.array, gradient, self.latest.get(name))
        self.latest[name] = change.difference
        self.search.add(change)


def owners_of_held(watched: WatchedPass) -> dict[str, int]:
    """Return what stands for the object that holds each parameter of a pass."""
    found: dict[str, int] = {}
    for node in watched.nodes:
        if node.call:
            found |= dict.fromkeys(node.node.inputs[len(node.arguments) :], node.call.owner)
    return found
