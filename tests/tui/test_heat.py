"""Colours are numbers: blue below zero, white at it, vermilion above, each cell in its place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bptui.lines.line import Line, line_width
from bptui.tui.content import heat
from layers import Array


def pixels(lines: list[Line]) -> list[list[str | None]]:
    """Return the colours of the half cells, row by row: what an eye sees."""
    rows: list[list[str | None]] = []
    for line in lines:
        upper: list[str | None] = []
        lower: list[str | None] = []
        for text, style in line:
            colours = style.split(" on ")
            upper += [colours[0]] * len(text)
            lower += [colours[1] if len(colours) == 2 else None] * len(text)
        rows += [upper, lower]
    return rows


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_each_number_has_its_colour_at_its_place() -> None:
    blue, white, vermilion = (heat.colour(it) for it in (0, heat.STEPS, 2 * heat.STEPS))
    window = np.array([[-1.0, 0.0], [1.0, np.nan], [0.0, -1.0]])
    assert pixels(heat.colour_rows(window, 1.0, 1)) == [
        [blue, white],
        [vermilion, heat.NOT_FINITE_COLOUR],
        [white, blue],
        [None, None],
    ]


def test_blue_is_blue_and_vermilion_is_vermilion() -> None:
    red, _, blue = (int(heat.colour(0)[at : at + 2], 16) for at in (1, 3, 5))
    assert blue > red
    red, _, blue = (int(heat.colour(2 * heat.STEPS)[at : at + 2], 16) for at in (1, 3, 5))
    assert red > blue


def test_towards_zero_every_shade_is_lighter_so_that_size_shows_without_hue() -> None:
    shades = [luminance(heat.colour(it)) for it in range(2 * heat.STEPS + 1)]
    assert shades[: heat.STEPS + 1] == sorted(shades[: heat.STEPS + 1])
    assert shades[heat.STEPS :] == sorted(shades[heat.STEPS :], reverse=True)


@given(
    window=arrays.arrays(float, arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)),
    scale=st.floats(0, 1e300),
    zoom=st.sampled_from([1, 2, 4]),
)
def test_a_number_enlarged_is_a_square_of_one_colour(window: Array, scale: float, zoom: int) -> None:
    rows = pixels(heat.colour_rows(window, scale, zoom))
    for row in range(window.shape[0]):
        for column in range(window.shape[1]):
            block = [rows[row * zoom + down][column * zoom + right] for down in range(zoom) for right in range(zoom)]
            assert len(set(block)) == 1


@given(rows=st.integers(1, 300), columns=st.integers(1, 300), width=st.integers(1, 120), height=st.integers(1, 40))
def test_what_fits_is_never_larger_than_the_room(rows: int, columns: int, width: int, height: int) -> None:
    zoom, seen_rows, seen_columns = heat.heat_fit((rows, columns), width, height)
    assert 1 <= seen_rows <= rows
    assert 1 <= seen_columns <= columns
    assert seen_columns * zoom <= width
    assert seen_rows * zoom <= 2 * height


@pytest.mark.parametrize("width", [3, 10, 20, 40, 76])
def test_the_legend_states_the_scale_and_fits(width: int) -> None:
    line = heat.legend(0.25, width)
    assert line_width(line) <= width
    if width >= 20:
        assert "".join(span.text for span in line).startswith("-0.25 ")
