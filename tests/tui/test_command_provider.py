from __future__ import annotations

import pytest

from bptui.tui.command_provider import Entry, score


def scored(query: str, title: str, told: str) -> float:
    return score(query, Entry(title, told, lambda: None))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("Next", "next [N]   n", "the next step"), ("step", "next [N]   n", "the next step")),
        (("rev", "reverse-continue   C", "back to a stop"), ("tin", "reverse-continue   C", "back to a stop")),
        (("continue", "reverse-continue   C", "back to a stop"), ("stop", "reverse-continue   C", "back to a stop")),
        (
            ("continue rev", "reverse-continue   C", "back to a stop"),
            ("continue stop", "reverse-continue   C", "to a stop"),
        ),
    ],
)
def test_what_begins_so_comes_before_what_is_called_so_before_what_does_so(
    better: tuple[str, str, str], worse: tuple[str, str, str]
) -> None:
    assert 1 >= scored(*better) > scored(*worse) > 0


@pytest.mark.parametrize("query", ["", "  ", "continue nothing", "gradient"])
def test_what_lacks_one_of_the_words_does_not_fit(query: str) -> None:
    assert scored(query, "reverse-continue   C", "back to a stop") == 0


@pytest.mark.parametrize("query", ["STOP back", "back\tC", "ß"])
def test_words_may_stand_in_any_order_and_case(query: str) -> None:
    assert scored(query, "reverse-continue   C  ẞ", "back to a stop") > 0
