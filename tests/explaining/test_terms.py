"""Why a number: terms add up to their element, whatever the layer, and a path's products to the gradient."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.tape import Tape
from bptui.explaining.paths import Paths, find_paths
from bptui.explaining.term import Element, Terms
from bptui.explaining.terms import terms_of
from bptui.node_backwards import backwards_of_run
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from layer_cases import Case, cases_of, every_layer
from strategies import make_scenario, random_scenarios


def finished(scenario: Scenario) -> Run:
    run = Run(scenario)
    run.finish()
    return run


def explained(run: Run, element: Element, moment: Moment | None = None) -> Terms:
    terms = terms_of(moment or last_moment(run.tape), element, backwards_of_run(run, run.tape, 0).unit)
    assert terms is not None
    return terms


def last_moment(tape: Tape) -> Moment:
    """Return the end of the first iteration's backward pass."""
    forward, backward, _ = tape.order.passes(0).lengths
    return tape.at(forward + backward)


def elements_of(moment: Moment) -> list[Element]:
    """Return every element of every value and gradient."""
    found = []
    for is_gradient in (True, False):
        for name in moment.graph.names:
            array = moment.gradient(name) if is_gradient else moment.value(name)
            if array is not None:
                found += [Element(name, index, is_gradient) for index in np.ndindex(array.shape)]
    return found


def check_sum(terms: Terms) -> None:
    products = np.array([it.product for it in terms.terms])
    assert "what these do not explain" not in {it.label for it in terms.terms}
    if not np.isfinite(terms.number):
        return
    size = max(float(np.abs(products).sum()), abs(terms.number))
    assert abs(products.sum() - terms.number) <= 1e-12 * size
    for term in terms.terms:
        assert prod(factor.number for factor in term.factors) == pytest.approx(term.product, rel=1e-14, abs=0)
    sizes = [abs(it.product) for it in terms.terms]
    assert sizes == sorted(sizes, reverse=True)


@given(random_scenarios(), st.data())
def test_terms_add_up_to_the_element(scenario: Scenario, data: st.DataObject) -> None:
    run = finished(scenario)
    element = data.draw(st.sampled_from(elements_of(last_moment(run.tape))))
    check_sum(explained(run, element))


TWO = """
[inputs]
x = [[1.0, 0.5], [0.0, 0.4]]
t = [0, 1]
tax = 1.5
[parameters]
W = [[0.1, 0.3], [0.2, 0.4]]
b = [0.1, 0.2]
[nodes]
a = "Affine(x, W, b)"
z = "Relu(a)"
y = "z * tax"
loss = "SoftmaxWithLoss(y, t)"
"""


def test_a_weight_s_gradient_is_a_sum_over_the_rows_of_input_times_dout() -> None:
    run = finished(loads(TWO))
    terms = explained(run, Element("W", (1, 0), is_gradient=True))
    assert sorted(it.label for it in terms.terms) == ["x[0, 1] × dout(a)[0, 0]", "x[1, 1] × dout(a)[1, 0]"]
    assert {str(it.source) for it in terms.terms} == {"grad(a)[0, 0]", "grad(a)[1, 0]"}
    assert terms.note == ""
    of_tax = explained(run, Element("tax", (), is_gradient=True))
    assert {it.label for it in of_tax.terms} == {f"dout(y)[{i}, {j}] × z[{i}, {j}]" for i in (0, 1) for j in (0, 1)}
    value = explained(run, Element("a", (0, 1)))
    assert {it.label for it in value.terms} == {"x[0, 0] × W[0, 1]", "x[0, 1] × W[1, 1]", "b[1]"}
    assert explained(run, Element("loss", (), is_gradient=True)).terms[0].label == "the dout that enters here"
    loss = explained(run, Element("y", (0, 0), is_gradient=True))
    assert [it.label for it in loss.terms] == ["dout(loss) × ∂loss/∂y[0, 0]"]
    assert "dout of 1 at one element" in loss.note


def run_of(case: Case) -> Run:
    """Return the run of a network that is one layer."""
    names = [f"x{position}" for position in range(len(case.inputs))]
    outputs = case.layer(**case.options).outputs
    named = ("y", *(f"y{place}" for place in range(1, len(outputs))))
    node = Node("y", case.layer.__name__, tuple(names), case.options, None, named)
    dout = np.ones(np.shape(np.asarray(first_output(case.layer(**case.options).forward(*case.inputs)))))
    return finished(make_scenario([node], inputs=dict(zip(names, case.inputs, strict=True)), dout=dout))


def first_output(out: Any) -> Any:
    return out[0] if isinstance(out, tuple) else out


@given(st.sampled_from(every_layer).flatmap(cases_of))
def test_every_layer_gives_terms_that_add_up(case: Case) -> None:
    run = run_of(case)
    elements = elements_of(last_moment(run.tape))
    for element in elements[:: max(1, len(elements) // 8)]:
        check_sum(explained(run, element))


# Paths.


def paths_of(run: Run, first: str, last: str, most: int = 10_000) -> Paths:
    """Return the paths to a value, with a dout of ones, or at the output of the run's own."""
    backwards, columns = backwards_of_run(run, run.tape, 0), run.tape.iterations[0]
    value = np.asarray(columns.values[run.graph.slots[last]])
    seed = np.ones_like(value)
    if last == run.graph.output and columns.dout is not None:
        seed = np.broadcast_to(np.asarray(columns.dout), value.shape).copy()
    *_, found = find_paths(run.graph, (first, last), seed, backwards.sent, backwards.zeros, most=most)
    assert found is not None
    return found


def test_the_search_for_paths_gives_way_at_each_node() -> None:
    depth = 40
    nodes = "\n".join(f's{at} = "s{at - 1} + 2 * s{at - 1}"' for at in range(1, depth + 1))
    run = finished(loads(f'[inputs]\nx = 1.0\n[nodes]\ns0 = "x * x"\n{nodes}\n'))
    backwards = backwards_of_run(run, run.tape, 0)
    *pauses, found = find_paths(run.graph, ("s0", f"s{depth}"), np.ones(()), backwards.sent, backwards.zeros, most=3)
    assert found is not None
    assert found.count == 2**depth
    assert [float(path.product) for path in found.paths] == [2.0**depth, 2.0 ** (depth - 1), 2.0 ** (depth - 1)]
    assert pauses == [None] * len(pauses)
    assert len(pauses) >= 3 * depth


@given(random_scenarios(), st.data())
def test_the_products_of_all_paths_add_up_to_the_gradient(scenario: Scenario, data: st.DataObject) -> None:
    run = finished(scenario)
    first = data.draw(st.sampled_from(scenario.graph.inputs + scenario.graph.parameters))
    found = paths_of(run, first, scenario.graph.output)
    recorded = run.tape.at(run.tape.order.start(1)).gradient(first)
    if found.gradient is None:
        assert found.count == 0 or not found.paths
        assert recorded is None
        return
    assert recorded is not None
    largest = float(np.nan_to_num(np.abs(recorded), posinf=0.0).max(initial=0.0))
    assert found.gradient == pytest.approx(recorded, rel=1e-9, abs=1e-9 * largest + 1e-300, nan_ok=True)
    if found.is_complete and found.count <= 2_000:
        assert len(found.paths) == found.count
        total = np.sum([path.product for path in found.paths], axis=0)
        size = np.sum([np.abs(path.product) for path in found.paths], axis=0)
        assert np.all(np.abs(total - found.gradient) <= 1e-9 * size + 1e-300)


def doubling(length: int) -> Run:
    """Return a chain in which every value is a sum of two multiples of the one before: 2**length paths."""
    lines = [f'a{n} = "a{n - 1} * 0.25 + a{n - 1} * 2"' for n in range(1, length + 1)]
    return finished(loads("[inputs]\na0 = 1.0\n[nodes]\n" + "\n".join(lines)))


def test_millions_of_paths_are_counted_exactly_and_the_largest_found() -> None:
    run = doubling(40)
    found = paths_of(run, "a0", "a40", most=3)
    assert found.count == 2**40
    assert [float(path.product) for path in found.paths] == [2.0**40, 2.0**39 * 0.25, 2.0**39 * 0.25]
    assert found.gradient == pytest.approx(2.25**40)


def test_where_no_path_leads_there_is_none() -> None:
    text = "[inputs]\nx = 1.0\ny = 2.0\n[nodes]\na = 'x * 2'\nb = 'a + y'"
    assert paths_of(finished(loads(text)), "y", "a").count == 0


LOSSES = (
    "SoftmaxWithLoss(x, c)",
    'SoftmaxWithLoss(x, c, reduction="sum")',
    "SoftmaxWithLoss(x, c, ignore_index=1)",
    "SigmoidWithLoss(x, t)",
    "MeanSquaredError(x, t)",
    'MeanSquaredError(x, t, reduction="half_sum")',
    "Huber(x, t)",
    'L1Loss(x, t, reduction="sum")',
    "MulticlassHinge(x, c)",
)


@pytest.mark.parametrize("formula", LOSSES)
def test_a_loss_is_the_sum_of_what_its_samples_add(formula: str) -> None:
    """The loss of a sample alone is worked out by a scenario of its own, with that sample and no other."""
    x, t, c = [[0.5, -1.0], [2.0, 0.25], [-0.5, 3.0]], [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], [0, 1, 1]

    def scenario(rows: slice) -> Scenario:
        labels = f"c = {c[rows]}" if ", c" in formula else f"t = {t[rows]}"
        return loads(f"[inputs]\nx = {x[rows]}\n{labels}\n[nodes]\nloss = '{formula}'")

    terms = explained(finished(scenario(slice(0, 3))), Element("loss", ()))
    check_sum(terms)
    assert len(terms.terms) == 3
    for term in terms.terms:
        assert term.source is not None
        row = term.source.index[0]
        if not (formula.endswith("ignore_index=1)") and c[row] == 1):
            alone = finished(scenario(slice(row, row + 1))).tape.at(1).value("loss")
            assert term.factors[0].number == pytest.approx(float(np.asarray(alone)), rel=1e-12)
    assert sum(it.share for it in terms.terms) == pytest.approx(1)
