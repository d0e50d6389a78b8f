"""Dark or light: how both look, which of them was asked for, and where that is remembered."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from platformdirs import user_config_path
from textual.theme import Theme

from bptui.core.text import visible
from bptui.errors import reason_of
from bptui.lines.styles import DARK as DARK_COLOURS
from bptui.lines.styles import LIGHT as LIGHT_COLOURS

DARK = Theme(
    name="bptui-dark",
    primary=DARK_COLOURS["forward"],
    secondary=DARK_COLOURS["backward"],
    accent=DARK_COLOURS["focus"],
    success=DARK_COLOURS["good"],
    warning=DARK_COLOURS["warning"],
    error=DARK_COLOURS["error"],
    foreground="#d0d0d0",
    background="#1c1c1c",
    surface="#262626",
    panel="#303030",
)
LIGHT = Theme(
    name="bptui-light",
    primary=LIGHT_COLOURS["forward"],
    secondary=LIGHT_COLOURS["backward"],
    accent=LIGHT_COLOURS["focus"],
    success=LIGHT_COLOURS["good"],
    warning=LIGHT_COLOURS["warning"],
    error=LIGHT_COLOURS["error"],
    foreground="#262626",
    background="#ffffff",
    surface="#eeeeee",
    panel="#e4e4e4",
    dark=False,
)

AUTO = "auto"
"""As the terminal's background is, where the terminal tells of it."""

THEMES = {"dark": DARK, "light": LIGHT}

MOST_READ = 100
"""Bytes of the file in which the theme is remembered that are looked at."""


def chosen_theme(asked_for: str | None) -> Theme:
    """Return the theme asked for, which is remembered; where none is, the one remembered.

    Where it cannot be remembered, standard error says so.
    """
    if asked_for is not None:
        remember(asked_for)
    return theme_of(remembered_theme() if asked_for is None else asked_for)


def theme_of(word: str) -> Theme:
    """Return a theme by its word; one that is unknown is as good as ``auto``."""
    return THEMES.get(word) or (LIGHT if has_light_background() else DARK)


def has_light_background() -> bool:
    """Tell from ``COLORFGBG``, where a terminal sets it, whether its background is light."""
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in {"7", "15"}


def remember(word: str) -> None:
    """Keep the word of a theme for the runs to come."""
    path = theme_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(f"{word}\n", encoding="utf-8")
    except OSError as error:
        reason = visible(f"{path}: {reason_of(error)}", limit=1000)
        print(f"the theme cannot be remembered in {reason}", file=sys.stderr)  # noqa: T201  (before there is a screen)


def remembered_theme() -> str:
    """Return the word that was kept; ``auto`` where there is none."""
    try:
        with theme_path().open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST_READ).strip()
    except OSError:
        return AUTO


def theme_path() -> Path:
    """Return where the theme is remembered."""
    return user_config_path("bptui", appauthor=False) / "theme"
