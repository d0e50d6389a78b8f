"""Writes the scenario of a watched program's pass, with the files that it needs beside it, and compares its run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from bptui.core.graph import UNNAMED
from bptui.core.moment import Moment
from bptui.core.text import counted, visible
from bptui.errors import BptuiError
from bptui.programs.child.constructions import ARRAYS, JOB
from bptui.programs.program_run import ProgramRun
from bptui.report.new_files import write_new_files
from bptui.report.program_scenario.comparison import Differences, compare_with_program
from bptui.report.program_scenario.formulas import PassFormulas, WrittenLeaf, frozen_places
from bptui.report.program_scenario.layer_files import LayerSources, layer_sources
from bptui.report.program_scenario.toml_numbers import LeafWriter, exact_numbers
from layers import Array

PATIENCE = 30.0
"""Seconds for the program's process to tell what its objects were made with."""


@dataclass(frozen=True, eq=False)
class WrittenScenario:
    """What was written, and how its run differs from the program; ``failure`` is why it could not be run."""

    path: Path
    sources: LayerSources
    formulas: PassFormulas
    differences: Differences
    failure: BptuiError | None = None

    @property
    def is_faithful(self) -> bool:
        """Whether its run has the program's values."""
        return self.failure is None and not self.differences.values

    @property
    def remarks(self) -> Sequence[str]:
        """What the scenario cannot say."""
        return [*self.sources.remarks, *dict.fromkeys(self.formulas.remarks)]

    def lines(self) -> Iterator[str]:
        """Yield what there is to say of it, line by line."""
        leaves = len(self.formulas.inputs) + len(self.formulas.parameters)
        yield f"{self.path}: {counted(len(self.formulas.nodes), 'node')}, {leaves} inputs and parameters"
        if self.sources.written is not None:
            yield f"{self.sources.written}: the layers, without what the program does when it runs"
        yield from (f"note: {it}" for it in self.remarks)
        if self.failure is not None:
            yield "it does not run yet:"
            yield from (f"  {it}" for it in str(self.failure).splitlines())
        elif self.differences.values:
            yield "its run has other values than the program:"
            yield from (f"  {it}" for it in self.differences.values)
        elif self.differences.gradients:
            yield "its run has the program's values, but not its gradients: bptui check of the program tells why"
            yield from (f"  {it}" for it in self.differences.gradients)
        else:
            yield "its run has the program's values and gradients"


def write_program_scenario(run: ProgramRun, path: Path, number: int | None = None) -> WrittenScenario:
    """Write a pass of a watched program (from 1; by default the first that goes back) as a scenario, and run that.

    Raises BptuiError where there is no such pass, or a file cannot be written; one that exists is never touched.
    """
    place = chosen_pass(run, number)
    watched = run.watched.passes[place]
    forwards = [it.call.number for it in watched.nodes if it.call]
    given = run.ask(JOB, seconds=PATIENCE, forwards=forwards)["given"]
    told = dict(zip(forwards, given, strict=True))
    places = frozen_places(watched, told)
    arrays = run.ask(ARRAYS, seconds=PATIENCE, places=places)["arrays"] if places else []
    frozen = {place: np.asarray(it) for place, it in zip(places, arrays, strict=True)}
    formulas = PassFormulas(watched, told, frozen)
    sources = layer_sources(watched, run.program, path)
    end = end_of_pass(run, place)
    leaves = LeafWriter(path.with_suffix(".npz").name)
    title = f"{run.program.title}, pass {place + 1}"
    text = "\n".join(scenario_lines(title, formulas, leaves, end, sources.key(path.parent))) + "\n"
    contents = {path: text.encode()}
    if sources.written is not None:
        contents[sources.written] = sources.text.encode()
    if leaves.arrays:
        contents[path.with_suffix(".npz")] = npz_content(leaves.arrays)
    write_new_files(contents)
    try:
        differences = compare_with_program(path, sources.files, formulas, end)
    except BptuiError as error:
        return WrittenScenario(path, sources, formulas, Differences((), ()), error)
    return WrittenScenario(path, sources, formulas, differences)


def chosen_pass(run: ProgramRun, number: int | None) -> int:
    """Return the index of the pass with a number, by default the first that goes back. Raises BptuiError."""
    passes = run.watched.passes
    if number is None:
        return next((place for place, it in enumerate(passes) if it.backwards), 0)
    if number > len(passes):
        raise BptuiError(f"there is no pass {number}: {len(passes)} of the program were watched", hint="--passes N")
    return number - 1


def end_of_pass(run: ProgramRun, place: int) -> Moment:
    """Return all that is known when a pass has gone back, before anything is updated."""
    order = run.tape.order
    passes = order.passes(place)
    steps = order.start(place) + len(passes.graph.nodes) + len(passes.backward)
    return run.tape.at(min(steps, len(run.tape)))


def npz_content(arrays: Mapping[str, Array]) -> bytes:
    """Return arrays as an .npz file, by their names; any name will do, which it would not as an argument of savez."""
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.save(member, array, allow_pickle=False)
    return file.getvalue()


def scenario_lines(title: str, formulas: PassFormulas, leaves: LeafWriter, end: Moment, layers: str) -> Iterator[str]:
    """Yield the lines of a scenario."""
    yield "# Written by `bptui new --from` from a program as it ran. The places in the comments are the program's."
    yield ""
    yield f"title = {json.dumps(title, ensure_ascii=False)}"
    yield f'dtype = "{common_dtype(formulas)}"'
    yield f"layers = {layers}"
    for section, written in (("inputs", formulas.inputs), ("parameters", formulas.parameters)):
        if written:
            yield f"\n[{section}]"
            yield from (leaf_line(it, leaves, end) for it in written)
    yield "\n[nodes]"
    for node in formulas.nodes:
        key = node.key if node.key.isascii() and node.key.isidentifier() else json.dumps(node.key, ensure_ascii=False)
        yield commented(f"{key} = {json.dumps(node.formula, ensure_ascii=False)}", str(node.where or ""))
    yield from run_lines(formulas, end)


def leaf_line(leaf: WrittenLeaf, leaves: LeafWriter, end: Moment) -> str:
    """Return the line of a leaf. Integers that a gradient has reached are numbers like others."""
    has_gradient = leaf.program_name in end.graph.slots and end.gradient(leaf.program_name) is not None
    value = leaves.text(leaf.key, leaf.array, keeps_integers=not (has_gradient or leaf.is_number))
    key = leaf.key if leaf.key.isascii() and leaf.key.isidentifier() else json.dumps(leaf.key, ensure_ascii=False)
    return commented(f"{key} = {value}", leaf.comment)


def commented(line: str, comment: str) -> str:
    """Return a line with a comment behind it."""
    return f"{line}  # {visible(comment, limit=200)}" if comment else line


def run_lines(formulas: PassFormulas, end: Moment) -> Iterator[str]:
    """Yield where the backward pass starts, and with what where that is not 1."""
    output = formulas.watched.graph.output
    yield "\n[run]"
    yield f"output = {json.dumps(formulas.names[output] if UNNAMED not in output else output, ensure_ascii=False)}"
    dout = end.gradient(output)
    if dout is not None and not np.all(dout == 1):
        yield f"dout = {exact_numbers(np.asarray(dout, np.float64))}"


def common_dtype(formulas: PassFormulas) -> str:
    """Return the dtype of all floats of a pass, float64 where they differ."""
    kinds = {it.array.dtype.name for it in (*formulas.inputs, *formulas.parameters)}
    return "float32" if "float32" in kinds and "float64" not in kinds else "float64"
