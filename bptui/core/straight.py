"""Straight-line code: a graph of float64 scalars as plain Python arithmetic, some ten times as fast as its layers.

The layers write the code themselves, by running once on symbols, so that their formulas stand in one place. Every
number comes out bit for bit as the layers give it. Code costs some fifty times as much to compile as to run, so a
graph gets it when it is run for the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bptui.core.schedule import Schedule
from bptui.core.symbol import Listing, list_layer

if TYPE_CHECKING:
    from bptui.scenario.scenario import Scenario

CHUNK = 256
"""Nodes in one function: enough to keep values in local names, few enough to be interrupted between two."""

UFUNCS = {name: function for name, function in vars(np).items() if isinstance(function, np.ufunc)} | {"abs": abs}

Function: TypeAlias = Callable[..., None]


class StraightCode:
    """The two passes of a scenario's graph as functions, compiled once the graph is run again."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.passes = 0

    def is_ready(self) -> bool:
        """Count one more pass through the graph, and return whether the code is there for it."""
        self.passes += 1
        return self.passes > 1 and self.listings is not None

    @cached_property
    def listings(self) -> list[Listing] | None:
        """What each node does, or None where not every one is plain arithmetic on float64 scalars."""
        scenario = self.scenario
        if scenario.guests or any(value.shape or value.dtype != np.float64 for value in scenario.values.values()):
            return None
        known: dict[str, Listing | None] = {}  # every kind of layer is asked only once
        listings = []
        for node in scenario.graph.nodes:
            kind = f"{node.layer} {len(node.inputs)} {node.options}"
            if kind not in known:
                known[kind] = list_layer(scenario.made(node), len(node.inputs))
            if (listing := known[kind]) is None:
                return None
            listings.append(listing)
        return listings

    @cached_property
    def forward(self) -> list[Function]:
        """The forward pass as functions of ``values``, each of which adds those of its nodes."""
        listings, schedule = self.listings or [], self.scenario.schedule
        chunks = chunks_of(schedule.forward)
        return [define("values", forward_lines(schedule, listings, nodes)) for nodes in chunks]

    @cached_property
    def backward(self) -> list[Function]:
        """The backward pass as functions of the columns, and of ``totals``: the running sums by slot."""
        schedule = self.scenario.schedule
        writer = BackwardWriter(schedule, self.listings or [], self.scenario.takes_gradient)
        arguments = "values, totals, douts, contributions, sums"
        return [define(arguments, writer.lines(orders)) for orders in chunks_of(schedule.backward)]


def chunks_of(count: int) -> Iterator[range]:
    """Yield the ranges that make up the first ``count`` numbers."""
    return (range(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))


def define(arguments: str, lines: Iterable[str]) -> Function:
    """Return the function of these arguments whose body is ``lines``."""
    namespace: dict[str, Any] = dict(UFUNCS)
    body = "\n    ".join(lines)
    exec(f"def chunk({arguments}):\n    {body}", namespace)  # noqa: S102  (every word of it is ours)
    return namespace["chunk"]


def forward_lines(schedule: Schedule, listings: Sequence[Listing], nodes: range) -> list[str]:
    """Return the lines of the forward of ``nodes``."""
    graph = schedule.graph
    first = len(graph.leaves)
    made = range(first + nodes.start, first + nodes.stop)
    read = set(chain.from_iterable(graph.edges[node] for node in nodes)).difference(made)
    lines = []
    for node in nodes:
        names = local_names(listings[node], node, (*graph.edges[node], first + node))
        lines += [f"{names[name]} = {expression.format_map(names)}" for name, expression in listings[node].forward]
    return [*(f"v{slot} = values[{slot}]" for slot in sorted(read)), *lines, extend("values", map("v{}".format, made))]


def local_names(listing: Listing, node: int, slots: Sequence[int]) -> dict[str, str]:
    """Return what a listing's names are called at a node whose inputs, and last whose value, have these slots."""
    *inputs, out = slots
    names = {name: f"{name}_{node}" for name in listing.names}
    names |= {f"x{position}": f"v{slot}" for position, slot in enumerate(inputs)}
    return names | {"out": f"v{out}"}


def extend(column: str, names: Iterable[str]) -> str:
    """Return the statement that adds the values of ``names`` to a column."""
    return f"{column} += ({', '.join(names)},)"


class BackwardWriter:
    """Writes the backward pass chunk by chunk, knowing by which name every running sum goes at each line."""

    def __init__(
        self, schedule: Schedule, listings: Sequence[Listing], takes_gradient: Sequence[tuple[bool, ...]]
    ) -> None:
        self.graph = schedule.graph
        self.schedule = schedule
        self.listings = listings
        self.takes_gradient = takes_gradient
        self.begun = {self.graph.slots[self.graph.output]}
        self.totals: dict[int, str] = {}
        self.body: list[str] = []
        self.read: set[int] = set()

    def lines(self, orders: range) -> list[str]:
        """Return the lines of the backward steps of ``orders``, which follow those of the call before."""
        self.totals, self.body, self.read = {}, [], set()
        earlier = self.begun.copy()
        douts: list[str] = []
        contributions: list[str] = []
        sums: list[str] = []
        for order in orders:
            node = self.graph.backward[order]
            douts.append(self.total(len(self.graph.leaves) + node))
            gradients = self.gradients(node, douts[-1])
            contributions += gradients
            edges = range(self.schedule.first_edges[order], self.schedule.first_edges[order + 1])
            sums += map(self.add, self.graph.edges[node], gradients, edges)
        finished = {len(self.graph.leaves) + self.graph.backward[order] for order in orders}
        return [
            *(f"v{slot} = values[{slot}]" for slot in sorted(self.read)),
            *(f"d{slot} = totals[{slot}]" for slot in sorted(self.totals.keys() & earlier)),
            *self.body,
            *(f"totals[{slot}] = {name}" for slot, name in self.totals.items() if slot not in finished),
            extend("douts", douts),
            extend("contributions", contributions),
            extend("sums", sums),
        ]

    def total(self, slot: int) -> str:
        """Return the name of a slot's running sum, ``None`` where nothing has arrived."""
        return self.totals.setdefault(slot, f"d{slot}") if slot in self.begun else "None"

    def gradients(self, node: int, dout: str) -> list[str]:
        """Write a node's backward, and return its contributions as expressions."""
        slots = (*self.graph.edges[node], len(self.graph.leaves) + node)
        if dout == "None":
            return ["None"] * (len(slots) - 1)
        listing = self.listings[node]
        names = local_names(listing, node, slots) | {"dout": dout}
        self.read.update(int(names[name][1:]) for name in listing.values_read_backward())
        self.body += [f"{names[name]} = {expression.format_map(names)}" for name, expression in listing.backward]
        return [
            gradient.format_map(names) if gradient and takes else "None"
            for gradient, takes in zip(listing.gradients, self.takes_gradient[node], strict=True)
        ]

    def add(self, slot: int, gradient: str, edge: int) -> str:
        """Write the sum of what has arrived at a slot and ``gradient``, and return its name."""
        before = self.total(slot)
        if gradient == "None":
            return before
        self.begun.add(slot)
        self.totals[slot] = gradient
        if before != "None":
            self.totals[slot] = f"s{edge}"
            self.body.append(f"s{edge} = {before} + {gradient}")
        return self.totals[slot]
