"""What is written can be shown anywhere: no character of a name ever drives the terminal."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.text import UNSAFE, enumeration, number, shape, visible

anything = st.text(st.characters(), max_size=300)  # surrogates and unassigned included


@given(anything)
def test_nothing_that_a_terminal_would_obey_or_hide_gets_through(text: str) -> None:
    assert not {unicodedata.category(character) for character in visible(text)} & UNSAFE


@given(anything, st.integers(1, 100))
def test_what_is_written_is_bounded_and_says_where_it_was_cut(text: str, limit: int) -> None:
    written = visible(text, limit=limit)
    assert len(written) <= 10 * limit + 1  # \\U0010ffff is the longest escape
    assert written.endswith("…") or len(text) <= limit or text[:limit].endswith("…")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200))
def test_printable_ascii_is_left_as_it_is(text: str) -> None:
    assert visible(text) == (text if text.strip(" ") or not text else f"'{text}'")


@pytest.mark.parametrize("name", ["苹果", "größe", "σ", "שלום", "नमस्ते", "W₁", "🍎"])
def test_names_in_any_script_are_left_as_they_are(name: str) -> None:
    assert visible(name) == name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a\x1b[31m", "a\\x1b[31m"),
        ("a\nb", "a\\x0ab"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u2028b", "a\\u2028b"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("a\u0301", "a\u0301"),
    ],
)
def test_trouble_is_written_as_an_escape(name: str, written: str) -> None:
    assert visible(name) == written


def test_a_heap_of_marks_on_one_letter_is_taken_apart() -> None:
    written = visible("e" + "\u0301" * 50)
    assert written.count("\u0301") == 2
    assert written.count("\\u0301") == 48


@given(st.floats(-1e308, 1e308))
def test_a_number_reads_back_to_within_its_digits(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=1e-4, abs=5e-324)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2.2, "2.2"),
        (220.00000000000003, "220"),
        (-1.5e-9, "-1.5e-09"),
        (123456.7, "123457"),
        (-100000.0, "-100000"),
        (999_999.7, "1e+06"),
        (1234567.0, "1.2346e+06"),
        (12345678, "12345678"),
        (np.nan, "NaN"),
        (np.inf, "Inf"),
        (-np.inf, "-Inf"),
    ],
)
def test_numbers_are_short(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize("digits", [1, 2, 3, 5])
def test_no_number_below_a_million_loses_a_digit_before_its_point(digits: int) -> None:
    assert number(165.0, digits) == "165"
    assert number(-4.0, digits) == "-4"


def test_shapes_are_written_as_a_person_writes_them() -> None:
    assert [shape(np.zeros(it)) for it in [(), (3,), (2, 3), (0,)]] == ["scalar", "[3]", "[2, 3]", "[0]"]


@pytest.mark.parametrize(
    ("parts", "written"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_an_enumeration_is_a_persons(parts: list[str], written: str) -> None:
    assert enumeration(parts) == written
