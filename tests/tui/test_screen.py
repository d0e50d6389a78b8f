"""What only a running screen can show. Each press takes a tenth of a second, so there are few of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.app import App

from bptui.errors import TranscriptError
from bptui.session.session import Session
from bptui.tui.app import AFTER_PAINT, YOUNG_COLLECTION, BptuiApp, open_screen
from bptui.tui.drawn_circuit import DrawnCircuit
from bptui.tui.screen import DebuggerScreen
from screens import debugger_screen, shown
from waiting import PATIENCE, within

AppOf = Callable[..., BptuiApp]

HOSTILE = """
[inputs]
"苹果" = 100
x = [[1.0, 2.0], [3.0, 4.0]]
[nodes]
y = "x * 2"
price = "Sum(y) * 苹果"
"""


def step_shown(app: App[None]) -> int:
    found = re.search(r"step (\d+)", shown(app))
    assert found
    return int(found[1])


async def test_next_and_back_move_the_step_on_the_screen(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        assert step_shown(pilot.app) == 0
        await pilot.press("n", "n", "N")
        assert step_shown(pilot.app) == 1
        assert debugger_screen(pilot.app).selected == "price.1"


async def test_a_count_repeats_and_the_end_is_told_in_words(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "n")
        assert step_shown(pilot.app) == 3
        await pilot.press("9", "n", "n")
        assert step_shown(pilot.app) == 4
        assert "this is the last step" in shown(pilot.app)


async def test_the_command_line_goes_to_steps_and_names_and_refuses_in_words(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("colon", "3", "enter")
        assert step_shown(pilot.app) == 3
        await pilot.press("colon", *"tax", "enter")
        assert debugger_screen(pilot.app).selected == "tax"
        await pilot.press("colon", *"nxt", "enter")
        assert "there is no command nxt: did you mean next?" in shown(pilot.app)


async def test_keys_typed_in_one_burst_keep_their_order(app_of: AppOf) -> None:
    app = app_of()
    async with app.run_test(size=(120, 40)) as pilot:
        for key in ("n", "colon", "3", "enter", "n"):
            app.simulate_key(key)
        await pilot.pause()
        await pilot.pause()
        assert step_shown(app) == 4


async def test_a_flood_of_keys_is_shown_at_its_end_and_in_order(app_of: AppOf) -> None:
    app = app_of()
    async with app.run_test(size=(120, 40)) as pilot:
        shows: list[int] = []
        circuit = debugger_screen(app).circuit
        renew = circuit.renew
        circuit.renew = lambda: (shows.append(1), renew())[1]  # type: ignore[method-assign,func-returns-value]
        for key in ["n"] * 500 + ["N"] * 3:
            app.simulate_key(key)
        session = debugger_screen(app).session
        for _ in within(PATIENCE, lambda: f"only {session.presses} of 503 keys were pressed"):
            await pilot.pause()
            if session.presses == 503 and step_shown(app) == 1:
                break
        assert len(shows) < 250


async def test_selecting_follows_the_graph_and_the_next_step_takes_over(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        screen = debugger_screen(pilot.app)
        await pilot.press("n", "d")
        assert screen.selected == "apple"
        await pilot.press("u")
        assert screen.selected == "price.1"
        await pilot.press("slash", *"tax", "enter")
        assert screen.selected == "tax"
        await pilot.press("n")
        assert screen.selected == "price"


async def test_a_click_on_the_tape_goes_there(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.click("#tape", offset=(5, 3))
        assert step_shown(pilot.app) == 3


async def test_recording_is_named_shown_and_stopped(
    app_of: AppOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("semicolon", *"early", "enter")
        assert "noted at step 0: R starts a recording, which keeps it" in shown(pilot.app)
        await pilot.press("R", "n")
        assert re.search(r"● rec \d+", shown(pilot.app))
        await pilot.press("semicolon", *"why", "enter", "R")
        written = (tmp_path / "buy_apple-1.jsonl").read_text()
        assert '"text": "why"' in written
        assert '"text": "early"' in written
        assert "rec" not in shown(pilot.app).splitlines()[0]


async def test_a_terminal_too_small_says_so_and_recovers(app_of: AppOf) -> None:
    async with app_of().run_test(size=(40, 10)) as pilot:
        assert "needs 60x15" in shown(pilot.app)
        assert "(this is 40x10)" in shown(pilot.app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert step_shown(pilot.app) == 0
        assert "needs" not in shown(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screen_in_the_middle_of_a_backward_pass(
    app_of: AppOf, same_screen: Callable[[App[None], str], None], size: tuple[int, int]
) -> None:
    async with app_of().run_test(size=size) as pilot:
        await pilot.press("4", "n")
        same_screen(pilot.app, f"apple_{size[0]}x{size[1]}")


async def test_wide_names_and_arrays_keep_every_row_at_its_width(app_of: AppOf) -> None:
    async with app_of(HOSTILE).run_test(size=(100, 30)) as pilot:
        await pilot.press("G")
        assert {cell_len(row) for row in shown(pilot.app).splitlines()} == {100}
        assert "苹果" in shown(pilot.app)


async def test_help_lists_the_keys_and_closes(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        assert "previous step" in shown(pilot.app)
        await pilot.press("q")
        assert debugger_screen(pilot.app)


async def test_ctrl_c_warns_once_and_leaves_the_second_time(app_of: AppOf) -> None:
    app = app_of()
    app.session.clock = lambda: 0.0
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+c")
        assert "ctrl+c again" in shown(app)
        await pilot.press("ctrl+c")
    assert app.return_code == 130


@pytest.mark.parametrize("between", ["n", "5", "up"])
async def test_ctrl_c_stays_where_something_was_pressed_between(app_of: AppOf, between: str) -> None:
    app = app_of()
    app.session.clock = lambda: 0.0
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "ctrl+c", between, "ctrl+c")
        assert app.return_code is None
        assert "copied 2" in shown(app)


async def test_ctrl_c_stays_when_the_first_was_a_while_ago(app_of: AppOf) -> None:
    app = app_of()
    now = [0.0]
    app.session.clock = lambda: now[0]
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+c")
        now[0] = 1.5
        await pilot.press("ctrl+c")
        assert app.return_code is None
        assert "ctrl+c again" in shown(app)


def chain(length: int) -> str:
    nodes = "\n".join(f'n{place} = "{"x" if place == 0 else f"n{place - 1}"} * 1.001"' for place in range(length))
    return f"[inputs]\nx = 1\n[nodes]\n{nodes}\n"


async def test_ten_thousand_nodes_open_and_step(app_of: AppOf) -> None:
    app = app_of(chain(10_000))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "G")
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert step_shown(app) == 20_000
        assert "of 10,000" in shown(app)


async def test_the_sheets_beside_the_one_that_is_seen_are_drawn_ahead(app_of: AppOf) -> None:
    app = app_of(chain(500))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("z")
        picture = debugger_screen(app).circuit.picture
        assert isinstance(picture, DrawnCircuit)
        drawn = picture.circuit.kept
        for _ in range(YOUNG_COLLECTION):
            await pilot.press("n")
        for _ in range(50):
            await pilot.pause(AFTER_PAINT)
        assert {sheet for sheet, _ in drawn} == {0, 1}


def test_a_session_that_cannot_be_recorded_starts_no_screen(session_of: Callable[..., Session], tmp_path: Path) -> None:
    there = tmp_path / "there.jsonl"
    there.write_text("")
    with pytest.raises(TranscriptError):
        session_of().record(there)


def test_a_bug_of_ours_leaves_through_the_one_place_that_reports_it(
    session_of: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(_: DebuggerScreen) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(DebuggerScreen, "on_mount", burst)
    monkeypatch.setattr(BptuiApp, "run", lambda self: self.run_headless())
    monkeypatch.setattr(BptuiApp, "run_headless", lambda self: super(BptuiApp, self).run(headless=True), raising=False)
    with pytest.raises(ZeroDivisionError):
        open_screen(session_of())
