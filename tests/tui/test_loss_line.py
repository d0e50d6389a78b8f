"""The course of the loss: the first value, a bar for each iteration seen, and the value where the cursor is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.moment import Moment
from bptui.lines.bars import bar_of, bars
from bptui.lines.line import line_width, plain
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from bptui.tui.content.loss_line import loss_line, sampled
from watched_here import run_here

FALLING = """
[inputs]
one = 1.0
[parameters]
w = 8.0
[nodes]
loss = "w * one"
[train]
optimizer = "SGD"
lr = 1.0
steps = 8
"""
"""The loss is 8, 7, 6 ... 1, as its slope is 1."""


def at(iteration: int) -> Moment:
    return run(loads(FALLING)).at(3 * (iteration - 1) + 1)


def test_a_falling_loss_is_a_falling_line_with_the_place_of_the_cursor() -> None:
    line = loss_line(at(3), 40)
    assert plain(line) == " loss 8 █▇▆▅▄▃▂▁ 6 "
    assert [text for text, style in line if style == "current"] == ["▆"]


def test_in_a_narrow_pane_the_line_comes_before_the_first_value() -> None:
    falling = run(loads(FALLING.replace("8.0", "80.0").replace("steps = 8", "steps = 40"))).at(7)
    assert plain(loss_line(falling, 25)).startswith(" loss █")
    assert plain(loss_line(falling, 40)).startswith(" loss 80 █")


def test_a_loss_that_falls_to_a_hundredth_is_seen_on_a_log_scale_that_says_so() -> None:
    line = loss_line(run(loads(FALLING.replace("8.0", "7.01"))).at(1), 40)
    assert plain(line).endswith(" log")
    assert plain(line).split()[2][-1] == "▁"


def test_what_has_not_run_yet_is_a_dot() -> None:
    made = Run(loads(FALLING))
    made.advance(1)
    assert plain(loss_line(made.tape.at(1), 40)) == " loss 8 ▁······· 8 "


def test_one_iteration_and_an_output_of_many_numbers_have_no_line() -> None:
    assert loss_line(run(loads(FALLING.replace("steps = 8", "steps = 1"))).at(1), 40) == ()
    assert loss_line(run(loads(FALLING.replace("one = 1.0", "one = [1.0, 2.0]"))).at(1), 40) == ()


@pytest.mark.parametrize("width", range(4, 60))
def test_the_line_fits(width: int) -> None:
    assert line_width(loss_line(at(2), width)) <= max(width, len(" loss 7"))


@given(st.lists(st.none() | st.floats(), min_size=1, max_size=60), st.data())
def test_there_is_one_bar_for_each_output(outputs: list[float | None], data: st.DataObject) -> None:
    current = data.draw(st.integers(0, len(outputs) - 1))
    assert sum(len(text) for text, _ in bars(outputs, current)) == len(outputs)


def test_what_is_not_finite_is_no_bar() -> None:
    assert [bar_of(it, 0.0, 1.0) for it in (float("nan"), float("inf"), None, 0.0, 1.0)] == ["!", "!", "·", "▁", "█"]


@given(st.integers(2, 10**6), st.integers(2, 60))
def test_the_first_and_the_last_iteration_are_among_those_seen(iterations: int, count: int) -> None:
    seen = sampled(iterations, min(count, iterations))
    assert (seen[0], seen[-1]) == (0, iterations - 1)
    assert sorted(set(seen)) == list(seen)


def test_a_loss_that_the_cursor_has_not_come_to_is_not_told() -> None:
    tape = run(loads(FALLING))
    assert plain(loss_line(tape.at(0), 40)) == " loss 8 █▇▆▅▄▃▂▁ … "
    assert plain(loss_line(tape.at(3), 40)).endswith(" 8 ")


def test_of_a_program_that_begins_with_another_pass_the_losses_are_drawn() -> None:
    with run_here(Path(__file__).parents[2] / "scenarios" / "programs" / "stale_cache.py") as watch:
        lines = [plain(loss_line(watch.tape.at(step), 60)).split() for step in (3, 8)]
    first, last = lines[0][1], lines[1][-1]
    assert lines[0][0] == lines[1][0] == "softmax"
    assert (lines[0][-1], first) == ("…", last)
