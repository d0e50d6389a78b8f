"""The rule of a program's updates is told by numbers alone, and only where it is plain."""

from __future__ import annotations

import numpy as np
import pytest

from bptui.core.optimizer import SGD, AdaGrad, Adam, Memory, Momentum, Optimizer
from bptui.programs.update_rules import MOST_CHANGES, ParameterChange, RuleSearch, recognise_rule
from layers import Array


def changes_by(rule: Optimizer, dtype: type, *, count: int = 4) -> list[ParameterChange]:
    rng = np.random.default_rng(0)
    before: Array = rng.standard_normal((3, 4)).astype(dtype)
    memory: Memory = {}
    earlier: Array | None = None
    changes = []
    for _ in range(count):
        gradient: Array = rng.standard_normal((3, 4)).astype(dtype)
        after: Array = rule.update(before, gradient, memory).astype(dtype)
        changes.append(ParameterChange(before, after, gradient, earlier))
        before, earlier = after, after - before
    return changes


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rule", [SGD(0.1), SGD(0.0375), Momentum(0.01, 0.9), Momentum(0.3, 0.5)])
def test_gradient_descent_is_recognised_with_its_numbers(rule: Optimizer, dtype: type) -> None:
    assert recognise_rule(changes_by(rule, dtype)) == rule


@pytest.mark.parametrize("rule", [AdaGrad(0.1), Adam(0.1)])
def test_other_rules_are_no_gradient_descent(rule: Optimizer) -> None:
    assert recognise_rule(changes_by(rule, np.float64)) is None


def test_weight_decay_and_no_update_are_no_rule() -> None:
    decayed = [it._replace(after=it.after - 0.01 * it.before) for it in changes_by(SGD(0.1), np.float64)]
    assert recognise_rule(decayed) is None
    assert recognise_rule([]) is None


@pytest.mark.parametrize("early", [1, MOST_CHANGES + 3])
@pytest.mark.parametrize("rule", [SGD(0.1), Momentum(0.01, 0.9)])
def test_a_rule_that_changes_is_no_rule_however_late(rule: Optimizer, early: int) -> None:
    search = RuleSearch()
    for change in changes_by(rule, np.float64, count=early):
        search.add(change)
    assert search.rule is not None
    for change in changes_by(SGD(0.05), np.float64):
        search.add(change)
    assert search.rule is None
