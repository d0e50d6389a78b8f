"""The order of steps: which step does what, for a scenario fixed beforehand, for a program as it was recorded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, Protocol

from bptui.core.graph import Graph
from bptui.deferred_dataclass import dataclass
from bptui.errors import Location


class Pass(Enum):
    """The three parts of an iteration."""

    FORWARD = "forward"
    BACKWARD = "backward"
    UPDATE = "update"


class Turn(NamedTuple):
    """Whose turn a step is: in which iteration (from 1) and pass, its ``rank`` there (from 0), and its name.

    ``name`` is a node's in the forward and backward pass, and a parameter's in the update.
    """

    number: int
    iteration: int
    pass_: Pass
    rank: int
    name: str


class Progress(NamedTuple):
    """How far a position is: in which iteration (from 0), and how many steps of each pass of it are done."""

    iteration: int
    forward: int
    backward: int
    update: int


class Arrivals(NamedTuple):
    """Where a value's gradient comes from: for each use, its backward step's rank and its edge, in that order."""

    ranks: Sequence[int]
    edges: Sequence[int]


@dataclass(frozen=True, eq=False)
class Passes:
    """The passes of one iteration: all nodes of ``graph`` forward, those of ``backward`` back, ``updated`` updated.

    ``backward`` has the nodes by index in the order in which they go back; it is empty where the iteration has no
    backward pass. Every use of a value there is an *edge*: the ``first_edges[rank] + position``-th contribution. In a
    program each backward is called somewhere, and ``calls`` has the places, as ``places`` has those of the updates.
    """

    graph: Graph
    backward: tuple[int, ...]
    updated: tuple[str, ...] = ()
    calls: tuple[Location | None, ...] = ()
    places: tuple[Location | None, ...] = ()

    @cached_property
    def lengths(self) -> tuple[int, int, int]:
        """How many steps each pass has."""
        return len(self.graph.nodes), len(self.backward), len(self.updated)

    def __len__(self) -> int:
        return sum(self.lengths)

    @cached_property
    def update_ranks(self) -> Mapping[str, int]:
        """For each parameter that is updated, its place in the update."""
        return {name: rank for rank, name in enumerate(self.updated)}

    @cached_property
    def backward_ranks(self) -> tuple[int | None, ...]:
        """For each node in forward order, its (first) place in the backward pass; None where it does not go back."""
        ranks: list[int | None] = [None] * len(self.graph.nodes)
        for rank in reversed(range(len(self.backward))):
            ranks[self.backward[rank]] = rank
        return tuple(ranks)

    @cached_property
    def first_edges(self) -> tuple[int, ...]:
        """For each backward step in order, its first edge; and last, how many edges there are."""
        edges = self.graph.edges
        return tuple(accumulate([len(edges[node]) for node in self.backward], initial=0))

    @cached_property
    def arrivals(self) -> tuple[Arrivals, ...]:
        """For each slot, the uses that send a gradient back to it."""
        ranks: list[list[int]] = [[] for _ in self.graph.names]
        edges: list[list[int]] = [[] for _ in self.graph.names]
        edge = 0
        for rank, node in enumerate(self.backward):
            for slot in self.graph.edges[node]:
                ranks[slot].append(rank)
                edges[slot].append(edge)
                edge += 1
        return tuple(map(Arrivals, ranks, edges))

    def arrivals_at(self, name: str) -> Arrivals:
        """Return the uses that send a gradient back to a value; none where the graph has no value of that name."""
        slot = self.graph.slots.get(name)
        return Arrivals((), ()) if slot is None else self.arrivals[slot]

    def edges_of(self, rank: int) -> slice:
        """Return the edges of a backward step."""
        return slice(*self.first_edges[rank : rank + 2])

    def last_edge(self, name: str, backward: int) -> int | None:
        """Return the edge that last added to a value's gradient once ``backward`` backward steps are done."""
        ranks, edges = self.arrivals_at(name)
        arrived = bisect_left(ranks, backward)
        return edges[arrived - 1] if arrived else None

    def rank(self, pass_: Pass, name: str) -> int | None:
        """Return a node's, or a parameter's, place in a pass; None where it has none."""
        if pass_ is Pass.UPDATE:
            return self.update_ranks.get(name)
        if name not in self.graph.slots:
            return None
        node = self.graph.node_index(name)
        return node if node is None or pass_ is Pass.FORWARD else self.backward_ranks[node]

    def turn(self, rank: int) -> tuple[Pass, int, str]:
        """Return the pass of the iteration's step after ``rank`` others, its rank in that, and its name."""
        forward, backward, _ = self.lengths
        if rank < forward:
            return Pass.FORWARD, rank, self.graph.nodes[rank].name
        rank -= forward
        if rank < backward:
            return Pass.BACKWARD, rank, self.graph.nodes[self.backward[rank]].name
        return Pass.UPDATE, rank - backward, self.updated[rank - backward]


class Order(Protocol):
    """Which step does what, numbered from 1: forward, backward and update, iteration by iteration.

    A *position* is a number of steps done, from 0. An order has to tell ``iterations``, ``passes``, ``start`` and
    ``iteration_of``; all else follows from these.
    """

    @property
    def iterations(self) -> int:
        """How many iterations there are, one at least."""

    def passes(self, iteration: int) -> Passes:
        """Return the passes of ``iteration`` (from 0)."""

    def start(self, iteration: int) -> int:
        """Return the position at which ``iteration`` (from 0) starts; of the one after the last, the end."""

    def iteration_of(self, position: int) -> int:
        """Return the iteration (from 0) of a position. The end of an iteration belongs to it, not to the next."""

    def branching(self, iteration: int) -> Order:
        """Return the order of what forks from this in ``iteration`` (from 0)."""

    def __len__(self) -> int:
        return self.start(self.iterations)

    def __getitem__(self, number: int) -> Turn:
        """Return whose turn step ``number`` (from 1) is."""
        iteration = self.iteration_of(number)
        pass_, rank, name = self.passes(iteration).turn(number - 1 - self.start(iteration))
        return Turn(number, iteration + 1, pass_, rank, name)

    def progress(self, position: int) -> Progress:
        """Return how far ``position`` is."""
        iteration = self.iteration_of(position)
        done = position - self.start(iteration)
        lengths = self.passes(iteration).lengths
        forward = min(done, lengths[0])
        backward = min(done - forward, lengths[1])
        return Progress(iteration, forward, backward, done - forward - backward)

    def iteration_earlier(self, position: int) -> int | None:
        """Return the position that is as far in the same pass of the iteration before; None in the first."""
        iteration, *done = self.progress(position)
        if iteration == 0:
            return None
        before = self.passes(iteration - 1).lengths
        kept = [min(steps, length) for steps, length in zip(done, before, strict=True)]
        if done[1] or done[2]:
            kept[0] = before[0]
        if done[2]:
            kept[1] = before[1]
        return self.start(iteration - 1) + sum(kept)

    def pass_starts(self, iteration: int) -> tuple[int, ...]:
        """Return the first steps' numbers of the passes of ``iteration`` (from 0), those of empty passes left out."""
        if not 0 <= iteration < self.iterations:
            return ()
        lengths = self.passes(iteration).lengths
        starts = accumulate(lengths, initial=self.start(iteration) + 1)
        return tuple([first for first, length in zip(starts, lengths, strict=False) if length])

    def step_number(self, iteration: int, pass_: Pass, name: str) -> int | None:
        """Return the number of a node's or parameter's step in a pass of ``iteration`` (from 0), if it has one."""
        passes = self.passes(iteration)
        forward, backward, _ = passes.lengths
        before = {Pass.FORWARD: 0, Pass.BACKWARD: forward, Pass.UPDATE: forward + backward}[pass_]
        rank = passes.rank(pass_, name)
        return None if rank is None else self.start(iteration) + before + rank + 1

    def complete_at(self, iteration: int, name: str) -> int | None:
        """Return the number of the step by which a value's gradient is complete; None where none is sent to it.

        The output's gradient is there as soon as the backward pass has begun.
        """
        passes = self.passes(iteration)
        ranks = (0,) if name == passes.graph.output else passes.arrivals_at(name).ranks
        first = self.start(iteration) + len(passes.graph.nodes) + 1
        return first + ranks[-1] if ranks and passes.backward else None


class Schedule(Order):
    """The order of a scenario's run: the passes of one graph over and over, backward the exact reverse of forward."""

    def __init__(self, graph: Graph, *, iterations: int, trains: bool) -> None:
        self.graph = graph
        self.count = iterations
        self.always = Passes(graph, graph.backward, graph.parameters if trains else ())
        self.length = len(self.always)

    @property
    def iterations(self) -> int:
        return self.count

    def passes(self, iteration: int) -> Passes:  # noqa: ARG002  (all are alike)
        return self.always

    def start(self, iteration: int) -> int:
        return iteration * self.length

    def iteration_of(self, position: int) -> int:
        return max(0, position - 1) // self.length

    def branching(self, iteration: int) -> Order:  # noqa: ARG002  (it goes on to the end)
        return self


class RecordedOrder(Order):
    """An order that grows as it is recorded: each iteration has a graph, a backward order and updates of its own."""

    def __init__(self, graph: Graph) -> None:
        self.starts: list[int] = []
        self.finished: list[Passes] = []
        self.backward: list[int] = []
        self.calls: list[Location | None] = []
        self.updated: list[str] = []
        self.places: list[Location | None] = []
        self.graph = graph
        self.latest: Passes | None = None
        self.starts.append(0)

    def begin_iteration(self, graph: Graph) -> None:
        """Begin the next iteration, in which all nodes of ``graph`` go forward."""
        self.finished.append(self.passes(len(self.finished)))
        self.starts.append(len(self))
        self.graph, self.backward, self.calls, self.latest = graph, [], [], None
        self.updated, self.places = [], []

    def add_backward(self, node: int, call: Location | None = None) -> None:
        """Add the backward of a node, by index, to the latest iteration, and where it was called."""
        self.backward.append(node)
        self.calls.append(call)
        self.latest = None

    def add_update(self, parameter: str, where: Location | None = None) -> None:
        """Add a parameter's update to the latest iteration, and the line that has made it."""
        self.updated.append(parameter)
        self.places.append(where)
        self.latest = None

    @property
    def iterations(self) -> int:
        return len(self.starts)

    def passes(self, iteration: int) -> Passes:
        if iteration < len(self.finished):
            return self.finished[iteration]
        if self.latest is None:
            self.latest = Passes(
                self.graph, tuple(self.backward), tuple(self.updated), tuple(self.calls), tuple(self.places)
            )
        return self.latest

    def start(self, iteration: int) -> int:
        if iteration < len(self.starts):
            return self.starts[iteration]
        return self.starts[-1] + len(self.graph.nodes) + len(self.backward) + len(self.updated)

    def iteration_of(self, position: int) -> int:
        return max(0, bisect_left(self.starts, position) - 1)

    def branching(self, iteration: int) -> Order:
        """Return the order up to the end of an iteration's backward pass: what comes then only the program knows."""
        last = self.passes(iteration)
        order = RecordedOrder(last.graph)
        order.starts, order.finished = self.starts[: iteration + 1], self.finished[:iteration]
        order.backward, order.calls = list(last.backward), list(last.calls)
        return order
