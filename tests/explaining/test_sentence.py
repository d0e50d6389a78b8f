"""A step in a sentence, with the book's numbers in it."""

import pytest
from hypothesis import given

from bptui.explaining.sentence import headline
from bptui.running import run
from bptui.scenario.scenario import Scenario
from runs import BUY_APPLES, nodes, tape_of
from strategies import random_scenarios


def test_the_headline_tells_the_step_in_one_sentence() -> None:
    tape = tape_of(BUY_APPLES)
    assert headline(tape.at(0)) == "Nothing has run yet: the first step computes apple_price."
    assert headline(tape.at(1)) == "Mul computes apple_price = apple × apple_num = 100 × 2 = 200."
    assert headline(tape.at(8)) == (
        "dout 1.1 arrives at apple_price; multiplied by apple_num = 2 it gives apple its gradient 2.2, "
        "and multiplied by apple = 100 it gives apple_num its gradient 110."
    )


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("3 - x", "dout 1 arrives at y; with its sign turned it gives x its gradient -1."),
        ("x + 3", "dout 1 arrives at y; passed on unchanged it gives x its gradient 1."),
        (
            "x * x",
            (
                "dout 1 arrives at y; multiplied by x = -2 it adds -2 to x's gradient, "
                "and multiplied by x = -2 it adds -2 to x's gradient."
            ),
        ),
        ("x * 3", "dout 1 arrives at y; multiplied by 3 it gives x its gradient 3."),
        ("Exp(x)", "dout 1 arrives at y; dout × y gives x its gradient 0.13534."),
        ("Detach(x)", "dout 1 arrives at y and ends there: no input takes a gradient."),
    ],
)
def test_a_backward_step_says_what_is_done_to_dout(formula: str, sentence: str) -> None:
    assert headline(nodes(f'y = "{formula}"').at(2)) == sentence


def test_an_update_says_what_moved() -> None:
    tape = tape_of('[inputs]\nx = 2\n[parameters]\nw = 0.5\n[nodes]\ny = "w * x"\n[train]\nlr = 0.1\nsteps = 1')
    assert headline(tape.at(3)) == "w is updated: w ← w - lr × dw = 0.5 - 0.1 × 2 = 0.3."


@given(random_scenarios(iterations=2))
def test_every_step_has_a_sentence_that_names_it(scenario: Scenario) -> None:
    tape = run(scenario)
    for step in tape:
        sentence = headline(tape.at(step.number))
        assert step.name in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence
