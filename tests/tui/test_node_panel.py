"""The node's account: the book's numbers as they are read on the screen, and laws for every place of every run."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Node
from bptui.core.revisit import LayersRevisit
from bptui.lines.line import Line, line_width, plain
from bptui.scenario.load import load, loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from bptui.tui.content.node_lines import node_lines
from bptui.tui.content.welcome import welcome_lines
from bptui.tui.panels.node_panel import NodePanel, heading_of, note_lines
from layers import Array, Layer
from strategies import make_scenario, random_scenarios
from watched_here import watched_here


def written(lines: Iterable[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def account(text: str, position: int, name: str, width: int = 60) -> list[str]:
    return written(node_lines(run(loads(text)).at(position), name, width))


FAN_OUT = '[inputs]\nx = -2\n[nodes]\ny = "x * x + 3 * x"\n'
LAYER = """
[inputs]
x = [[1, 2]]
[parameters]
W = [[1, 2, 3], [4, 5, 6]]
[nodes]
y = "x @ W"
"""


def test_backward_shows_dout_local_derivatives_and_gradients_with_the_books_numbers() -> None:
    tape = run(load("buy_apple_orange"))
    assert written(node_lines(tape.at(8), "apple_price", 50))[:6] == [
        "◀ backward  dout from all_price",
        "dout = 1.1",
        "∂apple_price/∂apple = apple_count = 2",
        "∂apple_price/∂apple_count = apple = 100",
        "d apple = dout × apple_count = 1.1 × 2 = 2.2",
        "d apple_count = dout × apple = 1.1 × 100 = 110",
    ]


def test_an_equation_too_long_for_its_pane_is_broken_at_its_signs() -> None:
    tape = run(load("buy_apple_orange"))
    assert written(node_lines(tape.at(1), "apple_price", 34))[1:4] == [
        "apple_price = apple × apple_count",
        "            = 100 × 2",
        "            = 200",
    ]
    assert written(node_lines(tape.at(1), "apple_price", 30))[1:4] == [
        "apple_price = apple ×",
        "              apple_count",
        "            = 100 × 2",
    ]


def test_a_node_not_reached_yet_says_when_it_will_be() -> None:
    assert account(FAN_OUT, 1, "y") == [
        "▶ forward  not reached yet: goes forward at step 3",
        "y = y.1 + y.2",
    ]


def test_before_its_backward_a_node_tells_its_rules_and_no_number_of_them() -> None:
    lines = account(FAN_OUT, 2, "y.2")
    start = lines.index("◀ backward  not reached yet: step 5")
    assert lines[start + 1] == "d x = dout × 3"


def test_a_leaf_adds_up_what_its_uses_send_back() -> None:
    assert account(FAN_OUT, 6, "x", 76) == [
        "x = -2",
        "",
        "◀ gradient",
        "via y.2 = dout × 3 = 1 × 3 = 3",
        "via y.1 (input 1) = dout × x = 1 × (-2) = -2",
        "via y.1 (input 2) = dout × x = 1 × (-2) = -2",
        "d x = via y.2 + via y.1 (input 1) + via y.1 (input 2) = 3 + (-2) + (-2) = -1",
        "",
        "used by y.1 (Mul), y.2 (Mul)",
    ]


def test_a_partial_gradient_is_called_partial() -> None:
    assert "◀ gradient  1 of 3 contributions so far, complete at step 6" in account(FAN_OUT, 5, "x", 76)


def test_a_matrix_product_is_told_in_shapes_and_small_numbers() -> None:
    lines = account(LAYER, 2, "y", 60)
    assert "d x = dout · Wᵀ   [1, 3] · [3, 2] → [1, 2]" in lines
    assert "d x [1, 2]     6 15" in lines  # W's rows added up, for a dout of ones
    assert lines[lines.index("d W [2, 3]    1 1 1") + 1] == "              2 2 2"  # x down the rows


def test_what_a_layer_keeps_is_shown_by_attribute() -> None:
    lines = account(FAN_OUT, 3, "y")
    assert lines[-2:] == ["keeps for its backward", "self.x = 4  self.y = -6"]


def test_an_update_shows_its_numbers() -> None:
    text = (
        '[inputs]\nx = 2\n[parameters]\nw = 0.5\n[nodes]\ny = "w * x"\n[train]\noptimizer = "SGD"\nlr = 0.1\nsteps = 1'
    )
    assert account(text, 3, "w", 60)[:6] == [
        "w = 0.3",
        "",
        "◀ gradient",
        "d w = dout × x = 1 × 2 = 2   from y",
        "",
        "↻ update",
    ]
    assert account(text, 3, "w", 60)[6] == "w ← w - lr × dw = 0.5 - 0.1 × 2 = 0.3"


def test_a_nan_is_pointed_at_before_anything_else() -> None:
    tape = run(loads('[inputs]\nx = -1\n[nodes]\na = "Log(x)"\nb = "a + 1"\ny = "b * x"\n'))
    for position, name, words in (
        (1, "a", "✗ NaN starts here: log(-1) at a"),
        (5, "b", "✗ NaN in the value: it comes in with a"),
    ):
        assert written(NodePanel(tape.at(position)).lines(60, 30))[0] == words, name


def test_an_activation_has_its_curve_right_below_what_has_just_happened() -> None:
    lines = account('[inputs]\nx = 1.5\n[nodes]\ny = "Sigmoid(x)"\n', 1, "y", 40)
    assert lines[:5] == ["▶ forward", "y = 1 / (1 + exp(-x))", "  = 1 / (1 + exp(-1.5))", "  = 0.81757", ""]
    assert "● 1.5 → 0.81757  ⋯ slope 0.14915" in lines


def test_names_are_shown_and_never_obeyed() -> None:
    name = "a\x1b[31m\u202e"
    scenario = make_scenario([Node(name, "Neg", ("x",)), Node("y", "Neg", (name,))], inputs={"x": 1})
    moment = run(scenario).at(4)
    shown = "".join(written([*node_lines(moment, name, 60), *node_lines(moment, "y", 60), heading_of(moment, name)]))
    assert "\\x1b" in shown
    assert shown.isprintable()


@given(scenario=random_scenarios(iterations=2), data=st.data())
def test_no_line_is_wider_than_its_pane_wherever_one_looks(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    moment = tape.at(data.draw(st.integers(0, len(tape))))
    name = data.draw(st.sampled_from(moment.graph.names))
    width = data.draw(st.integers(1, 90))
    for line in node_lines(moment, name, width):
        assert line_width(line) <= width


@pytest.mark.parametrize(
    "value", [np.zeros(()), np.zeros((0, 3)), np.zeros((2, 0)), np.ones((2, 3, 4)), np.full((3, 3), np.nan)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_of_any_shape_have_an_account(value: Array, dtype: type) -> None:
    scenario = make_scenario([Node("y", "Exp", ("x",)), Node("z", "Sum", ("y",))], inputs={"x": value}, dtype=dtype)
    tape = run(scenario)
    for position in range(len(tape) + 1):
        for name in ("x", "y", "z"):
            lines = list(node_lines(tape.at(position), name, 30))
            assert lines
            assert all(line_width(line) <= 30 for line in lines)


@pytest.mark.parametrize(("width", "height"), [(76, 20), (38, 18), (76, 6), (20, 3), (10, 1)])
def test_the_welcome_names_the_key_in_sight_and_has_all_of_the_scenarios_words(width: int, height: int) -> None:
    lines = welcome_lines(width, height, "Two apples", "What **two** apples cost.\n\nAnd the tax.")
    assert all(line_width(line) <= width for line in lines)
    assert "ress n" in " ".join(written(lines[:height]))
    below = " ".join(" ".join(written(lines)).split())
    assert "Two apples" in below
    assert "What two apples cost." in below
    assert "And the tax." in below


def test_only_what_is_looked_at_is_worked_out() -> None:
    tape = run(load("vanishing_sigmoid"))
    tape.revisit = LayersRevisit(refuse)
    first = list(islice(node_lines(tape.at(len(tape)), "z1", 40), 3))
    assert written(first)[0] == "◀ backward  dout from z2.1"
    with pytest.raises(AssertionError, match="z1"):
        list(node_lines(tape.at(len(tape)), "z1", 40))


def refuse(node: Node, _: int) -> Layer:
    raise AssertionError(node.name)


@pytest.mark.parametrize(
    ("note", "lines"),
    [
        ("**Why** is it `dout` here?", ["✎ Why is it dout here?"]),
        ("one\ntwo\n\nthree", ["✎ one two", "", "three"]),
        ("2 ** 3 is 8, and 3 ** 2 is 9", ["✎ 2 ** 3 is 8, and 3 ** 2 is 9"]),
        ("2**3 * 4**5", ["✎ 2**3 * 4**5"]),
        ("a ` alone", ["✎ a ` alone"]),
        ("red \x1b[31m", ["✎ red \\x1b[31m"]),
    ],
)
def test_a_note_is_shown_without_its_marks(note: str, lines: list[str]) -> None:
    assert written(note_lines(note, 60)) == lines


def test_a_dout_that_a_program_hands_over_is_not_said_to_be_the_sum(tmp_path: Path) -> None:
    text = """
from naive_layers import *
a, b, total = MulLayer(), MulLayer(), AddLayer()
h = a.forward(3.0, 2.0)
y = total.forward(b.forward(h, 5.0), h)
db, dh = total.backward(1.0)
dh1, _ = b.backward(db)
a.backward(dh1)
"""
    with watched_here(tmp_path, text) as watch:
        moment = watch.tape.at(len(watch.tape))
        told = "\n".join(plain(line) for line in node_lines(moment, "a", 60))
    assert "as the program hands it over" in told
    assert "via" not in told


@pytest.mark.parametrize(
    ("step", "line"),
    [(1, "y = x × w = 2 × 3 = 6"), (4, "d x = dout × w = 1 × 3 = 3"), (3, "d y = dout")],
)
def test_a_folded_pane_tells_an_equation_and_not_the_title_of_a_pass(step: int, line: str) -> None:
    moment = run(loads("[inputs]\nx = 2\nw = 3\n[nodes]\ny = 'x * w'\nz = 'Sum(y)'")).at(step)
    assert plain(NodePanel(moment).folded_line(60)).startswith(line)
