"""A transcript of a program, read back: its order grows with the records, and each iteration may have its own graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bptui.core.columns import Value
from bptui.core.graph import Graph
from bptui.core.order import RecordedOrder
from bptui.core.tape import Tape
from bptui.recording.json_line import DamagedTranscriptError
from bptui.recording.recorded_graph import graph_in_record, graph_of
from bptui.recording.records import (
    BackwardRecord,
    EndRecord,
    ForwardRecord,
    GraphRecord,
    HeaderRecord,
    OutputRecord,
    StepRecord,
    UpdateRecord,
    as_where,
)
from bptui.recording.replay_tape import Recording, check_length, is_same, read_optimizer
from layers import library


class ProgramRecording(Recording):
    """A program's transcript."""

    def __init__(self, header: HeaderRecord, path: Path | None = None) -> None:
        super().__init__(header, path)
        self.order = RecordedOrder(graph_of(self.header))
        self.tape = Tape(
            self.order,
            [header.values[name][()] for name in self.order.graph.leaves],
            library={name: layer for name, layer in library.items() if name not in header.own_layers},
            optimizer=read_optimizer(header),
            revisit=self.locals,
        )
        self.next_graph: tuple[Graph, list[Value]] | None = None
        self.tape.is_cut = True

    @property
    def title(self) -> str:
        steps = len(self.tape)
        return f"{self.header.title} (recorded up to step {steps})" if self.tape.is_cut else self.header.title

    def add_end(self, record: EndRecord) -> None:
        super().add_end(record)
        self.tape.is_cut = False

    def add_graph(self, record: GraphRecord) -> None:
        """Take note of the graph of the next iteration. Raises TranscriptError where it is not one."""
        graph = graph_in_record(record)
        self.next_graph = graph, [record.values[name][()] for name in graph.leaves]

    def add_output(self, record: OutputRecord) -> None:
        """Take note of what the program has printed."""
        self.pieces.append((record.at, record.text))

    def add(self, record: StepRecord) -> None:
        if record.step != len(self.tape) + 1:
            raise DamagedTranscriptError(f"step {record.step} stands where step {len(self.tape) + 1} should")
        if record.iteration == len(self.tape.iterations) + 1:
            self.begin_iteration()
        if record.iteration != len(self.tape.iterations):
            raise DamagedTranscriptError(f"the iteration of step {record.step} is not the one that it is in")
        with np.errstate(all="ignore"):
            match record:
                case ForwardRecord():
                    self.add_forward(self.next_turn(record), record)
                case BackwardRecord():
                    self.add_program_backward(record)
                case UpdateRecord():
                    self.add_program_update(record)

    def begin_iteration(self) -> None:
        """Begin an iteration: with the graph that was recorded for it, or as the one before has left it."""
        leaves = None
        if self.next_graph is not None:
            graph, leaves = self.next_graph
            self.next_graph = None
        else:
            graph = self.tape.graph
        if self.tape.iterations:
            self.order.begin_iteration(graph)
        else:
            self.order.graph, self.order.latest = graph, None
        self.tape.begin_iteration(leaves)
        self.locals.iterations.append([])

    def add_program_backward(self, record: BackwardRecord) -> None:
        """Add a node's backward: what the program has handed to it, and what came back."""
        graph = self.tape.graph
        node = graph.node_index(record.node) if record.node in graph.slots else None
        if node is None:
            raise DamagedTranscriptError(f"the name of step {record.step} is not a node's")
        slots = graph.edges[node]
        check_length("douts", record.douts, graph.nodes[node].outputs, "outputs")
        check_length("local", record.local, slots)
        check_length("gradients", record.gradients, slots)
        if not self.order.backward:
            outputs = graph.nodes[node].outputs
            self.tape.begin_backward(record.douts[outputs.index(graph.output)] if graph.output in outputs else None)
        self.order.add_backward(node, as_where(record.call))
        self.locals.iterations[-1].append(record.local)
        douts = [None if it is None else it[()] for it in record.douts]
        gradients = [None if it is None else it[()] for it in record.gradients]
        self.tape.add_backward(douts[0] if len(douts) == 1 else tuple(douts), gradients)

    def add_program_update(self, record: UpdateRecord) -> None:
        """Add a parameter's update. Raises DamagedTranscriptError where it contradicts the steps before."""
        graph = self.tape.graph
        if not graph.is_leaf(record.parameter) or record.parameter in self.order.updated:
            raise DamagedTranscriptError(f"the name of step {record.step} is not a parameter's")
        if not is_same(record.before, self.tape.iterations[-1].values[graph.slots[record.parameter]]):
            raise DamagedTranscriptError("before is not the value that was recorded last")
        self.order.add_update(record.parameter, as_where(record.call))
        self.tape.add_update(record.after[()])
