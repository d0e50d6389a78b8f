"""Recording and replaying on the screen: what is said, what is kept, and what is lost and admitted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bptui.core.command_parser import parse
from bptui.core.verbs.movement import Last, Next
from bptui.recording.transcript import read_transcript
from bptui.session.dispatcher import Dispatcher
from bptui.session.resuming import NoDisplay
from bptui.session.session import Session
from bptui.tui.app import BptuiApp, open_screen
from screens import shown, wait_until_shown

AppOf = Callable[..., BptuiApp]
SessionOf = Callable[..., Session]

LONG = (
    "[inputs]\nx = 1\n[nodes]\nn0 = 'x * 1.5'\n"
    + "\n".join(f"n{place} = 'n{place - 1} * 1.0'" for place in range(1, 400))
    + "\n"
)
"""More steps than a recorder writes at once."""


async def test_a_recording_that_starts_in_the_middle_has_every_step_from_the_first(
    app_of: AppOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "n", "R")
        await wait_until_shown(pilot, "● rec 4")
        await pilot.press("R", "R")
        assert "recording to buy_apple-2.jsonl" in shown(pilot.app)
        await pilot.press("n")
    assert len(read_transcript(tmp_path / "buy_apple-1.jsonl").tape) == 3


async def test_a_recording_that_had_to_stop_is_told_without_a_key_and_the_session_goes_on(
    session_of: SessionOf, tmp_path: Path
) -> None:
    path = tmp_path / "gone.jsonl"
    session = session_of()
    session.record(path)
    async with BptuiApp(session).run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        path.unlink()
        pilot.app.screen.renew_recording()  # type: ignore[attr-defined]
        await pilot.pause()
        title = shown(pilot.app).splitlines()[0]
        assert "✗ not recording since step 1: the file is gone" in title
        await pilot.press("n")
        assert "step 2/4" in shown(pilot.app)


@pytest.mark.parametrize("width", [60, 80])
async def test_a_recording_that_had_to_stop_is_told_on_a_narrow_screen(
    session_of: SessionOf, tmp_path: Path, width: int
) -> None:
    session = session_of()
    session.record(tmp_path / "gone.jsonl")
    (tmp_path / "gone.jsonl").unlink()
    async with BptuiApp(session).run_test(size=(width, 24)) as pilot:
        await pilot.press("n")
        assert "✗ not recording since step 0" in shown(pilot.app).splitlines()[0]
        assert "step 1/4" in shown(pilot.app).splitlines()[0]


def test_a_recording_that_is_lost_while_it_is_closed_costs_the_exit_status(
    session_of: SessionOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(LONG)
    session.record(tmp_path / "gone.jsonl")
    monkeypatch.setattr(BptuiApp, "run", lambda _: session.do(Next()))
    assert open_screen(session) == 0
    session = session_of(LONG)
    assert session.run is not None
    session.run.finish()
    session.record(path := tmp_path / "gone-2.jsonl")

    def leave_with_much_to_write(_: BptuiApp) -> None:
        session.do(Last())
        path.unlink()

    monkeypatch.setattr(BptuiApp, "run", leave_with_much_to_write)
    assert open_screen(session) == 1


def test_a_signal_waits_for_no_pending_step_and_leaves_whole_records(
    session_of: SessionOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_of(LONG)
    session.record(path := tmp_path / "session.jsonl")

    def be_ended(app: BptuiApp) -> None:
        session.do(Last())
        app.ended_by = 15
        raise SystemExit(143)

    monkeypatch.setattr(BptuiApp, "run", be_ended)
    with pytest.raises(SystemExit):
        open_screen(session)
    tape = read_transcript(path)
    assert 0 < len(tape.tape) < len(tape.tape.order)
    assert tape.dropped is None


async def test_a_replay_shows_its_notes_at_their_step_and_refuses_what_would_change_it(
    session_of: SessionOf, tmp_path: Path
) -> None:
    session = session_of()
    session.record(path := tmp_path / "session.jsonl")
    session.do(Next(2))
    session.write_note("why [/red] twice? \x1b]52;c;eA==\x07")
    session.do(Next())
    session.stop_recording()
    before = path.read_bytes()
    tape = read_transcript(path)
    again = Session(tape.tape, tape.title, title=tape.title, notes=tape.notes)
    async with BptuiApp(again).run_test(size=(120, 40)) as pilot:
        assert "replay" in shown(pilot.app).splitlines()[0]
        assert "recorded up to step 3 of 4" in shown(pilot.app).splitlines()[0]
        await pilot.press("n")
        assert "✎ " not in shown(pilot.app)
        await pilot.press("n")
        assert "✎ why [/red] twice?" in shown(pilot.app)
        assert "\x1b" not in shown(pilot.app)
        for key in ("R", "semicolon"):
            await pilot.press(key)
            assert "this is a replay" in shown(pilot.app)
        await pilot.press("5", "n", "n")
        assert "the recording ends here: N goes back" in shown(pilot.app)
    assert path.read_bytes() == before


async def test_a_session_that_begins_on_a_branch_says_so_in_its_first_picture(session_of: SessionOf) -> None:
    session = session_of()
    Dispatcher(session, NoDisplay()).finish(parse("set apple = 3"))
    async with BptuiApp(session).run_test(size=(120, 40)) as pilot:
        assert "⑂ b1" in shown(pilot.app)
