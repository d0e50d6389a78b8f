"""Every key of every command is pressed on the screen, and does what is written here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.geometry import Size

from bptui.circuit import Scale
from bptui.core.verbs import VERBS
from bptui.lines.line import line_width
from bptui.tui.app import BptuiApp
from bptui.tui.footer import key_line
from bptui.tui.help_screen import help_lines
from bptui.tui.keys import KeyContext, bindings, textual_name
from bptui.tui.panels.tape_panel import TapePanel
from sampled import one_in
from screens import debugger_screen, shown, wait_until, wait_until_shown

SCENARIO = """
[inputs]
x = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
w = 2
[nodes]
a1 = "x * w"
a2 = "a1 + 1"
a3 = "Sum(a2)"
[train]
optimizer = "SGD"
lr = 0.1
steps = 2
"""
"""Twice three steps forward and three back; there is no parameter to update."""

Look = Callable[[BptuiApp], Any]


class Effect(NamedTuple):
    """What a key changes, after the keys ``before`` it: what ``look`` sees, from ``old`` to ``new``."""

    before: Sequence[str]
    look: Look
    old: Any
    new: Any


def position(app: BptuiApp) -> int:
    return app.session.moment.position


def stops(app: BptuiApp) -> list[str]:
    return [str(stop) for stop in app.session.stops.by_number.values()]


def line(app: BptuiApp) -> int | None:
    lines = app.session.lines
    return None if lines is None else lines.index


def selected(app: BptuiApp) -> str | None:
    return app.session.selection.name


def focused(app: BptuiApp) -> str | None:
    return app.focused.id if app.focused else None


def typing(app: BptuiApp) -> str:
    return debugger_screen(app).footer.kind


def is_recording(app: BptuiApp) -> bool:
    return app.session.recorder is not None


def is_asked_or_known(app: BptuiApp) -> bool:
    return app.session.is_checking or app.session.checks.verdicts.of(0, "a1") is not None


def on_top(app: BptuiApp) -> str:
    return type(app.screen).__name__


SEARCHED = ("n", "/", "a", "Enter")

EFFECTS: dict[str, Effect] = {
    "n": Effect([], position, 0, 1),
    "F10": Effect(["n"], position, 1, 2),
    "N": Effect(["n", "n"], position, 2, 1),
    "s": Effect(["n"], line, None, 0),
    "S": Effect(["n", "s", "s"], line, 1, 0),
    "f": Effect([], position, 0, 3),
    "F": Effect(["G"], position, 12, 10),
    "g": Effect(["n", "n", "n"], position, 3, 1),
    "G": Effect([], position, 0, 12),
    "[": Effect(["G"], position, 12, 7),
    "]": Effect([], position, 0, 4),
    "t": Effect(["n", "u", "u"], lambda app: (position(app), selected(app)), (1, "a3"), (3, "a3")),
    "}": Effect(["n"], position, 1, 7),
    "{": Effect(["G"], position, 12, 6),
    "x": Effect(["n", ";", "w", "Enter", "G"], lambda app: "no trouble is known" in shown(app), False, True),
    "X": Effect(["n", ";", "w", "Enter", "G"], position, 12, 1),
    ")": Effect(["n", ";", "w", "Enter", "g", "N"], position, 0, 1),
    "(": Effect(["n", ";", "w", "Enter", "G"], position, 12, 1),
    "m": Effect([], typing, "", "m"),
    "'": Effect(["n", "m", "a", "G"], typing, "", "'"),
    "ctrl+o": Effect(["n", "G"], position, 12, 1),
    "b": Effect(["n"], stops, [], ["a1"]),
    "F9": Effect(["n", "b"], stops, ["a1"], []),
    "c": Effect(["n", "b"], position, 1, 6),
    "F5": Effect(["n", "u", "b"], position, 1, 2),
    "C": Effect(["n", "b", "G"], position, 12, 7),
    "e": Effect(["n"], lambda app: debugger_screen(app).footer.typed.text, "", "set a1 = "),
    "D": Effect(["n"], lambda app: "there is nothing to compare with" in shown(app), False, True),
    "w": Effect([], typing, "", "w"),
    "u": Effect(["n"], selected, "a1", "a2"),
    "d": Effect(["n"], selected, "a1", "x"),
    "/": Effect([], typing, "", "/"),
    ".": Effect(SEARCHED, selected, "a2", "a3"),
    ",": Effect(SEARCHED, selected, "a2", "a1"),
    "z": Effect([], lambda app: debugger_screen(app).circuit.picture.scale, Scale.WHOLE, Scale.BOXES),
    "o": Effect(["n"], lambda app: "a1 is one node" in shown(app), False, True),
    "v": Effect(["n"], lambda app: debugger_screen(app).value.shows_gradient, False, True),
    "h": Effect(["n"], lambda app: debugger_screen(app).value.array_view.as_heat, False, True),
    ">": Effect(["n"], lambda app: debugger_screen(app).value.array_view.slice, 0, 1),
    "<": Effect(["n", ">"], lambda app: debugger_screen(app).value.array_view.slice, 1, 0),
    "j": Effect(["n"], lambda app: debugger_screen(app).value.array_view.slice, 0, 1),
    "=": Effect(["n"], is_asked_or_known, False, True),
    "Enter": Effect(["n"], is_asked_or_known, False, True),
    "ctrl+c": Effect(["n"], lambda app: app.clipboard, "", "2"),
    "Tab": Effect([], focused, "node", "tape"),
    "shift+Tab": Effect(["Tab"], focused, "tape", "node"),
    "Space": Effect([], lambda app: "there is nothing to play" in shown(app), False, True),
    "+": Effect([], lambda app: "there is nothing to play" in shown(app), False, True),
    "-": Effect([], lambda app: "there is nothing to play" in shown(app), False, True),
    "P": Effect([], lambda app: app.session.prediction is not None, False, True),
    "H": Effect(["P", "n", "Esc"], lambda app: "a1 = x × w" in shown(app), False, True),
    "r": Effect(["P", "n", "Esc"], position, 0, 1),
    "L": Effect([], on_top, "DebuggerScreen", "LectureScreen"),
    "R": Effect([], is_recording, False, True),
    ";": Effect([], typing, "", ";"),
    ":": Effect([], typing, "", ":"),
    "ctrl+p": Effect([], on_top, "DebuggerScreen", "CommandPalette"),
    "a": Effect(["n"], lambda app: debugger_screen(app).node.tells_about, False, True),
    "p": Effect(["n"], lambda app: "there is no program here" in shown(app), False, True),
    "i": Effect(["G"], on_top, "DebuggerScreen", "ListScreen"),
    "!": Effect(["G"], on_top, "DebuggerScreen", "HealthScreen"),
    "?": Effect([], on_top, "DebuggerScreen", "HelpScreen"),
    "Esc": Effect(SEARCHED, lambda app: (len(app.session.selection.matches), selected(app)), (3, "a2"), (0, "a1")),
    "q": Effect([], lambda app: app.return_code, None, 0),
}
"""What every key does. A key without an entry fails the test."""


def pressed(keys: Sequence[str]) -> list[str]:
    """Textual's names of keys, as ``press`` wants them."""
    names = {"/": "slash", ".": "full_stop", ",": "comma", "?": "question_mark", ";": "semicolon", ":": "colon"}
    names |= {"[": "left_square_bracket", "]": "right_square_bracket", "=": "equals_sign"}
    names |= {"'": "apostrophe", "!": "exclamation_mark"}
    names |= {"{": "left_curly_bracket", "}": "right_curly_bracket"}
    names |= {">": "greater_than_sign", "<": "less_than_sign"}
    return [names.get(key, textual_name(key)) for key in keys]


@pytest.mark.parametrize("key", [key for verb in VERBS.values() for key in one_in(len(verb.keys), verb.keys)])
async def test_every_key_does_what_it_says(
    app_of: Callable[..., BptuiApp], key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    effect = EFFECTS[key]
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*pressed(effect.before))
        assert effect.look(app) == effect.old
        await pilot.press(*pressed([key]))
        assert effect.look(app) == effect.new


IN_PANES: dict[tuple[str, str], Effect] = {
    ("tape", "down"): Effect(["n"], lambda app: app.screen.query_one(TapePanel).chosen, None, 2),
    ("tape", "up"): Effect(["n", "n"], lambda app: app.screen.query_one(TapePanel).chosen, None, 1),
    ("tape", "enter"): Effect(["n", "down", "down"], position, 1, 3),
    ("gradients", "down"): Effect(["n"], selected, "a1", "x"),
    ("gradients", "up"): Effect(["n", "up"], selected, "w", "x"),
    ("gradients", "enter"): Effect(["n", "down"], position, 1, 6),
    ("circuit", "right"): Effect(["n"], selected, "a1", "a2"),
    ("circuit", "left"): Effect(["n", "right", "right"], selected, "a3", "a2"),
    ("circuit", "down"): Effect(["n", "left", "up"], selected, "x", "w"),
    ("circuit", "up"): Effect(["n", "left"], selected, "w", "x"),
    ("circuit", "enter"): Effect(["n", "right"], position, 1, 2),
    ("value", "down"): Effect(["n"], lambda app: debugger_screen(app).value.array_view.row, 0, 1),
    ("value", "right"): Effect(["n"], lambda app: debugger_screen(app).value.array_view.column, 0, 1),
}
"""What arrows and Enter do in each pane."""


@pytest.mark.parametrize(("pane", "key"), IN_PANES)
async def test_arrows_choose_in_the_pane_with_the_focus_and_enter_goes_there(
    app_of: Callable[..., BptuiApp], pane: str, key: str
) -> None:
    effect = IN_PANES[pane, key]
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        app.screen.set_focus(app.screen.query_one(f"#{pane}"))
        await pilot.press(*effect.before)
        assert effect.look(app) == effect.old
        await pilot.press(key)
        assert effect.look(app) == effect.new


async def test_a_step_chosen_in_the_tape_is_forgotten_with_the_next_step(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        app.screen.set_focus(app.screen.query_one(TapePanel))
        await pilot.press("down", "down")
        assert "Enter goes to step 2" in shown(app)
        await pilot.press("n")
        assert app.screen.query_one(TapePanel).chosen is None
        await pilot.press(*["down"] * 30, "enter")
        assert position(app) == 12


async def test_what_is_selected_and_not_current_says_so(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        assert "not current" not in shown(app)
        await pilot.press("u")
        assert "a2 · Add · selected, not current" in shown(app)
        assert "Esc back to a1" in shown(app)
        await pilot.press("escape")
        assert "not current" not in shown(app)


async def test_the_palette_finds_commands_by_what_they_do_and_values_by_name(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p", *"layer's source")
        await wait_until_shown(pilot, "into [N]")
        assert "line-back" in shown(app)
        assert "next slice" not in shown(app)
        await pilot.press("escape", "escape", "ctrl+p", *"sum")
        await wait_until_shown(pilot, "run to this Sum")
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: position(app) == 3, "step 3")


async def test_a_command_with_an_argument_is_begun_by_the_palette(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p", *"goto")
        await wait_until_shown(pilot, "goto STEP")
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: typing(app), "a line that is typed")
        await pilot.press("5", "enter")
        assert position(app) == 5


async def test_a_digit_repeats_the_key_after_it(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("4", "n")
        assert position(app) == 4
        await pilot.press("2", "N", "N")
        assert position(app) == 1
        await pilot.press("2", "u")
        assert selected(app) == "a3"


async def test_a_count_begins_with_no_zero_and_has_an_end(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("0")
        assert "times …" not in shown(app)
        await pilot.press("1", "0", *"23456789")
        assert " 1023456 times …" in shown(app)
        await pilot.press("n")
        assert position(app) == 12
        assert "times …" not in shown(app)


async def test_while_a_line_is_typed_only_ctrl_c_means_what_it_means_elsewhere(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n", "colon", "n", "q", "5", "ctrl+c")
        assert debugger_screen(app).footer.typed.text == "nq5"
        assert position(app) == 1
        assert app.clipboard == "2"
        await pilot.press("ctrl+c")
    assert app.return_code == 130


async def test_a_page_is_what_is_seen_but_for_one_line(
    app_of: Callable[..., BptuiApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 20)) as pilot:
        await pilot.press("n")
        node = debugger_screen(app).node
        app.screen.set_focus(node)
        monkeypatch.setattr(type(node), "extent", Size(10, 500))
        page = node.inside.height - 1
        for key, rows in (("pagedown", page), ("pagedown", 2 * page), ("pageup", page), ("pageup", 0)):
            await pilot.press(key)
            assert node.origin.y == rows
        await pilot.press("pageup")
        assert "there is nothing more that way" in shown(app)


async def test_a_key_that_does_nothing_says_so(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        for key, name in {"ä": "ä", "Y": "Y", "f4": "F4", "ctrl+b": "ctrl+b", "shift+up": "shift+up"}.items():
            await pilot.press("3", key)
            assert f"{name} means nothing here: ? shows the keys" in shown(app)
        await pilot.press("n")
        assert position(app) == 1
        await pilot.press("escape")
        assert "there is nothing to go back from" in shown(app)
        await pilot.press("escape")
        assert "? help" in shown(app)
        for pane in ("node", "circuit", "tape", "gradients", "value"):
            app.screen.set_focus(app.screen.query_one(f"#{pane}"))
            for key in ("up", "home") if pane in {"node", "value"} else ("up",):
                await pilot.press(*(key,) * 9)
                assert "there is nothing more that way" in shown(app), (pane, key)
        await pilot.press("question_mark", "up")
        assert "there is nothing more that way" in shown(app)
        await pilot.press("w")
        assert "w means nothing here" in shown(app)
        await pilot.press("down")
        assert "Esc closes" in shown(app)


async def test_a_key_that_a_pane_takes_is_not_said_to_mean_nothing(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        app.screen.set_focus(app.screen.query_one("#tape"))
        await pilot.press("Y", "down")
        assert "means nothing here" not in shown(app)
        assert "? help" in shown(app)


async def test_a_key_is_noticed_so_that_what_nobody_has_asked_for_waits(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    app.session.clock = lambda: 1234.5
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("n")
        assert app.session.touched_at == 1234.5


async def test_the_footer_and_the_help_are_about_where_one_is(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of(SCENARIO)
    async with app.run_test(size=(120, 40)) as pilot:
        assert "s into" in shown(app)
        await pilot.press("n", "s")
        assert "s next line" in shown(app)
        assert "f out of the source" in shown(app)
        await pilot.press("question_mark")
        assert "You are inside a layer's source" in shown(app)
        await pilot.press("escape", "f")
        assert "s into" in shown(app)


def test_the_help_begins_with_what_the_signs_mean() -> None:
    text = "\n".join("".join(span.text for span in line) for line in help_lines(94))
    signs = text.index("The signs")
    for sign in ("dout", "local", "‖", "▸", "✓", "✗", "◇"):
        assert signs < text.index(sign) < text.index("Move in time")


def test_in_a_replay_keys_that_run_something_are_not_offered() -> None:
    text = "".join(text for text, _ in key_line(200, KeyContext.REPLAY))
    assert text.lstrip().startswith("Space play or pause")
    assert "n next" in text
    assert "into" not in text
    assert "check" not in text
    assert "nothing runs" in " ".join(span.text for line in help_lines(94, KeyContext.REPLAY) for span in line)


def test_no_key_means_two_things() -> None:
    names = [binding.key for binding in bindings()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("context", KeyContext)
def test_a_narrow_footer_keeps_help_and_the_way_out(context: KeyContext) -> None:
    for width in (30, 60, 80, 120):
        text = "".join(text for text, _ in key_line(width, context))
        assert len(text) <= width
        assert "? help" in text
        assert ("Esc close" if context is KeyContext.EVIDENCE else "q quit") in text


@pytest.mark.parametrize("width", [58, 78, 94])
def test_the_help_is_read_whole_at_any_width(width: int) -> None:
    lines = help_lines(width)
    assert max(map(line_width, lines)) <= width
    words = " ".join(" ".join("".join(span.text for span in line) for line in lines).split())
    assert not [verb for verb in VERBS.values() if " ".join(verb.keys) not in words or verb.help not in words]
