from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bptui.session.line_editor import EDITS, LONGEST, TypedLine

edits = st.lists(
    st.one_of(st.sampled_from(sorted(EDITS)), st.text(max_size=3).map(lambda text: f"+{text}")), max_size=30
)


@given(edits)
def test_the_cursor_stays_within_the_line_whatever_is_typed(keys: list[str]) -> None:
    line = TypedLine()
    for key in keys:
        line = line.insert(key[1:]) if key.startswith("+") else EDITS[key](line)
        assert 0 <= line.cursor <= len(line.text)


@given(st.text(max_size=20), st.integers(0, 20), st.text(min_size=1, max_size=1))
def test_backspace_takes_back_what_was_typed(text: str, place: int, typed: str) -> None:
    line = TypedLine(text, 0).at(place)
    assert EDITS["backspace"](line.insert(typed)) == line


def test_ctrl_w_takes_the_word_before_the_cursor() -> None:
    assert EDITS["ctrl+w"](TypedLine("go to W1", 8)) == TypedLine("go to ", 6)
    assert EDITS["ctrl+w"](TypedLine("next", 4)) == TypedLine("", 0)


def test_a_huge_paste_is_bounded() -> None:
    assert len(TypedLine().insert("x" * 10**6).text) == LONGEST
