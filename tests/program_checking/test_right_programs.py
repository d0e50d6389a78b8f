"""What could be meant is not accused: right programs pass, whatever they do between their layers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from bptui.checking.finding import Finding, Verdict
from bptui.program_checking.check_program import check_program, wiring_findings
from bptui.programs.child.value_store import SharedMemoryFullError, ValueStore
from bptui.programs.child.watcher import Watcher
from right_programs import RIGHT_PROGRAMS
from sampled import one_in
from watched_here import watched_here


def failures(findings: Iterable[Finding]) -> list[tuple[str, str | None, str]]:
    return [(it.node, it.mistake, it.reason) for it in findings if it.verdict is Verdict.FAIL]


@pytest.mark.parametrize("name", one_in(3, RIGHT_PROGRAMS))
def test_a_right_program_is_not_accused(name: str, tmp_path: Path) -> None:
    with watched_here(tmp_path, RIGHT_PROGRAMS[name]) as watch:
        report = check_program(watch)
    assert failures(report.findings) == []
    assert sum(it.verdict is Verdict.PASS and it.rule == "gradient" for it in report.findings) > 1


@pytest.mark.parametrize("name", one_in(3, RIGHT_PROGRAMS))
def test_what_lies_between_the_nodes_of_a_right_program_is_not_accused(name: str, tmp_path: Path) -> None:
    with watched_here(tmp_path, RIGHT_PROGRAMS[name]) as watch:
        assert failures(wiring_findings(watch, frozenset())) == []


LAST_CALLS = range(9, 17)
"""The calls of a second pass: four layers forward, and back."""


@pytest.mark.parametrize("calls", one_in(3, LAST_CALLS))
def test_where_watching_ends_early_nothing_is_said_of_what_came_later(
    calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = ValueStore.see_result

    def see_result(store: ValueStore, it: object) -> int | None:
        if max(watcher.count for watcher in watchers) >= calls:
            raise SharedMemoryFullError
        return copy(store, it)

    watchers: list[Watcher] = []
    start = Watcher.start

    def started(watcher: Watcher) -> None:
        watchers.append(watcher)
        start(watcher)

    monkeypatch.setattr(Watcher, "start", started)
    monkeypatch.setattr(ValueStore, "see_result", see_result)
    with watched_here(tmp_path, RIGHT_PROGRAMS["scaled"]) as watch:
        report = check_program(watch)
    assert watch.end is not None
    assert watch.end.how == "memory"
    assert "as the memory for it was full" in report.remarks[1]
    told = [it.reason for it in report.findings if it.verdict is not Verdict.PASS]
    assert [it for it in told if "never called" in it] == []
    assert failures(report.findings) == []
