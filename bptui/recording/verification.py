"""Verifying a transcript: its scenario runs again, and every step is compared with the recorded one.

The scenario is the text in the transcript, with the data that the transcript has. No file that the text names is read
or run: layers of the user's own come from files that the person gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from bptui.core import text
from bptui.core.command_parser import parse
from bptui.core.tape import Tape
from bptui.core.verbs.branches import Expand
from bptui.errors import BptuiError
from bptui.own_layers.own_layer import OwnLayer
from bptui.recording.branch_recording import BranchRecording, edit_of_record
from bptui.recording.machine import machine_fingerprint
from bptui.recording.replay_tape import Recording
from bptui.recording.step_comparison import Divergence, other_array, other_step
from bptui.running import Run, with_expansions
from bptui.scenario.bundled import bundled
from bptui.scenario.load import Loader, load
from bptui.scenario.scenario import Scenario
from bptui.scenario.toml import parse_toml
from layers import Array
from layers import library as built_in

ELSEWHERE = {"float64": 1e-9, "float32": 1e-4}
"""How far from the recorded a number may be on another machine, relative to its array's largest, by dtype."""


@dataclass(frozen=True, eq=False)
class Verification:
    """How many ``steps`` were compared, within which ``rtol`` (0 is bit for bit), and the first ``divergence``.

    ``other_machine`` has what of the machine is another than where it was recorded, as (there, here), and ``changes``
    what of the scenario is, where it was asked for.
    """

    steps: int
    rtol: float
    divergence: Divergence | None
    other_machine: Mapping[str, tuple[str, str]]
    changes: Sequence[str] = ()

    @property
    def ok(self) -> bool:
        """Whether the recording is what runs."""
        return self.divergence is None and not self.changes


def changes_since(recording: Recording, scenario: Scenario) -> list[str]:
    """Return what of a scenario is not as it was when it was recorded: its text, its data files, its layers' files."""
    header = recording.header
    found = []
    if (line := first_other_line(header.source or "", scenario.source)) is not None:
        found.append(f"the scenario has changed since it was recorded, first at line {line}")
    layers = {file.path.name: file.text for file in scenario.layer_files}
    for what, there, here in (("data", header.data, scenario.data_digests), ("layers", header.files, layers)):
        changed = [name for name in {**there, **here} if there.get(name) != here.get(name)]
        found += [f"{text.visible(name, limit=80)}, a file with {what}, has changed since" for name in changed]
    return found


def first_other_line(one: str, other: str) -> int | None:
    """Return the first line, from 1, in which two texts differ; None where they are the same."""
    if one == other:
        return None
    pairs = zip_longest(one.splitlines(), other.splitlines())
    return next((at for at, (first, second) in enumerate(pairs, 1) if first != second), 1)


def verify(
    recording: Recording, layers: Sequence[Path], rtol: float | None, notice: Callable[[str], None]
) -> Verification:
    """Return how a recording compares with its scenario's run. Raises BptuiError where it cannot be run."""
    other = other_machine(recording)
    tolerance = rtol if rtol is not None else ELSEWHERE.get(recording.header.dtype, 1e-9) if other else 0.0
    scenario = scenario_of(recording, layers, notice)
    if (changed := other_graph(recording, scenario)) is not None:
        return Verification(0, tolerance, changed, other)
    run = Run(scenario)
    runs: dict[str, Run] = {"main": run}
    count = 0
    try:
        for name, it in [("main", recording), *recording.branches.items()]:
            if isinstance(it, BranchRecording):
                runs[name] = branch_run(it, runs[it.parent])
            for step, divergence in compared_steps(it.tape, runs[name], tolerance):
                count += step is not None
                if divergence is not None:
                    found = replace(divergence, branch="" if name == "main" else recording.labels.get(name, name))
                    return Verification(count, tolerance, found, other)
    finally:
        for made in runs.values():
            made.close()
    return Verification(count, tolerance, None, other)


def other_machine(recording: Recording) -> dict[str, tuple[str, str]]:
    """Return what of this machine is another than where a recording was made."""
    there, here = recording.header.machine, machine_fingerprint()
    if not there:
        return {"machine": ("unknown", "this one")}
    keys = dict.fromkeys([*there, *here])
    return {key: (there.get(key, ""), here.get(key, "")) for key in keys if there.get(key) != here.get(key)}


def scenario_of(recording: Recording, layers: Sequence[Path], notice: Callable[[str], None]) -> Scenario:
    """Return the scenario that a recording has the text of. Raises BptuiError where it is not one."""
    header = recording.header
    if header.source is None:
        raise BptuiError("this is a recording of a program", hint="bptui verify FILE --program train.py")
    if not layers and (ours := bundled_with(header.source)) is not None:
        return with_expansions(load(ours, notice=notice), header.expanded)
    if header.own_layers and not layers:
        names = ", ".join(text.visible(name, limit=40) for name in header.own_layers)
        raise BptuiError(f"it has layers of the person's own: {names}", hint="give their file: --layers FILE")
    document = parse_toml(header.source, text.visible(str(recording.path)))
    data = {**document.data}
    data.pop("layers", None)
    for section in ("inputs", "parameters"):
        if isinstance(data.get(section), dict):
            data[section] = {name: without_file(it, header.values.get(name)) for name, it in data[section].items()}
    scenario = Loader(replace(document, data=data), None, layers, built_in, notice).load()
    lacking = [name for name in header.own_layers if not isinstance(scenario.library.get(name), OwnLayer)]
    if lacking:
        raise BptuiError(f"the files given have no layer {text.visible(lacking[0], limit=40)}")
    return with_expansions(scenario, header.expanded)


def bundled_with(source: str) -> Path | None:
    """Return the scenario with this text that comes with bptui, whose layers are ours; None where there is none."""
    for _, path in bundled():
        if path.stat().st_size == len(source.encode()) and path.read_text(encoding="utf-8") == source:
            return path
    return None


def without_file(entry: Any, recorded: Array | None) -> Any:
    """Return an entry of a scenario, the recorded data in the place of a file's."""
    if not isinstance(entry, dict) or "file" not in entry or recorded is None:
        return entry
    if recorded.dtype.kind == "f":
        return recorded.tolist()
    return {"value": recorded.tolist(), "dtype": "bool" if recorded.dtype.kind == "b" else "int64"}


def other_graph(recording: Recording, scenario: Scenario) -> Divergence | None:
    """Return in what the network of a scenario is another than the recorded, None where it is the same."""
    there, here = recording.tape.graph, scenario.graph
    for one, two in zip(there.nodes, here.nodes, strict=False):
        if (one.name, one.layer, one.inputs, one.outputs) != (two.name, two.layer, two.inputs, two.outputs):
            return Divergence(0, "", one.name, "the network: its text gives another node here", None, None, None)
    if len(there.nodes) != len(here.nodes) or there.output != here.output:
        return Divergence(0, "", there.output, "the network: its text gives other nodes", None, None, None)
    return None


def branch_run(recording: BranchRecording, parent: Run) -> Run:
    """Return the run of a branch, which goes on from its parent's after the recorded edit. Raises BptuiError."""
    if recording.record.edit is None:
        command = parse(recording.record.words)
        if not isinstance(command, Expand):
            raise BptuiError(f"branch {text.visible(recording.record.branch, limit=40)} has no edit")
        return parent.expanded(command.name)
    parent.finish()
    return parent.edited(edit_of_record(parent.tape, recording.record.edit))


def compared_steps(recorded: Tape, run: Run, rtol: float) -> Iterator[tuple[int | None, Divergence | None]]:
    """Yield for the leaves (None) and for each recorded step what is another now; the run goes as far as needed."""
    yield None, other_leaf(recorded, run, rtol)
    for number in range(1, len(recorded) + 1):
        if number > len(run.tape):
            run.proceed(256)
        if number > len(run.tape):
            why = run.failure.message if run.failure else "the run has ended"
            step = recorded.step(number)
            yield (
                number,
                Divergence(number, step.pass_.value, step.name, f"the run ends here now: {why}", None, None, None),
            )
            return
        yield number, other_step(recorded.step(number), run.tape.step(number), rtol)


def other_leaf(recorded: Tape, run: Run, rtol: float) -> Divergence | None:
    """Return which leaf is another now."""
    for name, value, now in zip(recorded.graph.leaves, recorded.leaves, run.tape.leaves, strict=True):
        if (found := other_array(np.asarray(value), np.asarray(now), rtol)) is not None:
            return Divergence(0, "", name, "value", *found)
    return None
