"""The tape of a watched program: iteration by iteration, as its process tells of them."""

from __future__ import annotations

from collections.abc import Mapping

from bptui.core.graph import Graph
from bptui.core.order import RecordedOrder
from bptui.core.tape import Tape
from bptui.programs.cut_passes import cut_passes
from bptui.programs.event import (
    BackwardCall,
    CallRaised,
    CallSite,
    Ended,
    Event,
    FinalArray,
    ForwardCall,
)
from bptui.programs.node_names import NodeNames
from bptui.programs.parameter_updates import ParameterUpdates
from bptui.programs.pass_events import PassEvents
from bptui.programs.pass_graph import GraphBuilder, WatchedPass
from bptui.programs.pass_steps import PassSteps
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.seen_values import SeenValue
from layers import library

NOTHING = Graph((), (), (), (), "")

DERIVED: Mapping[str, object] = {name: library[name] for name in ("Add", "Concat")}
"""What is built in, and done by the person's code without a layer."""


class WatchedTape:
    """Fills a ``tape`` with what happens, as soon as an iteration is over. ``passes`` has what each was made of."""

    def __init__(self, facts: ProgramFacts) -> None:
        self.facts = facts
        self.order = RecordedOrder(NOTHING)
        self.tape = Tape(self.order, ())
        self.names = NodeNames()
        self.parameters: dict[str, list[str]] = {}
        self.updates = ParameterUpdates(self.tape, self.order, facts)
        self.passes: list[WatchedPass] = []
        self.events = PassEvents()
        self.final: list[FinalArray] = []
        self.end: Ended | None = None
        self.latest_call = 0
        self.steps: dict[int, int] = {}

    def step_after(self, call: int) -> int:
        """Return the number of the step of the last node's call that is not after a call; 0 where there is none."""
        return max((step for number, step in self.steps.items() if number <= call), default=0)

    @property
    def followed(self) -> tuple[int, int]:
        """Of how many inputs it is known where they come from, and how many there are."""
        return sum(it.followed for it in self.passes), sum(it.used for it in self.passes)

    def add(self, event: Event) -> None:
        """Add what has happened. The first call forward after one back begins the next iteration."""
        if isinstance(event, ForwardCall | BackwardCall):
            self.latest_call = event.number
        match event:
            case CallSite():
                self.facts.add_site(event)
            case ForwardCall():
                if (
                    self.events.backwards
                    and event.number > self.events.backwards[-1].number
                    and not self.is_within(event)
                ):
                    self.close_iteration()
                self.events.forwards.append(event)
            case BackwardCall():
                self.events.backwards.append(event)
            case CallRaised():
                self.events.raised = event
            case FinalArray():
                self.final.append(event)
            case Ended():
                self.end = event
                self.close_iteration()
                self.updates.add_final(self.final)

    def add_value(self, value: SeenValue) -> None:
        """Add a value that was seen."""
        self.facts.values[value.number] = value

    def is_within(self, call: ForwardCall) -> bool:
        """Return whether a call forward is made by one back."""
        return bool(call.parent) and call.parent >= min(it.number for it in self.events.backwards)

    def close_iteration(self) -> None:
        """Add the steps of what has happened since the last iteration, as one pass or several."""
        events, self.events = self.events, PassEvents()
        for each in cut_passes(events, self.facts):
            if each.forwards:
                self.add_pass(each)

    def add_pass(self, events: PassEvents) -> None:
        """Add the steps of a pass."""
        watched = GraphBuilder(self.facts, self.names, self.parameters).build(events)
        self.updates.add_before(watched)
        if self.passes:
            self.order.begin_iteration(watched.graph)
        else:
            self.order.graph, self.order.latest = watched.graph, None
        self.passes.append(watched)
        self.steps |= PassSteps(self.tape, self.order, self.facts, watched).add()
