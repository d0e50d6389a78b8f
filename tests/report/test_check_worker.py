"""Scenarios that are checked side by side: a bug keeps its traceback, and a worker that crashes is one scenario's."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from bptui.checking.finding import Report
from bptui.errors import BptuiError
from bptui.report import check_worker
from bptui.report.check_worker import CheckWorker, pickled_result


class StubbornError(Exception):
    """An exception that cannot be made again from what is pickled of it."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


@pytest.mark.parametrize("bug", [ZeroDivisionError("a bug"), StubbornError("a", "bug")])
def test_a_bug_comes_back_with_its_traceback(bug: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise bug

    monkeypatch.setattr(check_worker, "check_scenario", fail)
    error = pickle.loads(pickled_result("buy_apple", ()))
    assert "a bug" in str(error)
    assert type(bug).__name__ in "".join(error.__notes__)
    assert ", in fail" in "".join(error.__notes__)


def test_a_worker_checks_and_tells_what_cannot_be_read() -> None:
    worker = CheckWorker()
    try:
        assert isinstance(worker.check("buy_apple", ()), Report)
        assert isinstance(worker.check("no_such_scenario", ()), BptuiError)
    finally:
        worker.close()


def test_a_worker_that_is_killed_fails_its_scenario_and_the_next_gets_another() -> None:
    worker = CheckWorker()
    try:
        worker.check("buy_apple", ())
        assert worker.popen is not None
        worker.popen.kill()
        result = worker.check("xor", ())
        assert isinstance(result, BptuiError)
        assert "xor: the process that checked it has ended by signal 9" in str(result)
        assert isinstance(worker.check("xor", ()), Report)
    finally:
        worker.close()


def test_nothing_stays_open_when_a_worker_is_closed() -> None:
    before = open_files()
    worker = CheckWorker()
    worker.check("buy_apple", ())
    worker.close()
    worker.close()
    assert open_files() == before


def open_files() -> list[str]:
    """Return the descriptors that are open, where the system tells."""
    folder = Path("/proc/self/fd")
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
