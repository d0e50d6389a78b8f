from __future__ import annotations

from collections.abc import Mapping

import pytest
from rich.color import Color
from rich.style import Style
from textual.theme import Theme

from bptui.lines import styles
from bptui.lines.styles import ATTRIBUTES
from bptui.tui.palette import Palette, PlainPalette
from bptui.tui.theme import DARK, LIGHT

DECORATION = {"frame", "wire"}
"""Lines, which carry no text."""


def luminance(color: Color | None) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    assert color is not None
    channels = [value / 255 for value in color.get_truecolor()]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style: Style) -> float:
    lighter, darker = sorted((luminance(style.color), luminance(style.bgcolor)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_every_style_that_carries_text_can_be_read(theme: Theme) -> None:
    assert theme.foreground
    assert theme.background
    palette = Palette(foreground=theme.foreground, background=theme.background, is_dark=theme.dark)
    for name in ATTRIBUTES.keys() - DECORATION:
        assert contrast(palette[name]) >= 4.5, name


@pytest.mark.parametrize("colours", [styles.DARK, styles.LIGHT])
def test_what_is_wrong_has_a_red_that_nothing_else_has(colours: Mapping[str, str]) -> None:
    red, green, blue = Color.parse(colours["bad"]).get_truecolor()
    assert red > 2 * max(green, blue)
    others = " ".join(colour for name, colour in colours.items() if name not in {"bad", "error"})
    assert colours["bad"] not in others


def test_without_colours_none_is_left_even_where_a_line_spells_one_out() -> None:
    palette = PlainPalette()
    for name in (*ATTRIBUTES, "#ff0000 on #00ff00"):
        assert palette[name].color is None
        assert palette[name].bgcolor is None


def test_without_colours_what_must_stand_out_still_does() -> None:
    palette = PlainPalette()
    for name in ("current", "selected", "changed", "error", "cursor"):
        assert palette[name] != palette[""]


def test_a_colour_that_a_line_spells_out_is_taken() -> None:
    palette = Palette(foreground="#ffffff", background="#000000", is_dark=True)
    assert palette["#112233 on #445566"].color == Color.parse("#112233")
