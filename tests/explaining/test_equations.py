"""Equations and sentences: the books' numbers in the books' form, and laws over every step of every kind of run."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep
from bptui.core.tape import Tape
from bptui.explaining import equations
from bptui.recording.codec import encode_line
from bptui.recording.run_records import records
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from runs import BUY_APPLES, TWO_LAYERS, nodes, tape_of
from strategies import chain, make_scenario


def written(tape: Tape, name: str) -> list[str]:
    return [str(it) for it in equations.gradient_equations(tape.at(len(tape)), name)]


def test_forward_puts_the_numbers_of_saito_5_4_into_the_equation() -> None:
    end = tape_of(BUY_APPLES).at(8)
    assert str(equations.forward_equation(end, "apple_price")) == "apple_price = apple × apple_num = 100 × 2 = 200"
    assert (
        str(equations.forward_equation(end, "all_price")) == "all_price = apple_price + orange_price = 200 + 450 = 650"
    )
    assert str(equations.forward_equation(end, "price")) == "price = all_price × tax = 650 × 1.1 = 715"


def test_backward_puts_the_numbers_of_saito_5_4_into_the_equation() -> None:
    tape = tape_of(BUY_APPLES)
    assert written(tape, "apple_price") == [
        "d apple = dout × apple_num = 1.1 × 2 = 2.2",
        "d apple_num = dout × apple = 1.1 × 100 = 110",
    ]
    assert written(tape, "orange_price") == [
        "d orange = dout × orange_num = 1.1 × 3 = 3.3",
        "d orange_num = dout × orange = 1.1 × 150 = 165",
    ]
    assert written(tape, "all_price") == ["d apple_price = dout = 1.1", "d orange_price = dout = 1.1"]
    assert written(tape, "price") == [
        "d all_price = dout × tax = 1 × 1.1 = 1.1",
        "d tax = dout × all_price = 1 × 650 = 650",
    ]


@pytest.mark.parametrize("position", range(9))
def test_nothing_is_told_of_a_pass_before_it_has_run(position: int) -> None:
    tape = tape_of(BUY_APPLES)
    moment = tape.at(position)
    for node in moment.graph.nodes:
        has_gone_forward = moment.step_of(node.name, Pass.FORWARD) is not None
        has_gone_backward = moment.step_of(node.name, Pass.BACKWARD) is not None
        assert (equations.forward_equation(moment, node.name) is not None) == has_gone_forward
        assert bool(equations.gradient_equations(moment, node.name)) == has_gone_backward


def test_where_a_value_fans_out_its_contributions_are_added_up_in_order_of_arrival() -> None:
    tape = nodes('y = "x * x + 3 * x"')  # y = x² + 3x, dy/dx = 2x + 3 = -1 at -2
    partial, end = tape.at(5), tape.at(6)
    assert str(equations.sum_equation(partial, "x")) == "d x = via y.2 = 3"
    assert str(equations.sum_equation(end, "x")) == (
        "d x = via y.2 + via y.1 (input 1) + via y.1 (input 2) = 3 + (-2) + (-2) = -1"
    )
    equation = equations.sum_equation(partial, "x")
    assert equation is not None
    assert equation.note == "1 of 3 contributions so far"


def test_of_thousands_of_contributions_only_the_first_are_written_out() -> None:
    tape = run(chain(4000))  # every second node adds the weight, whose 2,000 contributions are 0.999 apart
    equation = equations.sum_equation(tape.at(len(tape)), "w")
    assert equation is not None
    assert equation.rule.startswith("via n3999 + via n3997 + via n3995 + ")
    assert equation.rule.endswith(" + … 1,994 more")
    assert equation.numbers == "1 + 0.999 + 0.998 + 0.997 + 0.99601 + 0.99501 + …"
    assert float(equation.result) == pytest.approx((1 - 0.999**2000) / (1 - 0.999), rel=1e-4)


@pytest.mark.parametrize(
    ("formula", "forward", "backward"),
    [
        ("x ** 2", "y = x ** 2 = (-2) ** 2 = 4", "d x = dout × 2 × x ** (2 - 1) = 1 × 2 × (-2) ** (2 - 1) = -4"),
        ("3 - x", "y = 3 - x = 3 - (-2) = 5", "d x = -dout = -1"),
        ("Abs(x)", "y = |x| = |-2| = 2", "d x = dout × sign(x) = 1 × sign(-2) = -1"),
        ("1 / x", "y = 1 / x = 1 / (-2) = -0.5", "d x = -dout × 1 / x² = -1 × 1 / (-2)² = -0.25"),
        ("Clip(x, min=-1, max=1)", "y = min(max(x, -1), 1) = min(max(-2, -1), 1) = -1", None),
        ("Exp(x)", "y = exp(x) = exp(-2) = 0.13534", "d x = dout × y = 1 × 0.13534 = 0.13534"),
    ],
)
def test_negative_numbers_are_written_so_that_the_sign_cannot_be_misread(
    formula: str, forward: str, backward: str | None
) -> None:
    tape = nodes(f'y = "{formula}"')
    assert str(equations.forward_equation(tape.at(2), "y")) == forward
    if backward:
        assert written(tape, "y") == [backward]


def test_arrays_are_explained_by_their_shapes() -> None:
    tape = tape_of(TWO_LAYERS)
    d_x, d_w = equations.gradient_equations(tape.at(8), "a1.1")
    assert (d_x.rule, d_x.shapes) == ("dout · W1ᵀ", "[2, 3] · [3, 2] → [2, 2]")
    assert (d_w.rule, d_w.shapes) == ("xᵀ · dout", "[2, 2] · [2, 3] → [2, 3]")


def test_a_gradient_summed_back_after_broadcasting_says_so() -> None:
    tape = nodes('y = "Sum(v * s)"', "v = [1, 2, 3]\ns = 2")
    d_v, d_s = equations.gradient_equations(tape.at(4), "y.1")
    assert str(d_v) == "d v = dout × s = [1, 1, 1] × 2 = [2, 2, 2]"
    assert (d_s.rule, d_s.result) == ("Σ dout × v", "6")
    assert d_s.note == "summed back to a scalar, which broadcasting had repeated"


def test_an_update_is_an_arrow_with_the_numbers_before_it() -> None:
    tape = tape_of(
        '[inputs]\nx = 2\n[parameters]\nw = 0.5\n[nodes]\ny = "w * x"\n[train]\noptimizer = "SGD"\nlr = 0.1\nsteps = 2'
    )
    assert str(equations.update_equation(tape.at(3), "w")) == "w ← w - lr × dw = 0.5 - 0.1 × 2 = 0.3"
    assert str(equations.forward_equation(tape.at(3), "y")) == "y = w × x = 0.5 × 2 = 1"
    assert equations.update_equation(tape.at(2), "w") is None


@pytest.mark.parametrize("text", [BUY_APPLES, TWO_LAYERS])
def test_every_contribution_that_leaves_has_its_equation(text: str) -> None:
    tape = tape_of(text)
    for step in tape:
        moment = tape.at(step.number)
        if isinstance(step, BackwardStep):
            leaving = [it for it in step.gradients if it is not None]
            assert len(equations.gradient_equations(moment, step.name)) == len(leaving)


def test_a_scalars_result_is_its_value() -> None:
    tape = tape_of(BUY_APPLES)
    end = tape.at(len(tape))
    for node in end.graph.nodes:
        equation, value = equations.forward_equation(end, node.name), end.value(node.name)
        assert equation is not None
        assert value is not None
        np.testing.assert_allclose(float(equation.result), np.float64(value))


UNARY = ("Neg", "Exp", "Log", "Sin", "Cos", "Tanh", "Sigmoid")
BINARY = ("Add", "Sub", "Mul", "Div", "Pow")
SIGNS = {"×": "*", "²": "**2"}


def worked_out(numbers: str) -> float:
    """Return what Python makes of an equation's numbers: an arithmetic of its own."""
    for sign, python in SIGNS.items():
        numbers = numbers.replace(sign, python)
    known = {name: getattr(np, name) for name in ("exp", "log", "sin", "cos", "tanh")}
    return float(eval(numbers, {"__builtins__": {}}, known))


@given(
    layer=st.sampled_from(UNARY + BINARY),
    x=st.floats(0.1, 4).map(lambda it: round(it, 2)),
    y=st.floats(-3, 3).map(lambda it: round(it, 2)).filter(bool),
    dout=st.sampled_from([1.0, -2.0, 0.5]),
)
def test_the_numbers_of_an_equation_work_out_to_its_result(layer: str, x: float, y: float, dout: float) -> None:
    names = ("x", "y") if layer in BINARY else ("x",)
    scenario = make_scenario([Node("out", layer, names)], inputs={"x": x, "y": y}, dout=dout)
    end = run(scenario).at(2)
    forward = equations.forward_equation(end, "out")
    assert forward is not None
    for equation in (forward, *equations.gradient_equations(end, "out")):
        if equation.numbers:
            assert worked_out(equation.numbers) == pytest.approx(float(equation.result), rel=2e-3, abs=1e-4)
        else:
            assert equation.parts == (equation.rule, equation.result)


def test_a_replay_is_explained_word_for_word_as_its_run(tmp_path: Path) -> None:
    scenario = loads(TWO_LAYERS)
    live = Run(scenario)
    path = tmp_path / "run.jsonl"
    path.write_text("".join(map(encode_line, records(live))), encoding="utf-8")
    replay = read_transcript(path)
    for position in range(len(live.tape) + 1):
        for name in live.graph.names:
            assert_same(live.tape.at(position), replay.tape.at(position), name)


def assert_same(one: Moment, other: Moment, name: str) -> None:
    assert equations.sum_equation(one, name) == equations.sum_equation(other, name)
    if one.graph.node(name):
        assert equations.forward_equation(one, name) == equations.forward_equation(other, name)
        assert equations.gradient_equations(one, name) == equations.gradient_equations(other, name)
    else:
        assert equations.update_equation(one, name) == equations.update_equation(other, name)
