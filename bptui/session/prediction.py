"""Predict mode: the cursor stops before each step until its numbers are predicted, so nothing on the screen tells them.

What is asked for is what the step makes: a node's value, each gradient that it sends back, an updated parameter; of an
array its largest element. An answer is a number or an expression of what can be seen, right within half a percent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bptui.core.expression import Result, evaluate
from bptui.core.lesson import Quiz
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.core.tape import Tape
from bptui.core.text import counted, number, visible
from bptui.core.verbs.movement import GoTo, Travel
from bptui.errors import BptuiError
from bptui.explaining.equations import (
    Equation,
    forward_equation,
    gradient_equations,
    node_formula,
    update_equation,
)
from bptui.explaining.formula_words import inline
from layers import Array

TOLERANCE = 0.005
"""How far an answer may be off, compared with the number itself."""

ZERO = 1e-9
"""How far an answer may be off where the number is 0."""


@dataclass(frozen=True, eq=False)
class HiddenNumber:
    """A number that is asked for: what it is called, what it is, and the whole ``array`` that it is an element of.

    ``told`` is the equation that it comes from, in words, and ``hint`` what it is made of.
    """

    label: str
    value: float
    array: Array
    told: str
    hint: str

    def is_met(self, answer: Result) -> bool:
        """Return whether an answer is this number, or the whole array."""
        try:
            given = np.asarray(answer, np.float64)
        except ValueError:  # words, or a ragged list
            return False
        wanted = np.float64(self.value) if given.ndim == 0 else np.asarray(self.array, np.float64)
        if given.shape != wanted.shape:
            return False
        return bool((np.abs(given - wanted) <= TOLERANCE * np.abs(wanted) + ZERO).all())


@dataclass
class Score:
    """How it went so far: how many were right at the first try, and how many later, and which of them with a hint."""

    at_once: int = 0
    later: int = 0
    revealed: int = 0
    hints: int = 0

    @property
    def words(self) -> str:
        """The score in words."""
        count = self.at_once + self.later + self.revealed
        if not count:
            return "nothing was predicted yet"
        parts = [f"{self.at_once} of {counted(count, 'number')} right at the first try"]
        parts += [f"{self.later} later"] if self.later else []
        parts += [f"{self.revealed} shown"] if self.revealed else []
        parts += [counted(self.hints, "hint")] if self.hints else []
        return ", ".join(parts)


@dataclass(eq=False)
class Prediction:
    """What is asked for in a run, in the steps that ``quiz`` says, and what was answered."""

    tape: Tape
    quiz: Quiz
    score: Score = field(default_factory=Score)
    done: dict[int, int] = field(default_factory=dict)
    """By step, how many of its numbers have been predicted or shown."""
    tries: int = 0
    has_hint: bool = False
    is_held: bool = False

    def is_hidden(self, step: int) -> bool:
        """Return whether a step (from 1) has numbers that are still to be predicted."""
        turn = self.tape.order[step]
        return self.quiz.asks(turn.pass_, turn.name) and self.done.get(step, 0) < len(self.numbers(step))

    def limit(self, here: int, there: int) -> int:
        """Return how far one may go on towards a position: to before the first step that is hidden."""
        for step in range(here + 1, min(there, len(self.tape)) + 1):
            if self.is_hidden(step):
                return step - 1
        return there

    def gated(self, command: Travel, here: int, there: int) -> Travel:
        """Return a command, or where it would go past a hidden step, that which goes before it."""
        limit = self.limit(here, there)
        self.is_held = limit < there
        return GoTo(limit) if self.is_held else command

    def numbers(self, step: int) -> Sequence[HiddenNumber]:
        """Return what is asked for at a step that has run."""
        return list(hidden_numbers(self.tape.at(step)))

    def asked(self, here: int) -> HiddenNumber | None:
        """Return what is asked for at a position: of the next step, if that is hidden."""
        step = here + 1
        if step > len(self.tape) or not self.is_hidden(step):
            return None
        return self.numbers(step)[self.done.get(step, 0)]

    def question(self, here: int) -> str:
        """Return what is asked for, in words."""
        asked = self.asked(here)
        return "" if asked is None else f"What will {asked.label} be?"

    def answer(self, expression: str, moment: Moment) -> str:
        """Return whether an answer is right, in words, and why. Raises BptuiError where it cannot be read."""
        asked = self.needed(moment.position)
        if asked.is_met(evaluate(expression, moment)):
            self.score.at_once += not self.tries
            self.score.later += bool(self.tries)
            self.settle(moment.position)
            return f"✓ right: {asked.told}"
        self.tries += 1
        return f"✗ {visible(expression, limit=60)} is not {asked.label}"

    def reveal(self, here: int) -> str:
        """Return what was asked for, which counts as not predicted. Raises BptuiError where nothing is."""
        asked = self.needed(here)
        self.score.revealed += 1
        self.settle(here)
        return asked.told

    def hint(self, here: int) -> str:
        """Return what the number that is asked for is made of. Raises BptuiError where none is."""
        asked = self.needed(here)
        self.score.hints += not self.has_hint
        self.has_hint = True
        return asked.hint

    def needed(self, here: int) -> HiddenNumber:
        """Return what is asked for. Raises BptuiError where nothing is."""
        asked = self.asked(here)
        if asked is None:
            raise BptuiError("nothing is asked for here", hint="the next step that is hidden asks")
        return asked

    def settle(self, here: int) -> None:
        """Have done with a number of the next step."""
        self.done[here + 1] = self.done.get(here + 1, 0) + 1
        self.tries, self.has_hint = 0, False


def hidden_numbers(moment: Moment) -> Iterator[HiddenNumber]:
    """Yield what is asked for at a step that has just run."""
    match moment.step:
        case ForwardStep() as step:
            for name, out in zip(step.node.outputs, step.outs, strict=True):
                equation = forward_equation(moment, name)
                yield from hidden(visible(name), out, equation, f"{visible(name)} = {node_formula(moment, name)}")
        case BackwardStep() as step if step.dout is not None:
            leaving = [(name, it) for name, it in zip(step.node.inputs, step.gradients, strict=True) if it is not None]
            equations = gradient_equations(moment, step.name)
            for (name, gradient), equation in zip(leaving, equations, strict=True):
                yield from hidden(f"d {visible(name)}", gradient, equation, gradient_hint(step, equation))
        case UpdateStep() as step:
            equation = update_equation(moment, step.name)
            yield from hidden(visible(step.name), step.after, equation, equation.rule if equation else "")


def hidden(label: str, array: Array, equation: Equation | None, hint: str) -> Iterator[HiddenNumber]:
    """Yield the number that is asked for of an array: its largest element by size; none where it is not finite."""
    values = np.asarray(array)
    if values.dtype.kind not in "fiu" or not values.size or not np.isfinite(values).all():
        return
    index = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    place = f"[{', '.join(str(int(at)) for at in index)}]" if values.ndim else ""
    value = float(values[index])
    told = f"{label}{place} = {number(value)}"
    if equation is not None:
        told = str(equation) if equation.result else f"{equation.left} = {equation.rule}, so {told}"
    yield HiddenNumber(f"{label}{place}", value, values, told, hint)


def gradient_hint(step: BackwardStep, equation: Equation) -> str:
    """Return what a gradient is made of: the dout that arrives, as an answer may call it, and the rule."""
    outputs = step.node.outputs
    arrives = f"dout = grad({visible(outputs[0])})" if len(outputs) == 1 else "a dout arrives for each output"
    number_of_it = inline(step.dout) if step.dout is not None and len(outputs) == 1 else None
    return f"{arrives}{f' = {number_of_it}' if number_of_it else ''}; {equation.left} = {equation.rule}"


def starts(quiz: Quiz) -> str:
    """Return what predict mode asks for, in words."""
    where = f" of {', '.join(visible(name, limit=40) for name in quiz.nodes)}" if quiz.nodes else ""
    when = f" in the {quiz.pass_.value} pass" if isinstance(quiz.pass_, Pass) else ""
    return f"predict: each step{where}{when} waits until its numbers are predicted"
