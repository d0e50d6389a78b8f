"""NaN and infinity are told where they begin, with the numbers that made them, and of backward its own."""

from __future__ import annotations

from itertools import chain

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bptui.core.tape import Tape
from bptui.explaining.non_finite import beginnings, non_finite, non_finite_origin, results, trouble
from bptui.report.first_non_finite import find_first_non_finite
from runs import nodes

LOG = 'l = "Log(x)"\ny = "l * w"\nz = "Sum(y) * 3"'
GIVEN = "x = [1.0, 0.5, 0.0]\nw = [1.0, 2.0, 0.0]"


def told(tape: Tape) -> dict[int, list[str]]:
    """What begins at each step where anything does."""
    found = {number: list(beginnings(tape.at(number))) for number in range(len(tape) + 1)}
    return {number: words for number, words in found.items() if words}


def test_each_beginning_has_its_operands_and_its_element() -> None:
    assert told(nodes(LOG, GIVEN)) == {
        1: ["Infinity starts here: log(0) at l[2]"],
        2: ["NaN: -Infinity × 0 at y[2]"],
        8: ["NaN starts here: dout 0 / x[2] = 0"],
    }


def test_a_quotient_names_what_is_divided_by_zero() -> None:
    tape = nodes('l = "Log(x + 1)"\ny = "Sum(l) * 3"', "x = [1.0, 0.5, -1.0]")
    words = list(chain.from_iterable(told(tape).values()))
    assert "Infinity starts here: dout 3 / l.1[2] = 0" in words


def test_the_backward_has_its_own_words_before_those_of_the_value() -> None:
    tape = nodes('a = "Sqrt(x)"\ny = "a * 0"', "x = 0")  # √ has an infinite slope at 0, and 0 × ∞ is none
    moment = tape.at(4)
    assert trouble(moment, "a") == ["NaN starts here: 0 / (2 × 0) at x"]
    assert trouble(moment, "x") == ["NaN in the gradient"]
    assert trouble(moment, "y") == []


def test_a_value_says_where_it_has_its_nan_from() -> None:
    moment = nodes('a = "Log(x)"\ny = "a + 1"').at(2)
    assert trouble(moment, "a") == ["NaN starts here: log(-2) at a"]
    assert trouble(moment, "y") == ["NaN in the value: it comes in with a"]
    assert trouble(moment, "x") == []


def test_what_no_arithmetic_tells_is_told_by_its_element() -> None:
    tape = nodes('y = "Sum(x)"', "x = [1e308, 1e308]")
    assert non_finite_origin(tape.at(1)) == "Infinity starts here, in y"


def test_a_report_begins_where_the_screen_does() -> None:
    origin = find_first_non_finite(nodes(LOG, GIVEN))
    assert origin is not None
    assert origin.told == "l made the first Infinity, in step 1 (forward): log(0) at l[2]"


@settings(max_examples=15)
@given(st.lists(st.sampled_from([0.0, 1.0, -2.0, 1e200, 1e308]), min_size=2, max_size=2), st.data())
def test_what_is_not_finite_has_begun_somewhere_and_only_where_it_was_not_before(
    values: list[float], data: st.DataObject
) -> None:
    formulas = ["Log({})", "{} / w", "{} * w", "Exp({})", "Sqrt({})", "{} - w"]
    first, second = (data.draw(st.sampled_from(formulas)) for _ in range(2))
    text = f'a = "{first.format("x")}"\nb = "{second.format("a")}"\ny = "b + w"'
    tape = nodes(text, f"x = {values[0]!r}\nw = {values[1]!r}")
    odd = [number for number in range(1, len(tape) + 1) if any(map(non_finite, results(tape.step(number))))]
    begun = list(told(tape))
    assert begun[:1] == odd[:1]
    assert set(begun) <= set(odd)
    assert all(np.isfinite(tape.at(0).value(name)).all() for name in "xw")  # type: ignore[arg-type]
