"""The map: a hundred nodes in one pane, each with its name, its norm and its verdict, and found again by a click."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.circuit import Room, unfolded
from bptui.lines.line import plain
from bptui.tui.content.circuit_map import MapGrid, Place, grid_for, map_lines, norm_bar
from bptui.tui.mapped_circuit import MappedCircuit
from runs import tape_of

HUNDRED = [f"{kind}{index}" for index in range(1, 51) for kind in "az"]


def test_a_hundred_nodes_fit_one_pane_with_their_names() -> None:
    grid = grid_for(HUNDRED, 118, 17)
    lines = map_lines([Place(name, 1.0, "✓") for name in HUNDRED], None, None, grid)
    text = "\n".join(map(plain, lines))
    assert len(lines) <= 17
    assert all(len(plain(line)) <= 118 for line in lines)
    assert set(HUNDRED) <= set(text.split())
    assert text.count("✓") == 100


def test_a_name_that_is_a_cell_too_long_is_whole_beside_its_neighbours() -> None:
    names = [*(f"z{index}" for index in range(10, 40)), "loss"]
    lines = map_lines([Place(name, 1.0) for name in names], "z10", None, MapGrid(16, 2, 3))
    assert plain(lines[0]).split()[:2] == ["[z10]", "z11"]
    assert plain(lines[-3]).endswith("z39  loss")


def test_a_culprit_the_current_node_and_what_is_not_there_yet_are_told_apart_without_colours() -> None:
    places = [Place("a", 1.0), Place("b", None), Place("c", math.nan, "✗"), Place("d", 0.0)]
    names, bars, marks = map(plain, map_lines(places, "a", None, MapGrid(4, 1, 1)))
    assert names == "[a] b  c  d "
    assert bars.split() == ["▅", "·", "!", "0"]
    assert marks.index("✗") == names.index("c")


@pytest.mark.parametrize(("norm", "shown"), [(1e-8, "▁"), (1.0, "█"), (1e-4, "▅"), (0.0, "0")])
def test_bars_go_from_the_least_to_the_largest_on_a_log_scale(norm: float, shown: str) -> None:
    assert norm_bar(norm, (1e-8, 1.0)) == shown


@given(st.integers(1, 300), st.integers(14, 130), st.integers(3, 40), st.data())
def test_the_current_node_is_always_in_sight(count: int, width: int, height: int, data: st.DataObject) -> None:
    grid = grid_for([f"n{index}" for index in range(count)], width, height)
    current = data.draw(st.integers(0, count - 1))
    first = grid.first(count, current)
    assert 0 <= first <= current < first + grid.columns * grid.bands
    assert grid.height <= max(height, 3)
    assert grid.columns * grid.cell <= width


@given(st.integers(0, 200), st.integers(0, 30))
def test_each_cell_of_the_map_belongs_to_the_node_that_is_drawn_there(x: int, y: int) -> None:
    grid = grid_for(HUNDRED, 118, 17)
    lines = map_lines([Place(name, 1.0, "✓") for name in HUNDRED], None, None, grid)
    index = grid.index_at(x, y)
    if y < len(lines) and y % grid.rows == 0 and x < len(plain(lines[y])) and index < 100:
        assert HUNDRED[index] in plain(lines[y])[x // grid.cell * grid.cell :][: grid.cell]


TWO_OUTPUTS = """
[inputs]
x = [3, 4, 6, 8]
[nodes]
"a, b" = "Split(x)"
y = "Sum(6 * b)"
"""


def test_the_bar_of_a_node_with_several_outputs_is_of_all_of_them() -> None:
    tape = tape_of(TWO_OUTPUTS)
    picture = MappedCircuit(unfolded(tape.graph), Room(80, 10))
    assert picture.norm(tape.at(1), "a") == pytest.approx(math.hypot(3, 4, 6, 8))
    assert picture.norm(tape.at(len(tape)), "a") == pytest.approx(math.hypot(6, 6))
