"""Every gradient's size on one scale: the book's numbers, the words for what is missing, and rows that stay in line."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.array_summary import Summaries, summarise
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.lines.line import Line, line_width, plain
from bptui.scenario.load import load, loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from bptui.tui.app import BptuiApp
from bptui.tui.panels.gradients_panel import (
    NOTHING_SEEN,
    GradientRow,
    GradientsPanel,
    LogScale,
    gradient_bar,
    gradient_row,
    gradient_rows,
    names_with_a_row,
)
from layers import Array
from strategies import make_scenario, random_scenarios


def rows(moment: Moment) -> dict[str, GradientRow]:
    return {name: gradient_row(moment, name, summarise) for name in names_with_a_row(moment)}


def written(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def test_the_norms_are_those_of_saito_5_4() -> None:
    tape = run(load("buy_apple_orange"))
    found = rows(tape.at(8))
    assert {name: row.norm for name, row in found.items()} == {
        "apple": pytest.approx(2.2),
        "apple_count": pytest.approx(110),
        "orange": pytest.approx(3.3),
        "orange_count": pytest.approx(165),
        "tax": pytest.approx(650),
    }
    assert [name for name, row in found.items() if row.has_changed] == ["apple", "apple_count"]


def test_parameters_come_before_inputs() -> None:
    text = '[inputs]\nx = 1\n[parameters]\nw = 2\n[nodes]\ny = "w * x"\n'
    assert names_with_a_row(run(loads(text)).at(0)) == ("w", "x")


def test_an_arrays_bar_is_its_euclidean_norm() -> None:
    tape = run(loads('[inputs]\nx = [3, 4]\n[nodes]\ny = "Sum(x * x / 2)"\n'))
    assert rows(tape.at(len(tape)))["x"].norm == pytest.approx(5)


def test_what_is_missing_is_said_in_words() -> None:
    text = """
[inputs]
x = [[1, 2]]
t = [0]
unused = 1
[nodes]
a = "x * x"
loss = "SoftmaxWithLoss(a, t)"
other = "unused + 1"
[run]
output = "loss"
"""
    tape = run(loads(text))
    assert {name: row.long for name, row in rows(tape.at(1)).items()} == {
        "x": "not reached yet",
        "t": "labels: takes none",
        "unused": "no gradient reaches it",
    }
    assert rows(tape.at(len(tape)))["x"].short == ""


def test_a_partial_sum_says_how_much_of_it_has_come() -> None:
    tape = run(loads('[inputs]\nx = -2\n[nodes]\ny = "x * x + 3 * x"\n'))
    assert (rows(tape.at(5))["x"].long, rows(tape.at(5))["x"].short) == ("1 of 3 contributions", "1 of 3")
    assert rows(tape.at(6))["x"].short == ""


@pytest.mark.parametrize(("factor", "words"), [(0, "zero"), (1.0, ""), (np.nan, "✗"), (np.inf, "✗")])
def test_what_is_zero_or_not_finite_is_said_in_words(factor: float, words: str) -> None:
    scenario = make_scenario([Node("y", "Mul", ("x", "w"))], inputs={"x": factor}, parameters={"w": 1.0})
    assert rows(run(scenario).at(2))["w"].short == words


def test_a_gradient_far_from_the_output_vanishes_or_explodes_beside_the_nearest() -> None:
    tape = run(load("vanishing_sigmoid"))
    found = rows(tape.at(len(tape)))
    assert found["W1"].long == "vanishing beside W10"
    assert found["W10"].long == ""
    nodes = [Node("a", "Mul", ("v", "1000")), Node("b", "Mul", ("a", "1000")), Node("y", "Add", ("b", "w"))]
    tape = run(make_scenario(nodes, parameters={"v": 2.0, "w": 3.0}, constants={"1000": 1000.0}))
    assert {name: row.long for name, row in rows(tape.at(len(tape))).items()} == {"v": "exploding beside w", "w": ""}


@pytest.mark.parametrize("apple", [1e-3, 100.0, 1500.0, 1e9])
def test_a_price_makes_no_gradient_vanish_or_explode(apple: float) -> None:
    nodes = [Node("a", "Mul", ("apple", "count")), Node("price", "Mul", ("a", "tax"))]
    tape = run(make_scenario(nodes, inputs={"apple": apple, "count": 2.0, "tax": 1.1}))
    assert {row.long for row in rows(tape.at(len(tape))).values()} == {""}


def test_numbers_are_written_by_one_rule_and_a_scalar_keeps_its_sign() -> None:
    nodes = [Node("a", "Mul", ("x", "w")), Node("y", "Mul", ("a", "c"))]
    tape = run(make_scenario(nodes, inputs={"x": -4.0, "w": 1.0, "c": 165.0}))
    found = rows(tape.at(len(tape)))
    assert [found[name].number for name in "xwc"] == ["165", "-660", "-4"]
    infinite = run(make_scenario([Node("y", "Mul", ("x", "w"))], inputs={"x": np.inf, "w": 1}))
    assert rows(infinite.at(2))["w"].number == "Inf"


@given(st.floats(1e-8, 1e2), st.floats(1e-8, 1e2), st.integers(1, 40), st.integers(-9, 1), st.integers(1, 12))
def test_a_larger_gradient_has_no_shorter_bar_on_a_log_scale(
    one: float, other: float, width: int, low: int, decades: int
) -> None:
    scale = LogScale(low, low + decades)

    def length(norm: float) -> float:
        eighths = " ▏▎▍▌▋▊▉█"
        return sum(eighths.index(it) / 8 for it in gradient_bar(norm, width, scale))

    assert length(one) <= length(other) or one >= other
    wanted = max(0.0, min(1.0, (math.log10(one) - low) / decades)) * width
    assert length(one) == pytest.approx(max(wanted, 0.125), abs=0.07)
    assert len(gradient_bar(one, width, scale)) == width


def test_the_bars_span_what_the_run_has_shown_and_no_more() -> None:
    scale = NOTHING_SEEN.widened([2.2, None, 110.0, 0.0, math.nan])
    assert (scale, str(scale)) == (LogScale(0, 3), "1…1000")
    assert scale.widened([0.02]) == LogScale(-2, 3)
    assert scale.widened([5.0]) == scale
    assert NOTHING_SEEN.widened([1.0]) == LogScale(0, 1)
    assert str(NOTHING_SEEN) == ""


@given(scenario=random_scenarios(iterations=2), data=st.data())
def test_every_row_fits_and_no_two_widths_differ(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    moment = tape.at(data.draw(st.integers(0, len(tape))))
    width = data.draw(st.integers(1, 100))
    lines = gradient_rows(list(rows(moment).values()), width, LogScale(-3, 3), "x")
    assert [line_width(line) for line in lines] == [width] * len(lines)


def test_the_numbers_stand_below_each_other() -> None:
    tape = run(load("buy_apple_orange"))
    lines = written(gradient_rows(list(rows(tape.at(8)).values()), 50, LogScale(-3, 3)))
    numbers = ("2.2", "110", "3.3", "165", "650")
    points = {line.index(f" {it}") + len(it.partition(".")[0]) for line, it in zip(lines, numbers, strict=True)}
    assert len(points) == 1


def test_a_name_is_shown_at_its_width_and_never_obeyed() -> None:
    scenario = make_scenario([Node("y", "Add", ("苹果", "\x1b]0;"))], inputs={"苹果": 1, "\x1b]0;": 1})
    lines = gradient_rows(list(rows(run(scenario).at(2)).values()), 50, LogScale(-3, 3))
    assert all(line_width(line) == 50 for line in lines)
    assert "\x1b" not in "".join(written(lines))


def test_a_large_gradient_is_counted_in_idle_time() -> None:
    scenario = make_scenario([Node("y", "Sum", ("x",))], inputs={"x": np.ones((400, 400))})
    moment, summaries = run(scenario).at(2), Summaries()
    assert gradient_row(moment, "x", summaries.get).long == "being counted"
    while summaries.advance():
        pass
    assert gradient_row(moment, "x", summaries.get).norm == pytest.approx(400)


def test_only_the_rows_in_sight_are_worked_out() -> None:
    leaves = {f"p{at}": float(at) for at in range(500)}
    nodes = [Node("s0", "Add", ("p0", "p1"))]
    nodes += [Node(f"s{at}", "Add", (f"s{at - 1}", f"p{at + 1}")) for at in range(1, 499)]
    tape = run(make_scenario(nodes, parameters=leaves))
    asked: list[str] = []

    class Spied(Moment):
        def gradient(self, name: str) -> Array | None:
            asked.append(name)
            return super().gradient(name)

    end = tape.at(len(tape))
    pane = GradientsPanel(Spied(end.tape, end.position, end.progress, end.columns))
    assert len(pane.view(40, 10)) == 10
    assert set(asked) <= {f"p{at}" for at in range(10)} | {"p499"}  # which is nearest to the output


async def test_a_folded_pane_says_no_range_of_bars_that_it_does_not_know_yet(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("n", "n", "n", "n")
        pane = app.screen.query_one(GradientsPanel)
        assert pane.is_folded
        assert "bars" not in "".join(span.text for span in pane.folded_row())


def test_the_bars_of_an_iteration_are_on_one_scale_from_its_first_gradient_on(
    moment_at: Callable[..., Moment],
) -> None:
    panel = GradientsPanel(moment_at(2))
    panel.view(40, 5)
    assert "bars" not in plain(panel.heading())
    panel.moment = moment_at(3)
    panel.view(40, 5)
    assert plain(panel.heading()).endswith("bars 1…1000")


def test_a_folded_pane_shows_a_gradient_that_the_step_has_changed() -> None:
    moment = run(loads("[inputs]\na = 1\nx = 2\nw = 3\n[nodes]\ny = 'a * x'\nz = 'y * w'")).at(3)
    line = "".join(span.text for span in GradientsPanel(moment).folded_line(60))
    assert line.startswith("▸w")
