"""Many numbers beside each other: aligned on the point, and none of them loses its digits to a larger one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.lines.number_grid import aligned, cell_text, decimals_for, number_grid
from bptui.lines.table import flush_left, flush_right

elements = st.one_of(
    st.floats(-10, 10), st.floats(), st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1e300, 123456789.0])
)


@given(st.lists(elements, min_size=1, max_size=20))
def test_points_stand_below_each_other(numbers: list[float]) -> None:
    texts = [cell_text(it, decimals_for(numbers)) for it in numbers]
    lines = aligned(texts)
    assert [line.strip() for line in lines] == texts
    assert len({len(line) for line in lines}) == 1
    assert len({line.index(".") for line in lines if "." in line}) <= 1


@given(st.lists(elements, min_size=1, max_size=20))
def test_no_number_is_rounded_to_zero_and_none_loses_its_size(numbers: list[float]) -> None:
    decimals = decimals_for(numbers)
    for number in numbers:
        text = cell_text(number, decimals)
        if abs(number) < 1e308:  # rounded up to two digits, anything larger reads as infinite
            assert (float(text) == 0) == (number == 0)
            assert float(text) == pytest.approx(number, rel=0.051, abs=1e-323)
            assert text.startswith("-") == (str(number).startswith("-"))


@given(st.lists(st.floats(0.1, 999_999), min_size=1, max_size=20))
def test_a_number_keeps_three_digits_beside_any_other(numbers: list[float]) -> None:
    decimals = decimals_for(numbers)
    for number in numbers:
        assert float(cell_text(number, decimals)) == pytest.approx(number, rel=0.0051)


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([1.5, 100_000.0], ["1.5", "100000.0"]),
        ([1.2345, 100_000.0], ["1.23", "100000.00"]),
        ([1.0, -2.0], ["1", "-2"]),
        ([0.5, 0.25], ["0.50", "0.25"]),
        ([np.nan, np.inf, -np.inf, 0.0], ["NaN", "Inf", "-Inf", "0"]),
        ([1e-9, 1.5], ["1.0e-09", "1.5000"]),
    ],
)
def test_a_column_of_mixed_sizes_is_written_by_one_rule(numbers: list[float], shown: list[str]) -> None:
    assert [row[0].strip() for row in number_grid(np.array(numbers).reshape(-1, 1))] == shown


def test_tables_stand_flush() -> None:
    assert flush_right([("a", "12"), ("苹", "3")]) == [" a  12", "苹   3"]
    assert flush_left([("a", "12"), ("苹", "3")]) == ["a   12", "苹  3"]
