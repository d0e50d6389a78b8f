"""Why a number where no layer runs: what a step's numbers show of its layer, and what is built in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Node
from bptui.core.order import Pass
from bptui.core.region import Index
from bptui.core.revisit import NothingKept
from bptui.core.step import BackwardStep
from bptui.core.tape import Tape
from bptui.errors import BptuiError
from bptui.explaining.paths import find_paths
from bptui.explaining.recorded_layers import backwards_of_record
from bptui.explaining.term import BY_NUMBERS, Element, Terms
from bptui.explaining.terms import terms_of
from bptui.node_backwards import NodeBackwards, backwards_of_run
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from layers import Array
from strategies import random_scenarios

NETWORK = """
[inputs]
x = [[1.0, 0.5], [0.3, 0.4], [-0.7, 0.9]]
t = [[1.0], [0.0], [0.5]]
[parameters]
W = [[0.1, 0.3], [0.2, -0.4]]
b = [0.1, 0.2]
V = [[0.7], [-0.3]]
[nodes]
a = "Affine(x, W, b)"
z = "Relu(a)"
s = "Sigmoid(z @ V)"
loss = "MeanSquaredError(s, t)"
[train]
optimizer = "SGD"
lr = 0.5
steps = 1
"""


def finished(scenario: Scenario) -> Run:
    run = Run(scenario)
    run.finish()
    return run


def without_layers(tape: Tape) -> Tape:
    """Return a tape as that of a program is: nothing is known of its layers but their numbers."""
    tape.library = {}
    tape.revisit = NothingKept()
    return tape


def explained(tape: Tape, element: Element) -> Terms:
    backwards = backwards_of_record(tape, 0)
    terms = terms_of(tape.at(len(tape)), element, lambda *place: unless_unknown(backwards, *place))
    assert terms is not None
    return terms


def unless_unknown(backwards: NodeBackwards, node: Node, position: int, output: int, place: Index) -> Array | None:
    try:
        return backwards.unit(node, position, output, place)
    except BptuiError:
        return None


@pytest.mark.parametrize(
    ("element", "labels"),
    [
        (Element("W", (1, 0), is_gradient=True), {f"x[{row}, 1] × dout(a)[{row}, 0]" for row in range(3)}),
        (Element("b", (1,), is_gradient=True), {f"dout(a)[{row}, 1]" for row in range(3)}),
        (Element("x", (0, 1), is_gradient=True), {"dout(a)[0, 0] × W[1, 0]", "dout(a)[0, 1] × W[1, 1]"}),
        (Element("s.1", (1, 0), is_gradient=True), {"dout(s)[1, 0] × slope of s by s.1"}),
        (Element("a", (0, 0)), {"x[0, 0] × W[0, 0]", "x[0, 1] × W[1, 0]", "b[0]"}),
    ],
)
def test_products_of_a_layer_that_does_not_run_are_seen_by_its_numbers(element: Element, labels: set[str]) -> None:
    terms = explained(without_layers(finished(loads(NETWORK)).tape), element)
    assert {it.label for it in terms.terms} == labels
    assert terms.note == (BY_NUMBERS if element.is_gradient else "")


def test_an_updated_parameter_is_what_it_was_and_what_the_update_adds() -> None:
    run = finished(loads(NETWORK))
    first, second = explained(run.tape, Element("W", (0, 0))).terms
    assert (first.label, first.product) == ("W[0, 0] before its update", 0.1)
    slope = float(np.asarray(run.tape.gradients["W"])[0, 0])
    assert second.product == pytest.approx(-0.5 * slope)
    assert second.source == Element("W", (0, 0), is_gradient=True)


@given(random_scenarios(), st.data())
def test_terms_of_layers_that_do_not_run_add_up_to_the_element(scenario: Scenario, data: st.DataObject) -> None:
    tape = without_layers(finished(scenario).tape)
    moment = tape.at(len(tape))
    names = [name for name in moment.graph.names if moment.gradient(name) is not None]
    name = data.draw(st.sampled_from(names))
    shape = np.asarray(moment.gradient(name)).shape
    place = data.draw(st.sampled_from(list(np.ndindex(shape))))
    for is_gradient in (True, False):
        terms = explained(tape, Element(name, place, is_gradient))
        products = np.array([it.product for it in terms.terms])
        assert abs(products.sum() - terms.number) <= 1e-12 * max(np.abs(products).sum(), abs(terms.number))
        assert "what these do not explain" not in {it.label for it in terms.terms}


@given(random_scenarios())
def test_what_numbers_show_of_a_backward_is_what_the_layer_does(scenario: Scenario) -> None:
    run = finished(scenario)
    asked = backwards_of_run(run, run.tape, 0)
    shown = backwards_of_record(without_layers(finished(scenario).tape), 0)
    moment = run.tape.at(len(run.tape))
    for at, node in enumerate(run.graph.nodes):
        step = moment.step_of(node.name, Pass.BACKWARD)
        if not isinstance(step, BackwardStep) or step.dout is None or np.any(step.dout == 0):
            continue
        try:
            found = shown.sent(at, [step.dout * 1.5])
        except BptuiError:
            continue
        for one, other in zip(found, asked.sent(at, [step.dout * 1.5]), strict=True):
            assert one is not None
            assert other is not None
            assert np.allclose(one, other, rtol=1e-9, atol=0)


def test_paths_through_layers_that_do_not_run_are_the_same() -> None:
    run = finished(loads(NETWORK))
    asked = backwards_of_run(run, run.tape, 0)
    shown = backwards_of_record(without_layers(finished(loads(NETWORK)).tape), 0)
    (*_, one), (*_, other) = (
        find_paths(run.graph, ("W", "loss"), np.ones(()), it.sent, it.zeros, most=5) for it in (asked, shown)
    )
    assert one is not None
    assert other is not None
    assert (one.count, other.count) == (1, 1)
    assert np.allclose(one.paths[0].product, other.paths[0].product, rtol=1e-9)
    assert one.paths[0].names == ("W", "a", "z", "s.1", "s", "loss")


def test_of_a_layer_whose_numbers_show_nothing_that_is_said() -> None:
    text = '[inputs]\nx = [[0.3, 0.5], [1.0, -2.0]]\n[nodes]\ny = "Softmax(x)"\nz = "Sum(y * y)"\n'
    shown = backwards_of_record(without_layers(finished(loads(text)).tape), 0)
    with pytest.raises(BptuiError, match=r"y \(Softmax\) does not run here"):
        shown.sent(0, [np.ones((2, 2))])
