"""The engine: goes through a graph forward, back and through the updates, and fills a tape while it goes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from time import perf_counter
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from bptui.core.columns import Iteration, Value, arriving, freeze
from bptui.core.edit import Reuse
from bptui.core.graph import Graph, Node
from bptui.core.tape import Tape
from bptui.core.text import shape, visible
from bptui.errors import LayerError, reason_of

STRIDE = 256
"""Nodes that are run at a time, where that takes no longer than ``PIECE``."""

PIECE = 0.005
"""Seconds after which ``advance`` returns, as soon as a node is done: keys are answered in between."""

TIME_LIMIT = 10.0
"""Seconds that a command in the shell gives to one call; on the screen a person decides."""

REFUSALS = (ValueError, TypeError, IndexError, ArithmeticError, MemoryError)
"""What a built-in layer raises at values that do not fit: another layer's, or those that a person has set."""

TakesGradient: TypeAlias = tuple[tuple[bool, ...], ...]
"""For each node in forward order, and each of its inputs, whether a gradient goes back to it."""


class Call(Protocol):
    """A call that is under way in another process."""

    @property
    def elapsed(self) -> float:
        """Seconds since it went out."""

    def wait(self, seconds: float) -> bool:
        """Wait for it no longer than ``seconds``, and return whether it is done."""

    def insist(self, seconds: float) -> None:
        """Wait for it, and after ``seconds`` end its process."""

    def give_up(self, why: str) -> None:
        """End its process."""


class NotReadyError(Exception):
    """A layer in another process has not returned yet: called again, it goes on with the same ``call``."""

    def __init__(self, call: Call) -> None:
        super().__init__("the layer has not returned yet")
        self.call = call


class AnyLayer(Protocol):
    """A node's layer: a built-in one, or what stands for one in another process, which may raise NotReadyError.

    One with several outputs returns a tuple of them, and its ``backward`` takes one dout for each.
    """

    def forward(self, *inputs: Any) -> Any:
        """Return the value at ``inputs``."""

    def backward(self, *douts: Any) -> Any:
        """Return the gradient of each input; a single one may stand alone."""


class Calls(NamedTuple):
    """How the nodes of a graph are run, which is the same in every run of it. Nodes are meant by index.

    ``forwards`` and ``backwards`` have for each node what its layer does, as a function of the layer first. ``several``
    are the nodes with several outputs; ``masks`` tells of those at some of whose inputs no gradient is taken, at which
    it is.
    """

    forwards: Sequence[Callable[..., Any]]
    backwards: Sequence[Callable[..., Any]]
    several: frozenset[int]
    masks: Mapping[int, tuple[bool, ...]]
    special: frozenset[int]
    """Those of either kind, whose backward takes or gives something else than one gradient for each input."""


class LayerSource(Protocol):
    """Where a run has its layers from. Nodes are meant by index, iterations are counted from 0."""

    @property
    def calls(self) -> Calls:
        """How its nodes are run."""

    def make(self, node: int) -> AnyLayer:
        """Return the instance that a node keeps during a run."""

    def begin_iteration(self, iteration: int) -> None:
        """Prepare the instances for an iteration, where they depend on it."""


class SlowestLayer(NamedTuple):
    """How long a node's layer has taken at the most, forward or backward."""

    node: Node | None
    seconds: float


class Runner:
    """Fills ``tape`` by calling the layers of its graph, which it has from ``source``.

    ``advance`` adds steps, ``finish`` all that are left; a tape that has some steps is gone on with. While a layer in
    another process keeps the run waiting, ``waiting`` is that call. What a layer raises becomes the tape's failure.
    """

    def __init__(self, tape: Tape, source: LayerSource, reuse: Reuse | None = None) -> None:
        self.tape = tape
        self.reuse = reuse
        self.source = source
        self.graph = tape.graph
        self.passes = tape.passes
        self.calls = source.calls
        self.waiting: Call | None = None
        self.cold: set[int] = set()
        self.until = 0.0
        self.slowest = SlowestLayer(None, 0.0)
        if tape.iterations:
            source.begin_iteration(len(tape.iterations) - 1)
            self.cold.update(range(self.graph.nodes_within(len(tape.iterations[-1].values))))

    @property
    def failure(self) -> LayerError | None:
        """What has ended the run before its end, if anything did."""
        return self.tape.failure

    @property
    def is_over(self) -> bool:
        """Whether no more steps will come: all have run, or the run has failed."""
        return self.tape.failure is not None or self.tape.is_complete

    @property
    def node_waited_for(self) -> Node | None:
        """The node whose layer keeps the run waiting."""
        return self.next_node if self.waiting else None

    @property
    def next_node(self) -> Node | None:
        """The node whose step comes next, or has failed; None in an update, and after the last step."""
        number = len(self.tape) + 1
        return self.graph.node(self.tape.order[number].name) if number <= len(self.tape.order) else None

    def advance(self, steps: int) -> None:
        """Run at least ``steps`` more steps, or all that are left, or less where they take longer than ``PIECE``.

        Where a layer has taken much longer, ``slowest`` tells.
        """
        self.advance_to(min(len(self.tape) + steps, len(self.tape.order)))

    def advance_to(self, goal: int) -> None:
        """Run until there are ``goal`` steps, or fewer where that takes longer than ``PIECE``."""
        start = perf_counter()
        self.until = start + PIECE
        with np.errstate(all="ignore"):
            while len(self.tape) < goal and self.failure is None:
                self.go_on()
                if self.waiting or perf_counter() > self.until:
                    break
        self.time(perf_counter() - start)

    def time(self, seconds: float) -> None:
        """Take note of how long a piece has taken: of a long one, nearly all was the last node's."""
        if self.waiting is None and seconds > max(self.slowest.seconds, PIECE) and len(self.tape):
            node = self.graph.node(self.tape.order[len(self.tape)].name)
            self.slowest = SlowestLayer(node, seconds) if node else self.slowest

    def proceed(self, steps: int) -> None:
        """Run at least ``steps`` more steps, or all that are left; a layer that takes too long ends the run."""
        goal = min(len(self.tape) + steps, len(self.tape.order))
        while len(self.tape) < goal and self.failure is None:
            self.advance_to(goal)
            if self.waiting:
                self.waiting.insist(TIME_LIMIT)

    def finish(self) -> None:
        """Run all steps that are left; ``failure`` tells whether that went well."""
        self.proceed(len(self.tape.order))

    def give_up(self) -> None:
        """Stop waiting for a layer; the run ends where it is."""
        if self.waiting:
            self.waiting.give_up(f"was stopped after {self.waiting.elapsed:.0f} s")
            self.advance(1)

    def go_on(self) -> None:
        """Run a stride of one pass; what a layer raises, or refuses, is the run's failure."""
        self.waiting = None
        try:
            self.run_stride(self.columns)
        except NotReadyError as error:
            self.waiting = error.call
        except LayerError as error:
            self.tape.failure = error
        except REFUSALS as error:
            node = self.next_node
            if node is None:
                raise
            message = f"{visible(node.name)}: {node.layer}: {visible(reason_of(error))}"
            self.tape.failure = LayerError(message, where=node.where)

    @property
    def columns(self) -> Iteration:
        """The columns to be filled: the latest, or new ones where those are full."""
        tape = self.tape
        if not tape.iterations or len(tape) == tape.order.start(len(tape.iterations)):
            self.cold.clear()
            self.source.begin_iteration(len(tape.iterations))
            tape.begin_iteration()
        return tape.iterations[-1]

    def run_stride(self, columns: Iteration) -> None:
        """Fill a stride of a pass, and go on with the next where it is done with it."""
        forward, backward = self.graph.nodes_within(len(columns.values)), len(columns.douts)
        if self.reuse is not None and self.reuse.applies(self.tape):
            self.run_reusing(columns, self.reuse)
            return
        if forward < len(self.graph.nodes):
            self.run_forward(columns, slice(forward, forward + STRIDE))
        if len(columns.values) < len(self.graph.names):
            return
        if not columns.totals:
            self.tape.begin_backward(self.entering_gradient(columns))
        if backward < len(self.passes.backward):
            self.run_backward(columns, slice(backward, backward + STRIDE))
        if len(columns.douts) == len(self.passes.backward):
            self.run_updates(columns)

    def run_reusing(self, columns: Iteration, reuse: Reuse) -> None:
        """Fill in one step of the iteration that was edited: what comes to the same as before is not computed."""
        node, rank = self.graph.nodes_within(len(columns.values)), len(columns.douts)
        if node < len(self.graph.nodes):
            if (outs := reuse.outputs(self.tape, node)) is None:
                self.run_forward(columns, slice(node, node + 1))
            else:
                columns.values += outs
                self.cold.add(node)
            return
        if not columns.totals:
            self.tape.begin_backward(self.entering_gradient(columns))
        if rank < len(self.passes.backward):
            if (back := reuse.backward(self.tape, rank)) is None:
                self.run_backward(columns, slice(rank, rank + 1))
            else:
                columns.add_backward(back.dout, self.graph.edges[self.passes.backward[rank]], back.gradients)
            return
        self.run_updates(columns)

    def run_forward(self, columns: Iteration, span: slice) -> None:
        """Call the forward of a span of nodes, in order."""
        values, until, scalar = columns.values, self.until, np.float64
        value_at = values.__getitem__
        nodes = zip(self.calls.forwards[span], self.layers[span], self.graph.edges[span], strict=True)
        for forward, layer, slots in nodes:
            value = forward(layer, *map(value_at, slots))
            if value.__class__ is scalar:
                values.append(value)
            elif value.__class__ is tuple:
                values += map(freeze, value)
            else:
                values.append(freeze(value))
            if perf_counter() > until:
                return

    def run_backward(self, columns: Iteration, span: slice) -> None:
        """Call the backward of a span of the nodes that go back, and add up what they send."""
        layers, backwards, totals = self.layers, self.calls.backwards, columns.totals
        edges, first_slots, until = self.graph.edges, self.graph.first_slots, self.until
        special = self.calls.special.union(self.cold) if self.cold else self.calls.special
        for node in self.passes.backward[span]:
            if node in special:
                self.run_special_backward(columns, node)
            else:
                dout, inputs = totals[first_slots[node]], edges[node]
                gradients = (None,) * len(inputs) if dout is None else backwards[node](layers[node], dout)
                columns.add_backward(dout, inputs, gradients if gradients.__class__ is tuple else (gradients,))
            if perf_counter() > until:
                return

    def run_special_backward(self, columns: Iteration, node: int) -> None:
        """Call the backward of a node with several outputs, or with inputs that take no gradient, or not yet warm."""
        inputs, totals = self.graph.edges[node], columns.totals
        if node in self.calls.several:
            dout = arriving(totals, self.graph.slots_of(node), columns.values)
        else:
            dout = totals[self.graph.first_slots[node]]
        gradients: Any = (None,) * len(inputs)
        if dout is not None:
            if node in self.cold:
                self.warm(node, columns.values)
            gradients = self.calls.backwards[node](
                self.layers[node], *(dout if node in self.calls.several else (dout,))
            )
        if gradients.__class__ is not tuple:
            gradients = (gradients,)
        if mask := self.calls.masks.get(node):
            gradients = [it if takes else None for it, takes in zip(gradients, mask, strict=True)]
        columns.add_backward(dout, inputs, gradients)

    def run_updates(self, columns: Iteration) -> None:
        """Update every parameter from its gradient; one that no gradient reaches stays as it is."""
        passes, optimizer = self.passes, self.tape.optimizer
        for name in passes.updated[len(columns.updates) :]:
            slot = passes.graph.slots[name]
            after, memory = columns.values[slot], dict(self.tape.memory(name))
            edge = passes.last_edge(name, len(passes.backward))
            gradient = None if edge is None else columns.sums[edge]
            if optimizer is not None and gradient is not None:
                after = optimizer.update(after, gradient, memory)
            self.tape.add_update(after, memory)

    def warm(self, node: int, values: Sequence[Value]) -> None:
        """Let a layer go forward which has not in this run, because the tape was begun by another."""
        self.calls.forwards[node](self.layers[node], *map(values.__getitem__, self.graph.edges[node]))
        self.cold.discard(node)

    def entering_gradient(self, columns: Iteration) -> Value:
        """Return the gradient that enters at the output, in the shape of its value, which may be known only now.

        Raises LayerError where it has another shape.
        """
        out, dout = columns.values[self.graph.slots[self.graph.output]], self.tape.dout
        if dout is None or dout.shape == out.shape:
            return dout
        if np.shape(dout):
            name = visible(self.graph.output)
            raise LayerError(f"dout is {shape(dout)}, but {name} is {shape(out)}", where=self.graph.nodes[0].where)
        return freeze(np.broadcast_to(dout, np.shape(out)).copy())[()]

    @cached_property
    def layers(self) -> Sequence[AnyLayer]:
        """The instance that each node keeps."""
        return [self.source.make(node) for node in range(len(self.graph.nodes))]


def calls_of(graph: Graph, leaves: Sequence[Value], layers: Sequence[type[AnyLayer]]) -> Calls:
    """Return how the nodes of ``graph`` are run, each with the class in ``layers`` that stands for its layer."""
    outputs = range(0) if graph.has_single_outputs else range(len(graph.nodes))
    several = frozenset(at for at in outputs if len(graph.nodes[at].outputs) > 1)
    forwards = bare_methods(layers, "forward")
    for at in several:
        forwards[at] = partial(returning_several, forwards[at], graph.nodes[at])
    masks = masks_of(graph, leaves)
    return Calls(forwards, bare_methods(layers, "backward"), several, masks, several.union(masks))


def masks_of(graph: Graph, leaves: Sequence[Value]) -> Mapping[int, tuple[bool, ...]]:
    """Return which inputs of a node take a gradient, for the nodes at which not all do."""
    closed = names_without_gradient(graph, leaves)
    if not closed:
        return {}
    mixed = [(at, node.inputs) for at, node in enumerate(graph.nodes) if not closed.isdisjoint(node.inputs)]
    return {at: tuple([name not in closed for name in inputs]) for at, inputs in mixed}


def takes_gradient(graph: Graph, leaves: Sequence[Value]) -> TakesGradient:
    """Return which inputs of each node take a gradient: those that are neither constants nor integers."""
    closed = names_without_gradient(graph, leaves)
    return tuple([tuple([name not in closed for name in node.inputs]) for node in graph.nodes])


def names_without_gradient(graph: Graph, leaves: Sequence[Value]) -> frozenset[str]:
    """Return the leaves that take no gradient: constants and integers."""
    integers = [name for name, value in zip(graph.leaves, leaves, strict=True) if value.dtype.kind != "f"]
    return frozenset((*graph.constants, *integers))


def bare_methods(layers: Sequence[type[AnyLayer]], method: str) -> list[Callable[..., Any]]:
    """Return a method of each class as a function, without what quietens NumPy around a built-in one.

    A run is quiet as a whole.
    """
    bare = {each: bare_method(each, method) for each in set(layers)}
    return [bare[each] for each in layers]


def bare_method(layer: type[AnyLayer], method: str) -> Callable[..., Any]:
    """Return the function that a class's method is, out of what is wrapped around it."""
    return inspect.unwrap(getattr(layer, method))


def returning_several(forward: Callable[..., Any], node: Node, layer: AnyLayer, *inputs: Any) -> tuple[Any, ...]:
    """Return the outputs of a node at ``inputs``. Raises LayerError where they are not as many as the node names."""
    outs = forward(layer, *inputs)
    if not isinstance(outs, tuple) or len(outs) != len(node.outputs):
        got = f"{len(outs)} values" if isinstance(outs, tuple) else "one value"
        message = f"{visible(node.name)}: {node.layer}: returns {got} for the {len(node.outputs)} outputs of the node"
        raise LayerError(message, where=node.where)
    return outs
