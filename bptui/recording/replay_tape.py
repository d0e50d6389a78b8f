"""A tape that was read back from records: nothing runs again, and every number is the recorded one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bptui.core import text
from bptui.core.columns import Value, as_optional_array
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


class RecordedLocals:
    """The revisit of a recording: the local derivatives by iteration and backward step. Nothing runs again."""

    def __init__(self) -> None:
        self.iterations: list[list[Local]] = []

    def local(self, tape: Tape, iteration: int, node: int) -> Local:
        """Return what was recorded; None for each input where the backward is not in the recording."""
        passes = tape.order.passes(iteration)
        rank = passes.backward_ranks[node]
        if rank is None or rank >= len(self.iterations[iteration]):
            return (None,) * len(passes.graph.edges[node])
        return self.iterations[iteration][rank]

    def kept(self, tape: Tape, iteration: int, node: int) -> Mapping[str, Any]:  # noqa: ARG002
        """Return nothing: what layers keep on themselves is not recorded."""
        return {}


class Recording:
    """A transcript: its ``tape``, which reaches as far as its records, and what a person did and wrote.

    ``path`` is the file it was read from, ``dropped`` says what of its end was torn and left out.
    """

    def __init__(self, header: Header, path: Path | None = None) -> None:
        self.header = header
        self.path = path
        self.locals = RecordedLocals()
        self.tape = Tape(
            Schedule(header.graph, iterations=header.iterations, trains=header.train is not None),
            [header.values[name][()] for name in header.graph.leaves],
            library=known_layers(header),
            optimizer=read_optimizer(header),
            revisit=self.locals,
        )
        self.actions: list[Action] = []
        self.notes: list[Note] = []
        self.has_end = False
        self.dropped: str | None = None

    @property
    def title(self) -> str:
        """The scenario's title, and how far the recording goes where that is not to the end."""
        if self.tape.is_complete:
            return self.header.title
        return f"{self.header.title} (recorded up to step {len(self.tape)} of {len(self.tape.order)})"

    def add(self, record: Record) -> None:
        """Add the step of a record, which must be the next. Raises TranscriptError."""
        turn = self.next_turn(record)
        if len(self.tape) == self.tape.order.start(len(self.tape.iterations)):
            self.tape.begin_iteration()
            self.locals.iterations.append([])
        with np.errstate(all="ignore"):
            match turn.pass_:
                case Pass.FORWARD:
                    self.tape.add_forward(array_of(record, "out")[()])
                case Pass.BACKWARD:
                    self.add_backward(turn, record)
                case Pass.UPDATE:
                    self.add_update(turn, record)

    def next_turn(self, record: Record) -> Turn:
        """Return whose turn it is, which the record must agree with."""
        number, expected_number = member(record, "step", int), len(self.tape) + 1
        if number != expected_number:
            raise DamagedTranscriptError(f"step {number} stands where step {expected_number} should")
        if self.tape.is_complete:
            raise DamagedTranscriptError(f"step {number} is more than the run has")
        turn = self.tape.order[number]
        key = "parameter" if turn.pass_ is Pass.UPDATE else "node"
        for field, expected in (("iteration", turn.iteration), ("pass", turn.pass_.value), (key, turn.name)):
            if member(record, field, type(expected)) != expected:
                raise DamagedTranscriptError(f"the {field} of step {number} is not that of the graph's order")
        return turn

    def add_backward(self, turn: Turn, record: Record) -> None:
        """Add a node's backward, and its contributions to the sums they belong to."""
        columns, graph = self.tape.iterations[-1], self.tape.graph
        node = self.tape.passes.backward[turn.rank]
        slots = graph.edges[node]
        dout = optional_array_of(record, "dout")
        if not turn.rank:
            self.tape.begin_backward(dout)
        if not is_same(dout, self.tape.arriving(node)):
            raise DamagedTranscriptError("dout is not the sum of the contributions that were recorded")
        gradients = arrays_of(record, "gradients", len(slots))
        for slot, gradient in zip(slots, gradients, strict=True):
            if gradient is not None and np.shape(gradient) != np.shape(columns.values[slot]):
                raise DamagedTranscriptError(
                    f"the gradient of {text.visible(graph.names[slot])} is not of its value's shape"
                )
        self.locals.iterations[-1].append(arrays_of(record, "local", len(slots)))
        self.tape.add_backward(dout, [None if it is None else it[()] for it in gradients])

    def add_update(self, turn: Turn, record: Record) -> None:
        """Add a parameter's update."""
        columns = self.tape.iterations[-1]
        slot = self.tape.graph.slots[turn.name]
        gradient = optional_array_of(record, "gradient")
        if not is_same(gradient, columns.totals[slot]):
            raise DamagedTranscriptError("the gradient is not the sum of the contributions that were recorded")
        if not is_same(array_of(record, "before"), columns.values[slot]):
            raise DamagedTranscriptError("before is not the value that was recorded last")
        after = array_of(record, "after")
        if after.shape != np.shape(columns.values[slot]):
            raise DamagedTranscriptError("after is not of the parameter's shape")
        self.tape.add_update(after[()])

    def add_end(self, record: Record) -> None:
        """Hold what follows the last step against the steps."""
        if not self.tape.is_complete:
            raise DamagedTranscriptError(f"the end stands after step {len(self.tape)} of {len(self.tape.order)}")
        if self.has_end:
            raise DamagedTranscriptError("a second end")
        for field, known in (("values", self.tape.values), ("gradients", self.tape.gradients)):
            named = member(record, field, dict)
            if named.keys() != known.keys():
                raise DamagedTranscriptError(f"{field} has other names than the graph")
            for name, array in known.items():
                if not is_same(optional_array(named[name]), array):
                    raise DamagedTranscriptError(f"{field} has another {text.visible(name)} than the steps")
        self.has_end = True


def known_layers(header: Header) -> Mapping[str, type[Layer]]:
    """Return the built-in layers, but for those in whose place the user's own were run."""
    return {name: layer for name, layer in library.items() if name not in header.own_layers}


def read_optimizer(header: Header) -> Optimizer | None:
    """Return the rule that the header names, with its options."""
    train = header.train or {}
    rule = optimizers.get(str(train.get("optimizer")))
    if rule is None:
        return None
    return rule(**{it.name: train[it.name] for it in fields(rule) if isinstance(train.get(it.name), int | float)})


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
