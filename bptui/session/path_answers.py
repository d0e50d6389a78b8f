"""By which paths a value reaches another, and whether an element can reach another at all, in words and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.moment import Moment
from bptui.core.region import Independence, read_region
from bptui.core.text import json_number, number, visible
from bptui.core.verbs.explaining import FindDependence, FindPaths
from bptui.errors import BptuiError
from bptui.explaining.formula_words import words_of
from bptui.explaining.paths import Paths, ValuePath, find_paths
from bptui.recording.array_record import encode_array
from bptui.session.answer import Answer, Question, refusal
from bptui.session.selecting import existing_name
from bptui.session.why import session_backwards
from layers import Array

if TYPE_CHECKING:
    from bptui.checking.dependence import Dependence
    from bptui.session.session import Session

SLICE = 0.01
"""Seconds of looking after which a key may be answered."""

MOST_TOLD = 50
"""Paths that one answer tells of."""

LARGEST_COUNT, LARGEST_JSON = 10**30, 10**4_000
"""Numbers of paths that are written in full, for a person and for other programs; Python writes no more digits."""

MOST_NAMES = 12
"""Values of a path that are named; of a longer one the middle is left out."""


def explain_paths(session: Session, command: FindPaths) -> Question:
    """Begin to look for paths. Raises BptuiError where there are no such values."""
    for name in (command.from_name, command.to_name):
        existing_name(session, name)
    return partial(next, paths_answers(session, command))


def paths_answers(session: Session, command: FindPaths) -> Iterator[Answer]:
    """Yield how far it is, and then the largest paths, once the forward pass of this iteration is there."""
    moment, iteration = session.moment, session.moment.progress.iteration
    whole = moment.order.start(iteration) + len(moment.graph.nodes)
    while whole > len(session.tape) and session.run is not None and not session.run.is_over:
        yield Answer("running the forward pass first …", "dim", is_pending=True)
    if whole > len(session.tape):
        raise BptuiError("the run has not come to the end of the forward pass")
    ends = command.from_name, command.to_name
    backwards = session_backwards(session)
    seed = seed_at(session, command.to_name, iteration)
    most = min(command.count, MOST_TOLD)
    search = find_paths(moment.graph, ends, seed, backwards.sent, backwards.zeros, most=most)
    while (found := paths_so_far(search)) is None:
        yield Answer("following the paths …", "dim", is_pending=True)
    with np.errstate(all="ignore"):  # infinity is an answer, too
        answer = Answer("\n".join(path_lines(moment, found, ends)), record=paths_record(found))
    yield answer


def paths_so_far(search: Iterator[Paths | None]) -> Paths | None:
    """Look for paths for about ``SLICE`` seconds, and return them; None where time was up before."""
    end = monotonic() + SLICE
    with np.errstate(all="ignore"):
        return next(found for found in search if found is not None or monotonic() > end)


def seed_at(session: Session, name: str, iteration: int) -> Array:
    """Return the dout at the last value of the paths: the run's at its output, and elsewhere ones."""
    columns, graph = session.tape.iterations[iteration], session.moment.graph
    value = np.asarray(columns.values[graph.slots[name]])
    if name == graph.output and columns.dout is not None:
        return np.broadcast_to(np.asarray(columns.dout), value.shape).copy()
    return np.ones_like(value)


def path_lines(moment: Moment, found: Paths, ends: tuple[str, str]) -> Iterator[str]:
    """Yield the paths in words, the largest first."""
    first, last = (visible(name, limit=40) for name in ends)
    if not found.count:
        yield f"no path leads from {first} to {last} that a gradient goes back"
        return
    kind = "path leads" if found.count == 1 else "paths lead"
    note = "" if found.is_complete else "; the largest of those that were largest at each value on the way"
    yield f"{count_text(found.count)} {kind} from {first} to {last}{note}"
    for path in found.paths:
        names = list(path_names(moment, path))
        if len(names) > MOST_NAMES:
            names = [*names[: MOST_NAMES // 2], f"… {len(names) - MOST_NAMES} …", *names[-MOST_NAMES // 2 :]]
        yield f"  {product_text(path.product):>11}  {found.share(path):>7.1%}  {' → '.join(names)}"
    if found.gradient is not None:
        yield f"  {product_text(found.gradient):>11}  all paths together: {sum_words(moment, ends, found.gradient)}"


def count_text(count: int) -> str:
    """Return a number of paths as a person reads it: in full, or by its size where it has too many digits for that."""
    if count < LARGEST_COUNT:
        return f"{count:,}"
    digits = math.log10(count)
    return f"about {10 ** (digits % 1):.3f} × 10^{int(digits)}"


def path_names(moment: Moment, path: ValuePath) -> Iterator[str]:
    """Yield the values of a path; of one that a node takes several times, as which of its inputs."""
    yield visible(path.names[0], limit=20)
    for before, name, position in zip(path.names, path.names[1:], path.positions, strict=False):
        node = moment.graph.node(name)
        assert node is not None
        inputs = words_of(moment.tape, node).inputs
        own = inputs[position] if position < len(inputs) and len(set(inputs)) == len(inputs) else f"{position + 1}."
        yield visible(name, limit=20) + (f" (as {own})" if node.inputs.count(before) > 1 else "")


def sum_words(moment: Moment, ends: tuple[str, str], whole: Array) -> str:
    """Return what the paths sum to: the run's gradient, where it is the same; a dout that was set may make another."""
    first, last = (visible(name, limit=40) for name in ends)
    gradient, value = moment.gradient(ends[0]), moment.value(ends[1])
    if ends[1] == moment.graph.output and (gradient is None or np.allclose(gradient, whole, rtol=1e-6)):
        return f"the gradient of {first}"
    sum_of = "" if value is not None and value.size == 1 else "the sum of "
    return f"the derivative of {sum_of}{last} by {first}"


def product_text(array: Array) -> str:
    """Return a number, or of several their norm."""
    return number(float(array.reshape(()))) if array.size == 1 else f"‖{number(path_size(array))}‖"


def path_size(array: Array) -> float:
    """Return the Euclidean norm of an array."""
    return float(np.linalg.norm(array))


def paths_record(found: Paths) -> dict[str, Any]:
    """Return the paths as JSON."""
    return {
        "count": found.count if found.count < LARGEST_JSON else count_text(found.count),
        "complete": found.is_complete,
        "gradient": None if found.gradient is None else encode_array(found.gradient),
        "paths": [
            {
                "nodes": list(path.names),
                "product": product_record(path.product),
                "share": json_number(found.share(path)),
            }
            for path in found.paths
        ],
    }


def product_record(product: Array) -> object:
    """Return what comes along a path as JSON: a number, or an array."""
    return json_number(float(product.reshape(()))) if product.size == 1 else encode_array(product)


# Whether one element can reach another.


def explain_dependence(session: Session, command: FindDependence) -> Question:
    """Begin to look for a dependence. Raises BptuiError where there are no such elements."""
    from bptui.checking.dependence import trials  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

    asked = Independence(read_region(command.of_element), read_region(command.on_element))
    for region in (asked.of, asked.on):
        existing_name(session, region.name)
    if session.run is None:
        return partial(recorded_dependence, session, asked)
    return partial(dependence_answer, asked, trials(session.run.scenario, asked))


def dependence_answer(asked: Independence, found: Iterator[Dependence | None]) -> Answer:
    """Return whether an element depends on another, after one more run with other numbers."""
    from bptui.checking.dependence import dependence_words  # noqa: PLC0415  (when it is first wanted)

    for dependence in found:
        if dependence is None:
            return Answer("trying other numbers …", "dim", is_pending=True)
        record = {"depends": True, "path": list(dependence.path), "by_gradient": dependence.is_by_gradient}
        return Answer(dependence_words(asked, dependence), record=record)
    return Answer(dependence_words(asked, None), record={"depends": False, "path": []})


def recorded_dependence(session: Session, asked: Independence) -> Answer:
    """Return whether an element depends on another, as far as a tape tells that by itself. Raises BptuiError."""
    from bptui.checking.dependence import is_connected, way_of_gradient  # noqa: PLC0415  (when it is first wanted)

    moment, iteration = session.moment, session.moment.progress.iteration
    if moment.order.start(iteration) + len(moment.graph.nodes) > len(session.tape):
        raise BptuiError("the run has not come to the end of the forward pass")
    backwards = session_backwards(session)
    of, on = backwards.mask(asked.of), backwards.mask(asked.on)
    is_part = asked.of.name == asked.on.name and bool(np.any(of & on))
    if path := (asked.of.name,) if is_part else way_of_gradient(backwards, asked):
        way = " → ".join(visible(name, limit=40) for name in path)
        told = way if is_part else f"{way} (a gradient comes back that way in this iteration)"
        return Answer(f"{asked.of} depends on {asked.on}: {told}", record=dependence_record(path))
    if is_connected(moment.graph, asked):
        runs = "a program is not run again here" if session.program else "a replay runs nothing"
        untold = f"no gradient comes back in this iteration, and other numbers are not tried: {runs}"
    elif moment.graph.computed:
        untold = "no node leads there, but arrays that your code computes between the layers may"
    else:
        return Answer(f"{asked.of} does not depend on {asked.on}: no node leads there", record=dependence_record(()))
    answer = refusal(f"whether {asked.of} depends on {asked.on} is not known: {untold}")
    return replace(answer, record={"depends": None, "path": []})


def dependence_record(path: tuple[str, ...]) -> dict[str, object]:
    """Return what a gradient has told of a dependence, as JSON."""
    return {"depends": bool(path), "path": list(path), **({"by_gradient": True} if path else {})}
