"""A tape that was read back from records: nothing runs again, and every number is the recorded one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from bptui.core import text
from bptui.core.columns import Iteration, Value, as_optional_array, freeze
from bptui.core.optimizer import Optimizer, optimizers
from bptui.core.schedule import Schedule, Turn
from bptui.core.step import Local
from bptui.core.tape import Tape
from bptui.recording.json_line import DamagedTranscriptError
from bptui.recording.recorded_graph import completed, graph_of
from bptui.recording.records import (
    ActionRecord,
    BackwardRecord,
    EndRecord,
    ForwardRecord,
    HeaderRecord,
    NoteRecord,
    StepRecord,
    UpdateRecord,
)
from layers import Array, Layer, library


class RecordedTape(Tape):
    """The tape of a transcript. It reaches as far as its records; ``schedule`` tells how long the whole run was.

    ``path`` is the file it was read from, ``dropped`` says what of its end was torn and left out.
    """

    def __init__(self, header: HeaderRecord, path: Path | None = None) -> None:
        header = completed(header)
        graph = graph_of(header)
        iterations = header.train["steps"] if header.train else 1
        schedule = Schedule(graph, iterations=iterations, trains=header.train is not None)
        super().__init__(schedule, [header.values[name][()] for name in graph.leaves], None)
        self.header = header
        self.path = path
        self.locals: list[list[Local]] = []
        self.totals: list[Value | None] = []
        self.actions: list[ActionRecord] = []
        self.notes: list[NoteRecord] = []
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

    def add(self, record: StepRecord) -> None:
        """Add the step of a record, which must be the next. Raises TranscriptError."""
        turn = self.next_turn(record)
        if not (turn.number - 1) % self.schedule.length:
            self.begin_iteration()
        with np.errstate(all="ignore"):
            match record:
                case ForwardRecord(out=out):
                    self.iterations[-1].values.append(out[()])
                case BackwardRecord():
                    self.add_backward(turn, record)
                case UpdateRecord():
                    self.add_update(record)
        self.length = turn.number

    def next_turn(self, record: StepRecord) -> Turn:
        """Return whose turn it is, which the record must agree with."""
        number = record.step
        if number != self.length + 1:
            raise DamagedTranscriptError(f"step {number} stands where step {self.length + 1} should")
        if self.is_complete:
            raise DamagedTranscriptError(f"step {number} is more than the run has")
        turn = self.schedule[number]
        recorded = (("iteration", record.iteration), ("pass", record.pass_), ("name", record.name))
        for (field, found), expected in zip(recorded, (turn.iteration, turn.pass_, turn.name), strict=True):
            if found != expected:
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

    def add_backward(self, turn: Turn, record: BackwardRecord) -> None:
        """Add a node's backward, and its contributions to the sums they belong to."""
        columns, graph = self.iterations[-1], self.graph
        node = graph.backward[turn.order]
        slots = graph.edges[node]
        dout = record.dout
        if not turn.order:
            self.dout = self.totals[graph.slots[graph.output]] = dout
        if not is_same(dout, self.totals[len(graph.leaves) + node]):
            raise DamagedTranscriptError("dout is not the sum of the contributions that were recorded")
        check_length("local", record.local, slots)
        check_length("gradients", record.gradients, slots)
        for slot, gradient in zip(slots, record.gradients, strict=True):
            if gradient is not None and np.shape(gradient) != np.shape(columns.values[slot]):
                raise DamagedTranscriptError(
                    f"the gradient of {text.visible(graph.names[slot])} is not of its value's shape"
                )
        self.locals[-1].append(record.local)
        columns.douts.append(dout)
        for slot, gradient in zip(slots, record.gradients, strict=True):
            if gradient is not None:
                total = self.totals[slot]
                self.totals[slot] = gradient[()] if total is None else freeze(total + gradient[()])
            columns.contributions.append(gradient)
            columns.sums.append(self.totals[slot])

    def add_update(self, record: UpdateRecord) -> None:
        """Add a parameter's update."""
        columns = self.iterations[-1]
        slot = self.graph.slots[record.parameter]
        if not is_same(record.gradient, self.totals[slot]):
            raise DamagedTranscriptError("the gradient is not the sum of the contributions that were recorded")
        if not is_same(record.before, columns.values[slot]):
            raise DamagedTranscriptError("before is not the value that was recorded last")
        if record.after.shape != np.shape(columns.values[slot]):
            raise DamagedTranscriptError("after is not of the parameter's shape")
        columns.updates.append(record.after[()])

    def add_end(self, record: EndRecord) -> None:
        """Hold what follows the last step against the steps."""
        if not self.is_complete:
            raise DamagedTranscriptError(f"the end stands after step {self.length} of {len(self.schedule)}")
        if self.has_end:
            raise DamagedTranscriptError("a second end")
        check_end("values", record.values, self.values)
        check_end("gradients", record.gradients, self.gradients)
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


def check_length(field: str, arrays: Local, slots: Sequence[int]) -> None:
    """Refuse arrays that are not one per input."""
    if len(arrays) != len(slots):
        raise DamagedTranscriptError(f"{field} has {len(arrays)} entries for {len(slots)} inputs")


def check_end(field: str, named: Mapping[str, Array | None], known: Mapping[str, Array | None]) -> None:
    """Refuse arrays at the end that are not those of the steps."""
    if named.keys() != known.keys():
        raise DamagedTranscriptError(f"{field} has other names than the graph")
    for name, array in known.items():
        if not is_same(named[name], array):
            raise DamagedTranscriptError(f"{field} has another {text.visible(name)} than the steps")


def is_same(one: Value | None, other: Value | None) -> bool:
    """Return whether two recorded values are equal, NaN to NaN, or both missing."""
    first, second = as_optional_array(one), as_optional_array(other)
    if first is None or second is None:
        return first is second
    return np.array_equal(first, second, equal_nan=first.dtype.kind == second.dtype.kind == "f")
