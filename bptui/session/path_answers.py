"""By which paths a value reaches another, and whether an element can reach another at all, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.region import Independence, read_region
from bptui.core.text import number, visible
from bptui.core.verbs.explaining import FindDependence, FindPaths
from bptui.errors import BptuiError
from bptui.explaining.paths import Paths, find_paths
from bptui.node_backwards import NodeBackwards
from bptui.recording.array_record import encode_array
from bptui.running import Run
from bptui.session.answer import Answer, Question
from bptui.session.selecting import existing_name
from layers import Array

if TYPE_CHECKING:
    from bptui.checking.dependence import Dependence
    from bptui.session.session import Session

MOST_TOLD = 50
"""Paths that one answer tells of."""

MOST_NAMES = 12
"""Values of a path that are named; of a longer one the middle is left out."""


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
    from bptui.checking.dependence import trials  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

    run = run_to_ask(session)
    asked = Independence(read_region(command.of_element), read_region(command.on_element))
    for region in (asked.of, asked.on):
        existing_name(session, region.name)
    return partial(dependence_answer, asked, trials(run.scenario, asked))


def dependence_answer(asked: Independence, found: Iterator[Dependence | None]) -> Answer:
    """Return whether an element depends on another, after one more run with other numbers."""
    from bptui.checking.dependence import dependence_words  # noqa: PLC0415  (when it is first wanted)

    for dependence in found:
        if dependence is None:
            return Answer("trying other numbers …", "dim", is_pending=True)
        record = {"depends": True, "path": list(dependence.path), "by_gradient": dependence.is_by_gradient}
        return Answer(dependence_words(asked, dependence), record=record)
    return Answer(dependence_words(asked, None), record={"depends": False, "path": []})
