from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

import layers
from bptui.lines.line import Line, Span, fitted, line_width
from bptui.stepping.line_tape import CallingLines, LineCursor
from bptui.stepping.trace_call import visit
from bptui.tui.app import BptuiApp
from bptui.tui.content.calling_rows import calling_rows
from bptui.tui.content.highlight import highlighted
from bptui.tui.content.source_names import name_lines
from bptui.tui.content.source_rows import folded_code, rows_of
from bptui.tui.panels.source_panel import SourcePanel, code_lines
from bptui.tui.screen import DebuggerScreen
from screens import shown

X = np.array([[1.0, -2.0], [0.0, 4.0]])

printable = st.text(st.sampled_from("ab x9│苹果().,=[]\"'#\t"), max_size=60)
styled = st.lists(st.tuples(printable.map(lambda it: it.replace("\t", " ")), st.sampled_from(["", "dim"])), max_size=6)
lines = styled.map(lambda spans: tuple(Span(*span) for span in spans if span[0]))


class Wordy:
    """A layer whose values are none to be taken at their word."""

    def forward(self, x: Any) -> Any:
        self.name = "[/red]\x1b[31m"
        self.many = np.zeros((40, 50))
        self.pair = [x, None]
        self.shape = x.shape[:1]
        return x


class Busy:
    """A layer of many lines, and many names."""

    def forward(self, x: Any) -> Any:
        for at in range(30):
            setattr(self, f"a{at}", x + at)
        return x


def text_of(line: Line) -> str:
    return "".join(text for text, _ in line)


@pytest.mark.parametrize(("height", "numbers"), [(8, []), (20, [7]), (30, [6, 7, 8]), (60, [5, 6, 7, 8, 9])], ids=str)
def test_the_programs_own_line_stands_above_the_layers_source_with_what_is_called_marked(
    height: int, numbers: list[int]
) -> None:
    source = {number: f"    x = relu(affine[{number}](x))" for number in range(5, 10)}
    caller = CallingLines("/home/me/nets/train.py", 7, 7, source, 13, 22)
    rows = calling_rows(caller, 40, height)
    assert [int(text_of(row)[1:4]) for row in rows[:-1]] == numbers
    assert all(line_width(row) == 40 for row in rows)
    marked = [row for row in rows if text_of(row).startswith("▸")]
    assert [text for row in marked for text, style in row if style == "changed"] == ["affine[7]"] * bool(numbers)
    assert [text_of(row).strip("─ ") for row in rows[-1:]] == ["called in train.py:7"] * bool(numbers)


def course(layer: Callable[[], Any], *dout: Any, x: Any = X) -> LineCursor:
    return visit(layer, (x,), dout).start


@given(st.lists(printable, min_size=1, max_size=8))
def test_highlighting_changes_no_character_whatever_the_source(source: list[str]) -> None:
    shown = highlighted(tuple(source))
    assert [text_of(line) for line in shown] == [line.expandtabs(4) for line in source]


def test_keywords_strings_and_comments_look_different() -> None:
    styles = {text: style for text, style in highlighted(("def f(): return 'a'  # b",))[0] if text.strip()}
    assert styles["def"] == styles["return"] == "keyword"
    assert (styles["f"], styles["# b"]) == ("strong", "dim")
    assert styles["'"] == "string" or styles["'a'"] == "string"


@given(lines, st.integers(4, 60))
def test_a_broken_line_is_within_the_width_and_loses_nothing(line: Line, width: int) -> None:
    parts = folded_code(line, width)
    assert all(line_width(part) <= width for part in parts)
    first, *others = [text_of(part) for part in parts]
    text = text_of(line)
    assert text.startswith(first)
    assert "".join([first, *others]).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("layer", [layers.Relu, layers.SoftmaxWithLoss, Wordy, Busy])
@pytest.mark.parametrize(("width", "height"), [(78, 20), (58, 11), (70, 36), (30, 6)])
def test_the_line_about_to_run_is_always_seen_and_nothing_is_wider_than_the_pane(
    layer: Callable[[], Any], width: int, height: int
) -> None:
    inputs = (X, np.array([0, 1])) if layer is layers.SoftmaxWithLoss else (X,)
    tape = visit(layer, inputs)
    panel = SourcePanelAlone(width, height)
    for index, step in enumerate(tape.steps):
        shown = panel.seen(LineCursor(tape, index))
        (here,) = [line for line in shown if line.startswith("➤")]
        assert str(step.line) in here
        assert len(shown) <= height


class SourcePanelAlone(SourcePanel):
    """A pane of a given inside, without a screen."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(moment=NoMoment())  # type: ignore[arg-type]
        self.inside = Size(width, height)

    def seen(self, cursor: LineCursor) -> list[str]:
        self.cursor = cursor
        self.clamp_origin()
        return [text_of(fitted(line, self.inside.width)) for line in self.view(*self.inside)]


class NoMoment:
    name = None


def test_relu_is_shown_with_what_has_run_and_what_each_name_stands_for() -> None:
    shown = [line.rstrip() for line in SourcePanelAlone(60, 40).seen(course(layers.Relu).next(2))]
    first = next(at for at, line in enumerate(shown) if "def forward" in line)
    assert [line[:1] + line.split("  ", 2)[2].strip() for line in shown[first : first + 4]] == [
        " def forward(self, x: Array) -> Array:",
        "•self.x = floating(x)",
        "•self.mask = self.x <= 0",
        "➤return np.where(self.mask, 0, self.x)",
    ]
    assert "* self.mask = [[False, True], [True, False]]  bool" in shown
    assert "  x = [[1, -2], [0, 4]]  float64" in shown


def test_a_change_is_marked_by_a_sign_and_not_by_colour_alone() -> None:
    names = [text_of(line) for line in name_lines(course(layers.Relu).next(), 60, 9)]
    assert [line.split(" =")[0] for line in names] == ["  x", "* self.x"]


def test_the_end_says_what_is_returned() -> None:
    end = course(layers.Relu, np.ones((2, 2))).next(10_000)
    assert text_of(name_lines(end, 60, 9)[0]) == "→ returns [[1, 0], [0, 1]]  float64"


def test_a_large_array_has_as_many_numbers_as_there_is_room_for_and_says_that_there_are_more() -> None:
    end = course(Wordy).next(10_000)
    tall, flat = name_lines(end, 60, 30), name_lines(end, 60, 5)
    assert "  self.many = [40, 50] 0  float64" in map(text_of, tall)
    assert any(text_of(line).endswith("0 …") for line in tall)
    assert any(text_of(line).strip() == "⋮" for line in tall)
    assert len(flat) <= 5


def test_strings_are_shown_as_they_are_and_obeyed_by_nobody() -> None:
    names = [text_of(line) for line in name_lines(course(Wordy).next(10_000), 60, 30)]
    assert "  self.name = '[/red]\\x1b[31m'" in names
    assert "  self.pair = [[[1, -2], [0, 4]], None]" in names
    assert "  self.shape = (2,)" in names


def test_where_there_are_too_many_names_the_changed_ones_come_first() -> None:
    cursor = course(Busy).next(8)
    names = [text_of(line) for line in name_lines(cursor, 60, 3)]
    assert names[0].startswith("* ")
    assert names[-1].startswith("  … and ")
    assert len(names) == 3


def test_only_the_lines_around_a_gap_are_shown_with_a_sign_between() -> None:
    cursor = course(Calling)
    rows = rows_of(cursor.tape, 60)
    shown = [text_of(line) for line in code_lines(cursor, rows, 70)]
    assert [row.number for row in rows].count(None) == 1
    assert sum(line.strip() == "⋮" for line in shown) == 1


def helper(x: Any) -> Any:
    return x + 1


class Calling:
    def forward(self, x: Any) -> Any:
        return helper(x)


# On the screen.


def shown_by(app: BptuiApp) -> tuple[int, int | None]:
    session = app.session
    return session.debugger.position, session.lines.index if session.lines else None


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_keys_go_in_on_back_and_out(app_of: Callable[..., BptuiApp], size: tuple[int, int]) -> None:
    app = app_of()
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, DebuggerScreen)
        await pilot.press("n", "n", "s", "s")
        assert shown_by(app) == (2, 1)
        text = shown(app)
        assert "Mul.forward" in text
        assert "➤" in text
        assert "return self.x * self.y" in text
        assert "* self.x = 200" in text
        assert screen.focused is screen.source
        await pilot.press("S", "S")
        assert shown_by(app) == (2, None)
        assert "Mul.forward" not in shown(app)
        assert screen.focused is not screen.source
        await pilot.press("3", "s", "n")
        assert shown_by(app) == (3, None)
        assert "step 3/4" in shown(app)


async def test_where_there_is_nothing_to_go_into_the_reason_is_said(app_of: Callable[..., BptuiApp]) -> None:
    app = app_of()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("s")
        assert "nothing has run yet" in shown(app)
        await pilot.press("S")
        assert "s goes into it" in shown(app)
        await pilot.press("n", "9", "s", "s")
        assert "forward has ended" in shown(app)
        await pilot.press("f")
        assert shown_by(app) == (1, None)
        await pilot.press("s", "F")
        assert shown_by(app) == (0, None)
