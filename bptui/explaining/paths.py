"""The paths by which a value reaches another: how many there are, and the largest, each as what comes along it.

What comes along a path is the product of its local derivatives, an array of the first value's shape. All paths together
sum to the gradient. They are counted without being listed, and of those that come to a value from the last one only the
largest are gone on with: where values are one number, no other can become larger behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from typing import NamedTuple, TypeAlias

import numpy as np

from bptui.core.graph import Graph, Node
from layers import Array

Sent: TypeAlias = Callable[[int, Sequence[Array]], Sequence[Array | None]]
"""Returns what a node, by index, sends back to each input of one dout for each output."""

MOST_SENT = 10_000
"""Arrays that are sent back on the search for the largest paths."""

MOST_KEPT = 500
"""Arrays of paths that are kept at one value."""


class ValuePath(NamedTuple):
    """A path: its values by name from the first to the last, and what comes along it.

    ``positions`` has for each value but the last as which input, from 0, the next one's node takes it.
    """

    names: tuple[str, ...]
    positions: tuple[int, ...]
    product: Array


@dataclass(frozen=True, eq=False)
class Paths:
    """The largest ``paths`` of ``count``, and what all of them sum to, as the ``gradient``.

    Where ``is_complete`` is not so, only the largest so far were gone on with, and others may have become larger.
    """

    count: int
    paths: tuple[ValuePath, ...]
    gradient: Array | None
    is_complete: bool = True

    def share(self, path: ValuePath) -> float:
        """Return which part of the gradient a path is, the projection on it: the shares of all paths sum to 1."""
        return share_of(path.product, self.gradient)


def share_of(product: Array, gradient: Array | None) -> float:
    """Return which part of a gradient a product is; 0 where there is no gradient to have a part of."""
    if gradient is None:
        return 0.0
    with np.errstate(all="ignore"):
        size = float(np.abs(gradient).max(initial=0.0)) or 1.0
        scaled = gradient / size
        whole = float(np.vdot(scaled, scaled))
        return float(np.vdot(product / size, scaled)) / whole if whole else 0.0


class Partial(NamedTuple):
    """A path's part from a value to the last one, and the dout along it: the first step, and what comes after it."""

    dout: Array
    position: int = -1
    name: str = ""
    rest: Partial | None = None


def find_paths(
    graph: Graph, ends: tuple[str, str], seed: Array, sent: Sent, zeros: Callable[[int], list[Array]], *, most: int
) -> Iterator[Paths | None]:
    """Yield the ``most`` largest paths between two values, and before them None after each node that was looked at.

    ``seed`` is the dout at the last one.
    """
    search = PathSearch(graph, ends, sent, zeros)
    yield from search.count()
    total = search.counts.get(ends[1], 0)
    if not total:
        yield Paths(0, (), None)
        return
    yield from search.add_up(seed)
    gradient = search.gradient
    kept = most if search.is_scalar else max(most, min(MOST_KEPT, MOST_SENT // max(1, len(search.nodes))))
    yield from search.follow(seed, kept)
    found = [path_of(ends[0], partial) for partial in search.largest]
    found.sort(key=lambda path: (-abs(share_of(path.product, gradient)), -float(np.linalg.norm(path.product))))
    is_complete = search.is_scalar or len(found) == total
    yield Paths(total, tuple(found[:most]), gradient, is_complete)


def path_of(first: str, partial: Partial) -> ValuePath:
    """Return the path that has been gone back to its first value."""
    names, positions, at = [first], [], partial
    while at.rest is not None:
        names.append(at.name)
        positions.append(at.position)
        at = at.rest
    return ValuePath(tuple(names), tuple(positions), partial.dout)


class PathSearch:
    """The paths from one value to another in a graph, looked for node by node.

    Once they are counted, ``counts`` has for each value how many paths lead to it that a gradient can go back, of those
    that there are any to. Once added up, ``gradient`` is what reaches the first value along all of them together. Once
    followed, ``largest`` are those along which most comes.
    """

    def __init__(self, graph: Graph, ends: tuple[str, str], sent: Sent, zeros: Callable[[int], list[Array]]) -> None:
        self.graph = graph
        self.first, self.last = ends
        self.sent = sent
        self.zeros = zeros
        self.slopes: dict[str, Sequence[Array | None]] = {}
        self.counts: dict[str, int] = {self.first: 1}
        self.gradient: Array | None = None
        self.largest: list[Partial] = []

    @cached_property
    def before_last(self) -> frozenset[str]:
        """The values that the last one is made of, itself among them."""
        found = {self.last}
        for node in reversed(self.graph.nodes):
            if self.first not in node.outputs and not found.isdisjoint(node.outputs):
                found.update(node.inputs)
        return frozenset(found)

    def count(self) -> Iterator[None]:
        """Count the paths, without listing them."""
        counts = self.counts
        for at, node in enumerate(self.graph.nodes):
            if self.first in node.outputs or self.before_last.isdisjoint(node.outputs):
                continue
            if not any(name in counts for name in node.inputs):
                continue
            carried = self.sent(at, self.zeros(at))
            carrying = [name for name, it in zip(node.inputs, carried, strict=False) if it is not None]
            if paths := sum(counts.get(name, 0) for name in carrying):
                counts |= dict.fromkeys(node.outputs, paths)
            yield

    @cached_property
    def nodes(self) -> tuple[tuple[int, Node], ...]:
        """The nodes on the way, by index, the first of them last."""
        found = [(at, node) for at, node in enumerate(self.graph.nodes) if self.is_on_the_way(node)]
        return tuple(reversed(found))

    def is_on_the_way(self, node: Node) -> bool:
        """Return whether paths go through a node."""
        is_between = not self.before_last.isdisjoint(node.outputs) and self.first not in node.outputs
        return is_between and node.outputs[0] in self.counts

    @cached_property
    def is_scalar(self) -> bool:
        """Whether every value on the way is one number."""
        return all(it.size == 1 for at, _ in self.nodes for it in self.zeros(at))

    def add_up(self, seed: Array) -> Iterator[None]:
        """Find what reaches the first value along all paths together."""
        totals: dict[str, Array] = {self.last: seed}
        for at, node in self.nodes:
            if arrived := [name for name in node.outputs if name in totals]:
                douts = self.douts(at, {name: totals[name] for name in arrived})
                for name, gradient in zip(node.inputs, self.sent(at, douts), strict=False):
                    if gradient is not None and name in self.counts:
                        totals[name] = totals[name] + gradient if name in totals else gradient
            yield
        self.gradient = totals.get(self.first)

    def douts(self, node: int, arrived: Mapping[str, Array]) -> list[Array]:
        """Return a dout for each output of a node: what has arrived there, or zeros."""
        outputs = zip(self.graph.nodes[node].outputs, self.zeros(node), strict=True)
        return [
            np.asarray(arrived[name], dtype=zero.dtype).reshape(zero.shape) if name in arrived else zero
            for name, zero in outputs
        ]

    def follow(self, seed: Array, kept: int) -> Iterator[None]:
        """Follow the paths along which most comes, of which ``kept`` are gone on with at each value."""
        partials: dict[str, list[Partial]] = {self.last: [Partial(seed)]}
        for at, node in self.nodes:
            for name in node.outputs:
                for partial in nlargest(kept, partials.pop(name, ()), key=size_of):
                    for source, before in self.one_step_back(at, name, partial):
                        partials.setdefault(source, []).append(before)
                    yield
        self.largest = nlargest(kept, partials.get(self.first, ()), key=size_of)

    def one_step_back(self, node: int, name: str, partial: Partial) -> Iterator[tuple[str, Partial]]:
        """Yield the inputs of a node to which a path may be gone on, and the path with this step."""
        inputs = self.graph.nodes[node].inputs
        for position, (source, gradient) in enumerate(zip(inputs, self.back(node, name, partial.dout), strict=False)):
            if gradient is not None and source in self.counts:
                yield source, Partial(gradient, position, name, partial)

    def back(self, node: int, name: str, dout: Array) -> Sequence[Array | None]:
        """Return what a node sends back of a dout at one of its outputs alone; of one number, by its slopes."""
        if not self.is_scalar:
            return self.sent(node, self.douts(node, {name: dout}))
        if name not in self.slopes:
            self.slopes[name] = self.sent(node, self.douts(node, {name: np.ones(())}))
        along = np.asarray(dout).reshape(())
        with np.errstate(all="ignore"):
            return [None if slope is None else np.asarray(slope * along) for slope in self.slopes[name]]


def size_of(partial: Partial) -> float:
    """Return how much comes along a path so far; where that is not a number, as if it were without end."""
    size = float(np.linalg.norm(partial.dout))
    return size if size == size else float("inf")  # noqa: PLR0124  (NaN alone differs from itself)
