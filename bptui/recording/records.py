"""Records: what a run has to say as JSON, one object for each thing that happened.

``bptui trace --json`` prints them and a transcript keeps them, so this file is the one place that knows their fields.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields

import numpy as np

import bptui
from bptui.core.command import Command
from bptui.core.graph import Node
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.core.tape import Tape
from bptui.recording.array_record import encode_array
from bptui.recording.json_line import FORMAT, Record
from bptui.running import Run
from bptui.scenario.scenario import Scenario, Train
from layers import Array

SLICE = 256
"""Steps that are run before their records are written."""


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


def header_record(scenario: Scenario) -> Record:
    """Return the record that comes first: all that a reader needs to know to make sense of the steps.

    ``inputs`` and ``parameters`` say which of ``values`` are which; the rest are constants. ``own_layers`` are the
    names that meant layers of the user's own, and not those of bptui that may bear them too.
    """
    graph = scenario.graph
    return {
        "kind": "header",
        "bptui": FORMAT,
        "title": scenario.title,
        "source": scenario.source,
        "dtype": scenario.dtype.name,
        "seed": scenario.seed,
        "output": graph.output,
        "values": {name: encode_array(scenario.values[name]) for name in graph.leaves},
        "nodes": [node_record(node) for node in graph.nodes],
        "versions": {"bptui": bptui.__version__, "numpy": np.__version__, "python": platform.python_version()},
        "about": scenario.about,
        "inputs": list(graph.inputs),
        "parameters": list(graph.parameters),
        "train": train_record(scenario.train) if scenario.train else None,
        "own_layers": sorted({layer.name for layer in scenario.guests.values()}),
    }


def node_record(node: Node) -> Record:
    """Return what the header says of a node."""
    return {"name": node.name, "layer": node.layer, "inputs": list(node.inputs), "options": dict(node.options)}


def train_record(train: Train) -> Record:
    """Return what the header says of ``[train]``, with the optimizer's options spelt out."""
    rule = train.optimizer
    options = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return {"optimizer": type(rule).__name__, **options, "steps": train.steps}


def step_record(step: Step) -> Record:
    """Return the record of a step."""
    head = {"kind": "step", "step": step.number, "iteration": step.iteration, "pass": step.pass_.value}
    match step:
        case ForwardStep():
            return head | {"node": step.name, "out": encode_array(step.out)}
        case BackwardStep():
            return head | {
                "node": step.name,
                "dout": encode_optional(step.dout),
                "local": [encode_optional(local) for local in step.local],
                "gradients": [encode_optional(gradient) for gradient in step.gradients],
            }
        case UpdateStep():
            return head | {
                "parameter": step.name,
                "gradient": encode_optional(step.gradient),
                "before": encode_array(step.before),
                "after": encode_array(step.after),
            }


def end_record(tape: Tape) -> Record:
    """Return the record that follows the last step."""
    return {"kind": "end", "values": named(tape.values), "gradients": named(tape.gradients)}


def action_record(command: Command, at: int, time: float) -> Record:
    """Return the record of a command that took the cursor to step ``at``, ``time`` seconds after the start."""
    return {"kind": "action", "at": at, "time": time, "verb": command.word, **asdict(command)}


def note_record(text: str, at: int, time: float) -> Record:
    """Return the record of a note written at step ``at``, ``time`` seconds after the start."""
    return {"kind": "note", "at": at, "time": time, "text": text}


def line(record: Record) -> str:
    """Return a record as one line of JSON, its newline included.

    All of it is ASCII: a name that holds a control sequence must not reach a terminal as one.
    """
    return json.dumps(record, allow_nan=False) + "\n"


def named(arrays: Mapping[str, Array | None]) -> Record:
    """Return arrays by name, None where there is none."""
    return {name: encode_optional(array) for name, array in arrays.items()}


def encode_optional(array: Array | None) -> Record | None:
    """Return an array's record, or None where there is no array."""
    return None if array is None else encode_array(array)
