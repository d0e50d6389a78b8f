"""What a value still waits for, and where trouble comes from: said at the right step, and of the right node."""

import pytest
from hypothesis import given

from bptui.errors import LayerError
from bptui.explaining import value_state
from bptui.explaining.value_state import CUT, ENDED, ONLY_FORWARD
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from runs import BUY_APPLES, TWO_LAYERS, nodes, tape_of, tape_of_two_graphs
from strategies import random_scenarios


def test_a_node_says_what_it_waits_for_before_its_step() -> None:
    tape = tape_of(BUY_APPLES)
    assert value_state.waiting(tape.at(1), "price") == "not reached yet: goes forward at step 4"
    assert value_state.waiting(tape.at(4), "apple") == "no gradient yet: it is complete at step 8"
    assert value_state.waiting(tape.at(8), "apple") == ""


def test_what_takes_no_gradient_is_told_why() -> None:
    tape = tape_of(TWO_LAYERS)
    assert value_state.waiting(tape.at(3), "t") == "labels take no gradient"
    assert value_state.waiting(nodes('y = "x * 3"').at(1), "3") == "a constant takes no gradient"
    assert (
        value_state.waiting(nodes('y = "x * 1"\nz = "x + 2"\n[run]\noutput = "y"').at(3), "z")
        == "no gradient reaches it"
    )


@given(random_scenarios(iterations=2))
def test_what_is_promised_for_a_step_is_there_at_that_step_and_not_before(scenario: Scenario) -> None:
    tape = run(scenario)
    for position in range(len(tape) + 1):
        moment = tape.at(position)
        for name in moment.graph.names:
            words = value_state.waiting(moment, name)
            if "at step" not in words:
                continue
            step = int(words.rsplit(" ", 1)[1])
            assert step > position
            before, then = tape.at(step - 1), tape.at(step)
            if "forward" in words:
                assert before.value(name) is None
                assert then.value(name) is not None
            else:
                assert before.awaits_gradient(name)
                assert not then.awaits_gradient(name)


@pytest.mark.parametrize(
    ("value", "formula", "words"),
    [
        ("[1, 0]", "Where(k, x, 2 * x)", "a condition takes no gradient"),
        ('{ value = [1, 0], dtype = "int64" }', "Gather(x, k)", "indices take no gradient"),
        ('{ value = [1, 0], dtype = "int64" }', "x * k", "whole numbers take no gradient"),
        ('{ value = [true, false], dtype = "bool" }', "x * k", "truth values take no gradient"),
    ],
)
def test_what_takes_no_gradient_is_called_what_it_is(value: str, formula: str, words: str) -> None:
    tape = tape_of(f'[inputs]\nx = [2.0, 3.0]\nk = {value}\n[nodes]\ny = "Sum({formula})"')
    assert value_state.waiting(tape.at(len(tape)), "k") == words


def test_where_a_program_is_broken_off_nobody_says_that_it_only_goes_forward() -> None:
    tape = tape_of_two_graphs()

    def told() -> list[str]:
        return [value_state.waiting(tape.at(1), "x"), value_state.waiting(tape.at(2), "x")]

    assert told() == [ONLY_FORWARD, ONLY_FORWARD]
    tape.is_cut = True
    assert told() == [ONLY_FORWARD, CUT]
    tape.failure = LayerError("no")
    assert told() == [ONLY_FORWARD, ENDED]
