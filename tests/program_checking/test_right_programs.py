"""What could be meant is not accused: right programs pass, whatever they do between their layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui.checking.finding import Verdict
from bptui.program_checking.check_program import check_program
from right_programs import RIGHT_PROGRAMS
from watched_here import watched_here


@pytest.mark.parametrize("name", RIGHT_PROGRAMS)
def test_a_right_program_is_not_accused(name: str, tmp_path: Path) -> None:
    with watched_here(tmp_path, RIGHT_PROGRAMS[name]) as watch:
        report = check_program(watch)
    assert [(it.node, it.mistake, it.reason) for it in report.findings if it.verdict is Verdict.FAIL] == []
    assert sum(it.verdict is Verdict.PASS and it.rule == "gradient" for it in report.findings) > 1
