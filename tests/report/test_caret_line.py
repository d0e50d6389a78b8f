"""Of a line with a mistake what is shown is short, and the caret stands below the mistake."""

from __future__ import annotations

import pytest

from bptui.lines.cell_width import cells
from bptui.report.caret_line import caret_line


@pytest.mark.parametrize("character", ["a", "\x7f", "苹", "\U000e0041"])
@pytest.mark.parametrize("length", [1, 100, 1_900, 100_000])
@pytest.mark.parametrize("share", [0, 0.5, 0.99])
def test_the_caret_stands_below_the_mistake_however_long_the_line_is(character: str, length: int, share: float) -> None:
    before = int(length * share)
    line, caret = caret_line(character * before + "!" + character * (length - before), before)
    assert cells(line[: line.index("!")]) == len(caret) - 1
    assert len(line) < 2_000
    assert len(caret) < 4_000
