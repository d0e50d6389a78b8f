"""The terminal's answer is taken out of the keys, whole or in pieces, and no key is lost or invented over it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.tui.background_colour import BackgroundReplies, is_light

REPLIES = ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", "\x1b]11;rgb:1c/1c/1c\x07", "\x1b]11;rgba:0000/0000/0000/ffff\x1b\\")
KEYS = st.lists(st.sampled_from(["n", "]", "1", ";", "\x1b[A", "\x1b[200~"]), max_size=5).map("".join)


@given(before=KEYS, reply=st.sampled_from(REPLIES), after=KEYS, data=st.data())
def test_keys_around_an_answer_come_through_however_it_is_cut(
    before: str, reply: str, after: str, data: st.DataObject
) -> None:
    text, told = before + reply + after, list[bool]()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    replies = BackgroundReplies(told.append)
    replies.expect()
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    keys = "".join(map(replies.without_replies, pieces)) + replies.release()
    assert keys == before + after
    assert told == ["ffff/ffff/ffff" in reply]


@pytest.mark.parametrize("text", ["\x1b", "\x1b[A", "\x1b]0;title\x07", "]11;rgb:ff/ff/ff"])
def test_what_is_no_answer_comes_through(text: str) -> None:
    replies = BackgroundReplies(lambda _: pytest.fail("nothing was told"))
    replies.expect()
    assert replies.without_replies(text) + replies.release() == text


@pytest.mark.parametrize(
    ("colour", "light"), [("ffff ffff dddd", True), ("f f f", True), ("00 2b 36", False), ("fdf6 f6e3 e3d5", True)]
)
def test_a_background_is_light_or_dark(colour: str, light: bool) -> None:
    assert is_light(tuple(colour.split())) is light
