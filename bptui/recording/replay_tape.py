"""A tape that was read back from records: nothing runs again, and every number is the recorded one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from bptui.core import text
from bptui.core.columns import Dout, Value, as_optional_array
from bptui.core.edit import MAIN
from bptui.core.optimizer import Optimizer, optimizers
from bptui.core.order import Schedule, Turn
from bptui.core.revisit import Curve, Revisit
from bptui.core.step import Local
from bptui.core.tape import Tape
from bptui.errors import TranscriptError, reason_of
from bptui.recording.json_line import DamagedTranscriptError
from bptui.recording.layer_curve import curve_over
from bptui.recording.recorded_graph import completed, graph_of
from bptui.recording.records import (
    ActionRecord,
    BackwardRecord,
    CurveRecord,
    EndRecord,
    ForwardRecord,
    HeaderRecord,
    NoteRecord,
    StepRecord,
    UpdateRecord,
    VerdictRecord,
)
from layers import Array, library


class RecordedLocals:
    """The revisit of a recording: the local derivatives by iteration and backward step. Nothing runs again.

    ``curves`` are those of the user's own layers, by node, where they were recorded.
    """

    def __init__(self) -> None:
        self.iterations: list[list[Local]] = []
        self.curves: dict[int, CurveRecord] = {}

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

    def curve(self, tape: Tape, iteration: int, node: int, place: int, x: Array) -> Curve | None:
        """Return the recorded curve over ``x``; its first value and the slope there are those of the recorded steps."""
        record, local = self.curves.get(node), self.local(tape, iteration, node)[place]
        given = np.asarray(tape.inputs(iteration, node)[place])
        found = np.flatnonzero(given == x[0])
        if record is None or record.place != place or local is None or local.shape != given.shape or not found.size:
            return None
        graph = tape.order.passes(iteration).graph
        out = np.asarray(tape.iterations[iteration].values[graph.slot_of(node)])
        if out.shape != given.shape:
            return None
        at = int(found[0])
        return curve_over(record, x, out.reshape(-1)[at], float(local.reshape(-1)[at]))


class Recording:
    """A transcript: its ``tape``, which reaches as far as its records, and what a person did and wrote.

    ``path`` is the file it was read from, ``dropped`` says what of its end was torn and left out.
    ``branches`` are those that forked from it, by the names that they began with; ``labels`` are what they are called
    in the end, of those that were not dropped, and ``current`` is the one that the records are about.
    ``verdicts`` are those on this branch's nodes, in the order in which they were reached.
    ``pieces`` are what a program has printed, each after a step. ``arrays`` are the large ones, by their digests.
    """

    def __init__(self, header: HeaderRecord, path: Path | None = None) -> None:
        self.header = completed(header)
        self.path = path
        self.locals = RecordedLocals()
        self.tape = tape_of_header(self.header, self.locals)
        self.actions: list[ActionRecord] = []
        self.notes: list[NoteRecord] = []
        self.verdicts: list[VerdictRecord] = []
        self.pieces: list[tuple[int, str]] = []
        self.arrays: dict[str, Array] = {}
        self.has_end = False
        self.dropped: str | None = None
        self.branches: dict[str, Recording] = {}
        self.labels = {MAIN: MAIN}
        self.current = MAIN
        self.parent = MAIN

    @property
    def title(self) -> str:
        """The scenario's title, and how far the recording goes where that is not to the end."""
        if self.tape.is_complete:
            return self.header.title
        return f"{self.header.title} (recorded up to step {len(self.tape)} of {len(self.tape.order)})"

    def add(self, record: StepRecord) -> None:
        """Add the step of a record, which must be the next. Raises TranscriptError."""
        turn = self.next_turn(record)
        if len(self.tape) == self.tape.order.start(len(self.tape.iterations)):
            self.tape.begin_iteration()
            self.locals.iterations.append([])
        with np.errstate(all="ignore"):
            match record:
                case ForwardRecord():
                    self.add_forward(turn, record)
                case BackwardRecord():
                    self.add_backward(turn, record)
                case UpdateRecord():
                    self.add_update(record)

    def next_turn(self, record: StepRecord) -> Turn:
        """Return whose turn it is. Raises DamagedTranscriptError where the record does not agree with that."""
        number, following = record.step, len(self.tape) + 1
        if number != following:
            raise DamagedTranscriptError(f"step {number} stands where step {following} should")
        if self.tape.is_complete:
            raise DamagedTranscriptError(f"step {number} is more than the run has")
        turn = self.tape.order[number]
        recorded = (("iteration", record.iteration), ("pass", record.pass_), ("name", record.name))
        for (field, found), expected in zip(recorded, (turn.iteration, turn.pass_, turn.name), strict=True):
            if found != expected:
                raise DamagedTranscriptError(f"the {field} of step {number} is not that of the graph's order")
        return turn

    def add_forward(self, turn: Turn, record: ForwardRecord) -> None:
        """Add a node's forward."""
        check_length("outs", record.outs, self.tape.graph.nodes[turn.rank].outputs, "outputs")
        self.keep_curve(turn.rank, record.curve)
        self.tape.add_forward(*(it[()] for it in record.outs))

    def add_backward(self, turn: Turn, record: BackwardRecord) -> None:
        """Add a node's backward, and its contributions to the sums they belong to.

        Raises DamagedTranscriptError where the record contradicts them.
        """
        columns, graph = self.tape.iterations[-1], self.tape.graph
        node = self.tape.passes.backward[turn.rank]
        slots = graph.edges[node]
        check_length("douts", record.douts, graph.nodes[node].outputs, "outputs")
        self.keep_curve(node, record.curve)
        if not turn.rank:
            self.tape.begin_backward(record.douts[graph.nodes[node].outputs.index(graph.output)])
        dout = self.dout_at(node, record)
        check_length("local", record.local, slots)
        check_length("gradients", record.gradients, slots)
        for slot, gradient in zip(slots, record.gradients, strict=True):
            if gradient is not None and np.shape(gradient) != np.shape(columns.values[slot]):
                raise DamagedTranscriptError(
                    f"the gradient of {text.visible(graph.names[slot])} is not of its value's shape"
                )
        self.locals.iterations[-1].append(record.local)
        self.tape.add_backward(dout, [None if it is None else it[()] for it in record.gradients])

    def dout_at(self, node: int, record: BackwardRecord) -> Dout:
        """Return what arrives at a node. Raises DamagedTranscriptError where the record contradicts that."""
        dout = self.tape.arriving(node)
        arriving = dout if isinstance(dout, tuple) else (dout,) * len(record.douts)
        if not all(map(is_same, record.douts, arriving)):
            raise DamagedTranscriptError("dout is not the sum of the contributions that were recorded")
        return dout

    def keep_curve(self, node: int, curve: CurveRecord | None) -> None:
        """Keep a node's curve. Raises DamagedTranscriptError where it is not one."""
        if curve is None:
            return
        is_curve = curve.between.shape == (2,) and curve.values.ndim == 1 and curve.values.size > 1
        if not is_curve or not curve.between[0] < curve.between[1]:
            raise DamagedTranscriptError("the curve has no values between two inputs")
        self.locals.curves[node] = curve

    def add_update(self, record: UpdateRecord) -> None:
        """Add a parameter's update. Raises DamagedTranscriptError where it contradicts the steps before."""
        columns = self.tape.iterations[-1]
        slot = self.tape.graph.slots[record.parameter]
        if not is_same(record.gradient, columns.totals[slot]):
            raise DamagedTranscriptError("the gradient is not the sum of the contributions that were recorded")
        if not is_same(record.before, columns.values[slot]):
            raise DamagedTranscriptError("before is not the value that was recorded last")
        if record.after.shape != np.shape(columns.values[slot]):
            raise DamagedTranscriptError("after is not of the parameter's shape")
        self.tape.add_update(record.after[()])

    def add_end(self, record: EndRecord) -> None:
        """Take note of the end. Raises DamagedTranscriptError where it contradicts the steps."""
        if not self.tape.is_complete:
            raise DamagedTranscriptError(f"the end stands after step {len(self.tape)} of {len(self.tape.order)}")
        if self.has_end:
            raise DamagedTranscriptError("a second end")
        check_end("values", record.values, self.tape.values)
        check_end("gradients", record.gradients, self.tape.gradients)
        self.has_end = True


def tape_of_header(header: HeaderRecord, revisit: Revisit) -> Tape:
    """Return a recording's tape without steps."""
    graph = graph_of(header)
    iterations = header.train["steps"] if header.train else 1
    return Tape(
        Schedule(graph, iterations=iterations, trains=header.train is not None),
        [header.values[name][()] for name in graph.leaves],
        library={name: layer for name, layer in library.items() if name not in header.own_layers},
        optimizer=read_optimizer(header),
        revisit=revisit,
    )


def read_optimizer(header: HeaderRecord) -> Optimizer | None:
    """Return the rule that a header names, with its options. Raises TranscriptError for one that it cannot have."""
    train = header.train or {}
    rule = optimizers.get(str(train.get("optimizer")))
    if rule is None:
        return None
    options = {it.name: train[it.name] for it in fields(rule) if isinstance(train.get(it.name), int | float)}
    try:
        return rule(**options)
    except ValueError as error:
        raise TranscriptError(f"train: {reason_of(error)}") from None


def check_length(field: str, arrays: Local, values: Sequence[object], what: str = "inputs") -> None:
    """Raise DamagedTranscriptError for arrays that are not one per input, or per output."""
    if len(arrays) != len(values):
        raise DamagedTranscriptError(f"{field} has {len(arrays)} entries for {len(values)} {what}")


def check_end(field: str, named: Mapping[str, Array | None], known: Mapping[str, Array | None]) -> None:
    """Raise DamagedTranscriptError for arrays at the end that are not those of the steps."""
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
