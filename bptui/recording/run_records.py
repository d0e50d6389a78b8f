"""What a run has to say, as records: one for each thing that happened."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from bptui.core.edit import ValueEdit
from bptui.core.graph import Node
from bptui.core.optimizer import Optimizer
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from bptui.errors import Location
from bptui.recording.json_line import FORMAT
from bptui.recording.layer_curve import curve_record
from bptui.recording.machine import machine_fingerprint
from bptui.recording.records import (
    BackwardRecord,
    BranchRecord,
    EditRecord,
    EndRecord,
    ForwardRecord,
    GraphRecord,
    HeaderRecord,
    NodeRecord,
    PlaceRecord,
    Record,
    StepRecord,
    UpdateRecord,
    VerdictRecord,
)
from bptui.running import Run
from bptui.scenario.scenario import Scenario
from bptui.version import __version__

SLICE = 256
"""Steps that are run before their records are written."""

IN_BRANCHES = (ForwardRecord, BackwardRecord, UpdateRecord, EndRecord, VerdictRecord)
"""Records that are of one branch."""


def records(run: Run) -> Iterator[Record]:
    """Yield the records of a whole run, advancing it as they are asked for; of one that fails, those so far."""
    yield header_record(run.scenario)
    written = 0
    while not run.is_over:
        run.proceed(SLICE)
        for number in range(written + 1, len(run.tape) + 1):
            yield step_record(run.tape.step(number))
        written = len(run.tape)
    if not run.failure:
        yield end_record(run.tape)


class RunRecords:
    """What a recorder writes of a scenario's run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.curves: set[str] = set()

    @property
    def tape(self) -> Tape:
        """The steps so far."""
        return self.run.tape

    @property
    def path(self) -> Path | None:
        """The file that is never recorded to."""
        return self.run.scenario.path

    def header(self) -> HeaderRecord:
        """Return the record that comes first."""
        return header_record(self.run.scenario)

    def of_step(self, number: int) -> Iterator[Record]:
        """Yield the records of a step."""
        step = self.run.tape.step(number)
        yield self.with_curve(step, step_record(step))

    def with_curve(self, step: Step, record: StepRecord) -> StepRecord:
        """Return a step's record with the curve of a layer of the user's own, the first time that there is one."""
        node = self.tape.graph.node_index(step.name)
        if node not in self.run.scenario.guests or step.name in self.curves or isinstance(record, UpdateRecord):
            return record
        curve = curve_record(self.tape, step) if step.iteration == 1 else None
        if curve is None:
            return record
        self.curves.add(step.name)
        return replace(record, curve=curve)

    def at_end(self) -> Iterator[Record]:
        """Yield the records that follow the last step."""
        yield end_record(self.run.tape)


def header_record(scenario: Scenario) -> HeaderRecord:
    """Return the record that comes first."""
    graph = scenario.graph
    return HeaderRecord(
        bptui=FORMAT,
        title=scenario.title,
        source=scenario.source,
        dtype=scenario.dtype.name,
        seed=scenario.seed,
        output=graph.output,
        values={name: scenario.values[name] for name in graph.leaves},
        nodes=tuple(map(node_record, graph.nodes)),
        versions={"bptui": __version__, "numpy": np.__version__, "python": platform.python_version()},
        about=scenario.about,
        inputs=graph.inputs,
        parameters=graph.parameters,
        train=train_options(scenario.train.optimizer, scenario.train.steps) if scenario.train else None,
        own_layers=tuple(sorted({layer.name for layer in scenario.guests.values()})),
        expanded=scenario.expanded,
        machine=machine_fingerprint(),
        files={file.path.name: file.text for file in scenario.layer_files},
        data=scenario.data_digests,
    )


def node_record(node: Node) -> NodeRecord:
    """Return what the header says of a node."""
    outputs = node.outputs if len(node.outputs) > 1 else ()
    call = place_record(node.call) if node.call else None
    functions = node.functions.words if node.functions else ()
    return NodeRecord(
        node.name, node.layer, node.inputs, node.options, outputs, node.made, node.origin, call, node.group, functions
    )


def place_record(where: Location) -> PlaceRecord:
    """Return a place in a file as records have it."""
    return PlaceRecord(where.path, where.line)


def train_options(rule: Optimizer, steps: int) -> Mapping[str, Any]:
    """Return what the header says of the training, with the optimizer's options spelt out."""
    options = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return {"optimizer": type(rule).__name__, **options, "steps": steps}


def step_record(step: Step) -> StepRecord:
    """Return the record of a step."""
    match step:
        case ForwardStep():
            call = place_record(step.node.call) if step.node.call else None
            return ForwardRecord(step.number, step.iteration, step.name, step.outs, call, step.node.group)
        case BackwardStep():
            call = place_record(step.call) if step.call else None
            steps = step.number, step.iteration, step.name, step.douts, step.local, step.gradients
            return BackwardRecord(*steps, call, step.node.group)
        case UpdateStep():
            call = place_record(step.call) if step.call else None
            return UpdateRecord(step.number, step.iteration, step.name, step.gradient, step.before, step.after, call)


def in_branch(record: Record, branch: str) -> Record:
    """Return a record as one of a branch's; those of the run that a session starts with name none."""
    if branch and isinstance(record, IN_BRANCHES):
        return replace(record, branch=branch)
    return record


def branch_record(
    name: str, parent: str, words: str, edit: ValueEdit | None, scenario: Scenario | None
) -> BranchRecord:
    """Return the record of a branch that begins; one without an edit has another graph."""
    if edit is not None:
        set_to = EditRecord(edit.kind.value, edit.name, edit.iteration + 1, edit.value)
        return BranchRecord(name, parent, words, edit=set_to)
    assert scenario is not None
    graph = scenario.graph
    nodes, values = tuple(map(node_record, graph.nodes)), {it: scenario.values[it] for it in graph.leaves}
    whole = GraphRecord(nodes, values, graph.output, graph.inputs, graph.parameters)
    return BranchRecord(name, parent, words, graph=whole)


def end_record(tape: Tape) -> EndRecord:
    """Return the record that follows the last step."""
    return EndRecord(tape.values, tape.gradients)
