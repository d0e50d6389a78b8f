"""A step in plain sentences, with the book's numbers in them; and those of every layer can be read."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Node
from bptui.explaining.sentence import headline
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from layer_cases import Case, case_of, cases_of, single_output_layers
from layers import library
from runs import BUY_APPLES, nodes, tape_of
from strategies import make_scenario, random_scenarios

START = "The backward pass starts at y with dout = 1: dout says how fast y changes with a node's value. "


def test_the_headline_tells_the_step_in_plain_sentences() -> None:
    tape = tape_of(BUY_APPLES)
    assert headline(tape.at(0)) == "Nothing has run yet: the first step computes apple_price."
    assert headline(tape.at(1)) == "Mul computes apple_price: apple × apple_num, which is 100 × 2 = 200."
    assert headline(tape.at(8)) == (
        "dout = 1.1 arrives at apple_price. apple gets dout times apple_num = 2, which is 2.2; "
        "apple_num gets dout times apple = 100, which is 110."
    )


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("3 - x", "x gets dout with the opposite sign, which is -1."),
        ("x + 3", "x gets dout unchanged, 1."),
        (
            "x * x",
            ("x gets dout times x = -2, which is -2; x gets dout times x = -2, which is -2 (contribution 2 of 2)."),
        ),
        ("x * 3", "x gets dout times 3, which is 3."),
        ("Exp(x)", "x gets dout × y, which is 0.13534."),
        ("Relu(x)", "x gets 0: dout where x > 0, else 0."),
        ("Detach(x)", "It ends there: no input takes a gradient."),
    ],
)
def test_a_backward_step_says_what_is_done_to_dout(formula: str, sentence: str) -> None:
    assert headline(nodes(f'y = "{formula}"').at(2)) == START + sentence


@pytest.mark.parametrize(
    ("dout", "start"),
    [
        ("2.5", "the given dout = 2.5: dout says how fast 2.5 × y changes"),
        ("[1, 1]", "a dout of ones, of shape [2]: dout says how fast the sum of y's elements changes"),
        ("[1, 2]", "the given dout = [1, 2]: dout says how fast Σ y × this dout changes"),
    ],
)
def test_the_first_backward_step_says_what_dout_is(dout: str, start: str) -> None:
    x = "3" if dout == "2.5" else "[3, 4]"
    tape = tape_of(f'[inputs]\nx = {x}\n[nodes]\ny = "Exp(x)"\n[run]\ndout = {dout}')
    assert headline(tape.at(2)).startswith(f"The backward pass starts at y with {start} with a node's value. x gets")


@pytest.mark.parametrize(
    ("formula", "share"),
    [
        ("x / b", "b gets -Σ dout × x / b²"),
        ("x - b", "b gets -Σ dout"),
        ("Maximum(x, b)", "b gets Σ (dout where b > x, half where equal), which is [0, 0, 0]"),
        ("PRelu(x, b)", "b gets Σ (0 where x > 0, else dout × x), which is [0, 0, 0]"),
        ("Gather(b, indices=-1)", "b gets [0, 0, 1]: dout, added up at row -1"),
        (
            'Einsum(x, equation="ij->")',
            "x gets a gradient of shape [2, 3]: the dout of the sum that each element went into",
        ),
        ('Einsum(x, b, equation="ij,j->i")', "x gets a gradient of shape [2, 3]: Σ of dout × the other input"),
    ],
)
def test_a_sum_is_told_of_the_whole_rule(formula: str, share: str) -> None:
    tape = tape_of(f"[inputs]\nx = [[7, 8, 9], [7, 8, 9]]\nb = [1, 2, 3]\n[nodes]\ny = '''{formula}'''")
    assert share in headline(tape.at(2))


def test_an_update_says_what_moved() -> None:
    tape = tape_of('[inputs]\nx = 2\n[parameters]\nw = 0.5\n[nodes]\ny = "w * x"\n[train]\nlr = 0.1\nsteps = 1')
    assert headline(tape.at(3)) == "w becomes w - lr × dw, which is 0.5 - 0.1 × 2 = 0.3."


def said_of(case: Case, *, is_used_again: bool = False) -> list[str]:
    """Return what is said of a layer's forward and backward, its inputs called ``in0``, ``in1`` ..."""
    names = [f"in{place}" for place in range(len(case.inputs))]
    scenario = make_scenario(
        [Node("node", case.layer.__name__, tuple(names), case.options)],
        inputs={name: np.array(value) for name, value in zip(names, case.inputs, strict=True)},
        dout=case.dout,
    )
    if is_used_again:
        again = Node("again", "Mul", ("in0", "in0"))
        total = Node("end", "Add", ("node", "again"))
        graph = replace(scenario.graph, nodes=(*scenario.graph.nodes, again, total), output="end")
        scenario = replace(
            scenario, graph=graph, dout=np.ones(np.broadcast_shapes(case.dout.shape, case.inputs[0].shape))
        )
    tape = run(scenario)
    steps = [step.number for step in tape if step.name == "node"]
    return [headline(tape.at(number)) for number in steps]


PATCHWORK = ("  ", " ,", " ;", "unchanged it", "it of shape", "adds of", "gets of", "start:stop", r"\(\)", "axis axis")
UNREADABLE = re.compile("|".join((*PATCHWORK, r"\bNone\b", r"\b[xyWbt]\b")))
"""What no sentence has: gaps, pieces that were put together badly, and a layer's own names for its inputs."""

MISTAKABLE = re.compile(r" gets (?!a gradient of shape)[^;:()\[\]]*, [^;:()\[\]]*, (which is|of shape)")
"""A result behind a rule that goes on after a comma: ``dout where x > 0, else 0, of shape [2]``."""


@given(st.sampled_from(single_output_layers).flatmap(cases_of))
def test_every_layers_sentences_can_be_read_whatever_it_is_given(case: Case) -> None:
    forward, *backward = said_of(case)
    shape = f", of shape [{', '.join(map(str, case.dout.shape))}]"
    assert forward.startswith(f"{case.layer.__name__} computes node")
    assert ("which is" in forward) != (shape in forward) or "Reshape" in forward or "Broadcast" in forward
    for sentence in (forward, *backward):
        assert not UNREADABLE.search(sentence), sentence
        assert sentence.endswith(".")
        assert all(sentence.count(one) == sentence.count(other) for one, other in ("()", "[]"))
    for sentence in backward:
        assert sentence.startswith("The backward pass starts at node with")
        assert "dout says how fast" in sentence
        assert not MISTAKABLE.search(sentence), sentence
        assert all(f"in{place} gets" in sentence for place in range(len(case.inputs)) if taking(case, place))


def test_a_split_says_which_part_each_output_is() -> None:
    tape = tape_of('[inputs]\nx = [1, 2, 3]\n[nodes]\n"a, b" = "Split(x, parts=[1, 2])"\ny = "Sum(a * b)"')
    assert headline(tape.at(1)) == "Split makes a = [1] and b = [2, 3] of x."
    assert headline(tape.at(6)).endswith("x gets [5, 1, 1]: d a and d b, joined along axis 0.")


def test_a_backward_pass_that_starts_at_several_outputs_says_so() -> None:
    tape = tape_of('[inputs]\nx = [1, 2]\n[nodes]\n"a, b" = "Split(x, parts=2)"\n[run]\noutput = "a"')
    assert headline(tape.at(2)).startswith("The backward pass starts here. d a = [1] arrives at a, and d b is zero.")


@pytest.mark.parametrize(
    ("loss", "arrival"),
    [
        ("Sum(b)", "d b = [1, 1] arrives at a, and d a is zero."),
        ("Sum(a * 0) + Sum(b * 0)", "Only zeros arrive at a."),
        ("Sum(a) + Sum(b)", "d a = [1] and d b = [1, 1] arrive at a."),
    ],
)
def test_of_several_outputs_it_is_said_which_get_a_gradient(loss: str, arrival: str) -> None:
    tape = tape_of(f'[inputs]\nx = [1, 2, 3]\n[nodes]\n"a, b" = "Split(x, parts=[1, 2])"\ny = "{loss}"')
    assert headline(tape.at(len(tape))).startswith(arrival)


def test_of_a_layer_that_does_not_say_how_the_gradients_are_listed_once() -> None:
    tape = tape_of('[inputs]\nx = [[1, 2], [3, 4]]\nw = 2\n[nodes]\ny = "Mul(x, w)"\nz = "Sum(y * w)"')
    tape.library = {}
    assert headline(tape.at(6)) == (
        "dout, of shape [2, 2], arrives at y. "
        "Mul.backward gives x a gradient of shape [2, 2] and w 20 (contribution 2 of 2)."
    )


def taking(case: Case, place: int) -> bool:
    return case.layer.__name__ != "Detach" and not case.is_target(place) and case.inputs[place].dtype.kind == "f"


@pytest.mark.parametrize("layer", ["Relu", "Exp", "Sigmoid", "Neg", "Softmax", "Clip"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_a_value_that_is_used_again_is_said_to_have_got_one_of_its_contributions(
    layer: str, shape: tuple[int, ...]
) -> None:
    if layer == "Softmax" and not shape:
        return
    case = case_of(library[layer], ({"min": -1} if layer == "Clip" else {}, (shape,)), seed=0)
    forward, backward = said_of(case, is_used_again=True)
    assert forward.startswith(f"{layer} computes node")
    assert backward.startswith("dout")
    assert "arrives at node. in0 gets" in backward
    assert backward.endswith("(contribution 3 of 3).")
    assert not UNREADABLE.search(backward)


@given(random_scenarios(iterations=2))
def test_every_step_has_a_sentence_that_names_it(scenario: Scenario) -> None:
    tape = run(scenario)
    for step in tape:
        sentence = headline(tape.at(step.number))
        assert step.name in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence
