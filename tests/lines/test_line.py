"""Lines measured in cells: cut, padded, scrolled, joined and packed without a cell too many."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bptui.lines.line import Line, Span, cut, fitted, indented, joined, line_width, packed, plain, scrolled, styled

texts = st.text(st.sampled_from("ab z9│苹果é🍎"), max_size=6)
lines = st.lists(st.tuples(texts, st.sampled_from(["", "dim", "value"])), max_size=6).map(
    lambda spans: tuple(Span(*span) for span in spans)
)


@given(lines, st.integers(1, 40))
def test_a_fitted_line_is_as_wide_as_asked_whatever_the_width_of_its_letters(line: Line, width: int) -> None:
    assert line_width(fitted(line, width)) == width


@given(lines, st.integers(1, 40))
def test_what_is_cut_ends_in_an_ellipsis_and_is_a_beginning(line: Line, width: int) -> None:
    if line_width(line) <= width:
        return
    shown = plain(cut(line, width)).rstrip()
    assert shown.endswith("…")
    assert plain(line).startswith(shown[:-1])


@given(lines, st.integers(0, 40))
def test_scrolling_sideways_takes_cells_away_at_the_left_only(line: Line, columns: int) -> None:
    rest = scrolled(line, columns)
    assert line_width(rest) == max(0, line_width(line) - columns)
    assert plain(line).endswith(plain(rest).lstrip(" "))


@given(st.lists(st.tuples(st.sampled_from("ab苹"), st.sampled_from(["", "dim"])), max_size=9))
def test_neighbours_of_one_style_are_one_span(pieces: list[tuple[str, str]]) -> None:
    line = joined([text for text, _ in pieces], [style for _, style in pieces])
    assert [(letter, style) for text, style in line for letter in text] == pieces
    assert all(one.style != other.style for one, other in pairwise(line))


@given(st.lists(lines.filter(lambda line: 0 < line_width(line) <= 8), max_size=6), st.integers(8, 40))
def test_packed_items_lose_nothing_and_fit(items: list[Line], width: int) -> None:
    rows = packed(items, width)
    assert {line_width(row) for row in rows} <= {width}
    assert "".join(map(plain, rows)).replace(" ", "") == "".join(map(plain, items)).replace(" ", "")


def test_an_indent_stands_before_every_line_but_empty_ones() -> None:
    assert [plain(line) for line in indented([styled("a"), (), styled("b", "dim", indent=1)], 2)] == ["  a", "", "   b"]
