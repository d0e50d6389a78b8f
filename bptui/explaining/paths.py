"""The paths by which a value reaches another: how many there are, and the largest, each as what comes along it.

What comes along a path is the product of its local derivatives, an array of the first value's shape. All paths together
sum to the gradient. They are counted without being listed; where every value on the way is one number the largest are
found without looking at the others, by the best that can still come (an A* search over logarithms).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count as counting
from typing import NamedTuple, TypeAlias

import numpy as np

from bptui.core.graph import Graph
from layers import Array

Sent: TypeAlias = Callable[[int, Sequence[Array]], Sequence[Array | None]]
"""Returns what a node, by index, sends back to each input of one dout for each output."""

MOST_LISTED = 2_000
"""Paths that are looked at where values are arrays, of which the largest are told."""

MOST_VISITED = 200_000
"""Steps of a search."""


class ValuePath(NamedTuple):
    """A path, its values by name from the first to the last, and what comes along it."""

    names: tuple[str, ...]
    product: Array


@dataclass(frozen=True, eq=False)
class Paths:
    """The largest ``paths`` of ``count``, and what all of them sum to, as the ``gradient``.

    Where ``is_complete`` is not so, only some paths were looked at, and larger ones may be among the others.
    """

    count: int
    paths: tuple[ValuePath, ...]
    gradient: Array | None
    is_complete: bool = True

    def share(self, path: ValuePath) -> float:
        """Return which part of the gradient a path is: the shares of all paths sum to 1."""
        if self.gradient is None:
            return 0.0
        whole = float(np.vdot(self.gradient, self.gradient))
        return float(np.vdot(path.product, self.gradient)) / whole if whole else 0.0


class Edge(NamedTuple):
    """A use of a value on the way: as an input, at a position, of a node, by index."""

    node: int
    position: int
    name: str


def find_paths(
    graph: Graph, ends: tuple[str, str], seed: Array, sent: Sent, zeros: Callable[[int], list[Array]], *, most: int
) -> Paths:
    """Return the ``most`` largest paths between two values; ``seed`` is the dout at the last one."""
    search = PathSearch(graph, ends, sent, zeros)
    total = search.counts.get(ends[1], 0)
    if not total:
        return Paths(0, (), None)
    gradient = search.gradient(seed)
    if search.is_scalar and seed.size == 1 and (gradient is None or gradient.size == 1):
        return Paths(total, tuple(search.largest(seed, most)), gradient)
    found = list(search.listed(seed, MOST_LISTED))
    found.sort(key=lambda path: -float(np.linalg.norm(path.product)))
    return Paths(total, tuple(found[:most]), gradient, is_complete=len(found) == total)


class PathSearch:
    """The paths from one value to another in a graph."""

    def __init__(self, graph: Graph, ends: tuple[str, str], sent: Sent, zeros: Callable[[int], list[Array]]) -> None:
        self.graph = graph
        self.first, self.last = ends
        self.sent = sent
        self.zeros = zeros
        self.kept: dict[tuple[int, bytes], Sequence[Array | None]] = {}
        self.counts = self.count_paths()
        self.is_scalar = all(it.size == 1 for name in self.counts for it in self.douts_at(name))

    def douts_at(self, name: str) -> list[Array]:
        """Return a dout of zeros for each output of the node that computes a value; none for a leaf."""
        node = self.graph.node_at(self.graph.slots[name])
        return [] if node is None else self.zeros(node)

    def count_paths(self) -> dict[str, int]:
        """Return for each value how many paths lead to it, of those that there are any to."""
        counts = {self.first: 1}
        for node in self.graph.nodes:
            if (paths := sum(counts.get(name, 0) for name in node.inputs)) and self.first not in node.outputs:
                counts |= dict.fromkeys(node.outputs, paths)
        return counts

    def edges(self, name: str) -> list[Edge]:
        """Return the inputs of the node that computes a value to which paths lead."""
        node = self.graph.node_at(self.graph.slots[name])
        if node is None or name == self.first:
            return []
        inputs = enumerate(self.graph.nodes[node].inputs)
        return [Edge(node, position, it) for position, it in inputs if it in self.counts]

    def back(self, name: str, dout: Array) -> Sequence[Array | None]:
        """Return what the node that computes a value sends back of a dout at it alone."""
        node = self.graph.node_at(self.graph.slots[name])
        assert node is not None
        key = (self.graph.slots[name], dout.tobytes() if dout.size == 1 else b"")
        if dout.size == 1 and key in self.kept:
            return self.kept[key]
        douts = self.zeros(node)
        place = self.graph.nodes[node].outputs.index(name)
        douts[place] = np.asarray(dout, dtype=douts[place].dtype).reshape(douts[place].shape)
        found = self.sent(node, douts)
        if dout.size == 1:
            self.kept[key] = found
        return found

    def gradient(self, seed: Array) -> Array | None:
        """Return what reaches the first value along all paths together."""
        totals: dict[str, Array] = {self.last: seed}
        for at in reversed(range(len(self.graph.nodes))):
            node = self.graph.nodes[at]
            if self.first in node.outputs or not any(name in totals for name in node.outputs):
                continue
            douts = self.zeros(at)
            for place, name in enumerate(node.outputs):
                if name in totals:
                    douts[place] = np.asarray(totals[name], dtype=douts[place].dtype).reshape(douts[place].shape)
            for name, gradient in zip(node.inputs, self.sent(at, douts), strict=False):
                if gradient is not None and name in self.counts:
                    totals[name] = totals[name] + gradient if name in totals else gradient
        return totals.get(self.first)

    def listed(self, seed: Array, most: int) -> Iterator[ValuePath]:
        """Yield paths one after the other, at first those along which much comes."""
        order = counting()
        heap: list[tuple[float, int, tuple[str, ...], Array]] = [(0.0, next(order), (self.last,), seed)]
        found = 0
        while heap and found < most:
            _, _, names, dout = heappop(heap)
            if names[0] == self.first:
                found += 1
                yield ValuePath(names, dout)
                continue
            gradients = self.back(names[0], dout)
            for edge in self.edges(names[0]):
                sent = gradients[edge.position] if edge.position < len(gradients) else None
                if sent is not None:
                    heappush(heap, (-float(np.linalg.norm(sent)), next(order), (edge.name, *names), sent))

    def largest(self, seed: Array, most: int) -> Iterator[ValuePath]:
        """Yield the paths along which most comes, in that order, where every value on the way is one number."""
        best = self.best_products()
        order = counting()
        start = float(np.asarray(seed).reshape(()))
        heap: list[tuple[float, int, tuple[str, ...], float]] = [(0.0, next(order), (self.last,), start)]
        found = 0
        for _ in range(MOST_VISITED):
            if not heap or found == most:
                return
            _, _, names, product = heappop(heap)
            if names[0] == self.first:
                found += 1
                yield ValuePath(names, np.asarray(product))
                continue
            for edge in self.edges(names[0]):
                along = product * self.slope(edge, names[0])
                ahead = abs(along) * best.get(edge.name, 0.0)
                heappush(heap, (-ahead, next(order), (edge.name, *names), along))

    def slope(self, edge: Edge, name: str) -> float:
        """Return the local derivative of a value by an input of its node, where both are one number."""
        sent = self.back(name, np.ones(()))[edge.position : edge.position + 1]
        return float(np.asarray(sent[0]).reshape(())) if sent and sent[0] is not None else 0.0

    def best_products(self) -> dict[str, float]:
        """Return for each value the size of the largest product along any path to it."""
        best = {self.first: 1.0}
        for node in self.graph.nodes:
            for name in node.outputs:
                if name in self.counts and name != self.first:
                    best[name] = max(
                        (best.get(it.name, 0.0) * abs(self.slope(it, name)) for it in self.edges(name)), default=0.0
                    )
        return best
