"""A line with a mistake in it, and a caret below the place: of a long line what is around the mistake."""

from __future__ import annotations

from bptui.core.text import escaped, visible
from bptui.lines.cell_width import cells

MOST_WRITTEN = 1_900
"""Characters of a line that are shown whole, with its escapes."""

AROUND = 90
"""Characters that are shown on either side of a mistake in a longer one."""


def caret_line(text: str, position: int) -> tuple[str, str]:
    """Return a line as it is shown, and a caret that stands below its character at ``position``, from 0."""
    if len(text) <= MOST_WRITTEN and len(written := escaped(text, limit=MOST_WRITTEN)) <= MOST_WRITTEN:
        return (visible(written) if not text.strip() else written), below(text[:position])
    start = max(position - AROUND, 0)
    left_out = "…" if start else ""
    part = escaped(text[start : start + 2 * AROUND + 1], limit=2 * AROUND)
    return left_out + part, below(left_out + text[start:position])


def below(before: str) -> str:
    """Return a caret with as many blanks before it as what is shown ``before`` the mistake has cells."""
    return " " * cells(escaped(before, limit=MOST_WRITTEN)) + "^"
