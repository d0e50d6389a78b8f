"""Dark or light: how both look, which of them was asked for, and where that is remembered."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_config_path
from textual.theme import Theme

from bptui.core.text import visible
from bptui.errors import reason_of
from bptui.lines import styles


def theme_in(colours: Mapping[str, str], *, name: str, grounds: tuple[str, str, str], foreground: str) -> Theme:
    """Return a theme in the colours of a table of styles; ``grounds`` are the background, a surface's and a panel's."""
    background, surface, panel = grounds
    return Theme(
        name=name,
        primary=colours["forward"],
        secondary=colours["backward"],
        accent=colours["focus"],
        success=colours["good"],
        warning=colours["warning"],
        error=colours["error"],
        foreground=foreground,
        background=background,
        surface=surface,
        panel=panel,
        dark=colours is styles.DARK,
    )


DARK = theme_in(styles.DARK, name="bptui-dark", grounds=("#1c1c1c", "#262626", "#303030"), foreground="#d0d0d0")
LIGHT = theme_in(styles.LIGHT, name="bptui-light", grounds=("#ffffff", "#eeeeee", "#e4e4e4"), foreground="#262626")

AUTO = "auto"
"""As the terminal's background is: as it says when it is asked, and until then as ``COLORFGBG`` says, or dark."""

THEMES = {"dark": DARK, "light": LIGHT}

MOST_READ = 100
"""Bytes of the file in which the theme is remembered that are looked at."""


def chosen_word(asked_for: str | None) -> str:
    """Return the word of the theme asked for, which is remembered; where none is, the one remembered.

    Where it cannot be remembered, standard error says so.
    """
    if asked_for is None:
        return remembered_theme()
    remember(asked_for)
    return asked_for


def theme_of(word: str) -> Theme:
    """Return a theme by its word; one that is unknown is as good as ``auto``, which is what the environment tells."""
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
