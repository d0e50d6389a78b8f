"""Whether one element can reach another at all, and by which values: in causal masks, and between samples.

A change of the one is seen in the other, or a gradient comes back from it. Either may be hidden by the numbers of a run
(a ReLU that is off, a mask that was drawn), so it is looked for at other numbers, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bptui.core.graph import Graph, Node
from bptui.core.region import Independence, Region
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.node_backwards import NodeBackwards, backwards_of_run
from bptui.running import Run
from bptui.scenario.scenario import Scenario
from layers import Array
from layers.dropout import Dropout

TRIALS = 20
"""Runs in which a dependence is looked for, the first of them with the scenario's own numbers."""

GUEST_TRIALS = 5
"""As many with layers of the user's own, for each of which a process starts."""


ASIDE = " (a change of it shows that)"


class Dependence(NamedTuple):
    """The values by which an element reaches another, from the first to the last.

    ``is_by_gradient`` is whether a gradient has come back that way; otherwise a change was seen, as of a label.
    """

    path: tuple[str, ...]
    is_by_gradient: bool


def find_dependence(scenario: Scenario, asked: Independence) -> Dependence | None:
    """Return a way by which ``asked.of`` depends on ``asked.on``, None where none was found. Raises BptuiError."""
    return next(filter(None, trials(scenario, asked)), None)


def trials(scenario: Scenario, asked: Independence) -> Iterator[Dependence | None]:
    """Yield what is found in one run after the other, first by gradients and then by changes.

    The gradients of layers of the user's own are not trusted. Raises BptuiError where nothing can be found out.
    """
    was_measured, ways = False, (gradient_path, changed_path)
    for finds in ways[bool(scenario.guests) :]:
        generator = np.random.default_rng(scenario.seed)
        for trial in range(GUEST_TRIALS if scenario.guests else TRIALS):
            numbers = replace(scenario, train=None) if trial == 0 else with_other_numbers(scenario, generator)
            with closing(Run(numbers)) as run:
                run.proceed(len(run.graph.nodes))
                if run.failure and trial == 0:
                    raise run.failure
                if run.failure:
                    continue
                was_measured |= bool(np.isfinite(first_value(run, asked.of.name)[mask_at(run, asked.of)]).any())
                path = overlap(run, asked) or finds(run, asked, generator)
                yield Dependence(path, finds is gradient_path) if path else None
    if not was_measured:
        raise BptuiError(f"{asked.of} is not a number, so what it depends on can't be seen")


def overlap(run: Run, asked: Independence) -> tuple[str, ...]:
    """Return the one value that both are part of, where they have an element in common."""
    if asked.of.name != asked.on.name:
        return ()
    return (asked.of.name,) if np.any(mask_at(run, asked.of) & mask_at(run, asked.on)) else ()


def first_value(run: Run, name: str) -> Array:
    """Return a value of the first iteration of a run."""
    return np.asarray(run.tape.iterations[0].values[run.graph.slots[name]])


def mask_at(run: Run, region: Region) -> NDArray[np.bool_]:
    """Return which elements of its value a region means. Raises BptuiError where there are none such."""
    return region.mask(first_value(run, region.name).shape)


def with_other_numbers(scenario: Scenario, generator: np.random.Generator) -> Scenario:
    """Return a scenario with other numbers in its inputs and parameters, and no elements dropped; integers stay."""
    leaves = {*scenario.graph.inputs, *scenario.graph.parameters}
    values = {
        name: value
        if value.dtype.kind != "f" or name not in leaves
        else (value + generator.normal(0, 1 + np.abs(value).max(initial=0), value.shape)).astype(value.dtype)
        for name, value in scenario.values.items()
    }
    nodes = tuple([undropped(scenario, node) for node in scenario.graph.nodes])
    return replace(scenario, values=values, train=None, graph=replace(scenario.graph, nodes=nodes))


def undropped(scenario: Scenario, node: Node) -> Node:
    """Return a node that drops nothing at random."""
    drops = scenario.library[node.layer] is Dropout
    return replace(node, options={**node.options, "train": False}) if drops else node


# By gradients.


def gradient_path(run: Run, asked: Independence, _: np.random.Generator) -> tuple[str, ...]:
    """Return the values along which the largest gradient goes back from one region to the other; empty where none."""
    return way_of_gradient(backwards_of_run(run, run.tape, 0), asked)


def way_of_gradient(backwards: NodeBackwards, asked: Independence) -> tuple[str, ...]:
    """Return the values along which the largest gradient goes back by some nodes' backwards; empty where none does."""
    if asked.of.name == asked.on.name:
        return ()
    graph = backwards.graph
    last, first = asked.of.name, asked.on.name
    gradients: dict[str, Array] = {last: backwards.mask(asked.of).astype(float)}
    to: dict[str, str] = {}
    for at in reversed(range(len(graph.nodes))):
        node = graph.nodes[at]
        arrived = [name for name in node.outputs if name in gradients]
        if not arrived:
            continue
        douts = [gradients.get(name, zero) for name, zero in zip(node.outputs, backwards.zeros(at), strict=True)]
        for name, gradient in zip(node.inputs, backwards.sent(at, douts), strict=False):
            if gradient is None or not has_numbers(gradient):
                continue
            if name not in gradients or np.linalg.norm(gradient) > np.linalg.norm(gradients[name]):
                to[name] = arrived[0]
            gradients[name] = gradients[name] + gradient if name in gradients else gradient
    if first not in gradients or not has_numbers(gradients[first] * backwards.mask(asked.on)):
        return ()
    return way_from(first, last, to)


def has_numbers(array: Array) -> bool:
    """Return whether an array has elements that are not 0; NaN tells nothing."""
    return bool(np.any(np.nan_to_num(array, nan=0.0)))


def way_from(first: str, last: str, to: dict[str, str]) -> tuple[str, ...]:
    """Return the values from one to another, each of which leads ``to`` the next."""
    path = [first]
    while path[-1] != last:
        path.append(to[path[-1]])
    return tuple(path)


# By changes.


def changed_path(run: Run, asked: Independence, generator: np.random.Generator) -> tuple[str, ...]:
    """Return the values by which a change of one region comes to the other; empty where it does not."""
    if asked.of.name == asked.on.name:
        return ()
    other = with_value(run, asked.on.name, changed_value(run, asked.on, generator))
    if asked.of.name not in other.graph.slots or other.graph.is_leaf(asked.of.name):
        return ()
    with closing(Run(other)) as changed:
        changed.proceed(len(changed.graph.nodes))
        if changed.failure or not np.any(elements_that_differ(run, changed, asked.of.name) & mask_at(run, asked.of)):
            return ()
        moved = [name for name in changed.graph.names if np.any(elements_that_differ(run, changed, name))]
    to: dict[str, str] = {}
    reaching = {asked.of.name}
    for node in reversed(run.graph.nodes):
        if arrived := [name for name in node.outputs if name in reaching]:
            news = [name for name in node.inputs if name in moved and name not in reaching]
            to |= dict.fromkeys(news, arrived[0])
            reaching.update(news)
    return way_from(asked.on.name, asked.of.name, to) if asked.on.name in to else ()


def changed_value(run: Run, region: Region, generator: np.random.Generator) -> Array:
    """Return the value that a region belongs to, changed in all of the region: of integers, one to a neighbour."""
    value, mask = first_value(run, region.name), mask_at(run, region)
    if value.dtype.kind == "b":
        return np.where(mask, ~value, value)
    if value.dtype.kind in "iu":
        return np.where(mask, np.where(value > 0, value - 1, value + 1), value).astype(value.dtype)
    size = generator.uniform(0.05, 0.5, value.shape) * np.where(value == 0, 1.0, value)
    return np.where(mask, value + size, value).astype(value.dtype)


def with_value(run: Run, name: str, value: Array) -> Scenario:
    """Return the scenario of a run with another value, a leaf's or in the place of a node that computes it."""
    scenario, graph = run.scenario, run.graph
    if (node := graph.node(name)) is None:
        return replace(scenario, values={**scenario.values, name: value})
    given = {output: first_value(run, output) for output in node.outputs} | {name: value}
    nodes = tuple([it for it in graph.nodes if it is not node])
    cut = replace(graph, inputs=(*graph.inputs, *node.outputs), nodes=nodes)
    return replace(scenario, graph=cut, values={**scenario.values, **given})


def elements_that_differ(run: Run, other: Run, name: str) -> NDArray[np.bool_]:
    """Return which elements of a value are different numbers in two runs; what is not a number tells nothing."""
    one, two = first_value(run, name), first_value(other, name)
    return np.asarray((one != two) & ~np.isnan(one) & ~np.isnan(two))


def is_connected(graph: Graph, asked: Independence) -> bool:
    """Return whether any values lead from the one region's to the other's, whatever their numbers are."""
    reached = {asked.on.name}
    for node in graph.nodes:
        if not reached.isdisjoint(node.inputs):
            reached.update(node.outputs)
    return asked.of.name in reached


def dependence_words(asked: Independence, found: Dependence | None) -> str:
    """Return in words whether and by what an element depends on another."""
    if found is None:
        return f"{asked.of} does not depend on {asked.on}, at any of the numbers that were tried"
    way = " → ".join(visible(name, limit=40) for name in found.path)
    aside = "" if found.is_by_gradient else ASIDE
    return f"{asked.of} depends on {asked.on}: {way}{aside}"
