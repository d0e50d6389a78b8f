"""A tape that was read back from records: nothing runs again, and every number is the recorded one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bptui.core import text
from bptui.core.columns import Iteration, Value, as_optional_array, freeze
from bptui.core.optimizer import Optimizer, optimizers
from bptui.core.order import Pass, Schedule, Turn
from bptui.core.step import Local
from bptui.core.tape import Tape
from bptui.errors import TranscriptError
from bptui.recording.array_record import decode_array
from bptui.recording.header import Header
from bptui.recording.json_line import DamagedTranscriptError, Record, member
from layers import Array, Layer, library


class Action(NamedTuple):
    """A command that took the cursor to step ``at``, ``time`` seconds after recording had started."""

    at: int
    time: float
    verb: str
    arguments: Mapping[str, Any]


class Note(NamedTuple):
    """What a person wrote down at step ``at``, ``time`` seconds after recording had started."""

    at: int
    time: float
    text: str


class RecordedTape(Tape):
    """The tape of a transcript. It reaches as far as its records; ``schedule`` tells how long the whole run was.

    ``path`` is the file it was read from, ``dropped`` says what of its end was torn and left out.
    """

    def __init__(self, header: Header, path: Path | None = None) -> None:
        schedule = Schedule(header.graph, iterations=header.iterations, trains=header.train is not None)
        leaves = [header.values[name][()] for name in header.graph.leaves]
        super().__init__(schedule, leaves, None)
        self.header = header
        self.path = path
        self.locals: list[list[Local]] = []
        self.totals: list[Value | None] = []
        self.actions: list[Action] = []
        self.notes: list[Note] = []
        self.has_end = False
        self.dropped: str | None = None

    @property
    def library(self) -> Mapping[str, type[Layer]]:
        """The built-in layers, but for those in whose place the user's own were run."""
        return {name: layer for name, layer in library.items() if name not in self.header.own_layers}

    @property
    def optimizer(self) -> Optimizer | None:
        """The rule that the header names, with its options."""
        train = self.header.train or {}
        rule = optimizers.get(str(train.get("optimizer")))
        if rule is None:
            return None
        return rule(**{it.name: train[it.name] for it in fields(rule) if isinstance(train.get(it.name), int | float)})

    @property
    def title(self) -> str:
        """The scenario's title, and how far the recording goes where that is not to the end."""
        if self.is_complete:
            return self.header.title
        return f"{self.header.title} (recorded up to step {self.length} of {len(self.schedule)})"

    def add(self, record: Record) -> None:
        """Add the step of a record, which must be the next. Raises TranscriptError."""
        turn = self.next_turn(record)
        if not (turn.number - 1) % self.schedule.length:
            self.begin_iteration()
        with np.errstate(all="ignore"):
            match turn.pass_:
                case Pass.FORWARD:
                    self.iterations[-1].values.append(array_of(record, "out")[()])
                case Pass.BACKWARD:
                    self.add_backward(turn, record)
                case Pass.UPDATE:
                    self.add_update(turn, record)
        self.length = turn.number

    def next_turn(self, record: Record) -> Turn:
        """Return whose turn it is, which the record must agree with."""
        number = member(record, "step", int)
        if number != self.length + 1:
            raise DamagedTranscriptError(f"step {number} stands where step {self.length + 1} should")
        if self.is_complete:
            raise DamagedTranscriptError(f"step {number} is more than the run has")
        turn = self.schedule[number]
        key = "parameter" if turn.pass_ is Pass.UPDATE else "node"
        for field, expected in (("iteration", turn.iteration), ("pass", turn.pass_.value), (key, turn.name)):
            if member(record, field, type(expected)) != expected:
                raise DamagedTranscriptError(f"the {field} of step {number} is not that of the graph's order")
        return turn

    def begin_iteration(self) -> None:
        """Open an iteration with the parameters as the one before has left them."""
        leaves = list(self.leaves)
        if self.iterations:
            first, updates = len(self.graph.inputs), self.iterations[-1].updates
            leaves[first : first + len(updates)] = updates
        self.iterations.append(Iteration(leaves))
        self.locals.append([])
        self.totals = [None] * len(self.graph.names)

    def add_backward(self, turn: Turn, record: Record) -> None:
        """Add a node's backward, and its contributions to the sums they belong to."""
        columns, graph = self.iterations[-1], self.graph
        node = graph.backward[turn.order]
        slots = graph.edges[node]
        dout = optional_array_of(record, "dout")
        if not turn.order:
            self.dout = self.totals[graph.slots[graph.output]] = dout
        if not is_same(dout, self.totals[len(graph.leaves) + node]):
            raise DamagedTranscriptError("dout is not the sum of the contributions that were recorded")
        gradients = arrays_of(record, "gradients", len(slots))
        for slot, gradient in zip(slots, gradients, strict=True):
            if gradient is not None and np.shape(gradient) != np.shape(columns.values[slot]):
                raise DamagedTranscriptError(
                    f"the gradient of {text.visible(graph.names[slot])} is not of its value's shape"
                )
        self.locals[-1].append(arrays_of(record, "local", len(slots)))
        columns.douts.append(dout)
        for slot, gradient in zip(slots, gradients, strict=True):
            if gradient is not None:
                total = self.totals[slot]
                self.totals[slot] = gradient[()] if total is None else freeze(total + gradient[()])
            columns.contributions.append(gradient)
            columns.sums.append(self.totals[slot])

    def add_update(self, turn: Turn, record: Record) -> None:
        """Add a parameter's update."""
        columns = self.iterations[-1]
        slot = self.graph.slots[turn.name]
        gradient = optional_array_of(record, "gradient")
        if not is_same(gradient, self.totals[slot]):
            raise DamagedTranscriptError("the gradient is not the sum of the contributions that were recorded")
        if not is_same(array_of(record, "before"), columns.values[slot]):
            raise DamagedTranscriptError("before is not the value that was recorded last")
        after = array_of(record, "after")
        if after.shape != np.shape(columns.values[slot]):
            raise DamagedTranscriptError("after is not of the parameter's shape")
        columns.updates.append(after[()])

    def add_end(self, record: Record) -> None:
        """Hold what follows the last step against the steps."""
        if not self.is_complete:
            raise DamagedTranscriptError(f"the end stands after step {self.length} of {len(self.schedule)}")
        if self.has_end:
            raise DamagedTranscriptError("a second end")
        for field, known in (("values", self.values), ("gradients", self.gradients)):
            named = member(record, field, dict)
            if named.keys() != known.keys():
                raise DamagedTranscriptError(f"{field} has other names than the graph")
            for name, array in known.items():
                if not is_same(optional_array(named[name]), array):
                    raise DamagedTranscriptError(f"{field} has another {text.visible(name)} than the steps")
        self.has_end = True

    def local(self, iteration: int, node: int) -> Local:
        """Return what was recorded; None for each input where the backward is not in the recording."""
        order = self.schedule.backward_orders[node]
        if order is None or order >= len(self.locals[iteration]):
            return (None,) * len(self.graph.edges[node])
        return self.locals[iteration][order]

    def kept(self, iteration: int, node: int) -> Mapping[str, Any]:  # noqa: ARG002
        """Return nothing: what layers keep on themselves is not recorded."""
        return {}


def array_of(record: Record, key: str) -> Array:
    """Return a record's array."""
    return decode_array(record.get(key))


def optional_array_of(record: Record, key: str) -> Array | None:
    """Return a record's array, or None for the null that must then stand there."""
    if key not in record:
        raise TranscriptError(f"a step of the recording has no {key!r}")
    return optional_array(record[key])


def optional_array(record: object) -> Array | None:
    """Return the array of a record, or None for null."""
    return None if record is None else decode_array(record)


def arrays_of(record: Record, key: str, count: int) -> Local:
    """Return a record's ``count`` arrays, one per input."""
    listed: Sequence[object] = member(record, key, list)
    if len(listed) != count:
        raise DamagedTranscriptError(f"{key} has {len(listed)} entries for {count} inputs")
    return tuple(map(optional_array, listed))


def is_same(one: Value | None, other: Value | None) -> bool:
    """Return whether two recorded values are equal, NaN to NaN, or both missing."""
    first, second = as_optional_array(one), as_optional_array(other)
    if first is None or second is None:
        return first is second
    return np.array_equal(first, second, equal_nan=first.dtype.kind == second.dtype.kind == "f")
