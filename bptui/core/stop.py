"""A stop: where a run is to halt, on a node's step or on what holds at any step, and how that is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from enum import Enum

from bptui.core.expression.parser import parse_expression
from bptui.core.order import Pass
from bptui.core.reader import MOST_DIGITS, Reader, read_name, write_name
from bptui.deferred_dataclass import dataclass
from bptui.errors import BptuiError, CommandError, ExpressionError

ON, IF, AFTER = "on", "if", "after"

COUNT = re.compile(r"(?:^|(?<!\s)\s++)after\s++(\S++)\s*+$")
"""How many times pass by; no expression ends so."""

MOST_STOPS = 100
"""Stops at the same time."""

WAYS = "a node, or on with an expression, nan, fail or warning"


class StopEvent(Enum):
    """What a run can be stopped on, other than what an expression says."""

    NAN = "nan"
    FAIL = "fail"
    WARNING = "warning"


@dataclass(frozen=True)
class Stop:
    """A stop on the steps of ``node``, in one pass or in all; where there is no node, on every step.

    It halts where ``condition`` holds, or where the ``event`` happens, but for the first ``after`` times.
    """

    node: str | None = None
    pass_: Pass | None = None
    condition: str | None = None
    event: StopEvent | None = None
    after: int = 0

    def __str__(self) -> str:
        after = f" {AFTER} {self.after}" if self.after else ""
        if self.node is None:
            return f"{ON} {self.event.value if self.event else self.condition}{after}"
        name = f'"{ON}"' if self.node == ON else write_name(self.node)
        pass_ = f" {self.pass_.value}" if self.pass_ else ""
        condition = f" {IF} {self.condition}" if self.condition else ""
        return f"{name}{pass_}{condition}{after}"


@dataclass
class Stops:
    """Which stops are set, by number; numbers are never given again. ``version`` changes with them."""

    by_number: dict[int, Stop] = field(default_factory=dict)
    disabled: set[int] = field(default_factory=set)
    given: int = 0
    version: int = 0

    @property
    def enabled(self) -> Iterator[tuple[int, Stop]]:
        """Every stop that does not rest, with its number."""
        return ((number, stop) for number, stop in self.by_number.items() if number not in self.disabled)

    def add(self, stop: Stop) -> int:
        """Set a stop and return its number. Raises BptuiError where there are too many."""
        if len(self.by_number) >= MOST_STOPS:
            raise BptuiError(f"there are {MOST_STOPS} stops already", hint="delete N removes one")
        self.given += 1
        self.version += 1
        self.by_number[self.given] = stop
        return self.given

    def replace(self, number: int, stop: Stop) -> None:
        """Let a stop that is set be another."""
        self.by_number[number] = stop
        self.version += 1

    def number_of(self, stop: Stop) -> int | None:
        """Return the number of a stop that is like this one, None where there is none."""
        return next((number for number, it in self.by_number.items() if it == stop), None)

    def existing(self, number: int) -> Stop:
        """Return the stop with a number. Raises BptuiError where there is none."""
        if number in self.by_number:
            return self.by_number[number]
        there = ", ".join(map(str, self.by_number))
        raise BptuiError(f"there is no stop {number}", hint=f"there are {there}" if there else "none is set")

    def remove(self, number: int) -> None:
        """Remove a stop that is set."""
        del self.by_number[number]
        self.disabled.discard(number)
        self.version += 1

    def disable(self, number: int) -> None:
        """Let a stop stop nobody until it is enabled."""
        self.disabled.add(number)
        self.version += 1

    def enable(self, number: int) -> None:
        """Let a disabled stop stop again."""
        self.disabled.discard(number)
        self.version += 1

    def on(self, node: str, pass_: Pass | None = None) -> bool | None:
        """Return whether any stop on a node, or on its step in a pass, is enabled; None where there is none."""
        states = [
            number not in self.disabled
            for number, stop in self.by_number.items()
            if stop.node == node and pass_ in (None, stop.pass_ or pass_)
        ]
        return any(states) if states else None

    @property
    def nodes(self) -> set[str]:
        """The nodes on which there is any stop."""
        return {stop.node for stop in self.by_number.values() if stop.node is not None}


def read_stop(text: str) -> Stop:
    """Return the stop that a text asks for. Raises CommandError, which points at what is wrong."""
    return stop_of(Reader(text))


def stop_of(reader: Reader) -> Stop:
    """Return the stop that the rest of a line asks for. Raises CommandError."""
    if reader.is_at_end:
        raise reader.error(f"{WAYS} stands here")
    if reader.token == ON:
        reader.take()
        condition, after = condition_and_count(reader)
        if condition is None:
            raise reader.error("an expression, nan, fail or warning stands here")
        if condition in {event.value for event in StopEvent}:
            return Stop(event=StopEvent(condition), after=after)
        return Stop(condition=condition, after=after)
    node = read_name(reader)
    pass_ = None
    if not reader.is_at_end and reader.token in {it.value for it in Pass}:
        pass_ = Pass(reader.take())
    has_condition = not reader.is_at_end and reader.token == IF
    if has_condition:
        reader.take()
    elif not reader.is_at_end and reader.token != AFTER:
        raise reader.error("forward, backward, update, if or after stands here")
    condition, after = condition_and_count(reader)
    if has_condition and condition is None:
        raise reader.error("an expression stands here")
    return Stop(node, pass_, condition, after=after)


def condition_and_count(reader: Reader) -> tuple[str | None, int]:
    """Return the expression that the rest of a line is, if any, and the count behind ``after``. Raises CommandError."""
    start, rest = reader.position, reader.take_rest()
    counted = COUNT.search(rest)
    after = read_count(counted, reader.line, start) if counted else 0
    text = rest[: counted.start()] if counted else rest
    if not text:
        return None, after
    if text not in {event.value for event in StopEvent}:
        check_condition(text, reader.line, start)
    return text, after


def read_count(counted: re.Match[str], line: str, start: int) -> int:
    """Return the number behind ``after``. Raises CommandError."""
    digits = counted[1]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise CommandError("a whole number stands here, such as 2", line, start + counted.start(1))
    return int(digits)


def check_condition(text: str, line: str, start: int) -> None:
    """Raise CommandError, which points into the line, where a condition cannot be read."""
    try:
        parse_expression(text)
    except ExpressionError as error:
        raise CommandError(error.message, line, start + error.position, hint=error.hint) from error
