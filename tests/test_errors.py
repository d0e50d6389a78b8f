"""What an exception says of itself in a message of ours is never nothing."""

from __future__ import annotations

import pytest

from bptui.errors import named_reason_of, reason_of


@pytest.mark.parametrize("kind", [MemoryError, RecursionError, AssertionError, ValueError, OSError, KeyError])
def test_an_exception_without_words_is_told_by_its_class(kind: type[Exception]) -> None:
    assert reason_of(kind()) == named_reason_of(kind()) == kind.__name__


def test_an_exception_with_words_is_told_by_them() -> None:
    assert reason_of(ValueError("too large")) == "too large"
    assert named_reason_of(ValueError("too large")) == "ValueError: too large"
    assert reason_of(FileNotFoundError(2, "No such file", "it")) == "No such file"
