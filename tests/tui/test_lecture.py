"""Lecture mode: one idea a key, each step's own numbers and no others, legible in 80 columns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.events import Key

from bptui.core.verbs.teaching import ToggleLecture, TogglePredict
from bptui.lines.line import line_width, plain
from bptui.scenario.load import load
from bptui.scenario_tape import run
from bptui.tui.app import BptuiApp
from bptui.tui.content.lecture import lecture_ideas, lecture_lines
from screens import shown


def texts(place: str, position: int, width: int = 78) -> list[str]:
    moment = run(load(place)).at(position)
    return [
        " / ".join(plain(line).strip() for line in idea) for idea in lecture_ideas(moment, ["look **here**"], width)
    ]


def test_a_step_is_told_idea_by_idea_and_its_result_last() -> None:
    assert texts("buy_apple", 2) == [
        "Mul computes price.",
        "price = apple_price × tax",
        "= 200 × 1.1",
        "= 220",
        "look here",
    ]


def test_every_gradient_of_a_backward_step_is_told() -> None:
    assert texts("buy_apple", 4)[:4] == [
        "dout = 1.1 arrives at apple_price.",
        "d apple = dout × count",
        "= 1.1 × 2",
        "= 2.2",
    ]


@pytest.mark.parametrize("place", ["buy_apple", "two_layer", "softmax_labels", "lstm_five_steps", "xor"])
@pytest.mark.parametrize("size", [(78, 22), (118, 38)])
def test_whatever_the_step_the_panel_fits(place: str, size: tuple[int, int]) -> None:
    width, height = size
    tape = run(load(place))
    for position in range(min(len(tape), 60) + 1):
        moment = tape.at(position)
        ideas = lecture_ideas(moment, (), width)
        lines = lecture_lines(moment, ideas, height)
        assert len(lines) <= height
        assert all(line_width(line) <= width for line in lines), (place, position)


SCENARIO = """
[inputs]
x = 3.0
[nodes]
y = "x * 2"
[[notes]]
step = 1
text = "twice"
"""


async def test_a_lecture_goes_on_idea_by_idea_and_asks_in_predict_mode(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L", "n")
        assert "Mul computes y." in shown(app)
        assert "3 × 2" not in shown(app)
        await pilot.press("n", "n")
        assert "3 × 2" in shown(app)
        assert "= 6" not in shown(app)
        await pilot.press("N", "N", "N")
        assert app.session.moment.position == 0
        await pilot.press("P", "n")
        assert "What will y be?" in shown(app)
        assert app.session.moment.position == 0
        await pilot.press("H")
        assert "y = x × 2" in shown(app)
        await pilot.press("enter", "n", "q", "backspace", "backspace", "5", "enter")
        assert "✗ 5 is not y" in shown(app)
        assert app.session.moment.position == 0
        await pilot.press("enter", *"x*2", "enter")
        assert app.session.moment.position == 1
        assert "✓ right: y = x × 2 = 3 × 2 = 6" in shown(app)
        assert "= 6" in shown(app)
        assert "twice" in shown(app)


async def test_each_number_of_a_step_is_asked_for_in_the_lecture(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO.replace('"x * 2"', '"x * w"').replace("x = 3.0", "x = 3.0\nw = 2.0"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L", "P", "n", "n", "r")
        assert app.session.moment.position == 1
        await pilot.press("n", "n")
        assert "What will d x be?" in shown(app)
        await pilot.press("enter", "w", "enter")
        assert "✓ right: d x = dout × w = 1 × 2 = 2" in shown(app)
        assert "What will d w be?" in shown(app)
        await pilot.press("r")
        assert app.session.moment.position == 2
        assert "1 of 3 numbers right at the first try, 2 shown" in " ".join(shown(app).replace("┃", " ").split())


async def test_every_key_of_the_lecture_means_something(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L", "right_square_bracket")
        assert "BACKWARD" in shown(app)
        assert "means nothing" not in shown(app)
        await pilot.press("w")
        assert "w means nothing here" in shown(app)


async def test_a_lecture_takes_a_note_and_an_answer_that_begins_with_a_digit(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("L", ";", *"now", "enter")
        assert [notes for at, notes in app.session.notes.items() if at == 0] == [["now"]]
        assert "now" in shown(app)
        await pilot.press("P", "n", "n", "n", *"2", "*", "3", "enter")
        assert app.session.moment.position == 1
        assert "✓ right" in shown(app)


async def test_a_key_that_is_typed_ahead_is_for_the_mode_that_was_asked_for(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    app.session.opening = (TogglePredict(), ToggleLecture())
    app.post_message(Key("n", "n"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.session.moment.position == 0
        assert "What will y be?" in shown(app)


async def test_what_was_typed_ahead_of_a_program_that_is_left_at_once_does_no_harm(
    app_of: Callable[..., BptuiApp],
) -> None:
    app = app_of(SCENARIO)
    app.post_message(Key("n", "n"))
    async with app.run_test(size=(80, 24)):
        pass
    assert app.fault is None
