"""Which row of the tape is which step: one each, and where there are several iterations a rule before each of them."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from bptui.core.order import Order


class Rule(NamedTuple):
    """The row before an iteration, counted from 1."""

    iteration: int


class TapeRows:
    """The rows of an order, counted from 0."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.has_rules = order.iterations > 1

    def __len__(self) -> int:
        return len(self.order) + (self.order.iterations if self.has_rules else 0)

    def of(self, number: int) -> int:
        """Return the row of a step."""
        return number - 1 + (self.order.iteration_of(number) + 1 if self.has_rules else 0)

    def at(self, row: int) -> int | Rule:
        """Return the number of the step in a row, or the rule that stands there."""
        if not self.has_rules:
            return row + 1
        order = self.order
        iteration = bisect_right(range(order.iterations), row, key=lambda it: order.start(it) + it) - 1
        return Rule(iteration + 1) if row == order.start(iteration) + iteration else row - iteration
