from __future__ import annotations

import pytest

from bptui.core.verbs import VERBS
from bptui.session.completion import completions, missing, missing_in_expression

NAMES = ["W1", "W2", "a b", "next_value"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("back", ["backward-pass"]),
        ("next-ma", ["next-match"]),
        ("next_", ["next_value"]),
        ("select W", ["W1", "W2"]),
        ("select ", ["W1", "W2", '"a b"', "next_value"]),
        ("check W1", []),
        ("select W1 W", []),
        ("run-to  W", ["W1", "W2"]),
        ("next W", []),
        ("nothing W", []),
        ("help fin", ["finish"]),
    ],
)
def test_what_may_stand_there_is_offered(typed: str, words: list[str]) -> None:
    assert list(completions(typed, NAMES)) == words


def test_an_empty_line_offers_everything() -> None:
    assert list(completions("", NAMES))[: len(VERBS)] == list(VERBS)


def test_the_missing_part_is_that_of_the_first() -> None:
    assert missing("backw", NAMES) == "ard-pass"
    assert missing("select W", NAMES) == "1"
    assert missing("select ", NAMES) == ""
    assert missing("zz", NAMES) == ""


def test_of_an_expression_the_name_at_its_end_is_gone_on_with() -> None:
    assert missing_in_expression("W1 + ne", NAMES) == "xt_value"
    for typed in ("", "W1 + ", "2 * ("):
        assert missing_in_expression(typed, NAMES) == ""
