"""The engine: walks the graph forward, back and through the updates, and writes the tape while it goes."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import cache, cached_property
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.columns import Iteration, Value, as_optional_array, freeze
from bptui.core.graph import Node
from bptui.core.optimizer import Memory, Optimizer
from bptui.core.step import Local
from bptui.core.tape import Tape
from bptui.core.text import shape, visible
from bptui.errors import LayerError
from bptui.guest.observation import Remark
from bptui.guest.pending_call import TIME_LIMIT, Pending
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.scenario import Scenario
from layers import Layer

if TYPE_CHECKING:
    from bptui.guest.guest_layer import GuestLayer
    from bptui.guest.host import Host
    from bptui.guest.revisit import Looks

STRIDE = 64
"""Nodes between two places where a run can be interrupted."""

PATIENCE = 0.005
"""Seconds that ``advance`` waits for a guest before it returns with less done: ordinary calls take far less."""

MOST_REVISITED = 8
"""Layers that are kept for being looked at again: those of the nodes in sight."""

MOST_REMARKS = 100
"""As many remarks as a run keeps: a layer that prints says something else each time."""

REFUSALS = (ValueError, TypeError, IndexError, ArithmeticError, MemoryError)
"""What a built-in layer raises when a guest before it has returned what does not fit."""


class Run(Tape):
    """A tape that is written by running a scenario: ``advance`` adds steps to it, ``finish`` all that are left.

    Layers of the user's own run in a process of their own. While one of them keeps the run waiting, ``waiting`` is
    that call. ``failure`` is what ended the run, if it did not come to its end; the steps so far stay. ``remarks``
    counts what else there is to say of the guests.
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario.schedule, scenario.leaves, scenario.dout[()])
        self.scenario = scenario
        self.memories: dict[str, Memory] = {name: {} for name in scenario.schedule.updated}
        self.strides = self.run()
        self.waiting: Pending | None = None
        self.failure: LayerError | None = None
        self.revisited: dict[tuple[int, int], Layer] = {}

    @cached_property
    def remarks(self) -> Counter[Remark]:
        """How often the guests have done each odd thing."""
        return Counter()

    @property
    def library(self) -> Mapping[str, type[Layer] | OwnLayer]:
        return self.scenario.library

    @property
    def optimizer(self) -> Optimizer | None:
        return self.scenario.train.optimizer if self.scenario.train else None

    @property
    def is_over(self) -> bool:
        """Whether no more steps will come: all have run, or the run has failed."""
        return self.is_complete or self.failure is not None

    @cached_property
    def layers(self) -> list[Layer | GuestLayer]:
        """The instance that each node keeps."""
        nodes = enumerate(self.graph.nodes)
        return [self.guest(at, 0) if at in self.scenario.guests else self.scenario.made(it) for at, it in nodes]

    @cached_property
    def calls(self) -> list[tuple[Callable[..., Value], Callable[[Value], Any]]]:
        """The forward and the backward of each node's layer. A guest's return at once, with the pending call."""
        calls: list[tuple[Callable[..., Value], Callable[[Value], Any]]] = []
        for layer in self.layers:
            if isinstance(layer, Layer):
                forward, backward = bare_methods(type(layer))
                calls.append((MethodType(forward, layer), MethodType(backward, layer)))
            else:
                calls.append((layer.begin_forward, layer.begin_backward))
        return calls

    def fresh_layer(self, node: int, iteration: int = 0) -> Layer | GuestLayer:
        """Return a new instance of a node's layer, or what stands for a guest and is called in the same way.

        ``iteration`` (from 0) is for what a guest draws at random.
        """
        if node in self.scenario.guests:
            return self.guest(node, iteration)
        return self.scenario.made(self.graph.nodes[node])

    @cached_property
    def host(self) -> Host:
        """The process of the guests."""
        return self.scenario.new_host()

    def guest(self, node: int, iteration: int) -> GuestLayer:
        """Return a new instance of a layer of the user's own."""
        from bptui.guest.guest_layer import GuestLayer  # noqa: PLC0415  (few scenarios have guests)

        scenario = self.scenario
        layer = GuestLayer(
            scenario.guests[node],
            self.host,
            self.graph.nodes[node],
            takes_gradient=scenario.takes_gradient[node],
            needs_gradient=scenario.needs_gradient[node],
            dtype=scenario.dtype,
            seed=scenario.seed,
            notice=self.note,
        )
        layer.iteration = iteration
        return layer

    def note(self, remark: Remark) -> None:
        """Count a remark; of very many, those that are known already."""
        if remark in self.remarks or len(self.remarks) < MOST_REMARKS:
            self.remarks[remark] += 1

    def advance(self, steps: int) -> None:
        """Run at least ``steps`` more steps, or all that are left, or less where a guest keeps the run waiting."""
        goal = min(self.length + steps, len(self.schedule))
        with np.errstate(all="ignore"):
            while self.length < goal and self.failure is None:
                self.go_on()
                if self.waiting and not self.waiting.wait(PATIENCE):
                    return
        if self.is_complete:
            self.strides = iter(())  # its frame knows this tape: a circle would keep the arrays until a collection

    def proceed(self, steps: int) -> None:
        """Run at least ``steps`` more steps, or all that are left; a guest that takes too long ends the run."""
        goal = min(self.length + steps, len(self.schedule))
        while self.length < goal and self.failure is None:
            self.advance(goal - self.length)
            if self.waiting:
                self.waiting.insist(TIME_LIMIT)

    def finish(self) -> None:
        """Run all steps that are left; ``failure`` tells whether that went well."""
        self.proceed(len(self.schedule))

    def give_up(self) -> None:
        """Stop waiting for a guest; the run ends where it is."""
        if self.waiting:
            self.waiting.give_up(f"was stopped after {self.waiting.elapsed:.0f} s")
            self.advance(1)

    def close(self) -> None:
        """End the guests' process, if there is one; to look at a step again starts another."""
        if "host" in vars(self):
            self.host.close()

    def go_on(self) -> None:
        """Run a stride; a guest's fault, or a layer's that it has misled, is the run's failure."""
        if not self.scenario.guests:
            next(self.strides)
            return
        try:
            next(self.strides)
        except LayerError as error:
            self.fail(error)
        except REFUSALS as error:
            node = self.node_at(self.steps_done)
            message = f"{visible(node.name)}: {node.layer}: {visible(str(error) or type(error).__name__)}"
            self.fail(LayerError(message, where=node.where))

    def fail(self, error: LayerError) -> None:
        """End the run with what it has done."""
        columns = self.iterations[-1]
        self.failure, self.waiting = error, None
        self.length = (len(self.iterations) - 1) * self.schedule.length + self.steps_done
        del columns.douts[max(self.steps_done - self.schedule.forward, 0) :]

    @property
    def steps_done(self) -> int:
        """How many steps of the last iteration have been done, while it is under way."""
        columns = self.iterations[-1]
        forward = len(columns.values) - len(self.leaves)
        return forward if forward < self.schedule.forward else forward + max(len(columns.douts) - 1, 0)

    def node_at(self, step: int) -> Node:
        """Return the node whose step follows ``step`` steps of an iteration."""
        graph, forward = self.graph, self.schedule.forward
        return graph.nodes[step if step < forward else graph.backward[step - forward]]

    @property
    def node_waited_for(self) -> Node | None:
        """The node whose guest keeps the run waiting."""
        return self.node_at(self.steps_done) if self.waiting else None

    def run(self) -> Iterator[None]:
        """Run everything, a stride of nodes at a time."""
        leaves = list(self.leaves)
        first = len(self.graph.inputs)
        for iteration in range(self.schedule.iterations):
            self.iterations.append(Iteration(leaves.copy()))
            for node in self.scenario.guests:
                self.layers[node].iteration = iteration  # type: ignore[union-attr]
            for done in self.run_iteration():
                self.length = iteration * self.schedule.length + done
                yield
            updates = self.iterations[-1].updates
            leaves[first : first + len(updates)] = updates

    def run_iteration(self) -> Iterator[int]:
        """Fill the last columns, by straight-line code where there is some; yield how many steps are done."""
        columns = self.iterations[-1]
        if self.scenario.code.is_ready():
            leaves = columns.values.copy()
            try:
                yield from self.run_code(columns)
            except ArithmeticError:  # Python's floats raise where NumPy's give an infinity or NaN
                columns = Iteration(leaves)
                *_, done = self.run_layers(columns)
                self.iterations[-1] = columns
                yield done
        else:
            yield from self.run_layers(columns)
        yield self.update(columns)

    def run_code(self, columns: Iteration) -> Iterator[int]:
        """Run both passes as straight-line code."""
        columns.values[:] = map(float, columns.values)
        for chunk in self.scenario.code.forward:
            chunk(columns.values)
            yield len(columns.values) - len(self.leaves)
        totals = {self.graph.slots[self.graph.output]: float(self.dout)}
        for chunk in self.scenario.code.backward:
            chunk(columns.values, totals, columns.douts, columns.contributions, columns.sums)
            yield self.schedule.forward + len(columns.douts)

    def run_layers(self, columns: Iteration) -> Iterator[int]:
        """Run both passes by calling the layers."""
        yield from self.forward_pass(columns)
        yield from self.backward_pass(columns)

    def forward_pass(self, columns: Iteration) -> Iterator[int]:
        """Call every node's forward, in order."""
        values = columns.values
        for done, ((forward, _), slots) in enumerate(zip(self.calls, self.graph.edges, strict=True), start=1):
            value = forward(*[values[slot] for slot in slots])
            if value.__class__ is Pending:
                value = yield from self.awaited(value, done - 1)
            values.append(freeze(value))
            if not done % STRIDE:
                yield done
        yield self.schedule.forward

    def backward_pass(self, columns: Iteration) -> Iterator[int]:
        """Call the backward of every node that the output depends on, in reverse, and add up what arrives."""
        graph, forward = self.graph, self.schedule.forward
        first = len(graph.leaves)
        calls, takes_gradient = self.calls, self.scenario.takes_gradient
        totals: list[Value | None] = [None] * len(graph.names)
        if self.scenario.guests:
            self.dout = self.fitting_dout(columns.values[graph.slots[graph.output]])
        totals[graph.slots[graph.output]] = self.dout
        for done, node in enumerate(graph.backward, start=1):
            dout = totals[first + node]
            columns.douts.append(dout)
            slots = graph.edges[node]
            gradients = (None,) * len(slots) if dout is None else calls[node][1](dout)
            if gradients.__class__ is Pending:
                gradients = yield from self.awaited(gradients, forward + done - 1)
            elif gradients.__class__ is not tuple:
                gradients = (gradients,)
            for slot, takes, gradient in zip(slots, takes_gradient[node], gradients, strict=True):
                contribution = freeze(gradient) if takes else None
                if contribution is not None:
                    total = totals[slot]
                    totals[slot] = contribution if total is None else freeze(total + contribution)
                columns.contributions.append(contribution)
                columns.sums.append(totals[slot])
            if not done % STRIDE:
                yield forward + done
        yield forward + self.schedule.backward

    def awaited(self, call: Pending, done: int) -> Generator[int, None, Any]:
        """Return what a guest returns; while it has not, yield how many steps are done."""
        self.waiting = call
        yield done
        while not call.is_ready():
            yield done
        self.waiting = None
        return call.result()

    def fitting_dout(self, out: Value) -> Value:
        """Return the gradient that enters at the output in the shape of its value, known only now with guests."""
        dout = self.scenario.dout
        if dout.shape and dout.shape != np.shape(out):
            name = visible(self.graph.output)
            raise LayerError(f"dout is {shape(dout)}, but {name} is {shape(out)}", where=self.node_at(0).where)
        return freeze(np.broadcast_to(dout, np.shape(out)).copy())[()]

    def update(self, columns: Iteration) -> int:
        """Update every parameter from its gradient; one that no gradient reaches stays as it is."""
        for name in self.schedule.updated:
            slot = self.graph.slots[name]
            edge = self.schedule.last_edge(slot, self.schedule.backward)
            gradient = None if edge is None else columns.sums[edge]
            columns.updates.append(self.updated(name, columns.values[slot], gradient))
        return self.schedule.length

    def updated(self, name: str, before: Value, gradient: Value | None) -> Value:
        """Return a parameter's next value."""
        if gradient is None or self.scenario.train is None:
            return before
        return freeze(self.scenario.train.optimizer.update(before, gradient, self.memories[name]))

    @cached_property
    def looks(self) -> Looks:
        """What guests do again to be looked at."""
        from bptui.guest.revisit import Looks  # noqa: PLC0415  (few scenarios have guests)

        return Looks(self)

    def local(self, iteration: int, node: int) -> Local:
        if node in self.scenario.guests:
            return self.looks.local(iteration, node)
        return tuple(map(as_optional_array, map(freeze, self.revisit(iteration, node).local())))

    def kept(self, iteration: int, node: int) -> Mapping[str, Any]:
        if node in self.scenario.guests:
            return self.looks.kept(iteration, node)
        return vars(self.revisit(iteration, node))

    def revisit(self, iteration: int, node: int) -> Layer:
        """Return a fresh layer that has gone forward on a node's recorded inputs; the last few are kept."""
        if (iteration, node) not in self.revisited:
            if len(self.revisited) >= MOST_REVISITED:
                self.revisited.clear()
            layer = self.scenario.made(self.graph.nodes[node])
            values = self.iterations[iteration].values
            with np.errstate(all="ignore"):
                layer.forward(*[values[slot] for slot in self.graph.edges[node]])
            self.revisited[iteration, node] = layer
        return self.revisited[iteration, node]


@cache
def bare_methods(layer: type[Layer]) -> tuple[Callable[..., Value], Callable[..., Any]]:
    """Return a layer's forward and backward without what quietens NumPy around them: a run is quiet as a whole."""
    return inspect.unwrap(layer.forward), inspect.unwrap(layer.backward)


def run(scenario: Scenario) -> Tape:
    """Return the complete tape of a scenario: every step of both passes, in every iteration.

    Raises LayerError where a layer of the user's own fails.
    """
    tape = Run(scenario)
    tape.finish()
    tape.close()
    if tape.failure:
        raise tape.failure
    return tape
