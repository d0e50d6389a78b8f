"""Whether a scenario that was written from a program has the program's numbers: it is run, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bptui.core.moment import Moment
from bptui.core.text import number
from bptui.report.program_scenario.formulas import PassFormulas
from bptui.running import Run
from bptui.scenario.load import load
from layers import Array

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
"""Of the largest number of an array, by the scenario's dtype."""


@dataclass(frozen=True)
class Differences:
    """What is not as in the program: of ``values``, and of ``gradients``."""

    values: Sequence[str]
    gradients: Sequence[str]


def compare_with_program(scenario: Path, layers: Sequence[Path], formulas: PassFormulas, end: Moment) -> Differences:
    """Return how the run of a scenario differs from the program, whose pass has come to its ``end``.

    Raises BptuiError where the scenario cannot be read, LayerError where it cannot be run.
    """
    loaded = load(scenario, layers=layers)
    run = Run(loaded)
    try:
        run.finish()
        if run.failure:
            raise run.failure
        reached = run.tape.at(len(run.tape))
    finally:
        run.close()
    tolerance = TOLERANCE[loaded.dtype.name]
    nodes = (name for it in formulas.watched.nodes for name in it.node.outputs)
    values = ((it, end.value(it), reached.value(formulas.names[it])) for it in nodes if it in formulas.names.names)
    gradients = ((it, end.gradient(it), sum_of_gradients(it, formulas, reached)) for it in end.graph.leaves)
    return Differences([*different(values, tolerance)], [*different(gradients, tolerance)])


def sum_of_gradients(name: str, formulas: PassFormulas, reached: Moment) -> Array | None:
    """Return the gradient of a program's leaf in the scenario: the sum, where several stand for it there."""
    keys = [it.key for it in (*formulas.inputs, *formulas.parameters) if it.program_name == name]
    found = [it for key in keys if key in reached.graph.slots and (it := reached.gradient(key)) is not None]
    return np.asarray(sum(found[1:], found[0])) if found else None


def different(triples: Iterable[tuple[str, Array | None, Array | None]], tolerance: float) -> Iterator[str]:
    """Yield what there is to say of each value that the scenario has otherwise than the program."""
    for name, wanted, got in triples:
        if wanted is None or got is None:
            continue
        if wanted.shape != got.shape:
            yield f"{name}: {list(got.shape)}, in the program {list(wanted.shape)}"
            continue
        largest = max(float(np.max(np.abs(wanted), initial=0.0)), float(np.max(np.abs(got), initial=0.0)))
        off = float(np.max(np.abs(got.astype(np.float64) - wanted), initial=0.0))
        if not off <= tolerance * largest:
            yield f"{name}: up to {number(off)} away from the program's"
