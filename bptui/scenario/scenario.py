"""A scenario as it was read: its graph, the leaves' values, and what to do with them. Nothing here reads files."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.columns import Value
from bptui.core.engine import Calls, TakesGradient, calls_of, takes_gradient
from bptui.core.graph import Graph, Node
from bptui.core.lesson import Lesson
from bptui.core.optimizer import Optimizer
from bptui.core.order import Schedule
from bptui.core.region import Independence
from bptui.core.stop import Stop
from bptui.deferred_dataclass import dataclass
from bptui.own_layers.own_layer import LayerFile, OwnLayer
from layers import Array, Layer
from layers.dropout import Stochastic

if TYPE_CHECKING:
    from bptui.guest.host import Host
    from bptui.guest.host_supply import HostSupply


@dataclass(frozen=True, eq=False)
class Train:
    """What ``[train]`` asks for: ``steps`` iterations of forward, backward and an update by ``optimizer``."""

    optimizer: Optimizer
    steps: int


@dataclass(frozen=True, eq=False)
class Expect:
    """What ``[expect]`` knows: a number passes where ``|got - want| <= atol + rtol * |want|``.

    ``independent`` are elements that are not to depend on others.
    """

    values: Mapping[str, Array]
    gradients: Mapping[str, Array]
    rtol: float = 1e-7
    atol: float = 1e-9
    independent: tuple[Independence, ...] = ()


@dataclass(frozen=True, eq=False)
class Scenario:
    """A small network with its inputs, ready to run.

    ``values`` has the leaves' arrays by name (inputs, parameters and constants), read-only. ``library`` has the
    class of every layer that the graph names. ``source`` is the file's text, ``path`` None where there is no file;
    ``remarks`` has by node what there is to say of its inputs before it has run.
    """

    title: str
    about: str
    source: str
    path: Path | None
    dtype: np.dtype[Any]
    seed: int
    graph: Graph
    values: Mapping[str, Array]
    library: Mapping[str, type[Layer] | OwnLayer]
    dout: Array
    train: Train | None = None
    expect: Expect | None = None
    hosts: HostSupply | None = None
    unpaired: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meant_instead: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    expanded: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()
    lesson: Lesson = field(default_factory=Lesson)
    data_digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def iterations(self) -> int:
        """How many times forward and backward are run: 1, or ``[train]``'s steps."""
        return self.train.steps if self.train else 1

    @cached_property
    def schedule(self) -> Schedule:
        """Which step of a run does what."""
        return Schedule(self.graph, iterations=self.iterations, trains=self.train is not None)

    @cached_property
    def leaves(self) -> tuple[Value, ...]:
        """The leaves' values by slot; those of no axes as NumPy scalars, with which layers compute faster."""
        values = [self.values[name] for name in self.graph.leaves]
        return tuple([value if value.ndim else value[()] for value in values])

    @cached_property
    def takes_gradient(self) -> TakesGradient:
        """For each node, which of its inputs take a gradient: those that are neither constants nor integers."""
        return takes_gradient(self.graph, self.leaves)

    @cached_property
    def needs_gradient(self) -> tuple[tuple[bool, ...], ...]:
        """For each node, at which of its inputs a parameter or another node waits for a gradient."""
        waiting = {*self.graph.parameters, *(name for node in self.graph.nodes for name in node.outputs)}
        return tuple(tuple([name in waiting for name in node.inputs]) for node in self.graph.nodes)

    @cached_property
    def calls(self) -> Calls:
        """How its nodes are run, where all their layers are built in."""
        layers = [it for node in self.graph.nodes if isinstance(it := self.library[node.layer], type)]
        return calls_of(self.graph, self.leaves, layers)

    @cached_property
    def guests(self) -> Mapping[int, OwnLayer]:
        """The nodes with a layer of the user's own, by index."""
        own = {name: layer for name, layer in self.library.items() if isinstance(layer, OwnLayer)}
        return {at: own[node.layer] for at, node in enumerate(self.graph.nodes) if node.layer in own} if own else {}

    def made(self, node: Node, iteration: int = 0) -> Layer:
        """Return a new layer for a node, which draws what it draws at random in an ``iteration`` (from 0).

        A layer of the user's own is made in another process, by a run.
        """
        layer = self.library[node.layer]
        assert not isinstance(layer, OwnLayer)
        made = layer(**node.options) if node.options else layer()
        if node.layer in self.stochastic and isinstance(made, Stochastic):
            made.seed = self.drawing_seed(node, iteration)
        return made

    @cached_property
    def stochastic(self) -> frozenset[str]:
        """The layers that draw at random: to ask the class once takes less than to ask each instance."""
        return frozenset(
            [name for name, it in self.library.items() if isinstance(it, type) and issubclass(it, Stochastic)]
        )

    def drawing_seed(self, node: Node, iteration: int) -> tuple[int, int, int]:
        """Return what a node's random numbers in an iteration (from 0) come from, whatever other nodes there are."""
        return (self.seed, zlib.crc32(node.name.encode()), iteration)

    def new_host(self) -> Host:
        """Return a process for the layers of the user's own, for a run of it."""
        assert self.hosts is not None
        return self.hosts.take()

    @property
    def layer_files(self) -> tuple[LayerFile, ...]:
        """The files that these layers come from."""
        return tuple(dict.fromkeys(layer.file for layer in self.guests.values()))
