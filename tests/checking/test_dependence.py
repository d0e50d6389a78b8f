"""Whether one element can reach another: masks, samples, labels, what is cut off, and ``[expect.independent]``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.checking.check_scenario import check_scenario
from bptui.checking.dependence import Dependence, find_dependence
from bptui.checking.finding import Verdict
from bptui.core.region import Independence, Region, read_region
from bptui.errors import BptuiError, ScenarioError
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from strategies import random_scenarios

CAUSAL = """
[inputs]
x = [[1.0, 0.5, 0.2], [0.3, -0.4, 1.0], [0.7, 0.1, -2.0]]
t = [0, 2, 1]
[parameters]
g = [1.0, 0.5, 2.0]
W = { shape = [3, 3], init = "normal" }
[nodes]
y = "Attention(x @ W, x, x, causal=true)"
n = "BatchNorm(y, g, g)"
each = "SoftmaxWithLoss(y, t, reduction='none')"
held = "Detach(y)"
loss = "Sum(each) + Sum(held * n)"
"""


def asked(of: str, on: str) -> Independence:
    return Independence(read_region(of), read_region(on))


def depends(scenario: Scenario, of: str, on: str) -> Dependence | None:
    return find_dependence(scenario, asked(of, on))


@pytest.mark.parametrize(
    ("of", "on", "path"),
    [
        ("y[0]", "x[1]", None),
        ("y[1]", "x[0]", ("x", "y")),
        ("y[1, 0]", "x[2, 0]", None),
        ("y[1]", "y.1[2]", None),
        ("n[0]", "x[2]", ("x", "y", "n")),
        ("each[0]", "x[1]", None),
        ("each[0]", "y[0, 2]", ("y", "each")),
        ("x[0]", "x[1]", None),
        ("x[0]", "x", ("x",)),
        ("x", "loss", None),
    ],
)
def test_a_causal_mask_lets_through_what_has_been(of: str, on: str, path: tuple[str, ...] | None) -> None:
    found = depends(loads(CAUSAL), of, on)
    assert (found and found.path) == path


def test_labels_and_what_is_detached_are_seen_by_a_change() -> None:
    scenario = loads(CAUSAL)
    assert depends(scenario, "each[0]", "t[0]") == Dependence(("t", "each"), is_by_gradient=False)
    assert depends(scenario, "each[0]", "t[1]") is None
    assert depends(scenario, "held[1]", "y[1]") == Dependence(("y", "held"), is_by_gradient=False)


def test_a_relu_that_is_off_and_a_drawn_mask_hide_nothing() -> None:
    text = '[inputs]\nx = [-3.0, 1.0]\n[nodes]\na = "Relu(x)"\ny = "Dropout(a, 0.5)"\n'
    assert depends(loads(text), "y[0]", "x[0]") == Dependence(("x", "a", "y"), is_by_gradient=True)
    assert depends(loads(text), "y[0]", "x[1]") is None


def test_of_what_is_never_a_number_nothing_is_said() -> None:
    with pytest.raises(BptuiError, match="not a number"):
        depends(loads('[inputs]\nx = -1.0\n[nodes]\na = "Sqrt(0 - Exp(x))"\n'), "a", "x")


@given(random_scenarios(), st.data())
def test_what_is_said_not_to_depend_stays_the_same_whatever_the_other_is(
    scenario: Scenario, data: st.DataObject
) -> None:
    names = [node.name for node in scenario.graph.nodes]
    of = Region(data.draw(st.sampled_from(names)))
    on = Region(data.draw(st.sampled_from(scenario.graph.inputs)))
    found = find_dependence(scenario, Independence(of, on))
    if found is not None:
        assert (found.path[0], found.path[-1]) == (on.name, of.name)
        return
    value = np.array(scenario.values[on.name]) + 0.71
    other = replace(scenario, values={**scenario.values, on.name: value})
    before, after = (np.asarray(run(it).values[of.name]) for it in (scenario, other))
    assert np.array_equal(before, after, equal_nan=True)


EXPECTED = CAUSAL + '[expect.independent]\n"y[0]" = ["x[1]", "x[2]"]\n"each[1]" = "x[0, 1]"\n'


def test_expect_independent_is_a_check() -> None:
    findings = [it for it in check_scenario(loads(EXPECTED)).findings if it.rule == "expect"]
    assert [it.verdict for it in findings] == [Verdict.PASS, Verdict.PASS, Verdict.FAIL]
    assert (findings[2].node, findings[2].mistake) == ("each", "depends")
    assert findings[2].reason == "the element each[1] depends on x[0, 1]: x → y → each"


@pytest.mark.parametrize(
    ("written", "line", "column", "message"),
    [
        ('"y[0]" = "z[1]"', 15, 11, "nothing is called z"),
        ('"q[0]" = "x[1]"', 15, 2, "nothing is called q"),
        ('"y[0]" = ["x[1]", 3]', 15, 19, "wanted an element"),
        ('"y[0]" = "x[9]"', 15, 1, "there is no element [9] in it"),
        ('"y[a]" = "x"', 15, 3, "an index stands here"),
        ('"y[0]" = "grad(x)"', 15, 11, "not of gradients"),
        ('"y[0]" = "x[0] x"', 15, 16, "does not belong"),
    ],
)
def test_mistakes_are_shown_where_they_stand(written: str, line: int, column: int, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(CAUSAL + f"[expect.independent]\n{written}\n")
    assert message in caught.value.message
    assert caught.value.where is not None
    assert (caught.value.where.line, caught.value.where.column) == (line, column)
