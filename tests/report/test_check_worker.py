"""Scenarios that are checked side by side: a bug keeps its traceback, and a worker that crashes is one scenario's."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

import bptui
from bptui.checking.finding import Report
from bptui.errors import BptuiError
from bptui.report import check_worker
from bptui.report.check_worker import CheckWorker, pickled_result, tell_progress
from bptui.report.parallel_checks import check_in_workers


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


@pytest.fixture(scope="module")
def worker() -> Iterator[CheckWorker]:
    worker = CheckWorker()
    yield worker
    worker.close()


def test_a_worker_checks_and_tells_what_cannot_be_read(worker: CheckWorker) -> None:
    assert isinstance(worker.check("buy_apple", ()), Report)
    assert isinstance(worker.check("no_such_scenario", ()), BptuiError)


def test_a_worker_tells_how_far_it_is(worker: CheckWorker) -> None:
    told: list[tuple[int, int]] = []
    worker.check("buy_apple", (), lambda *counts: told.append(counts))
    assert told == [(1, 2), (2, 2)]


def test_the_caller_is_told_of_the_nodes_of_all_scenarios_together() -> None:
    told: list[tuple[int, int]] = []
    workers = [CheckWorker(), CheckWorker()]
    results = list(
        check_in_workers(["buy_apple", "buy_apple_orange"], (), workers, lambda *counts: told.append(counts))
    )
    assert all(isinstance(it, Report) for it in results)
    nodes = sum(len(bptui.load(name).graph.nodes) for name in ("buy_apple", "buy_apple_orange"))
    assert max(told) <= (nodes, nodes)
    assert [done for done, _ in told] == list(range(1, len(told) + 1))


def test_a_worker_that_is_killed_fails_its_scenario_and_the_next_gets_another(worker: CheckWorker) -> None:
    worker.check("buy_apple", ())
    assert worker.popen is not None
    worker.popen.kill()
    result = worker.check("xor", ())
    assert isinstance(result, BptuiError)
    assert "xor: the process that checked it has ended by signal 9" in str(result)
    assert isinstance(worker.check("xor", ()), Report)


def test_nothing_stays_open_when_a_worker_is_closed() -> None:
    before = open_files()
    worker = CheckWorker()
    worker.check("buy_apple", ())
    worker.close()
    worker.close()
    assert open_files() == before


def test_progress_is_told_a_hundred_times_at_most() -> None:
    pipe = BytesIO()
    for done in range(1, 10_001):
        tell_progress(pipe, done, 10_000)
    pipe.seek(0)
    assert [pickle.load(pipe) for _ in range(100)] == [(100 * at, 10_000) for at in range(1, 101)]
    assert not pipe.read()


def open_files() -> list[str]:
    """Return the descriptors that are open, where the system tells."""
    folder = Path("/proc/self/fd")
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
