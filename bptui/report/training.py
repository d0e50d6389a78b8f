"""A training in one table: the output and the largest gradient, iteration by iteration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.optimizer import Optimizer
from bptui.lines.line import Line, styled
from bptui.lines.table import flush_right
from bptui.running import Run

MOST_ROWS = 25
"""Iterations that get a line each; of more than these, as many are chosen evenly."""


def training_lines(run: Run) -> Iterator[Line]:
    """Yield what ``[train]`` did, and the table."""
    iterations = run.tape.order.iterations
    yield ()
    yield styled(f"Training, {iterations} iterations{update_rule_words(run)}", "heading")
    chosen = chosen_iterations(iterations)
    rows = [iteration_row(run.tape.at(run.tape.order.start(iteration)), iteration) for iteration in chosen]
    head = ("iteration", text.visible(run.graph.output), "largest gradient", "of")
    for line in flush_right([head, *rows]):
        yield styled(line, indent=2)
    if len(chosen) < iterations:
        yield styled(f"{len(chosen)} of {iterations} iterations are shown", "dim", indent=2)


def update_rule_words(run: Run) -> str:
    """Return how the parameters are updated: `` by SGD, lr = 0.1``."""
    if run.scenario.train is None:
        return ""
    rule: Optimizer = run.scenario.train.optimizer
    options = [f"{name} = {text.number(value)}" for name, value in asdict(rule).items()]
    return f" by {', '.join((type(rule).__name__, *options))}"


def chosen_iterations(iterations: int) -> list[int]:
    """Return the iterations that get a line: all of a few, of many the first, the last and some evenly between."""
    if iterations <= MOST_ROWS:
        return list(range(1, iterations + 1))
    return np.linspace(1, iterations, MOST_ROWS).round().astype(int).tolist()


def iteration_row(moment: Moment, iteration: int) -> tuple[str, str, str, str]:
    """Return an iteration's line: its number, the output, and the largest gradient of a parameter."""
    output = moment.value(moment.graph.output)
    assert output is not None
    told = text.number(float(output)) if output.ndim == 0 else f"mean {text.number(float(output.mean()))}"
    size, name = largest_gradient(moment)
    return str(iteration), told, text.number(size), text.visible(name)


def largest_gradient(moment: Moment) -> tuple[float, str]:
    """Return the largest size of an element of a parameter's gradient, and the parameter; NaN before all numbers."""
    gradients = ((name, moment.gradient(name)) for name in moment.graph.parameters)
    sizes = [(float(np.abs(it).max(initial=0)), name) for name, it in gradients if it is not None]
    return max(sizes, key=lambda it: (np.isnan(it[0]), it), default=(0.0, "none"))
