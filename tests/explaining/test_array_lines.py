"""An array among sentences: its numbers, a slice's where it has more than two axes, and what of it is not shown."""

import numpy as np
import pytest

from bptui.explaining.array_lines import array_lines


def written(array: np.ndarray, width: int = 70) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in array_lines("x", array, width, "")]


@pytest.mark.parametrize(
    ("shape", "title"),
    [
        ((2, 2, 2), "x [2, 2, 2] of which [0, :, :]"),
        ((1, 3, 2, 2), "x [1, 3, 2, 2] of which [0, 0, :, :]"),
        ((1, 1, 2, 2), "x [1, 1, 2, 2]"),
    ],
)
def test_of_more_than_two_axes_the_first_slice_is_shown_by_its_name(shape: tuple[int, ...], title: str) -> None:
    array = np.arange(np.prod(shape), dtype=float).reshape(shape)
    assert written(array) == [f"{title}  0 1", " " * (len(title) + 2) + "2 3"]


def test_what_is_cut_from_a_slice_is_said() -> None:
    first = written(np.zeros((2, 9, 40)) + 0.25, 60)[0]
    assert first.startswith("x [2, 9, 40] of which [0, :, :] rows 0-3, columns 0-")


@pytest.mark.parametrize("shape", [(0, 2, 2), (2, 0, 3)])
def test_an_array_without_elements_shows_its_shape_alone(shape: tuple[int, ...]) -> None:
    assert written(np.zeros(shape)) == [f"x [{', '.join(map(str, shape))}]"]
