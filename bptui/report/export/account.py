"""What every format tells of a run: its values, its steps with sentence, equations and notes, and the verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bptui.checking.finding import Report
from bptui.core.graph import Graph
from bptui.core.moment import Moment
from bptui.core.step import Step
from bptui.core.tape import Tape
from bptui.explaining.sentence import headline
from bptui.explaining.whole_array import named_array
from bptui.lines.line import Line, indented
from bptui.report.trace_report import trace_step_lines

MOST_STEPS = 400
"""Steps that are all told; of more, those of the first and the last iteration."""


@dataclass(frozen=True, eq=False)
class ToldStep:
    """A step as it is told. ``lines`` are its equations with their numbers, and ``notes`` what was written at it."""

    moment: Moment
    step: Step
    notes: Sequence[str]

    @property
    def number(self) -> int:
        """Its number, from 1."""
        return self.step.number

    @cached_property
    def sentence(self) -> str:
        """What it did, in plain sentences."""
        return headline(self.moment)

    @cached_property
    def lines(self) -> Sequence[Line]:
        """Its equations."""
        return list(trace_step_lines(self.moment, self.step, lead=""))

    @property
    def heading(self) -> str:
        """Which step it is: ``Step 3 of 8, backward: a1``, with its iteration where there are several."""
        iterations = len(self.moment.tape.iterations)
        within = f", iteration {self.step.iteration} of {iterations}" if iterations > 1 else ""
        return f"Step {self.number} of {len(self.moment.tape)}{within}, {self.step.pass_.value}: {self.step.name}"


@dataclass(frozen=True, eq=False)
class Account:
    """A run to be exported: a scenario's, a program's or a transcript's.

    ``notes`` go by position. ``report`` has the verdicts, None where nothing was checked; ``printed`` is what a program
    has printed, and ``source`` the text of the scenario, "" where there is none. ``times`` are the seconds at which a
    person came to each step, where that was recorded.
    """

    title: str
    about: str
    tape: Tape
    notes: Sequence[tuple[int, str]] = ()
    report: Report | None = None
    printed: str = ""
    source: str = ""
    times: Mapping[int, float] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        """The network: of a program, that of its last iteration that goes back."""
        order = self.tape.order
        count = len(self.tape.iterations)
        going_back = (it for it in reversed(range(count)) if order.passes(it).backward)
        return order.passes(next(going_back, max(0, count - 1))).graph

    @cached_property
    def steps(self) -> Sequence[ToldStep]:
        """The steps that are told, in order."""
        notes = defaultdict(list)
        for at, words in self.notes:
            notes[max(1, at)].append(words)
        numbers = self.told_numbers()
        return [ToldStep(self.tape.at(number), self.tape.step(number), notes[number]) for number in numbers]

    def told_numbers(self) -> Iterable[int]:
        """Return the numbers of the steps that are told."""
        order, count = self.tape.order, len(self.tape.iterations)
        if len(self.tape) <= MOST_STEPS or count < 2:
            return range(1, len(self.tape) + 1)
        spans = [(order.start(at), min(order.start(at + 1), len(self.tape))) for at in (0, count - 1)]
        return [number for start, end in spans for number in range(start + 1, end + 1)]

    def leaf_lines(self) -> Iterator[tuple[str, list[Line]]]:
        """Yield the values that the run starts from: inputs, parameters and constants, each under its heading."""
        graph = self.tape.order.passes(0).graph
        headings = (("Inputs", graph.inputs), ("Parameters", graph.parameters), ("Constants", graph.constants))
        values = dict(zip(graph.leaves, self.tape.iterations[0].values, strict=False)) if self.tape.iterations else {}
        for heading, names in headings:
            lines = [line for name in names if name in values for line in named_array(name, values[name])]
            if lines:
                yield heading, lines


def text_block(lines: Iterable[Line], *, indent: int = 0) -> str:
    """Return lines as plain text."""
    return "\n".join("".join(span.text for span in line).rstrip() for line in indented(lines, indent))
