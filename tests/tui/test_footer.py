"""The line that is typed at the bottom: editing, completion, history, pasting."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events
from textual.pilot import Pilot

from bptui.core.verbs.program import Output
from bptui.session.line_editor import LONGEST
from bptui.session.session import Session
from bptui.tui.app import BptuiApp
from bptui.tui.footer import Footer
from bptui.tui.screen import DebuggerScreen
from screens import shown

AppOf = Callable[..., BptuiApp]


def footer_of(pilot: Pilot[None]) -> Footer:
    screen = pilot.app.screen
    assert isinstance(screen, DebuggerScreen)
    return screen.footer


async def paste(pilot: Pilot[None], text: str) -> None:
    footer_of(pilot).post_message(events.Paste(text))
    await pilot.pause()


async def test_the_first_line_of_what_is_pasted_goes_where_the_cursor_is(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("colon", *"go 3", "left", "left")
        await paste(pilot, "  to\nquit\n")
        assert footer_of(pilot).typed.text == "goto 3"
        await pilot.press("enter")
        assert pilot.app.session.moment.position == 3  # type: ignore[attr-defined]


async def test_blanks_are_typed_and_passed_as_they_are(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("colon", "space", *"go", "space", "3", "left", "left")
        assert "".join(text for text, _ in footer_of(pilot).lines(120, 1)[0]).rstrip() == " : go 3"


async def test_a_huge_paste_is_cut_and_one_with_no_line_open_does_nothing(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await paste(pilot, "quit")
        assert not footer_of(pilot).is_open
        await pilot.press("slash")
        await paste(pilot, "x" * 10**6)
        assert len(footer_of(pilot).typed.text) == LONGEST


async def test_tab_completes_verbs_and_names_and_up_brings_back_what_was_typed(app_of: AppOf) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("colon", *"backw", "tab", "enter")
        assert pilot.app.session.moment.position == 3  # type: ignore[attr-defined]
        await pilot.press("colon", "up")
        assert footer_of(pilot).typed.text == "backward-pass"
        await pilot.press("ctrl+u", *"select app", "tab", "enter")
        assert pilot.app.session.selection.name == "apple"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([*"goto 99"], "there is no step 99: the run has 4"),
        ([*"iteration 2"], "there is no iteration 2: the run has 1"),
        ([*"next x"], "a whole number stands here"),
        ([*"select", "space", *"nosuch"], "there is no value nosuch"),
        ([*"selct", "space", "x"], "did you mean select?"),
    ],
)
async def test_what_cannot_be_done_says_why_and_changes_nothing(app_of: AppOf, keys: list[str], said: str) -> None:
    async with app_of().run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "colon", *keys, "enter")
        assert said in "".join(text for text, _ in footer_of(pilot).message)
        assert pilot.app.session.moment.position == 1  # type: ignore[attr-defined]


def test_a_line_that_was_begun_before_the_screen_is_there_takes_the_keys_after_it(
    session_of: Callable[..., Session],
) -> None:
    screen = DebuggerScreen(session_of())
    assert screen.check_action("press", (Output.word,))
    screen.footer.kind = ":"
    assert not screen.check_action("press", (Output.word,))
    for key in "pa":
        screen.on_key(events.Key(key, key))
    assert screen.footer.typed.text == "pa"


async def test_after_a_wrong_expression_the_help_is_about_expressions(app_of: AppOf) -> None:
    async with app_of().run_test(size=(100, 40)) as pilot:
        await pilot.press("colon", *"print", "space", *"norm", "left_parenthesis", "enter")
        assert "? shows the functions" in shown(pilot.app)
        await pilot.press("question_mark")
        assert "What an expression is made of" in shown(pilot.app)
        assert "count_nonzero" in shown(pilot.app)
        await pilot.press("escape", "n", "question_mark")
        assert "The signs" in shown(pilot.app)
