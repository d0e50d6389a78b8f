"""The colour of the terminal's background: how it is asked for (OSC 11), and its answer, which comes among the keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic

QUERY = "\x1b]11;?\x1b\\"

REPLY = r"\x1b\]11;rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})[^\x07\x1b]{0,5}(?:\x07|\x1b\\)"
BEGINNING = r"\x1b\](?:1(?:1(?:;[rgba:/0-9a-fA-F]{0,30}\x1b?)?)?)?\Z"
"""An answer, and what may become one; compiled when the first of them comes."""

PATIENCE = 1.0
"""Seconds after the question in which an escape that stands alone may be the beginning of the answer."""

WEIGHTS = (0.2126, 0.7152, 0.0722)
"""How bright red, green and blue are (ITU-R BT.709)."""


class BackgroundReplies:
    """Takes the terminal's answers out of what is read from it; ``told`` is called with whether the colour is light.

    The beginning of an answer is held back until the rest has come, or nothing for a while.
    """

    def __init__(self, told: Callable[[bool], None]) -> None:
        self.told = told
        self.held = ""
        self.awaited_until = 0.0

    def expect(self) -> None:
        """Take note that the question has been asked."""
        self.awaited_until = monotonic() + PATIENCE

    def without_replies(self, text: str) -> str:
        """Return what has been read, without the answers in it."""
        text, self.held = self.held + text, ""
        if "\x1b]" in text:
            text = re.sub(REPLY, self.take, text)
            if (beginning := re.search(BEGINNING, text)) is not None:
                self.held = beginning.group()
        elif text.endswith("\x1b") and monotonic() < self.awaited_until:
            self.held = "\x1b"
        return text.removesuffix(self.held)

    def release(self) -> str:
        """Return what was held back, where nothing has come after it."""
        held, self.held = self.held, ""
        return held

    def take(self, reply: re.Match[str]) -> str:
        """Tell whether the background is light, and leave nothing of the answer."""
        self.awaited_until = 0.0
        self.told(is_light(reply.groups()))
        return ""


def is_light(colour: tuple[str, ...]) -> bool:
    """Return whether a colour, red, green and blue in one to four hexadecimal digits each, is a light one."""
    parts = (int(digits, 16) / (16 ** len(digits) - 1) for digits in colour)
    return sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True)) > 0.5
