"""Lists over the screen: stops, watches, branches and differences are worked on there, each by commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.core.command_parser import parse
from bptui.core.tape_diff import TapeDiff
from bptui.lines.line import line_width, plain
from bptui.running import Run
from bptui.scenario.load import load
from bptui.session.answer import RunComparison
from bptui.session.dispatcher import Dispatcher
from bptui.session.new_session import program_session
from bptui.session.session import Session
from bptui.tui.app import BptuiApp
from bptui.tui.content.listings import LISTINGS
from bptui.tui.content.side_by_side import difference_rows, rule_below, side_by_side
from bptui.tui.diff_screen import DiffPane, DiffScreen
from bptui.tui.list_screen import ListScreen
from layers import Array
from mute_display import MuteDisplay
from runs import session_on
from screens import debugger_screen, shown
from watched_here import run_here

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "programs"


def session_after(*lines: str, name: str = "two_layer") -> Session:
    run = Run(load(name))
    run.finish()
    session = session_on(run, name)
    dispatcher = Dispatcher(session, MuteDisplay())
    for line in lines:
        assert dispatcher.finish(parse(line, session.tape.graph.slots)).ok
    return session


def listed(session: Session, name: str) -> list[str]:
    return [plain(row.line).rstrip() for row in LISTINGS[name].rows(session)]


def test_what_the_lists_show() -> None:
    session = session_after(
        "break z1 backward if norm(dout) > 1", "break on nan", "disable 2", "watch norm(W1)", "set W1[0, 1] = 3"
    )
    assert listed(session, "stops") == ["  1 ● z1 backward if norm(dout) > 1", "  2 ○ on nan  disabled"]
    assert listed(session, "watches")[0].startswith("  1 norm(W1) = ")
    assert listed(session, "branches") == ["  main", "➤ └─ b1  W1[0, 1] = 3, from step 1 on"]


def test_the_passes_tell_their_steps_their_loss_and_what_is_wrong_there() -> None:
    session = session_after(name="buy_apple")
    assert listed(session, "passes") == ["➤ 1  steps 1-4  ▶ ◀    forward and back  price 220"]
    with run_here(SCENARIOS / "stale_cache.py") as watch:
        session = program_session(watch)
        Dispatcher(session, MuteDisplay()).finish(parse("check", session.tape.graph.slots))
        session.tape.iterations[4].values[-1] = np.full((8, 3), np.nan)
        rows = listed(session, "passes")
        told = Dispatcher(session, MuteDisplay()).finish(parse("passes", session.tape.graph.slots))
    assert rows[0] == "➤ 1  steps 1-3    ▶      forward only  last [8, 3]"
    assert rows[1].startswith("  2  steps 4-15   ▶ ◀ ↻  training      softmax ")
    assert rows[1].endswith("  ✗ wrong: first, relu, last")
    assert rows[4].endswith("! NaN or infinity in last")
    assert told.record is not None
    assert told.record["passes"][1]["troubles"] == ["✗ wrong: first, relu, last"]  # type: ignore[index]
    row = [*LISTINGS["passes"].rows(session)][1]
    assert str(row.by_key["enter"].does) == "iteration 2"


@pytest.mark.parametrize("name", LISTINGS)
def test_what_keys_do_with_a_row_are_commands_that_can_be_carried_out(name: str) -> None:
    lines = ("break z1", "break on nan", "disable 2", "watch norm(W1)", "set W1[0, 1] = 3", "switch main")
    for place, row in enumerate(LISTINGS[name].rows(session_after(*lines))):
        for key, row_key in row.by_key.items():
            session = session_after(*lines)
            answer = Dispatcher(session, MuteDisplay()).finish(parse(str(row_key.does), session.tape.graph.slots))
            assert answer.ok or (name, place, key) in {("branches", 0, "delete"), ("branches", 0, "D")}, answer.text


async def test_a_stop_is_put_to_rest_changed_and_removed_in_the_list() -> None:
    run = Run(load("buy_apple"))
    async with BptuiApp(session_on(run, "buy_apple")).run_test(size=(100, 30)) as pilot:
        screen = debugger_screen(pilot.app)
        screen.read("break price")
        screen.read("break on nan")
        screen.read("breaks")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ListScreen)
        await pilot.press("down", "space")
        assert screen.session.stops.disabled == {2}
        assert "means nothing here" not in shown(pilot.app)
        await pilot.press("delete")
        assert [*screen.session.stops.by_number] == [1]
        await pilot.press("e")
        assert "change 1 price" in shown(pilot.app)
        await pilot.press(*" backward", "enter")
        assert str(screen.session.stops.by_number[1]) == "price backward"


async def test_a_difference_leads_to_its_step() -> None:
    async with BptuiApp(session_after("set W1[0, 1] = 3", "first")).run_test(size=(100, 30)) as pilot:
        await pilot.press("D")
        await pilot.pause()
        assert isinstance(pilot.app.screen, DiffScreen)
        chosen = pilot.app.screen.differing.differences[2]
        await pilot.press("down", "down", "enter")
        screen = debugger_screen(pilot.app)
        assert (screen.session.moment.position, screen.selected) == (chosen.step, chosen.turn.name)


def comparison(*edits: str) -> RunComparison:
    session = session_after(*edits)
    diff = TapeDiff(session.tape, session.branches.by_name["main"].tape)
    diff.finish()
    return RunComparison(diff, "b1", "main")


@pytest.mark.parametrize("width", [40, 78, 140])
def test_two_arrays_are_shown_beside_each_other_and_what_differs_is_marked(width: int) -> None:
    compared = comparison("set W1[0, 1] = 3")
    first = compared.diff.first
    assert first is not None
    lines = side_by_side(first, ("b1", "main"), width, 10)
    assert {line_width(line) for line in lines} <= {width, width - 1}
    marked = [span.text.strip() for line in lines for span in line if span.style == "changed"]
    assert marked == ["≠3.0", "≠0.3"]
    assert plain(lines[-1]).strip() == "≠ 1 of 6 elements"


def test_of_a_large_array_the_part_around_the_difference_is_shown() -> None:
    here: Array = np.zeros((2, 50, 60))
    there = here.copy()
    there[1, 40, 33] = 2.5
    (difference,) = differences_of(here, there)
    lines = side_by_side(difference, ("a", "b"), 80, 8)
    assert len(lines) <= 9
    assert sum("≠2.5" in plain(line) for line in lines) == 1
    assert "matrix [1]" in plain(lines[-1])
    assert "of 50" in plain(lines[-1])
    assert "of 60" in plain(lines[-1])


def differences_of(here: Array, there: Array) -> list[Any]:
    tape = session_after().tape
    diff = TapeDiff(tape, tape)
    diff.compare(tape.order[1], 1, "", here, there)
    return [diff.first]


@pytest.mark.parametrize("size", [(78, 22), (98, 28), (198, 58)])
def test_the_chosen_difference_is_always_in_sight(size: tuple[int, int]) -> None:
    compared = comparison("set W1[0, 1] = 3")
    pane = DiffPane(session_after().moment, compared)
    for chosen in range(pane.count):
        pane.chosen = chosen
        lines = pane.lines(*size)
        assert sum(line[0].text == "▸ " for line in lines) == 1
        assert len(lines) <= size[1]


def test_in_a_narrow_list_of_differences_a_column_goes_whole_and_no_row_is_cut() -> None:
    diff = comparison("last", "set x[0, 0] = 9").diff
    wide, rows = difference_rows(diff.largest, ("b1", "main"), 120)
    narrow, narrow_rows = difference_rows(diff.largest, ("b1", "main"), 76)
    assert plain(wide).rstrip().endswith("elements")
    assert plain(narrow).rstrip().endswith("apart")
    assert max(map(line_width, narrow_rows)) <= 76 < max(map(line_width, rows))


@pytest.mark.parametrize(("top", "words"), [(0, "↓ 8 more"), (4, "↑ 4 more ↓ 4 more"), (8, "↑ 8 more")])
def test_the_rule_below_a_list_says_what_is_out_of_sight(top: int, words: str) -> None:
    line = rule_below(top, 8, 16, 40)
    assert line_width(line) == 40
    assert plain(line).strip("─ ") == words
    assert plain(rule_below(0, 16, 16, 40)) == "─" * 40
