"""The timeline: every step has its column, whatever the size, and a click there goes to it or near."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from bptui.core.order import Schedule
from bptui.lines.line import line_width, plain
from bptui.scenario.load import load, loads
from bptui.scenario_tape import run
from bptui.tui.app import BptuiApp
from bptui.tui.content.timeline import Timeline, timeline_line
from screens import debugger_screen, shown

SCENARIO = """
[inputs]
x = 1.0
[parameters]
w = 2.0
[nodes]
y = "x * w"
loss = "y * y"
[train]
optimizer = "SGD"
lr = 0.1
steps = 3
"""
ORDER = loads(SCENARIO).schedule


@given(st.integers(1, 300), st.integers(1, 400))
def test_the_column_of_a_step_stands_for_it_and_columns_go_on(width: int, iterations: int) -> None:
    order = Schedule(ORDER.graph, iterations=iterations, trains=True)
    timeline = Timeline(order, width)
    columns = [timeline.column_of(step) for step in range(1, len(order) + 1)]
    assert columns == sorted(columns)
    assert all(0 <= column < width for column in columns)
    if len(order) <= width:
        assert [timeline.step_at(column) for column in columns] == list(range(1, len(order) + 1))
    assert all(timeline.column_of(timeline.step_at(column)) <= column for column in range(width))
    assert list(timeline.steps) == sorted(timeline.steps)


def test_marks_are_walked_either_way() -> None:
    timeline = Timeline(ORDER, 60, {2: ("✎", "mark"), 7: ("●", "mark")})
    assert [timeline.next_mark(step, 1) for step in (0, 2, 7)] == [2, 7, None]
    assert [timeline.next_mark(step, -1) for step in (9, 7, 2)] == [7, 2, None]


def test_the_row_is_as_wide_as_it_is_to_be_and_shows_where_one_is() -> None:
    tape = run(load("two_layer"))
    for width in (8, 20, 80, 120):
        timeline = Timeline(tape.order, width, {3: ("✎", "mark")})
        for position in range(len(tape) + 1):
            line = timeline_line(timeline, tape.at(position))
            assert line_width(line) == width
            assert [span.style for span in line].count("current") == bool(position)
            assert "✎" in plain(line)


async def test_a_stop_is_walked_to_and_a_click_goes_to_a_step(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "n", "b", "g")
        timeline = debugger_screen(app).timeline
        timeline.focus()
        await pilot.press("right", "enter")
        assert app.session.moment.name == "loss"
        await pilot.click("#timeline", offset=(119, 0))
        assert app.session.moment.position == len(app.session.tape)
        assert "●" in shown(app).splitlines()[-2]
