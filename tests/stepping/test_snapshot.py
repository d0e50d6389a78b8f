"""What cannot change is not looked at again on the next line; what can, is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bptui.stepping.snapshot import LineSnapshots, is_settled
from layers import Array


def frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("value", [None, True, 3, 0.5, 2j, "x", b"x", np.float64(1), np.int64(2), frozen(np.ones(3))])
def test_plain_values_and_arrays_that_own_frozen_numbers_are_settled(value: Any) -> None:
    assert is_settled(value)


def test_what_may_be_written_through_something_else_is_not() -> None:
    owner = np.zeros(4)
    read_only = frozen(owner.view())
    assert not is_settled(owner)
    assert not is_settled(read_only)
    assert not is_settled(frozen(read_only[1:]))
    assert not is_settled(frozen(np.frombuffer(bytearray(16))))
    assert not is_settled([1])
    assert not is_settled({})


def test_views_of_what_is_frozen_are_settled() -> None:
    owner = frozen(np.zeros((2, 4)))
    assert is_settled(owner[1:])
    assert is_settled(owner.T[2])


def test_a_change_through_the_owner_of_a_read_only_view_is_seen_on_the_next_line() -> None:
    owner = np.zeros(4)
    view = frozen(owner[:2].view())
    line = LineSnapshots()
    before = line.take(view)
    owner[0] = 7
    line.advance()
    now = line.take(view)
    assert not now.is_same(before)
    assert now.array is not None
    np.testing.assert_array_equal(now.array, [7, 0])
    np.testing.assert_array_equal(np.asarray(before.array), [0, 0])
