"""The parameters that the user's own layers make themselves, found by going through the network once.

They become parameters as if the scenario had written them: ``h.W`` is the ``W`` that the layer of node ``h`` keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.graph import Graph, Node
from bptui.errors import LayerError
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.formula import is_name
from bptui.scenario.reading.settings import Settings
from bptui.scenario.reading.value_forms import as_read_only
from layers import Array, Layer

if TYPE_CHECKING:
    from bptui.guest.guest_layer import Look
    from bptui.guest.host_supply import HostSupply

PATIENCE = 2.0
"""Seconds that a layer gets; of one that takes longer nothing is known before the run."""

UNSEEN = ""
"""Stands among the unpaired names for a layer that could not be looked at."""


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """The parameters that layers have made: by node its names for them, and by name the numbers that they start with.

    ``unpaired`` has, by node, what a layer keeps that moves its value and has no gradient.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Array] = field(default_factory=dict)
    unpaired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def added_to(self, graph: Graph) -> Graph:
        """Return the graph with these parameters as the last inputs of their nodes."""
        if not self.values:
            return graph
        nodes = tuple([self.with_made(node) for node in graph.nodes])
        return replace(graph, parameters=graph.parameters + tuple(self.values), nodes=nodes)

    def with_made(self, node: Node) -> Node:
        """Return a node with its own parameters."""
        made = tuple([f"{node.name}.{name}" for name in self.names.get(node.name, ())])
        return replace(node, inputs=node.inputs + made, made=made) if made else node


def look_for_parameters(
    graph: Graph,
    values: Mapping[str, Array],
    library: Mapping[str, type[Layer] | OwnLayer],
    hosts: HostSupply,
    settings: Settings,
) -> Made:
    """Return the parameters that own layers have made, going through every node whose inputs can be worked out.

    A node that fails does so again in the run, which tells of it.
    """
    uses = Counter(name for node in graph.nodes for name in node.inputs)
    alive: dict[str, Any] = {name: value[()] for name, value in values.items()}
    names: dict[str, tuple[str, ...]] = {}
    found: dict[str, Array] = {}
    unpaired: dict[str, tuple[str, ...]] = {}
    for node in graph.nodes:
        layer = library[node.layer]
        if not alive.keys() >= set(node.inputs):
            unpaired[node.name] = (UNSEEN,) * isinstance(layer, OwnLayer)
            continue
        inputs = [alive[name] for name in node.inputs]
        if isinstance(layer, OwnLayer):
            look = look_at(node, layer, inputs, hosts, settings)
            if look is None:
                unpaired[node.name] = (UNSEEN,)
                continue
            alive[node.name] = look.out
            own = {name: it for name, it in look.parameters.items() if is_plain(name)}
            names[node.name] = tuple(own)
            found |= {f"{node.name}.{name}": as_read_only(np.array(it)) for name, it in own.items()}
            unpaired[node.name] = look.unpaired
        elif (out := forward(node, layer, inputs)) is not None:
            alive[node.name] = out
        uses.subtract(node.inputs)
        for name in (*node.inputs, node.name):
            if not uses[name]:
                alive.pop(name, None)
    return Made(names, found, {name: it for name, it in unpaired.items() if it})


def look_at(node: Node, layer: OwnLayer, inputs: list[Any], hosts: HostSupply, settings: Settings) -> Look | None:
    """Return what is found on a node's layer, None where it fails or takes too long."""
    from bptui.guest.guest_layer import GuestLayer  # noqa: PLC0415  (few scenarios have guests)

    host = hosts.ready = hosts.take()
    call = GuestLayer(layer, host, node, dtype=settings.dtype, seed=settings.seed).begin_look(*inputs)
    try:
        if not call.wait(PATIENCE):
            call.give_up(f"did not return within {PATIENCE:g} s")
        look: Look = call.result()
    except LayerError:
        return None
    return None if look.out is None else look


def is_plain(name: str) -> bool:
    """Return whether a name that a layer has for a parameter can be one here."""
    return all(map(is_name, name.split(".")))


def forward(node: Node, layer: type[Layer], inputs: list[Any]) -> Any:
    """Return the value of a node with a built-in layer, None where it refuses its inputs."""
    try:
        with np.errstate(all="ignore"):
            return layer(**node.options).forward(*inputs)
    except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError):
        return None
