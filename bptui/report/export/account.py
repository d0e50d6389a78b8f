"""What every format tells of a run: its values, its steps with sentence, equations and notes, and the verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bptui.checking.finding import Report, Verdict
from bptui.checking.finding_lines import finding_title
from bptui.core.graph import Graph
from bptui.core.lesson import Quiz
from bptui.core.moment import Moment
from bptui.core.step import Step
from bptui.core.tape import Tape
from bptui.explaining.sentence import headline
from bptui.explaining.whole_array import named_array
from bptui.lines.line import Line, indented
from bptui.report.trace_report import trace_step_lines

MOST_STEPS = 400
"""Steps that are all told. Of more, those of the first and the last iteration, of the one chosen, and those noted."""

OF_THE_WHOLE = frozenset({"expect", "network"})
"""The rules whose failures are those of no node: they are told with the verdicts."""

NEAR = 50
"""Steps before and after the one chosen that are told where its iteration has too many."""


@dataclass(frozen=True, eq=False)
class ToldStep:
    """A step as it is told, with the ``notes`` that were written at it; ``left_out`` steps before it are not told.

    ``failures`` say what a check has found wrong at its node, where this is the step at which that is told.
    """

    moment: Moment
    step: Step
    notes: Sequence[str]
    left_out: int = 0
    failures: Sequence[str] = ()

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
    def gap(self) -> str:
        """Which steps before it are left out, in words; "" where none are."""
        if not self.left_out:
            return ""
        first, last = self.number - self.left_out, self.number - 1
        which = f"Step {last} is" if first == last else f"Steps {first} to {last} are"
        return f"{which} left out: --step N tells what is around step N."

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
    person came to each step, where that was recorded. The step ``chosen`` is told with its iteration.
    ``done`` says what a person did in a recorded session, a line each, and ``quiz`` what predict mode asks for.
    """

    title: str
    about: str
    tape: Tape
    notes: Sequence[tuple[int, str]] = ()
    report: Report | None = None
    printed: str = ""
    source: str = ""
    times: Mapping[int, float] = field(default_factory=dict)
    chosen: int | None = None
    done: Sequence[str] = ()
    quiz: Quiz = field(default_factory=Quiz)

    @property
    def graph(self) -> Graph:
        """The network: of a program, that of its last iteration that goes back."""
        order = self.tape.order
        count = len(self.tape.iterations)
        going_back = (it for it in reversed(range(count)) if order.passes(it).backward)
        return order.passes(next(going_back, max(0, count - 1))).graph

    @property
    def written_iteration(self) -> int:
        """The iteration (from 0) that a program computes: that of the step chosen, or the first."""
        return 0 if self.chosen is None else self.tape.step(self.chosen).iteration - 1

    @cached_property
    def steps(self) -> Sequence[ToldStep]:
        """The steps that are told, in order."""
        notes = defaultdict(list)
        for at, words in self.notes:
            notes[max(1, at)].append(words)
        numbers = self.told_numbers()
        before, failed = [0, *numbers], self.failures_by_step(numbers)
        return [
            ToldStep(self.tape.at(number), self.tape.step(number), notes[number], number - last - 1, failed[number])
            for last, number in zip(before, numbers, strict=False)
        ]

    @cached_property
    def failures(self) -> Mapping[str, Sequence[str]]:
        """What a check has found wrong with a node itself or what is handed to it, by node, a line each."""
        found = defaultdict(list)
        for it in self.report.findings if self.report else ():
            if it.verdict is Verdict.FAIL and it.rule not in OF_THE_WHOLE:
                found[it.node].append(f"{finding_title(it)}{f' · {it.where}' if it.where else ''}")
        return found

    def failures_by_step(self, numbers: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """Return what was found wrong by the step that it is told at: the last that a node has in what is told."""
        last = {self.tape.order[number].name: number for number in numbers}
        return defaultdict(tuple, {last[node]: tuple(it) for node, it in self.failures.items() if node in last})

    def told_numbers(self) -> Sequence[int]:
        """Return the numbers of the steps that are told, in order."""
        if len(self.tape) <= MOST_STEPS:
            return range(1, len(self.tape) + 1)
        chosen = set() if self.chosen is None else {self.tape.step(self.chosen).iteration - 1}
        told = {number for at in {0, len(self.tape.iterations) - 1} | chosen for number in self.iteration_numbers(at)}
        return sorted(told | {max(1, at) for at, _ in self.notes if at <= len(self.tape)})

    def iteration_numbers(self, iteration: int) -> Iterable[int]:
        """Return the numbers of an iteration's steps (from 0); of too many, the first, the last, those near to one."""
        order, chosen = self.tape.order, self.chosen or 0
        first, end = order.start(iteration) + 1, min(order.start(iteration + 1), len(self.tape)) + 1
        if end - first <= MOST_STEPS:
            return range(first, end)
        half = MOST_STEPS // 2
        near = range(max(first, chosen - NEAR), min(end, chosen + NEAR + 1)) if first <= chosen < end else ()
        return {*range(first, first + half), *range(end - half, end), *near}

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
