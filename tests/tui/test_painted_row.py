from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style

from bptui.lines.line import Span, line_width
from bptui.lines.styles import ATTRIBUTES
from bptui.tui.painted_row import PaintedRow
from bptui.tui.palette import Looks, Palette, PlainPalette

CONSOLE = Console(file=io.StringIO(), color_system="truecolor", force_terminal=True)
PALETTES = (Palette(foreground="#d0d0d0", background="#1c1c1c", is_dark=True), PlainPalette())

texts = st.text(st.sampled_from("ab 苹│🍎"), min_size=1, max_size=4)
names = st.sampled_from([*ATTRIBUTES, "#123456 on #654321"])
spans = st.lists(st.tuples(texts, names), max_size=8)
palettes = st.sampled_from(PALETTES)


def painted(line: list[tuple[str, str]], looks: Looks) -> PaintedRow:
    row = tuple(Span(*span) for span in line)
    return PaintedRow(row, looks, line_width(row))


def looks(written: str) -> list[tuple[str, Style]]:
    """Return each letter of what was written to a terminal, and how it looks there, as Rich reads it."""
    (text,) = AnsiDecoder().decode(written)
    return [(letter, text.get_style_at_offset(CONSOLE, at)) for at, letter in enumerate(text.plain)]


def seen(style: Style) -> tuple[object, ...]:
    colours = tuple(it and it.get_truecolor() for it in (style.color, style.bgcolor))
    return (*colours, *map(bool, (style.bold, style.dim, style.italic, style.underline, style.reverse)))


@given(spans.filter(bool), palettes)
def test_every_letter_looks_on_the_terminal_as_its_span_says(line: list[tuple[str, str]], palette: Looks) -> None:
    shown = looks(painted(line, palette).render(CONSOLE))
    wanted = [(letter, palette[name]) for text, name in line for letter in text]
    assert [(letter, seen(style)) for letter, style in shown] == [(letter, seen(style)) for letter, style in wanted]


@given(spans.filter(bool), palettes)
def test_what_comes_after_a_row_looks_like_nothing(line: list[tuple[str, str]], palette: Looks) -> None:
    assert seen(looks(painted(line, palette).render(CONSOLE) + "x")[-1][1]) == seen(Style.null())


@given(spans, st.integers(0, 20), st.integers(0, 20))
def test_a_part_of_a_row_is_as_wide_as_asked_and_painted_alike(
    line: list[tuple[str, str]], start: int, width: int
) -> None:
    row = painted(line, PALETTES[0])
    part = row.crop(start, start + width)
    assert isinstance(part, PaintedRow) or not part.text
    assert cell_len(part.text) == part.cell_length == max(0, min(width, row.cell_length - start))


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ([("a", "red"), ("b", "red"), ("c", "blue")], "\x1b[31mab\x1b[34mc\x1b[0m"),
        ([("a", "red on white"), ("b", "bold blue on white")], "\x1b[31;47ma\x1b[1;34mb\x1b[0m"),
        ([("a", "bold red"), ("b", "blue")], "\x1b[1;31ma\x1b[0;34mb\x1b[0m"),
        ([("a", ""), ("b", "")], "ab"),
    ],
)
def test_only_what_changes_of_the_look_is_written(line: list[tuple[str, str]], written: str) -> None:
    looks = Looks({name: Style.parse(name) for _, name in line})
    assert painted(line, looks).render(CONSOLE) == written
