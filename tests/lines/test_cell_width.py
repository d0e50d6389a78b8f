from __future__ import annotations

import unicodedata
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bptui.core.text import UNSAFE
from bptui.lines.cell_width import cells, padded_cells, shorten, split_cells

texts = st.text(st.sampled_from("ab z9│苹果é🍎e\u0301한"), max_size=12).filter(lambda it: not it.startswith("\u0301"))


def test_every_character_that_may_reach_a_terminal_is_as_wide_as_rich_and_textual_reckon() -> None:
    each = chain(range(0x20, 0x3400), range(0x1F000, 0x1FB00))
    codes = chain(each, range(0x3400, 0x110000, 7))  # blocks of thousands that are alike
    shown = (chr(code) for code in codes if unicodedata.category(chr(code)) not in UNSAFE | {"Cn"})
    assert [hex(ord(it)) for it in shown if cells(it) != cell_len(it)] == []


@pytest.mark.parametrize("text", ["❤\ufe0f", "a❤\ufe0fb", "❤", "苹\ufe0f", "a\ufe0f", "\ufe0f"])
def test_a_sign_that_is_asked_for_as_a_picture_takes_two_cells(text: str) -> None:
    assert cells(text) == cell_len(text)


@given(texts)
def test_a_text_in_cells_is_as_long_as_it_is_wide_and_loses_nothing(text: str) -> None:
    assert len(split_cells(text)) == cells(text)
    assert "".join(split_cells(text)) == text


@given(texts, st.integers(1, 20))
def test_what_is_too_long_is_cut_with_an_ellipsis(text: str, width: int) -> None:
    shown = shorten(text, width)
    assert cells(shown) <= width
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


@given(texts, st.integers(1, 20), st.booleans())
def test_cells_are_padded_to_the_width_asked_for(text: str, width: int, right: bool) -> None:
    assert len(padded_cells(text, width, right=right)) == width
