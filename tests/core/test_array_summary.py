"""A summary counted in blocks says what NumPy says of the whole."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bptui.core.array_summary import AT_ONCE, BLOCK, REMEMBERED, Summaries, norm, summarise
from layers import Array

SIZES = st.sampled_from([(), (0,), (1,), (3, 4), (2, 3, 4)])
NUMBERS = arrays.arrays(
    np.float64, SIZES, elements=st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0])
)


@given(NUMBERS)
def test_a_summary_agrees_with_numpy(array: Array) -> None:
    finite = array[np.isfinite(array)]
    found = summarise(array)
    assert found.size == array.size
    assert (found.nans, found.infinities) == (np.isnan(array).sum(), np.isinf(array).sum())
    assert found.zeros == (finite == 0).sum()
    assert found.is_finite == (finite.size == array.size)
    if finite.size:
        assert (found.smallest, found.largest) == (finite.min(), finite.max())
        assert found.mean == pytest.approx(finite.mean(), abs=1e-9)
        assert found.norm == pytest.approx(np.linalg.norm(finite))
    else:
        assert math.isnan(found.mean)


def test_blocks_add_up_to_the_whole() -> None:
    array = np.random.default_rng(0).normal(size=2 * BLOCK + 17)
    found = summarise(array)
    assert found.norm == pytest.approx(np.linalg.norm(array))
    assert found.mean == pytest.approx(array.mean())
    assert (found.smallest, found.largest) == (array.min(), array.max())


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e200, 1e300])
def test_a_norm_neither_overflows_nor_vanishes(scale: float) -> None:
    assert norm(np.array([3.0, 4.0]) * scale) == pytest.approx(5 * scale)


def test_integers_and_float32_are_summarised_as_they_are() -> None:
    assert summarise(np.array([3, -4])).norm == 5
    assert summarise(np.array([3, -4], np.float32)).smallest == -4


def test_a_large_array_is_counted_bit_by_bit_and_then_known() -> None:
    summaries, array = Summaries(), np.ones(AT_ONCE + 1)
    assert summaries.get(array) is None
    assert summaries.advance(BLOCK)
    assert summaries.get(array) is None
    while summaries.advance(BLOCK):
        pass
    found = summaries.get(array)
    assert found is not None
    assert found.mean == 1
    assert not summaries.advance()


def test_the_array_asked_for_last_is_counted_first() -> None:
    summaries, first, last = Summaries(), np.ones(AT_ONCE + 1), np.zeros(AT_ONCE + 1)
    summaries.get(first)
    summaries.get(last)
    summaries.advance(AT_ONCE + 1)
    assert summaries.get(last) is not None
    assert summaries.get(first) is None


def test_only_so_many_arrays_are_kept() -> None:
    summaries = Summaries()
    for _ in range(REMEMBERED + 5):
        summaries.get(np.ones(AT_ONCE // 8))
    assert len(summaries.surveys) == REMEMBERED
