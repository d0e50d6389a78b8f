"""Which step does what: fixed by the graph and the number of iterations, and known before anything has run."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from bptui.core.graph import Graph


class Pass(Enum):
    """The three parts of an iteration."""

    FORWARD = "forward"
    BACKWARD = "backward"
    UPDATE = "update"


class Turn(NamedTuple):
    """Whose turn a step is: in which iteration (from 1) and pass, the ``order``-th there (from 0), and its name.

    ``name`` is a node's in the forward and backward pass, and a parameter's in the update.
    """

    number: int
    iteration: int
    pass_: Pass
    order: int
    name: str


class Progress(NamedTuple):
    """How far a position is: in which iteration (from 0), and how many steps of each pass of it are done."""

    iteration: int
    forward: int
    backward: int
    update: int


class Arrivals(NamedTuple):
    """Where a value's gradient comes from: for each use, its backward step's order and its edge, in that order."""

    orders: Sequence[int]
    edges: Sequence[int]


class Schedule:
    """The steps of a run, numbered from 1: forward, backward and, when training, update, over and over.

    A *position* is a number of steps done, from 0. Every use of a value in the backward pass is an *edge*: the
    ``first_edges[order] + position``-th contribution that an iteration makes.
    """

    def __init__(self, graph: Graph, *, iterations: int, trains: bool) -> None:
        self.graph = graph
        self.iterations = iterations
        self.updated = graph.parameters if trains else ()
        self.forward = len(graph.nodes)
        self.backward = len(graph.backward)
        self.length = self.forward + self.backward + len(self.updated)

    def __len__(self) -> int:
        return self.iterations * self.length

    def __getitem__(self, number: int) -> Turn:
        """Return whose turn step ``number`` (from 1) is."""
        iteration, done = divmod(number - 1, self.length)
        graph = self.graph
        if done < self.forward:
            return Turn(number, iteration + 1, Pass.FORWARD, done, graph.nodes[done].name)
        done -= self.forward
        if done < self.backward:
            return Turn(number, iteration + 1, Pass.BACKWARD, done, graph.nodes[graph.backward[done]].name)
        done -= self.backward
        return Turn(number, iteration + 1, Pass.UPDATE, done, self.updated[done])

    def progress(self, position: int) -> Progress:
        """Return how far ``position`` is. The end of an iteration belongs to it, not to the next."""
        iteration = max(0, position - 1) // self.length
        done = position - iteration * self.length
        forward = min(done, self.forward)
        backward = min(done - forward, self.backward)
        return Progress(iteration, forward, backward, done - forward - backward)

    def pass_starts(self, iteration: int) -> tuple[int, ...]:
        """Return the first steps' numbers of the passes of ``iteration`` (from 0), those of empty passes left out."""
        start = iteration * self.length + 1
        lengths = (self.forward, self.backward, len(self.updated))
        starts = (start, start + self.forward, start + self.forward + self.backward)
        return tuple(first for first, length in zip(starts, lengths, strict=True) if length)

    def step_number(self, iteration: int, pass_: Pass, name: str) -> int | None:
        """Return the number of a node's or parameter's step in a pass of ``iteration`` (from 0), if it has one."""
        node = self.graph.slots[name] - len(self.graph.leaves)
        match pass_:
            case Pass.FORWARD:
                before, order = 0, node if node >= 0 else None
            case Pass.BACKWARD:
                before, order = self.forward, self.backward_orders[node] if node >= 0 else None
            case Pass.UPDATE:
                before, order = self.forward + self.backward, self.update_orders.get(name)
        return None if order is None else iteration * self.length + before + order + 1

    @cached_property
    def update_orders(self) -> Mapping[str, int]:
        """For each parameter that is updated, its place in the update."""
        return {name: order for order, name in enumerate(self.updated)}

    @cached_property
    def backward_orders(self) -> tuple[int | None, ...]:
        """For each node in forward order, its place in the backward pass; None where the output does not need it."""
        orders: list[int | None] = [None] * self.forward
        for order, node in enumerate(self.graph.backward):
            orders[node] = order
        return tuple(orders)

    @cached_property
    def first_edges(self) -> tuple[int, ...]:
        """For each backward step in order, its first edge; and last, how many edges there are."""
        first, firsts = 0, [0]
        for node in self.graph.backward:
            first += len(self.graph.edges[node])
            firsts.append(first)
        return tuple(firsts)

    @cached_property
    def arrivals(self) -> tuple[Arrivals, ...]:
        """For each slot, the uses that send a gradient back to it."""
        orders: list[list[int]] = [[] for _ in self.graph.names]
        edges: list[list[int]] = [[] for _ in self.graph.names]
        edge = 0
        for order, node in enumerate(self.graph.backward):
            for slot in self.graph.edges[node]:
                orders[slot].append(order)
                edges[slot].append(edge)
                edge += 1
        return tuple(map(Arrivals, orders, edges))

    def last_edge(self, slot: int, backward: int) -> int | None:
        """Return the edge that last added to a slot's gradient once ``backward`` backward steps are done."""
        arrived = bisect_left(self.arrivals[slot].orders, backward)
        return self.arrivals[slot].edges[arrived - 1] if arrived else None
