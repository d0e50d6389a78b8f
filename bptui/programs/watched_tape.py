"""The tape of a watched program: iteration by iteration, as its process tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bptui.core.graph import Graph
from bptui.core.order import RecordedOrder
from bptui.core.tape import Tape
from bptui.programs.cut_passes import cut_passes
from bptui.programs.event import (
    BackwardCall,
    CallRaised,
    CallSite,
    ChangedAt,
    Ended,
    Event,
    FinalArray,
    ForwardCall,
)
from bptui.programs.node_names import NodeNames
from bptui.programs.parameter_updates import ParameterUpdates
from bptui.programs.pass_events import PassEvents
from bptui.programs.pass_graph import WatchedPass, build_graph
from bptui.programs.pass_steps import PassSteps
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.seen_values import SeenValue
from layers import Array

NOTHING = Graph((), (), (), (), "")


class StepCall(NamedTuple):
    """The calls behind a step, by number: a ``forward``, and for a step back its ``backward``, and what that made.

    The ``caller`` is where the program makes the call: a file, the line, and the line and column at which it ends.
    """

    forward: int
    backward: int
    made: Sequence[Array | None]
    caller: tuple[str, int, Sequence[int]] | None = None


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
        self.changes: list[ChangedAt] = []
        self.final: list[FinalArray] = []
        self.end: Ended | None = None
        self.steps: dict[int, int] = {}

    def step_after(self, call: int) -> int:
        """Return the number of the step of the last node's call that is not after a call; 0 where there is none."""
        return max((step for number, step in self.steps.items() if number <= call), default=0)

    def call_at(self, step: int) -> StepCall | None:
        """Return the call that a step is, or has failed in; None where it is none, as an update."""
        number = next((call for call, at in self.steps.items() if at == step), None)
        if number is None:
            return None
        for watched in self.passes:
            for node in watched.nodes:
                if node.call and node.call.number == number:
                    return StepCall(number, 0, self.arrays(node.call.outs), self.caller_at(node.call.site))
            for _, call in watched.backwards:
                if call.number == number:
                    return StepCall(call.forward, number, self.arrays(call.gradients), self.caller_at(call.site))
        return None

    def caller_at(self, number: int) -> tuple[str, int, Sequence[int]] | None:
        """Return where a call stands, None where that is not known."""
        site = self.facts.sites.get(number)
        return (site.file, site.line, site.last) if site else None

    def arrays(self, numbers: Iterable[int | None]) -> list[Array | None]:
        """Return values by their numbers."""
        return [None if number is None else self.facts.values[number].array for number in numbers]

    @property
    def followed(self) -> tuple[int, int]:
        """Of how many inputs it is known where they come from, and how many there are."""
        return sum(it.followed for it in self.passes), sum(it.used for it in self.passes)

    @property
    def cut_pass(self) -> WatchedPass | None:
        """The last pass, where watching has ended in it: what had not gone back by then may have gone back later."""
        is_cut = self.end is not None and self.end.how not in ("exit", "passes")
        return self.passes[-1] if is_cut and self.passes else None

    @property
    def memory_words(self) -> str:
        """What there is to say where the memory for watching was full before its end, "" where it was not."""
        if self.end is None or self.end.how != "memory":
            return ""
        return "watching has ended early, as the memory for it was full; --memory gives it more, as --memory 4GB"

    def add(self, event: Event) -> None:
        """Add what has happened."""
        match event:
            case CallSite():
                self.facts.add_site(event)
            case ForwardCall() | BackwardCall():
                self.add_call(event)
            case CallRaised():
                self.events.raised.append(event.number)
            case ChangedAt():
                self.changes.append(event)
            case FinalArray():
                self.final.append(event)
            case Ended():
                self.close(event)

    def add_call(self, call: ForwardCall | BackwardCall) -> None:
        """Add a call. The first call forward after one back begins the next iteration."""
        if self.events.raised and call.number > self.events.raised[-1]:
            self.events.forget_raised()
        if isinstance(call, BackwardCall):
            self.events.backwards.append(call)
            return
        if self.events.has_gone_back and call.number > self.events.backwards[-1].number:
            self.close_iteration()
        self.events.forwards.append(call)

    def close(self, end: Ended) -> None:
        """Add the last iteration, and its updates."""
        self.end = end
        if end.how != "raised":
            self.events.forget_raised()
        self.close_iteration()
        self.updates.add_final(self.final)

    def add_value(self, value: SeenValue) -> None:
        """Add a value that was seen."""
        self.facts.values[value.number] = value

    def close_iteration(self) -> None:
        """Add the steps of what has happened since the last iteration, as one pass or several."""
        events, self.events = self.events, PassEvents()
        events.forget_unknown_parents()
        for each in cut_passes(events, self.facts):
            if each.forwards:
                self.add_pass(each)
        self.updates.note_lines(self.changes)
        self.changes = []

    def add_pass(self, events: PassEvents) -> None:
        """Add the steps of a pass."""
        watched = build_graph(events, self.facts, self.names, self.parameters)
        self.updates.add_before(watched)
        if self.passes:
            self.order.begin_iteration(watched.graph)
        else:
            self.order.graph, self.order.latest = watched.graph, None
        self.passes.append(watched)
        self.steps |= PassSteps(self.tape, self.order, self.facts, watched).add()
