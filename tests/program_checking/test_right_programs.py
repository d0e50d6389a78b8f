"""What could be meant is not accused: right programs pass, whatever they do between their layers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from bptui.checking.finding import Finding, Verdict
from bptui.program_checking.check_program import check_program, wiring_findings
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
