"""Sentences broken between words, with nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bptui.lines.cell_width import cells
from bptui.lines.line import Span, line_width, plain
from bptui.lines.paragraph import marked_paragraph, wrap


@given(
    text=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Mn", "Me"]), max_size=60),
    width=st.integers(2, 40),
)
def test_wrapping_keeps_every_letter_in_order_and_no_line_too_wide(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cells(line) <= width for line in lines)


def test_nothing_stands_under_the_sign_of_a_marked_paragraph() -> None:
    lines = marked_paragraph(Span(" ✗ ", "bad"), "one two three", 9, "strong")
    assert [plain(line) for line in lines] == [" ✗ one", "   two", "   three"]
    assert all(line_width(line) <= 9 for line in lines)


def test_a_shape_stays_in_one_line_and_a_long_list_is_broken() -> None:
    assert wrap("dout, of shape [1, 1, 3, 3], arrives", 20) == ["dout, of shape", "[1, 1, 3, 3],", "arrives"]
    assert wrap("at [0, 1] and [2, 3]", 14) == ["at [0, 1] and", "[2, 3]"]
    assert wrap("[0.123456, 0.123456, 0.123456]", 20) == ["[0.123456, 0.123456,", "0.123456]"]
    assert wrap("x [1, 2]", 4) == ["x", "[1,", "2]"]
