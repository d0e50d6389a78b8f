"""What a watched program has to say, as records: its graphs as they change, its steps, and what it has printed."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bptui.core.columns import Value, as_array
from bptui.core.graph import Graph
from bptui.core.order import Order
from bptui.core.program import Program, WatchedProgram
from bptui.core.tape import Tape
from bptui.recording.json_line import FORMAT
from bptui.recording.machine import machine_fingerprint
from bptui.recording.records import (
    GraphRecord,
    HeaderRecord,
    OutputRecord,
    ProgramRecord,
    Record,
)
from bptui.recording.run_records import end_record, node_record, place_record, step_record, train_options
from bptui.version import __version__


class ProgramRecords:
    """What a recorder writes of a program that was watched."""

    def __init__(self, watched: WatchedProgram) -> None:
        self.watched = watched
        self.pieces = list(watched.pieces)

    @property
    def tape(self) -> Tape:
        """What was seen."""
        return self.watched.tape

    @property
    def path(self) -> Path:
        """The file that is never recorded to."""
        return self.watched.program.path

    def skip_printed(self, characters: int) -> None:
        """Leave out so much of the beginning of what the program has printed: it is written already."""
        kept = []
        for at, text in self.pieces:
            if rest := text[characters:]:
                kept.append((at, rest))
            characters = max(0, characters - len(text))
        self.pieces = kept

    def header(self) -> HeaderRecord:
        """Return the record that comes first."""
        return program_header(self.watched.program, self.tape)

    def of_step(self, number: int) -> Iterator[Record]:
        """Yield the records of a step, after those of what was printed before it, and of its graph if that is new."""
        yield from (OutputRecord(at, text) for at, text in self.pieces if at == number - 1)
        yield from records_of_step(self.tape, number)

    def at_end(self) -> Iterator[Record]:
        """Yield the records that follow the last step; a program that has failed has no end."""
        yield from (OutputRecord(at, text) for at, text in self.pieces if at >= len(self.tape))
        if self.tape.failure is None:
            yield end_record(self.tape)


class ProgramBranchRecords:
    """What a recorder writes of a branch of a program: the steps from its edit on."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def of_step(self, number: int) -> Iterator[Record]:
        """Yield the record of a step."""
        yield step_record(self.tape.step(number))

    def at_end(self) -> Iterator[Record]:
        """Yield the record that follows the last step."""
        yield end_record(self.tape)


def program_records(watched: WatchedProgram) -> Iterator[Record]:
    """Yield the records of a program that is over; of one that has failed, those so far."""
    source = ProgramRecords(watched)
    yield source.header()
    for number in range(1, len(source.tape) + 1):
        yield from source.of_step(number)
    yield from source.at_end()


def program_header(program: Program, tape: Tape) -> HeaderRecord:
    """Return the record that comes first: the graph in it is that of the first iteration."""
    graph = tape.order.passes(0).graph
    values = leaf_values(graph, tape.iterations[0].values) if tape.iterations else {}
    return HeaderRecord(
        bptui=FORMAT,
        title=program.title,
        program=ProgramRecord(program.called or str(program.path), program.text, program.arguments),
        dtype="float64",
        seed=0,
        output=graph.output,
        values=values,
        nodes=tuple(map(node_record, graph.nodes)),
        versions={"bptui": __version__, "numpy": np.__version__, "python": platform.python_version()},
        machine=machine_fingerprint(),
        inputs=graph.inputs,
        parameters=graph.parameters,
        train=train_options(tape.optimizer, tape.order.iterations) if tape.optimizer else None,
        own_layers=own_layers(tape.order),
    )


def own_layers(order: Order) -> tuple[str, ...]:
    """Return the names of the layers that are the person's own."""
    graphs = (order.passes(iteration).graph for iteration in range(order.iterations))
    return tuple(sorted({node.layer for graph in graphs for node in graph.nodes if node.origin}))


def records_of_step(tape: Tape, number: int) -> Iterator[Record]:
    """Yield the record of a step, and before it that of the graph, where the step begins an iteration with another."""
    iteration = tape.order.iteration_of(number)
    if number == tape.order.start(iteration) + 1 and is_graph_new(tape, iteration):
        yield graph_record(tape.order.passes(iteration).graph, tape.iterations[iteration].values)
    yield step_record(tape.step(number))


def is_graph_new(tape: Tape, iteration: int) -> bool:
    """Return whether an iteration (from 0) has another graph than the one before, or starts from other leaves."""
    if not iteration:
        return True
    now, before = tape.order.passes(iteration).graph, tape.order.passes(iteration - 1).graph
    if node_records(now) != node_records(before) or (now.leaves, now.output) != (before.leaves, before.output):
        return True
    left = tape.leaves_after(iteration - 1)
    leaves = tape.iterations[iteration].values[: len(now.leaves)]
    return not all(one is other or np.array_equal(one, other) for one, other in zip(leaves, left, strict=True))


def node_records(graph: Graph) -> list[object]:
    """Return what there is to compare of a graph's nodes."""
    return [(it.name, it.layer, it.inputs, dict(it.options), it.outputs, it.call, it.group) for it in graph.nodes]


def graph_record(graph: Graph, values: Sequence[Value]) -> GraphRecord:
    """Return the record of a graph, with its leaves."""
    return GraphRecord(
        tuple(map(node_record, graph.nodes)),
        leaf_values(graph, values),
        graph.output,
        graph.inputs,
        graph.parameters,
        {name: place_record(where) for name, where in graph.computed.items()},
    )


def leaf_values(graph: Graph, values: Sequence[Value]) -> dict[str, np.ndarray]:
    """Return the leaves of a graph by name."""
    return {name: as_array(value) for name, value in zip(graph.leaves, values, strict=False)}
