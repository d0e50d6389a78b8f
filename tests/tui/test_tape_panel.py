from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bptui.core.graph import Graph, Node
from bptui.core.moment import Moment
from bptui.core.order import Schedule, Turn
from bptui.lines.line import Line
from bptui.tui.content.circuit_labels import ArrayTexts
from bptui.tui.panels.tape_panel import following, tape_lines

MomentAt = Callable[..., Moment]


def text_of(line: Line) -> str:
    return "".join(text for text, _ in line)


def test_each_step_is_a_row_with_pass_number_name_and_layer(moment_at: MomentAt) -> None:
    rows = [text_of(line).rstrip() for line in tape_lines(moment_at(3), 1, 40, 9, ArrayTexts())]
    assert rows == [
        " ▶ 1 price.1 Mul                    200",
        " ▶ 2 price   Mul                    220",
        "➤◀ 3 price   Mul                      1",
        " ◀ 4 price.1 Mul",
    ]


def test_a_row_far_down_a_long_tape_is_made_alone(moment_at: MomentAt) -> None:
    looked_up: list[int] = []

    class Counted(Schedule):
        def __getitem__(self, number: int) -> Turn:
            looked_up.append(number)
            return super().__getitem__(number)

    moment = moment_at(3)
    graph = Graph(("x",), (), (), (Node("y", "Exp", ("x",)),), "y")
    moment.tape.order = Counted(graph, iterations=1_000_000, trains=False)
    rows = tape_lines(moment, 999_990, 40, 10, ArrayTexts())
    assert len(rows) == 10
    assert len(looked_up) < 50


def test_names_of_any_width_keep_the_columns_aligned(moment_at: MomentAt) -> None:
    text = '[inputs]\n"苹果" = 1\n[nodes]\n"价格" = "苹果 * 2"\nlong_name = "价格 * 1"\n'
    rows = [text_of(line) for line in tape_lines(moment_at(1, text), 1, 60, 2, ArrayTexts())]
    assert {cell_len(row.partition("Mul")[0]) for row in rows} == {len(" ▶ 1 long_name ")}


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(2, 60))
def test_the_window_always_shows_the_cursor_and_moves_only_if_it_must(top: int, row: int, height: int) -> None:
    moved = following(top, row, height)
    assert moved <= row < moved + height
    if top <= row < top + height - 1:
        assert moved == top
