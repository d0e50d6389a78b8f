"""Running a scenario: which layers its nodes get, and the tape that the run fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.edit import Reuse, ValueEdit, forked
from bptui.core.engine import AnyLayer, Calls, Runner, calls_of
from bptui.core.graph import Node
from bptui.core.revisit import LayersRevisit, Revisit
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import BptuiError, LayerError
from bptui.scenario.reading.shape_inference import SMALLER, excess
from bptui.scenario.scenario import Scenario
from layers import Array, Layer
from layers.dropout import Stochastic
from layers.layer import Gradients

if TYPE_CHECKING:
    from bptui.guest.guest_layer import GuestLayer
    from bptui.guest.guests import Guests, NonBlockingGuest
    from bptui.guest.observation import Remark


class ScenarioLayers:
    """The layers of a scenario's nodes: built-in ones, and guests, which are the user's own in another process."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.nodes, self.library = scenario.graph.nodes, scenario.library
        self.has_guests = bool(scenario.guests)
        self.patient: list[NonBlockingGuest] = []
        self.drawing: list[tuple[Node, Stochastic]] = []
        self.iteration = 0

    @cached_property
    def guests(self) -> Guests:
        """The guests."""
        return guests_of(self.scenario)

    @property
    def calls(self) -> Calls:
        """How its nodes are run."""
        scenario = self.scenario
        if not self.has_guests:
            return scenario.calls
        from bptui.guest.guests import NonBlockingGuest  # noqa: PLC0415  (few scenarios have guests)

        kinds = [NonBlockingGuest if at in scenario.guests else BoundedLayer for at in range(len(self.nodes))]
        return calls_of(scenario.graph, scenario.leaves, kinds)

    def make(self, node: int) -> AnyLayer:
        """Return the instance that a node keeps during a run; a guest's raises NotReadyError rather than wait."""
        it = self.nodes[node]
        layer = self.library[it.layer]
        if isinstance(layer, type):
            made = self.scenario.made(it, self.iteration)
            if it.layer in self.scenario.stochastic and isinstance(made, Stochastic):
                self.drawing.append((it, made))
            return BoundedLayer(it, made) if self.has_guests else made
        from bptui.guest.guests import NonBlockingGuest  # noqa: PLC0415  (few scenarios have guests)

        self.patient.append(NonBlockingGuest(self.guests, self.guests.make(node, self.iteration)))
        return self.patient[-1]

    def begin_iteration(self, iteration: int) -> None:
        """Let the layers know which iteration it is: what they draw at random depends on it."""
        self.iteration = iteration
        for guest in self.patient:
            guest.layer.iteration = iteration
        for node, layer in self.drawing:
            layer.seed = self.scenario.drawing_seed(node, iteration)

    def built_in(self, node: int, iteration: int) -> AnyLayer:
        """Return a new built-in layer."""
        return self.scenario.made(self.scenario.graph.nodes[node], iteration)

    @property
    def revisit(self) -> Revisit:
        """What looks again at what the layers did."""
        built_in = LayersRevisit(self.scenario.made)
        if not self.has_guests:
            return built_in
        from bptui.guest.revisit import GuestsRevisit  # noqa: PLC0415  (few scenarios have guests)

        return GuestsRevisit(self.guests, built_in)


class BoundedLayer:
    """A built-in layer where a scenario has guests too: only when it is called is it known how large its value is."""

    def __init__(self, node: Node, layer: Layer) -> None:
        self.node = node
        self.layer = layer

    def forward(self, *inputs: Array) -> Any:
        """Return the layer's value. Raises LayerError, before anything is computed, where it would be too large."""
        if what := next(filter(None, map(excess, self.layer.out_shapes(*map(np.shape, inputs)))), None):
            message = f"{visible(self.node.name)}: {self.node.layer}: {what}"
            raise LayerError(message, hint=SMALLER, where=self.node.where)
        return self.layer.forward(*inputs)

    def backward(self, *douts: Array) -> Gradients:
        """Return what the layer returns."""
        return self.layer.backward(*douts)


class Run(Runner):
    """A scenario's run. Its guests run in a process, which ``close`` ends.

    It fills a tape of its own, or goes on with ``tape``, which has some steps of the scenario's order; what ``reuse``
    knows of another run need not be computed. Where it ``is_edited_midway``, the scenario alone does not lead to it.
    """

    def __init__(self, scenario: Scenario, tape: Tape | None = None, reuse: Reuse | None = None) -> None:
        self.scenario = scenario
        self.is_edited_midway = False
        self.own = ScenarioLayers(scenario)
        super().__init__(blank_tape(scenario, self.own.revisit) if tape is None else tape, self.own, reuse)

    @property
    def guests(self) -> Guests:
        """The layers of the user's own."""
        return self.own.guests

    @property
    def remarks(self) -> Mapping[Remark, int]:
        """What there is to say of each node's inputs, and how often the guests have done each odd thing."""
        return self.guests.remarks if self.scenario.guests else dict.fromkeys(remarks_on_inputs(self.scenario), 1)

    def fresh_layer(self, node: int, iteration: int = 0) -> AnyLayer:
        """Return a new instance of a node's layer; a guest's waits until it has returned.

        ``iteration`` (from 0) is for what it draws at random.
        """
        return self.guest(node, iteration) if node in self.scenario.guests else self.own.built_in(node, iteration)

    def guest(self, node: int, iteration: int = 0) -> GuestLayer:
        """Return a new instance of a layer of the user's own."""
        return self.guests.make(node, iteration)

    def edited(self, edit: ValueEdit) -> Run:
        """Return a run that goes on from an edit of this one; it shares the steps before that."""
        scenario = self.scenario
        if edit.is_of_start:
            scenario = replace(scenario, values={**scenario.values, edit.name: edit.value})
        run = Run(scenario, forked(self.tape, edit), Reuse(self.tape, edit.iteration))
        run.is_edited_midway = self.is_edited_midway or not edit.is_of_start
        return run

    def expanded(self, name: str) -> Run:
        """Return a run, from the start, of the same scenario with a node as those that its layer is made of.

        Raises BptuiError where the node is not made of others, or values were set that the scenario does not know of.
        """
        if self.is_edited_midway:
            raise BptuiError("a branch that was edited in the middle is not expanded", hint="switch main; expand there")
        return Run(with_expansions(self.scenario, [name]))

    def close(self) -> None:
        """End the guests' process, if there is one; to look at a step again starts another."""
        if self.own.has_guests:
            self.guests.close()


def blank_tape(scenario: Scenario, revisit: Revisit) -> Tape:
    """Return the tape of a run that has not begun."""
    return Tape(
        scenario.schedule,
        scenario.leaves,
        scenario.dout[()],
        library=scenario.library,
        optimizer=scenario.train.optimizer if scenario.train else None,
        revisit=revisit,
    )


def guests_of(scenario: Scenario) -> Guests:
    """Return what makes the layers of the user's own for a scenario's nodes, in a process of their own."""
    from bptui.guest.guests import Guests  # noqa: PLC0415  (few scenarios have guests)
    from bptui.guest.observation import Remark, unpaired_at  # noqa: PLC0415

    guests = Guests(
        scenario.guests,
        scenario.graph.nodes,
        takes_gradient=scenario.takes_gradient,
        needs_gradient=scenario.needs_gradient,
        dtype=scenario.dtype,
        seed=scenario.seed,
        new_host=scenario.new_host,
    )
    for node, names in scenario.unpaired.items():
        for _, words in unpaired_at(node, names):
            guests.note(Remark(node, "unpaired", words))
    for remark in remarks_on_inputs(scenario):
        guests.note(remark)
    return guests


def remarks_on_inputs(scenario: Scenario) -> list[Remark]:
    """Return what there is to say of what nodes are given, such as a target distribution that does not sum to 1."""
    if not scenario.remarks:
        return []
    from bptui.guest.observation import Remark  # noqa: PLC0415  (few scenarios have remarks)

    return [Remark(node, "inputs", words) for node, words in scenario.remarks.items()]


def with_expansions(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """Return a scenario with the nodes of these ``names``, or "all", as those that their layers are made of.

    Shapes that come from a layer of the user's own are told by a run. Raises ScenarioError for a name of no such node.
    """
    if not names:
        return scenario
    from bptui.scenario.expansion import expanded  # noqa: PLC0415  (few want it, and the others start sooner)

    if not scenario.guests:
        return expanded(scenario, names)
    it = Run(scenario)
    it.finish()
    it.close()
    shapes = {name: np.shape(value) for name, value in it.tape.values.items() if value is not None}
    return expanded(scenario, names, shapes=shapes)
