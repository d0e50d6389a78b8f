from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bptui.core.graph import Graph, Node
from bptui.core.moment import Moment
from bptui.core.order import Schedule, Turn
from bptui.lines.line import Line
from bptui.tui.content.circuit_labels import ArrayTexts
from bptui.tui.content.tape_rows import Rule, TapeRows
from bptui.tui.panels.tape_panel import following, tape_lines
from watched_here import run_here

SCENARIOS = Path(__file__).parents[2] / "scenarios" / "programs"

MomentAt = Callable[..., Moment]


def text_of(line: Line) -> str:
    return "".join(text for text, _ in line)


def test_each_step_is_a_row_with_pass_number_name_and_layer(moment_at: MomentAt) -> None:
    rows = [text_of(line).rstrip() for line in tape_lines(moment_at(3), 0, 40, 9, ArrayTexts())]
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
    rows = [text_of(line) for line in tape_lines(moment_at(1, text), 0, 60, 2, ArrayTexts())]
    assert {cell_len(row.partition("Mul")[0]) for row in rows} == {len(" ▶ 1 long_name ")}


TRAINED = """
[inputs]
x = 1.0
[parameters]
w = 3.0
[nodes]
y = "w * x"
[train]
optimizer = "SGD"
lr = 0.5
steps = 3
"""


def test_a_rule_stands_before_each_iteration(moment_at: MomentAt) -> None:
    rows = [text_of(line).rstrip() for line in tape_lines(moment_at(4, TRAINED), 3, 40, 4, ArrayTexts())]
    assert rows[0].split() == ["↻", "3", "w", "update", "2.5"]
    assert rows[1] == "── iteration 2 " + "─" * 25
    assert rows[2].split() == ["➤▶", "4", "y", "Mul", "2.5"]


@given(st.integers(1, 5), st.integers(1, 9), st.booleans())
def test_each_row_is_the_step_that_says_so_or_a_rule(nodes: int, iterations: int, trains: bool) -> None:
    names = [f"n{index}" for index in range(nodes)]
    graph = Graph(("x",), ("w",), (), tuple(Node(name, "Exp", ("x",)) for name in names), names[-1])
    order = Schedule(graph, iterations=iterations, trains=trains)
    rows = TapeRows(order)
    there = [rows.at(row) for row in range(len(rows))]
    assert [it for it in there if not isinstance(it, Rule)] == list(range(1, len(order) + 1))
    assert [rows.of(number) for number in range(1, len(order) + 1)] == [
        row for row, it in enumerate(there) if not isinstance(it, Rule)
    ]
    rules = [it.iteration for it in there if isinstance(it, Rule)]
    assert rules == (list(range(1, iterations + 1)) if iterations > 1 else [])


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(2, 60))
def test_the_window_always_shows_the_cursor_and_moves_only_if_it_must(top: int, row: int, height: int) -> None:
    moved = following(top, row, height)
    assert moved <= row < moved + height
    if top <= row < top + height - 1:
        assert moved == top


def test_where_the_passes_of_a_program_differ_each_step_has_its_own_layer_and_verdict() -> None:
    def marks(iteration: int) -> dict[str, str]:
        return {"last": "✗"} if iteration else {}

    with run_here(SCENARIOS / "stale_cache.py") as watch:
        rows = [text_of(line) for line in tape_lines(watch.tape.at(0), 0, 60, 20, ArrayTexts(), marks=marks)]
    evaluated = next(row for row in rows if " last " in row)
    trained = rows[rows.index(next(row for row in rows if "iteration 2" in row)) :]
    assert "✗" not in evaluated
    assert next(row for row in trained if " last " in row).split() == ["▶", "6", "last", "✗", "Affine"]
    assert any(row.split()[2:] == ["softmax", "SoftmaxWithLoss"] for row in trained)
