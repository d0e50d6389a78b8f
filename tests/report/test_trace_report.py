"""The readable account of a run, and how it is printed."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.graph import Node
from bptui.core.optimizer import SGD, Adam
from bptui.explaining.whole_array import named_array, summary_line, whole_array
from bptui.lines.line import plain, styled
from bptui.report.printing import print_lines
from bptui.report.trace_report import trace_lines
from bptui.report.training import chosen_iterations, largest_gradient
from bptui.running import Run
from bptui.scenario.scenario import Scenario, Train
from strategies import buy_apple, chain, make_scenario, random_scenarios


def told(scenario: Scenario) -> list[str]:
    run = Run(scenario)
    run.finish()
    return list(map(plain, trace_lines(run)))


def test_two_apples_with_tax_are_told_as_in_the_book() -> None:
    """Saito, Deep Learning from Scratch, ch. 5.1.3: the numbers in the figure of the backward pass."""
    lines = told(buy_apple())
    assert "  1  price.1 = apple × count = 100 × 2 = 200" in lines
    assert "  2  price = price.1 × tax = 200 × 1.1 = 220" in lines
    assert "  3  price: dout = 1" in lines
    assert "       d price.1 = dout × tax = 1 × 1.1 = 1.1" in lines
    assert "       d tax = dout × price.1 = 1 × 200 = 200" in lines
    assert "       d apple = dout × count = 1.1 × 2 = 2.2" in lines
    assert "       d count = dout × apple = 1.1 × 100 = 110" in lines
    after = lines[lines.index("Gradients of price") :]
    assert [line.split() for line in after[1:6]] == [
        ["apple", "scalar", "2.2"],
        ["count", "scalar", "110"],
        ["tax", "scalar", "200"],
        ["price.1", "scalar", "1.1"],
        ["price", "scalar", "1"],
    ]


def test_a_gradient_that_comes_two_ways_is_added_up_when_the_last_has_come() -> None:
    """y = (x + 1)(2x) at 3: dy/dx = 2x + 2(x + 1) = 14, of which 8 comes through 2x."""
    nodes = [
        Node("left", "Add", ("x", "1")),
        Node("right", "Mul", ("2", "x")),
        Node("y", "Mul", ("left", "right")),
    ]
    lines = told(make_scenario(nodes, inputs={"x": 3.0}, constants={"1": 1.0, "2": 2.0}))
    (at,) = [place for place, line in enumerate(lines) if "8 + 6 = 14" in line]
    assert lines[at - 1].endswith("d x = dout = 6")
    assert sum("in all" in line for line in lines) == 1


@given(scenario=random_scenarios())
def test_every_step_has_its_line(scenario: Scenario) -> None:
    lines = told(scenario)
    run = Run(scenario)
    run.finish()
    for step in run.tape:
        starts = [line for line in lines if line.split()[:1] == [str(step.number)]]
        assert any(step.name in line for line in starts)


def test_the_first_nan_is_pointed_at_where_it_was_made() -> None:
    nodes = [Node("l", "Log", ("x",)), Node("s", "Mul", ("l", "w")), Node("y", "Sum", ("s",))]
    lines = told(make_scenario(nodes, inputs={"x": np.array([1.0, -1.0])}, parameters={"w": 2.0}))
    marks = [place for place, line in enumerate(lines) if "▲" in line]
    assert len(marks) == 1
    assert "l made the first NaN, in step 1 (forward)" in lines[marks[0]]
    assert "1  l = log(x)" in lines[marks[0] - 1]
    assert lines[-1] == "l made the first NaN, in step 1 (forward): log(-1) at l[1]"


def test_a_nan_that_was_given_is_no_steps_fault() -> None:
    lines = told(make_scenario([Node("y", "Sum", ("x",))], inputs={"x": np.array([1.0, np.nan])}))
    assert lines[-1] == "x has NaN in it to begin with"
    assert not [line for line in lines if "▲" in line or "the first" in line]


def test_an_infinity_is_called_one() -> None:
    lines = told(make_scenario([Node("y", "Log", ("x",))], inputs={"x": 0.0}))
    assert lines[-1] == "y made the first Infinity, in step 1 (forward): log(0) at y"


def test_numbers_that_are_finite_are_not_pointed_at() -> None:
    assert not [line for line in told(buy_apple()) if "▲" in line or "first" in line]


def test_a_training_is_told_by_its_first_and_last_iteration_and_a_line_for_each() -> None:
    lines = told(buy_apple(train=Train(SGD(0.01), 5)))
    assert "Training, 5 iterations by SGD, lr = 0.01" in lines
    (head,) = [place for place, line in enumerate(lines) if "largest gradient" in line]
    rows = [line.split() for line in lines[head + 1 : head + 6]]
    # price = 200 tax, so each update takes 0.01 × 200 = 2 from tax and 400 from the price
    assert rows == [
        ["1", "220", "200", "tax"],
        ["2", "-180", "200", "tax"],
        ["3", "-580", "200", "tax"],
        ["4", "-980", "200", "tax"],
        ["5", "-1380", "200", "tax"],
    ]
    titles = [line for line in lines if line.startswith("Iteration")]
    assert titles == ["Iteration 1", "Iteration 5"]
    assert any("tax ← tax - lr × dtax = 1.1 - 0.01 × 200 = -0.9" in line for line in lines)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1.0, -7.0], [2.0, 3.0], (7.0, "a")),
        ([1.0, 2.0], [0.0, -np.inf], (np.inf, "b")),
        ([1.0, 2.0], [0.5, np.nan], (np.nan, "b")),
        ([np.nan, 2.0], [0.5, 9.0], (np.nan, "a")),
    ],
)
def test_the_largest_gradient_is_by_size_and_nan_hides_behind_no_number(
    a: list[float], b: list[float], expected: tuple[float, str]
) -> None:
    nodes = [Node("p", "Mul", ("a", "x")), Node("q", "Mul", ("b", "y")), Node("z", "Add", ("p", "q"))]
    scenario = make_scenario(
        nodes, inputs={"x": a, "y": b}, parameters={"a": [1.0, 1.0], "b": [1.0, 1.0]}, dout=[1.0, 1.0]
    )
    run = Run(scenario)
    run.finish()
    np.testing.assert_equal(largest_gradient(run.tape.at(len(run.tape))), expected)


def test_without_parameters_there_is_no_largest_gradient() -> None:
    run = Run(make_scenario([Node("y", "Neg", ("x",))], inputs={"x": 1.0}))
    run.finish()
    assert largest_gradient(run.tape.at(len(run.tape))) == (0.0, "none")


def test_a_long_training_is_told_in_few_lines() -> None:
    lines = told(chain(3, iterations=2000))
    assert len(lines) < 100
    assert "25 of 2000 iterations are shown" in "\n".join(lines)
    assert "are shown" not in "\n".join(told(chain(3, iterations=20)))


def test_the_rules_options_are_told() -> None:
    lines = told(buy_apple(train=Train(Adam(lr=0.1), 2)))
    assert "Training, 2 iterations by Adam, lr = 0.1, beta1 = 0.9, beta2 = 0.999, eps = 1e-08" in lines


@given(iterations=st.integers(1, 10**6))
def test_the_chosen_iterations_are_in_order_and_have_the_first_and_the_last(iterations: int) -> None:
    chosen = chosen_iterations(iterations)
    assert (chosen[0], chosen[-1]) == (1, iterations)
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= 25


def text_of(array: Any) -> list[str]:
    return [plain(line) for line in whole_array(np.asarray(array), indent=0)]


def test_small_arrays_are_told_in_full_and_in_columns() -> None:
    assert text_of([[1.0, -20.5], [0.25, 3.0]]) == ["  1.00  -20.50", "  0.25    3.00"]
    assert text_of([[[1.0, 2.0]], [[3.0, 4.0]]]) == ["[0]", "1  2", "[1]", "3  4"]
    assert [plain(line) for line in named_array("t", np.array([0, 2]))] == ["t = [0, 2]"]
    assert [plain(line) for line in named_array("x", np.array(2.5))] == ["x = 2.5"]


def test_large_arrays_are_told_by_what_they_are_like() -> None:
    assert text_of(np.arange(-10.0, 91.0)) == ["min -10  max 90  mean 40  norm 497.44  zero 1 of 101"]
    odd = np.array([np.nan, np.inf, 2.0])
    assert plain(summary_line(odd)) == "min 2  max 2  mean 2  finite norm 2  NaN 1 of 3  Inf 1 of 3"
    assert plain(summary_line(np.full(200, 3.0))) == "all 3"
    assert text_of(np.zeros((0, 300))) == ["no elements"]


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 3), ()])
def test_arrays_without_elements_or_axes_are_no_trouble(shape: tuple[int, ...]) -> None:
    assert list(named_array("x", np.zeros(shape)))


def test_names_that_a_terminal_would_obey_are_escaped() -> None:
    lines = told(make_scenario([Node("y\x1b[31m", "Neg", ("x\u202e",))], inputs={"x\u202e": 1.0}))
    assert not any(character in line for line in lines for character in "\x1b\u202e")
    assert any(r"\x1b" in line for line in lines)


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


LINES = [styled("Forward", "heading"), styled("1  a = [/red] b × c [link] = " + "9 " * 60, "forward", indent=2)]


def test_a_pipe_gets_the_lines_as_they_are() -> None:
    file = io.StringIO()
    print_lines(LINES, file)
    assert file.getvalue() == "".join(f"{plain(line).rstrip()}\n" for line in LINES)


def test_a_terminal_gets_colour_and_folded_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = Terminal()
    print_lines(LINES, file)
    assert "\x1b[" in file.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    file = Terminal()
    print_lines(LINES, file)
    folded = file.getvalue().splitlines()
    assert all(len(line) <= 40 for line in folded if "\x1b" not in line)
    assert "[/red] b × c [link]" in file.getvalue()
    assert "\x1b[3" not in file.getvalue()


def test_a_terminal_keeps_empty_lines_and_leaves_no_blanks_at_the_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    file = Terminal()
    print_lines([styled("one two three four five six seven"), (), styled("eight", indent=2)], file)
    assert file.getvalue() == "one two three four\nfive six seven\n\n  eight\n"


def test_labels_are_said_to_take_no_gradient() -> None:
    nodes = [Node("loss", "SoftmaxWithLoss", ("x", "t"))]
    lines = told(make_scenario(nodes, inputs={"x": np.array([[1.0, 2.0]]), "t": np.array([1])}))
    assert any(line.split() == ["t", "labels", "take", "no", "gradient"] for line in lines)


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_terminal_that_is_unknown_gets_plain_lines(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", term)
    file = Terminal()
    print_lines(LINES, file)
    assert file.getvalue() == "".join(f"{plain(line).rstrip()}\n" for line in LINES)
