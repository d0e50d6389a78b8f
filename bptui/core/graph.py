"""The computational graph: named values, the nodes between them, and the order both passes take through them."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, NamedTuple

from bptui.core.pass_functions import PassFunctions
from bptui.deferred_dataclass import dataclass
from bptui.errors import Location


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One layer at work: ``name = layer(*inputs, **options)``. Its value bears its name.

    ``outputs`` names the values of a layer that returns several; the node bears the first one's name. ``made`` are the
    last of its inputs: parameters that no scenario has given to it, and that its layer makes itself. ``origin`` says in
    which file and line a layer of the user's own is defined; it is empty for one that is built in. ``functions`` are
    what such a layer's passes are called there.
    """

    name: str
    layer: str
    inputs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    where: Location | None = None
    outputs: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    origin: str = ""
    call: Location | None = None
    group: str = ""
    functions: PassFunctions | None = None

    def __post_init__(self) -> None:
        """Let a node that names no outputs have the one that bears its name."""
        if not self.outputs:
            object.__setattr__(self, "outputs", (self.name,))


UNNAMED = "._"
"""What the names have in them of outputs that nobody needs, and that no formula has named."""


class Use(NamedTuple):
    """One use of a value: as the ``position``-th input (from 0) of the ``node``-th node in forward order."""

    node: int
    position: int


@dataclass(frozen=True, eq=False)
class Graph:
    """The values of a scenario and the nodes between them.

    ``inputs``, ``parameters`` and ``constants`` are the leaves, in file order; ``nodes`` stand in forward order,
    every node after those that it consumes. A value is known inside by its *slot*: its index in ``names``.
    ``computed`` are the leaves that a program's code between layers has computed, with its line.
    """

    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    constants: tuple[str, ...]
    nodes: tuple[Node, ...]
    output: str
    computed: Mapping[str, Location] = field(default_factory=dict)

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Inputs, parameters and constants: the values that no node computes."""
        return self.inputs + self.parameters + self.constants

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every value's name by slot: the leaves, then the outputs of the nodes in forward order."""
        return self.leaves + tuple(chain.from_iterable([node.outputs for node in self.nodes]))

    @cached_property
    def slots(self) -> Mapping[str, int]:
        """Every value's slot by name."""
        return dict(zip(self.names, range(len(self.names)), strict=True))

    @cached_property
    def taking_gradient(self) -> Mapping[str, int]:
        """Every value's slot by name, but those of the constants, to which no gradient is sent."""
        constants = frozenset(self.constants)
        return {name: slot for name, slot in self.slots.items() if name not in constants}

    @cached_property
    def first_slots(self) -> tuple[int, ...]:
        """For each node in forward order, the slot of its first output; and last, how many slots there are."""
        return tuple(accumulate([len(node.outputs) for node in self.nodes], initial=len(self.leaves)))

    @cached_property
    def has_single_outputs(self) -> bool:
        """Whether every node has one output."""
        return len(self.names) == len(self.leaves) + len(self.nodes)

    @cached_property
    def edges(self) -> tuple[tuple[int, ...], ...]:
        """For each node in forward order, the slots of its inputs."""
        slot_of = self.slots.__getitem__
        return tuple([tuple(map(slot_of, node.inputs)) for node in self.nodes])

    @cached_property
    def uses(self) -> tuple[tuple[Use, ...], ...]:
        """For each slot, where its value is used, in forward order."""
        uses: list[list[Use]] = [[] for _ in self.names]
        for node, inputs in enumerate(self.edges):
            for position, slot in enumerate(inputs):
                uses[slot].append(Use(node, position))
        return tuple(map(tuple, uses))

    @cached_property
    def unused(self) -> tuple[str, ...]:
        """The values that no node uses, but for the output and those that were given no name."""
        named = ((name, uses) for name, uses in zip(self.names, self.uses, strict=True) if UNNAMED not in name)
        return tuple([name for name, uses in named if not uses and name != self.output])

    @cached_property
    def backward(self) -> tuple[int, ...]:
        """The nodes that the output depends on, by index, in backward order: exactly the reverse of forward."""
        needed = bytearray(len(self.names))
        needed[self.slots[self.output]] = True
        first_slots, edges = self.first_slots, self.edges
        order = []
        for node in reversed(range(len(self.nodes))):
            first = first_slots[node]
            if needed[first] or needed.find(1, first, first_slots[node + 1]) >= 0:
                order.append(node)
                for slot in edges[node]:
                    needed[slot] = True
        return tuple(order)

    def slot_of(self, node: int, output: int = 0) -> int:
        """Return the slot of an output of a node."""
        return self.first_slots[node] + output

    def slots_of(self, node: int) -> range:
        """Return the slots of all outputs of a node."""
        return range(self.first_slots[node], self.first_slots[node + 1])

    def node_at(self, slot: int) -> int | None:
        """Return the index of the node that computes a slot's value, or None for a leaf's."""
        return None if slot < len(self.leaves) else bisect_right(self.first_slots, slot) - 1

    def node_index(self, name: str) -> int | None:
        """Return the index of the node that computes ``name``, or None for a leaf."""
        return self.node_at(self.slots[name])

    def is_leaf(self, name: str) -> bool:
        """Return whether ``name`` is that of a leaf."""
        return self.slots.get(name, len(self.names)) < len(self.leaves)

    def node(self, name: str) -> Node | None:
        """Return the node that computes ``name``, or None for a leaf."""
        index = self.node_index(name)
        return None if index is None else self.nodes[index]

    def nodes_within(self, slots: int) -> int:
        """Return how many nodes have all their outputs among the first ``slots`` values."""
        return bisect_right(self.first_slots, slots) - 1


def forward_order(nodes: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """Return ``nodes`` in the stable topological order nearest to the given one, and those held up by a cycle.

    The given order is kept wherever it is valid: of the nodes that are ready, the earliest comes next.
    Inputs that no node computes are taken to be leaves.
    """
    index = {name: place for place, node in enumerate(nodes) for name in node.outputs}
    consumers: list[list[int]] = [[] for _ in nodes]
    missing = [0] * len(nodes)
    for place, node in enumerate(nodes):
        for producer in {index[name] for name in node.inputs if name in index}:
            consumers[producer].append(place)
            missing[place] += 1
    ready = [place for place, count in enumerate(missing) if not count]
    ordered = []
    while ready:
        place = heapq.heappop(ready)
        ordered.append(nodes[place])
        for consumer in consumers[place]:
            missing[consumer] -= 1
            if not missing[consumer]:
                heapq.heappush(ready, consumer)
    return ordered, [nodes[place] for place, count in enumerate(missing) if count]


def find_cycle(nodes: Iterable[Node]) -> list[str]:
    """Return the names of one cycle among ``nodes``, each consumed by the next and the last by the first.

    ``nodes`` are those that ``forward_order`` could not place, so each has an input among them.
    """
    held = {name: node for node in nodes for name in node.outputs}
    trail: dict[str, int] = {}
    name = next(iter(held.values())).name
    while name not in trail:
        trail[name] = len(trail)
        name = next(held[source].name for source in held[name].inputs if source in held)
    return list(trail)[trail[name] :][::-1]
