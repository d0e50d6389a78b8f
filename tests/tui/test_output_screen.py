"""What a program has printed by the cursor's step is told apart from what came later, not by colour alone."""

from __future__ import annotations

import pytest

from bptui.lines.line import plain
from bptui.tui.output_screen import printed_rows

PRINTED = [(0, "go\n"), (3, "one\ntwo"), (6, "end\n")]


@pytest.mark.parametrize(
    ("position", "rows"),
    [
        (0, ["go", "────", "one", "two", "end"]),
        (3, ["go", "one", "two", "────", "end"]),
        (9, ["go", "one", "two", "end"]),
    ],
)
def test_a_rule_stands_before_what_came_later(position: int, rows: list[str]) -> None:
    assert [plain(line) for line in printed_rows(PRINTED, position, 4)] == rows
