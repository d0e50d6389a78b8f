"""By which paths a value reaches another, and whether an element can reach another at all, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bptui.core.assignment import gradient_element
from bptui.core.reader import Reader
from bptui.core.text import number, shape, visible
from bptui.core.verbs.explaining import FindDependence, FindPaths
from bptui.errors import BptuiError
from bptui.explaining.paths import Paths, find_paths
from bptui.explaining.terms import Element
from bptui.recording.array_record import encode_array
from bptui.running import Run
from bptui.scenario.scenario import Scenario
from bptui.session.answer import Answer, Question
from bptui.session.node_backwards import NodeBackwards
from bptui.session.selecting import existing_name
from layers import Array

if TYPE_CHECKING:
    from bptui.session.session import Session

MOST_TOLD = 50
"""Paths that one answer tells of."""

MOST_NAMES = 12
"""Values of a path that are named; of a longer one the middle is left out."""

Part: TypeAlias = "tuple[str, tuple[int, ...] | None]"
"""A value, or the element or the part of it at an index."""

TRIALS = 4
"""Runs with other numbers in which a dependence is looked for that the recorded numbers may hide."""


def run_to_ask(session: Session) -> Run:
    """Return the run whose layers can be asked again. Raises BptuiError where nothing may run."""
    if session.run is None:
        what = (
            "a program's layers are not asked again here" if session.program else "this is a replay, which runs nothing"
        )
        raise BptuiError(what)
    return session.run


def explain_paths(session: Session, command: FindPaths) -> Question:
    """Begin to look for paths. Raises BptuiError where there are no such values, or nothing may run."""
    for name in (command.from_name, command.to_name):
        existing_name(session, name)
    return partial(paths_answer, session, command, run_to_ask(session))


def paths_answer(session: Session, command: FindPaths, run: Run) -> Answer:
    """Return the largest paths, once the forward pass of this iteration is there."""
    moment, iteration = session.moment, session.moment.progress.iteration
    whole = moment.order.start(iteration) + len(moment.graph.nodes)
    if whole > len(session.tape) and not run.is_over:
        return Answer("running the forward pass first …", "dim", is_pending=True)
    if whole > len(session.tape):
        raise BptuiError("the run has not come to the end of the forward pass")
    ends = command.from_name, command.to_name
    backwards = NodeBackwards(run, session.tape, iteration)
    seed = seed_at(session, command.to_name, iteration)
    most = min(command.count, MOST_TOLD)
    found = find_paths(moment.graph, ends, seed, backwards.sent, backwards.zeros, most=most)
    return Answer("\n".join(path_lines(found, ends)), record=paths_record(found))


def seed_at(session: Session, name: str, iteration: int) -> Array:
    """Return the dout at the last value of the paths: the run's at its output, and elsewhere ones."""
    columns, graph = session.tape.iterations[iteration], session.moment.graph
    value = np.asarray(columns.values[graph.slots[name]])
    if name == graph.output and columns.dout is not None:
        return np.broadcast_to(np.asarray(columns.dout), value.shape).copy()
    return np.ones_like(value)


def path_lines(found: Paths, ends: tuple[str, str]) -> Iterator[str]:
    """Yield the paths in words, the largest first."""
    first, last = (visible(name, limit=40) for name in ends)
    if not found.count:
        yield f"no path leads from {first} to {last}"
        return
    kind = "path leads" if found.count == 1 else "paths lead"
    note = "" if found.is_complete else f"; the largest of the {len(found.paths):,} first that were looked at"
    yield f"{found.count:,} {kind} from {first} to {last}{note}"
    for path in found.paths:
        names = [visible(name, limit=20) for name in path.names]
        if len(names) > MOST_NAMES:
            names = [*names[: MOST_NAMES // 2], f"… {len(names) - MOST_NAMES} …", *names[-MOST_NAMES // 2 :]]
        yield f"  {product_text(path.product):>11}  {found.share(path):>7.1%}  {' → '.join(names)}"
    if found.gradient is not None:
        yield f"  {product_text(found.gradient):>11}  all paths together: the derivative of {last} by {first}"


def product_text(array: Array) -> str:
    """Return a number, or of several their norm."""
    return number(float(array.reshape(()))) if array.size == 1 else f"‖{number(path_size(array))}‖"


def path_size(array: Array) -> float:
    """Return the Euclidean norm of an array."""
    return float(np.linalg.norm(array))


def paths_record(found: Paths) -> dict[str, Any]:
    """Return the paths as JSON."""
    return {
        "count": found.count,
        "complete": found.is_complete,
        "gradient": None if found.gradient is None else encode_array(found.gradient),
        "paths": [
            {
                "nodes": list(path.names),
                "product": float(path.product.reshape(())) if path.product.size == 1 else encode_array(path.product),
                "share": found.share(path),
            }
            for path in found.paths
        ],
    }


# Whether one element can reach another.


def explain_dependence(session: Session, command: FindDependence) -> Question:
    """Begin to look for a dependence. Raises BptuiError where there are no such elements, or nothing may run."""
    run = run_to_ask(session)
    ends = [named_element(session, text) for text in (command.of_element, command.on_element)]
    return partial(dependence_answer, run, ends[0], ends[1])


def named_element(session: Session, text: str) -> Part:
    """Return the name and the index of an element; without an index all of it is meant. Raises BptuiError."""
    is_gradient, name, index = gradient_element(Reader(text))
    if is_gradient:
        raise BptuiError("a dependence is of values, not of gradients")
    return existing_name(session, name), index


def dependence_answer(run: Run, of: Part, on: Part) -> Answer:
    """Return whether an element depends on another, by the gradients in this run and in others with other numbers."""
    found = dependence(run.scenario, of, on)
    one, other = (str(Element(name, index or ())) for name, index in (of, on))
    record = {"depends": found is not None, "path": list(found or ())}
    if found is None:
        words = f"{one} does not depend on {other}: no gradient reaches it in {TRIALS + 1} runs with different numbers"
        return Answer(words, record=record)
    return Answer(f"{one} depends on {other}: {' → '.join(visible(it, limit=40) for it in found)}", record=record)


def dependence(scenario: Scenario, of: Part, on: Part) -> tuple[str, ...] | None:
    """Return a path by which one value's element reaches another's, None where none was found. Raises BptuiError.

    A gradient may be 0 where a ReLU is off, so it is looked for at other numbers, too.
    """
    generator = np.random.default_rng(scenario.seed)
    for trial in range(TRIALS + 1):
        values = scenario.values if trial == 0 else with_other_numbers(scenario, generator)
        run = Run(replace(scenario, values=values, train=None))
        run.finish()
        try:
            if len(run.tape) >= len(run.graph.nodes) and (path := path_between(run, of, on)):
                return path
        finally:
            run.close()
    return None


def with_other_numbers(scenario: Scenario, generator: np.random.Generator) -> dict[str, Array]:
    """Return the leaves of a scenario with other numbers in the place of those that take a gradient."""
    leaves = {*scenario.graph.inputs, *scenario.graph.parameters}
    return {
        name: value
        if value.dtype.kind != "f" or name not in leaves
        else (value + generator.normal(0, 1 + np.abs(value).max(initial=0), value.shape)).astype(value.dtype)
        for name, value in scenario.values.items()
    }


def path_between(run: Run, of: Part, on: Part) -> tuple[str, ...] | None:
    """Return the path along which the largest gradient comes from one element to another; None where none does."""
    graph, backwards = run.graph, NodeBackwards(run, run.tape, 0)
    values = run.tape.iterations[0].values
    (last, index), (first, place) = of, on
    seed = element_mask(np.asarray(values[graph.slots[last]]), index, last)
    gradients: dict[str, Array] = {last: seed}
    came: dict[str, str] = {}
    for at in reversed(range(len(graph.nodes))):
        node = graph.nodes[at]
        if not any(name in gradients for name in node.outputs):
            continue
        douts = [gradients.get(name, zero) for name, zero in zip(node.outputs, backwards.zeros(at), strict=True)]
        for name, gradient in zip(node.inputs, backwards.sent(at, douts), strict=False):
            if gradient is not None and np.any(gradient):
                size = path_size(gradient)
                if name not in gradients or size > path_size(gradients[name]):
                    came[name] = next(it for it in node.outputs if it in gradients)
                gradients[name] = gradients[name] + gradient if name in gradients else gradient
    if first not in gradients or not np.any(
        gradients[first] * element_mask(np.asarray(values[graph.slots[first]]), place, first)
    ):
        return None
    path = [first]
    while path[-1] != last and path[-1] in came:
        path.append(came[path[-1]])
    return tuple(path)


def element_mask(value: Array, index: tuple[int, ...] | None, name: str) -> Array:
    """Return an array that is 1 at an element, or at all that an index of fewer axes means. Raises BptuiError."""
    mask = np.zeros(value.shape)
    try:
        mask[index or ()] = 1.0
    except IndexError:
        what = f"{visible(name, limit=40)} is {shape(value)}: there is no element {list(index or ())} in it"
        raise BptuiError(what) from None
    return mask
