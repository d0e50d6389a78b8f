"""Textual's bindings of keys to commands. Which key means which verb stands with the verb, in ``bptui/core/verbs``."""

from __future__ import annotations

from enum import Enum

from textual import events
from textual.binding import Binding

from bptui.core.text import visible
from bptui.core.verbs import VERBS

TEXTUAL_NAMES = {
    ",": "comma",
    "Enter": "enter",
    "Esc": "escape",
    "F5": "f5",
    "F9": "f9",
    "F10": "f10",
    "Space": "space",
    "+": "plus",
    "-": "minus",
    "Tab": "tab",
    "shift+Tab": "shift+tab",
}
"""Textual's names of the keys that it does not call as a person does."""


class KeyContext(Enum):
    """Where a person is, as far as keys mean something else there, or nothing."""

    STEPS = "steps"
    SOURCE = "source"
    REPLAY = "replay"
    EVIDENCE = "evidence"


ARROWS = (
    Binding("up", "point(0, -1)", show=False),
    Binding("down", "point(0, 1)", show=False),
    Binding("left", "point(-4, 0)", show=False),
    Binding("right", "point(4, 0)", show=False),
    Binding("pageup", "page(-1)", show=False),
    Binding("pagedown", "page(1)", show=False),
    Binding("home", "home", show=False),
    Binding("end", "end", show=False),
)
"""What the pane with the focus does with the keys that point."""

ARROW_KEYS = frozenset([arrow.key for arrow in ARROWS])


def bindings() -> list[Binding]:
    """Return the screen's bindings: those of all commands, and the digits of a count.

    All of them come before the focused pane, so that keys typed in one burst keep their order.
    """
    of_commands = [
        Binding(textual_name(key), f"press({verb.word!r})", verb.help, show=False, priority=True)
        for verb in VERBS.values()
        for key in verb.keys
    ]
    return [*of_commands, *(Binding(digit, f"digit({digit})", show=False, priority=True) for digit in "0123456789")]


def textual_name(key: str) -> str:
    """Return what Textual calls a key."""
    return TEXTUAL_NAMES.get(key, key)


def pressed_key_name(event: events.Key) -> str:
    """Return what a person calls a key: the character that it types, or ``F1``, ``ctrl+b``."""
    if event.is_printable and event.character:
        return visible(event.character)
    *held, key = event.key.split("+")
    return visible("+".join([*held, key.upper() if key[:1] == "f" and key[1:].isdigit() else key.replace("_", " ")]))
