"""The theme that was asked for is remembered, and nothing about remembering it keeps the screen from opening."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.theme import Theme

from bptui.cli import main
from bptui.tui import theme
from bptui.tui.theme import DARK, LIGHT, chosen_word, theme_of


def chosen_theme(asked_for: str | None) -> Theme:
    return theme_of(chosen_word(asked_for))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the theme is remembered in a test, in a folder that is not there yet."""
    path = tmp_path / "config" / "bptui" / "theme"
    monkeypatch.setattr(theme, "theme_path", lambda: path)
    monkeypatch.delenv("COLORFGBG", raising=False)
    return path


@pytest.mark.parametrize(("word", "other"), [("light", "dark"), ("dark", "light")])
def test_the_theme_asked_for_last_is_that_of_the_runs_to_come(word: str, other: str) -> None:
    wanted = theme.THEMES[word]
    assert chosen_theme(other) is not wanted
    assert chosen_theme(word) is wanted
    assert chosen_theme(None) is wanted


def test_auto_goes_by_the_background_that_the_terminal_tells_of(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen_theme("light")
    assert chosen_theme("auto") is DARK
    monkeypatch.setenv("COLORFGBG", "0;15")
    assert chosen_theme("auto") is LIGHT
    assert chosen_theme(None) is LIGHT
    assert chosen_theme("dark") is DARK


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"pink", b"light" * 100_000])
def test_what_was_not_written_by_us_is_as_if_nothing_were_remembered(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    assert chosen_theme(None) is DARK


def test_where_nothing_can_be_written_the_theme_holds_for_this_run_and_it_is_said(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.parent.parent.write_text("a file where the folder should be", encoding="utf-8")
    assert chosen_theme("light") is LIGHT
    assert "the theme cannot be remembered" in capsys.readouterr().err
    assert chosen_theme(None) is DARK


def test_an_unknown_theme_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "buy_apple", "--theme", "pink"]) == 2
    assert "light" in capsys.readouterr().err
