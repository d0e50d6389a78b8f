from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.strip import Strip

from bptui.lines.line import Line, Span, line_width
from bptui.tui.painted_row import PaintedRow
from bptui.tui.palette import Palette
from bptui.tui.row import changed_width, edge_row, laid

PALETTE = Palette(foreground="#ffffff", background="#000000", is_dark=True)

texts = st.text(st.sampled_from("ab z9│苹果é🍎"), max_size=6)
lines = st.lists(st.tuples(texts, st.sampled_from(["", "dim", "value"])), max_size=6).map(
    lambda spans: tuple(Span(*span) for span in spans)
)


def text_of(line: Line) -> str:
    return "".join(text for text, _ in line)


@given(lines, lines, st.integers(1, 40))
def test_painting_only_the_changed_cells_gives_the_new_row(old: Line, new: Line, width: int) -> None:
    before, after = laid(old, width), laid(new, width)
    end = changed_width(before, after, width)
    was, now = PaintedRow(before, PALETTE, width), PaintedRow(after, PALETTE, width)
    assert Strip.join([now.crop(0, end), was.crop(end, width)]).text == now.text
    assert (end == 0) == (before == after)


def test_an_equal_end_is_not_painted_again() -> None:
    old = (Span("step "), Span("7", "strong"), Span(" of 10"))
    new = (Span("step "), Span("8", "strong"), Span(" of 10"))
    assert changed_width(old, new, 12) == 6


@given(lines, st.integers(1, 40))
def test_a_row_shows_its_line_at_the_width_of_the_pane(line: Line, width: int) -> None:
    row = laid(line, width)
    assert line_width(row) == width
    if line_width(line) <= width:
        assert text_of(row).rstrip(" ") == text_of(line).rstrip(" ")


def test_spaces_join_what_stands_before_them_unless_they_show() -> None:
    assert laid((Span("a", "value"), Span("  "), Span("b", "value")), 6) == (Span("a  b  ", "value"),)
    underlined = (Span("a", "changed"), Span("  "), Span("b", "changed"))
    assert laid(underlined, 4) == underlined


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\x07b", "a\nb", "\u202egnp", "\x9b1m"])
def test_nothing_that_a_terminal_would_obey_reaches_it(text: str) -> None:
    painted = PaintedRow(laid((Span(text),), 40), PALETTE, 40).text
    assert painted.isprintable()


@pytest.mark.parametrize("name", ["[/red]", "h[t]", "[bold", "{0}", "W[0:2]", "\\"])
def test_what_looks_like_markup_is_text(name: str) -> None:
    assert PaintedRow(laid((Span(name, "value"),), 20), PALETTE, 20).text.rstrip() == name


@given(lines, st.integers(8, 40), st.booleans())
def test_a_frames_edge_is_as_wide_as_the_pane_with_any_title(title: Line, width: int, at_end: bool) -> None:
    edge = edge_row(title, "╭─", "─╮", width, "frame", at_end=at_end)
    assert cell_len(text_of(edge)) == width
