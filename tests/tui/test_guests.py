"""A session with the user's own layers: whatever they do, keys are answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bptui.core.verbs.movement import Back, Last, Next
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.session import session as sessions
from bptui.session.session import Session
from bptui.tui.app import BptuiApp
from guests import layer_file
from runs import session_on
from screens import wait_until
from waiting import work_until

SCENARIO = "[inputs]\nx = 1\n[nodes]\na = 'Twice(x)'\nb = 'Loops(a)'\nc = 'Twice(b)'\n"

LAYERS = """
    class Twice:
        def forward(self, x): return x * 2
        def backward(self, dout): return dout * 2
    class Loops(Twice):
        def forward(self, x):
            return sum(iter(int, 1))  # in C, holding the interpreter's lock
    """


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose second node never returns."""
    monkeypatch.setattr(sessions, "NOTICED", 0.0)
    file = layer_file(tmp_path, LAYERS)
    run = Run(loads(SCENARIO, tmp_path / "a.toml", layers=[file.path]))
    yield session_on(run, "loops")
    run.close()


def reach(session: Session, steps: int) -> None:
    work_until(lambda: len(session.tape) >= steps, session.work)


def test_a_loop_leaves_the_steps_before_it_and_every_command_is_carried_out(session: Session) -> None:
    reach(session, 1)
    session.do(Last())
    assert session.is_waiting
    session.work()
    session.do(Back())
    session.do(Next())
    assert session.run is not None
    assert session.run.waiting is not None  # nothing has waited for the layer's return
    assert session.failure is None
    assert session.moment.value("a") == 2.0
    assert "b: Loops has not returned" in session.held_up


def test_giving_up_ends_the_run_there_and_nothing_waits_any_more(session: Session) -> None:
    reach(session, 1)
    session.do(Last())
    session.work()
    session.give_up()
    session.work()
    assert session.failure is not None
    assert "b: Loops.forward: was stopped after" in session.failure.message
    assert not session.is_under_way
    assert not session.is_waiting
    assert session.catch_up().position == 1


def test_leaving_while_a_layer_loops_ends_its_process(session: Session) -> None:
    reach(session, 1)
    session.work()
    assert session.run is not None
    assert session.run.guests.host.process is not None
    child = session.run.guests.host.process.child.pid
    session.run.close()
    work_until(lambda: is_gone(child))


def is_gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_session_can_be_recorded_as_far_as_it_came(session: Session, tmp_path: Path) -> None:
    session.record(tmp_path / "session.jsonl")
    reach(session, 1)
    session.do(Last())
    session.work()
    session.give_up()
    session.catch_up()
    session.work()
    session.stop_recording()
    kinds = [line.split('"')[3] for line in (tmp_path / "session.jsonl").read_text().splitlines()]
    assert kinds == ["header", "action", "step"]


async def test_keys_are_answered_on_the_screen_while_a_layer_loops(session: Session) -> None:
    app = BptuiApp(session)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_until(pilot, lambda: len(session.tape), "a first step")
        await pilot.press("G")
        assert session.moment.position == 1
        await pilot.press("N")
        assert session.moment.position == 0
        await pilot.press("n", "escape")
        assert session.failure is not None
        await pilot.press("q")
    assert app.return_code == 0
