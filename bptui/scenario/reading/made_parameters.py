"""The parameters that the user's own layers make themselves, found by going through the network once.

They become parameters as if the scenario had written them: ``h.W`` is the ``W`` that the layer of node ``h`` keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.graph import Graph, Node
from bptui.deferred_dataclass import dataclass
from bptui.errors import LayerError, MisnamedOutputsError, ScenarioError
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.formula import is_name
from bptui.scenario.reading.settings import Settings
from bptui.scenario.reading.shape_inference import excess
from bptui.scenario.reading.value_forms import as_read_only
from layers import Array, Layer

if TYPE_CHECKING:
    from bptui.guest.guest_layer import MadeByLayer
    from bptui.guest.host_supply import HostSupply

PATIENCE = 2.0
"""Seconds that a layer gets; of one that takes longer nothing is known before the run."""

UNSEEN = ""
"""Stands among the unpaired names for a layer that could not be looked at."""


@dataclass(frozen=True, eq=False, slots=True)
class MadeParameters:
    """The parameters that layers have made: by node its names for them, and by name the numbers that they start with.

    ``unpaired`` has, by node, what a layer keeps that moves its value and has no gradient; ``integers`` the data that
    a layer uses as indices.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Array] = field(default_factory=dict)
    unpaired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    integers: Mapping[str, Array] = field(default_factory=dict)

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


def infer_made_parameters(
    graph: Graph,
    values: Mapping[str, Array],
    library: Mapping[str, type[Layer] | OwnLayer],
    hosts: HostSupply,
    settings: Settings,
) -> MadeParameters:
    """Return the parameters that own layers have made, going through every node whose inputs can be worked out.

    A node that fails does so again in the run, which tells of it.
    """
    look = ParameterSearch(graph, values, library, hosts, settings)
    for node in graph.nodes:
        look.at(node)
    return MadeParameters(look.names, look.found, {name: it for name, it in look.unpaired.items() if it}, look.integers)


class ParameterSearch:
    """One way through a network, node by node, keeping no value longer than it is needed."""

    def __init__(
        self,
        graph: Graph,
        values: Mapping[str, Array],
        library: Mapping[str, type[Layer] | OwnLayer],
        hosts: HostSupply,
        settings: Settings,
    ) -> None:
        self.graph = graph
        self.library = library
        self.hosts = hosts
        self.settings = settings
        self.uses = Counter(name for node in graph.nodes for name in node.inputs)
        self.alive: dict[str, Any] = {name: value[()] for name, value in values.items()}
        self.names: dict[str, tuple[str, ...]] = {}
        self.found: dict[str, Array] = {}
        self.unpaired: dict[str, tuple[str, ...]] = {}
        self.integers: dict[str, Array] = {}

    def at(self, node: Node) -> None:
        """Go through one node, if its inputs are known."""
        layer = self.library[node.layer]
        if not self.alive.keys() >= set(node.inputs):
            self.unpaired[node.name] = (UNSEEN,) * isinstance(layer, OwnLayer)
            return
        if isinstance(layer, OwnLayer):
            self.through_own(node, layer)
        elif (outs := built_in_forward(node, layer, [self.alive[name] for name in node.inputs])) is not None:
            self.alive |= dict(zip(node.outputs, outs, strict=True))
        self.uses.subtract(node.inputs)
        for name in (*node.inputs, *node.outputs):
            if not self.uses[name]:
                self.alive.pop(name, None)

    def through_own(self, node: Node, layer: OwnLayer) -> None:
        """Go through a node with a layer of the user's own, and keep what it has made."""
        look = self.try_node(node, layer, {})
        if isinstance(look, LayerError) and wants_integers(look):
            look = self.try_with_integers(node, layer) or look
        if isinstance(look, MisnamedOutputsError):
            raise ScenarioError(look.message, hint=look.hint, where=node.where)
        if isinstance(look, LayerError):
            self.unpaired[node.name] = (UNSEEN,)
            return
        self.alive |= dict(zip(node.outputs, look.outs, strict=True))
        own = {name: it for name, it in look.parameters.items() if is_plain(name)}
        self.names[node.name] = tuple(own)
        self.found |= {f"{node.name}.{name}": as_read_only(np.array(it)) for name, it in own.items()}
        self.unpaired[node.name] = look.unpaired

    def try_with_integers(self, node: Node, layer: OwnLayer) -> MadeByLayer | None:
        """Return what is found where one of the inputs that are data is integers, or all: they are used as indices."""
        whole = {name: it for name in node.inputs if (it := self.as_integers(name)) is not None}
        for chosen in (*({name: it} for name, it in whole.items()), whole):
            look = self.try_node(node, layer, chosen)
            if not isinstance(look, LayerError):
                self.integers |= {name: as_read_only(np.asarray(it)) for name, it in chosen.items()}
                self.alive |= chosen
                return look
        return None

    def as_integers(self, name: str) -> Any:
        """Return a value as integers if it is data that is written in whole numbers; None otherwise."""
        value = np.asarray(self.alive[name])
        if name not in self.graph.inputs or value.dtype.kind != "f" or not (value == np.rint(value)).all():
            return None
        return value.astype(np.int64)

    def try_node(self, node: Node, layer: OwnLayer, other: Mapping[str, Any]) -> MadeByLayer | LayerError:
        """Return what is found on a node's layer, or how it fails; ``other`` values stand in for some of its inputs."""
        from bptui.guest.guest_layer import GuestLayer  # noqa: PLC0415  (few scenarios have guests)

        inputs = [other.get(name, self.alive[name]) for name in node.inputs]
        host = self.hosts.ready = self.hosts.take()
        guest = GuestLayer(layer, host, node, dtype=self.settings.dtype, seed=self.settings.seed)
        call = guest.begin_parameter_search(*inputs)
        try:
            if not call.wait(PATIENCE):
                call.give_up(f"did not return within {PATIENCE:g} s")
            found: MadeByLayer = call.result()
        except LayerError as error:
            return error
        return found


def wants_integers(error: LayerError) -> bool:
    """Return whether a layer has failed because it takes floats for indices."""
    return any(words in error.message for words in ("must be of integer", "only integers", "as an integer"))


def is_plain(name: str) -> bool:
    """Return whether a name that a layer has for a parameter can be one here."""
    return all(map(is_name, name.split(".")))


def built_in_forward(node: Node, layer: type[Layer], inputs: list[Any]) -> tuple[Any, ...] | None:
    """Return the outputs of a node with a built-in layer, None where it refuses its inputs or they are too large."""
    try:
        made = layer(**node.options)
        if any(map(excess, made.out_shapes(*map(np.shape, inputs)))):
            return None
        outs = made.forward(*inputs)
        return outs if len(node.outputs) > 1 else (outs,)
    except (ValueError, TypeError, IndexError, ArithmeticError, MemoryError):
        return None
