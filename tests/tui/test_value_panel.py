"""Any array in any room: the cells in sight are the array's own, aligned, and the selected one is always among them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bptui.core.array_summary import summarise
from bptui.core.moment import Moment
from bptui.core.verbs.view import HeatMap, TurnGradient
from bptui.lines.line import Line, Span, line_width
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from bptui.tui.app import BptuiApp
from bptui.tui.content import heat
from bptui.tui.content.array_view import ArrayView, ViewedArray, cell_index, largest, matrix_of, next_not_finite, sight
from bptui.tui.content.values import above_lines, value_lines, view_of_place
from bptui.tui.panels.value_panel import ValuePanel
from layers import Array
from screens import wait_until_shown
from strategies import random_scenarios

SHAPES = [(), (1,), (7,), (0,), (3, 0), (2, 3), (40, 50), (1, 200), (200, 1), (2, 3, 4), (2, 1, 3, 2)]

TRAINING = """
[inputs]
x = 2
[parameters]
w = [0.5, 0.5]
[nodes]
y = "Sum(w * [PLACE])"
[train]
lr = 0.1
steps = 2
""".replace("[PLACE]", "x")


def written(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def shown(array: Array, *, look: ArrayView | None = None, width: int = 60, height: int = 12) -> list[str]:
    return written(value_lines(ViewedArray(array, None, summarise(array)), look or ArrayView(), width, height)[1])


def selected_text(lines: list[Line]) -> str:
    return next(span.text for line in lines for span in line if span.style == "selected").strip()


def panel(moment: Moment, selected: str) -> ValuePanel:
    pane = ValuePanel(moment)
    pane.selected = selected
    return pane


def test_a_matrix_is_shown_with_its_indices_and_facts() -> None:
    assert shown(np.array([[1.0, -20.5], [0.0, 3.25]])) == [
        "min -20.5  max 3.25  mean -4.0625  norm 20.78  zero 1 of 4",
        "       0      1",
        "0   1.00 -20.50",
        "1   0      3.25",
        "[0, 0] 1",
    ]


def test_the_selected_cell_is_written_with_all_its_digits() -> None:
    assert shown(np.array([0.1, 0.1 + 0.2]), look=ArrayView(column=1))[-1] == "[1] 0.30000000000000004"
    assert shown(np.array(0.1, np.float32))[-1] == "0.10000000149011612"
    assert shown(np.array([-0.0, np.nan]))[-1] == "[0] -0"
    assert shown(np.array([0, 2**53]), look=ArrayView(column=1))[-1] == "[1] 9007199254740992"


def test_what_is_not_finite_is_counted_and_stands_out() -> None:
    array = np.array([[np.nan, np.inf], [1.0, -np.inf]])
    look, lines = value_lines(ViewedArray(array, None, summarise(array)), ArrayView(row=1), 60, 10)
    assert "NaN 1 of 4  Inf 2 of 4" in " ".join(written(lines)[:2])
    errors = [span.text.strip() for line in lines[2:] for span in line if span.style == "error"]
    assert errors == ["NaN", "Inf", "-Inf"]
    assert look.row == 1


def test_changed_cells_are_marked_and_the_selected_one_says_what_it_was() -> None:
    before, now = np.array([[1.0, 2.0], [np.nan, 4.0]]), np.array([[1.0, 2.5], [np.nan, 4.0]])
    _, lines = value_lines(ViewedArray(now, before), ArrayView(), 60, 10)
    assert [span.text.strip() for line in lines for span in line if span.style == "changed"] == ["2.5"]
    _, lines = value_lines(ViewedArray(now, before), ArrayView(column=1), 60, 10)
    assert written(lines)[-1] == "[0, 1] 2.5  was 2"


def test_the_slices_of_an_array_with_more_axes_are_shown_one_at_a_time() -> None:
    array = np.arange(24.0).reshape(2, 3, 2, 2)
    lines = shown(array, look=ArrayView(slice=4))
    assert "slice [1, 1, :, :] 5 of 6" in lines
    assert lines[-1] == "[1, 1, 0, 0] 16"


@given(data=st.data())
def test_the_selected_cell_is_in_sight_and_is_the_arrays_own(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([it for it in SHAPES if 0 not in it]))
    array = np.arange(float(np.prod(shape, dtype=int))).reshape(shape)
    row, column, top, left, number = [data.draw(st.integers(0, 10**6)) for _ in range(5)]
    look = ArrayView(row, column, top, left, slice=number)
    found, lines = value_lines(ViewedArray(array), look, data.draw(st.integers(12, 100)), data.draw(st.integers(4, 30)))
    assert float(selected_text(lines)) == array[cell_index(array, found)]


elements = st.one_of(
    st.floats(-10, 10), st.floats(), st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1e300, 123456789.0])
)


@given(data=st.data())
def test_every_array_fits_every_room(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([np.float64, np.float32, np.int64]))
    shape = data.draw(st.sampled_from(SHAPES))
    values = elements if dtype is np.float64 else None
    array = data.draw(arrays.arrays(dtype, shape, elements=values, fill=st.just(dtype(1))))
    summary = data.draw(st.sampled_from([None, summarise(array)]))
    width, height = data.draw(st.integers(1, 100)), data.draw(st.integers(0, 30))
    look = ArrayView(
        row=data.draw(st.integers(0, 60)), column=data.draw(st.integers(0, 300)), slice=data.draw(st.integers(0, 9))
    )
    for as_heat in (False, True):
        _, lines = value_lines(ViewedArray(array, array, summary), replace(look, as_heat=as_heat), width, height)
        assert len(lines) <= height
        assert all(line_width(line) <= width for line in lines)


@pytest.mark.parametrize("as_heat", [False, True])
def test_of_an_array_larger_than_any_memory_only_the_cells_in_sight_are_read(as_heat: bool) -> None:
    array = np.broadcast_to(np.arange(10.0**6), (10**6, 10**6))
    look, lines = value_lines(ViewedArray(array), ArrayView(row=10**6, column=10**6, as_heat=as_heat), 80, 20)
    assert (look.row, look.column) == (999_999, 999_999)
    assert written(lines)[-1] == "[999999, 999999] 999999"


def test_the_backward_pass_shows_gradients_until_it_is_turned_round() -> None:
    tape = run(loads('[inputs]\nx = 3\n[nodes]\ny = "x * x"\n'))
    forward, backward = panel(tape.at(1), "x"), panel(tape.at(2), "x")
    assert written(list(forward.view(30, 5))) == ["3"]
    assert written(list(backward.view(30, 5))) == ["6"]
    backward.obey(TurnGradient())
    assert written(list(backward.view(30, 5))) == ["3"]
    assert "".join(span.text for span in backward.heading()) == "Value · x scalar float64"


def test_a_gradient_that_has_not_come_says_so() -> None:
    tape = run(loads('[inputs]\nx = 3\n[nodes]\na = "x * x"\ny = "a + 1"\n'))
    assert written(list(panel(tape.at(3), "x").view(60, 5))) == ["no gradient yet: it is complete at step 4"]
    assert written(list(panel(tape.at(1), "y").view(60, 5))) == ["not reached yet: goes forward at step 2"]


def test_a_parameter_is_compared_with_itself_an_iteration_ago() -> None:
    tape = run(loads(TRAINING))
    lines = panel(tape.at(tape.order.start(2)), "w").view(60, 6)
    assert written(list(lines))[-1] == "[0] 0.09999999999999998  was 0.3"  # 0.5 - 0.1 × 2, twice


def test_moving_selects_the_neighbour_and_stops_at_the_edges() -> None:
    tape = run(loads('[inputs]\nx = [[1, 2], [3, 4]]\n[nodes]\ny = "Sum(x)"\n'))
    pane = panel(tape.at(0), "x")

    def cell() -> str:
        return written(list(pane.view(40, 8)))[-1]

    seen = [cell()]
    for columns, rows in [(4, 0), (0, 1), (4, 0), (0, 1), (-4, 0), (-4, 0), (0, -1), (0, -1)]:
        pane.move(columns, rows)
        seen.append(cell())
    assert [it.split("]")[0] for it in seen] == [
        "[0, 0", "[0, 1", "[1, 1", "[1, 1", "[1, 1", "[1, 0", "[1, 0", "[0, 0", "[0, 0",
    ]  # fmt: skip
    pane.action_end()
    assert cell() == "[1, 1] 4"
    pane.action_home()
    assert cell() == "[0, 0] 1"


@given(scenario=random_scenarios(iterations=2), data=st.data())
def test_the_panel_has_something_to_say_wherever_one_looks(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    moment = tape.at(data.draw(st.integers(0, len(tape))))
    pane = panel(moment, data.draw(st.sampled_from(moment.graph.names)))
    for _ in range(2):
        lines = list(pane.view(40, 10))
        assert 0 < len(lines) <= 10
        assert all(line_width(line) == 40 for line in lines)
        assert pane.heading()
        pane.obey(TurnGradient())
        pane.obey(HeatMap())


async def test_a_large_array_is_counted_while_keys_are_answered(app_of: Callable[..., BptuiApp]) -> None:
    text = '[inputs]\nx = { shape = [512, 512], init = "ones" }\n[nodes]\ny = "Sum(x)"\n'
    app = app_of(text)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = app.screen.query_one(ValuePanel)
        pane.show(pane.moment, "x")
        assert written(list(pane.view(60, 8)))[0] == "counting 262,144 numbers …"
        await wait_until_shown(pilot, "norm 512")
        assert written(list(pane.view(60, 8)))[0] == "min 1  max 1  mean 1  norm 512"


@given(
    array=arrays.arrays(np.float64, st.sampled_from([shape for shape in SHAPES if shape and 0 not in shape])),
    as_heat=st.booleans(),
    size=st.tuples(st.integers(24, 60), st.integers(14, 24)),
    data=st.data(),
)
def test_pointing_at_a_number_selects_it(
    array: Array, as_heat: bool, size: tuple[int, int], data: st.DataObject
) -> None:
    row, column = data.draw(st.integers(0, 300)), data.draw(st.integers(0, 300))
    subject = ViewedArray(array, None, summarise(array))
    assume(not as_heat or fits_as_heat(array, size))
    look, lines = value_lines(subject, ArrayView(row=row, column=column, as_heat=as_heat), *size)
    x, y = place_of_selected(lines, as_heat=as_heat)
    found = view_of_place(subject, replace(look, row=look.top, column=look.left), size, (x, y))
    pair = 2 if as_heat and heat_zoom(array, size) == 1 else 1  # rows that share a cell
    assert (found.row - look.top) // pair == (look.row - look.top) // pair
    assert found.column == look.column


def place_of_selected(lines: list[Line], *, as_heat: bool) -> tuple[int, int]:
    """Where the selected number stands, as the pane shows it."""
    texts = ["".join(span.text for span in line) for line in lines]
    if as_heat:
        pointer = next(y for y, text in enumerate(texts) if text.strip() == "▾")
        row = next(y for y, text in enumerate(texts) if text.startswith("▸"))
        return texts[pointer].index("▾"), row
    y = next(y for y, line in enumerate(lines) if any(span.style == "selected" for span in line))
    before = lines[y][: [span.style for span in lines[y]].index("selected")]
    return line_width(before), y


def heat_fit(array: Array, size: tuple[int, int]) -> heat.Fit:
    room = size[1] - len(above_lines(ViewedArray(array, None, summarise(array)), ArrayView(), *size)) - 1
    return heat.heat_fit(matrix_of(array, 0).shape, size[0] - 1, max(1, room - 2))


def heat_zoom(array: Array, size: tuple[int, int]) -> int:
    return heat_fit(array, size).zoom


def fits_as_heat(array: Array, size: tuple[int, int]) -> bool:
    return heat_fit(array, size)[1:] == matrix_of(array, 0).shape


@given(st.integers(1, 300), st.integers(1, 400), st.data())
def test_a_large_heat_map_shows_the_whole_and_frames_what_the_numbers_would_show(
    rows: int, columns: int, data: st.DataObject
) -> None:
    array = np.zeros((rows, columns))
    size = (40, 12)
    assume(not fits_as_heat(array, size))
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    array[row, column] = 1.0
    subject = ViewedArray(array, None, summarise(array))
    look, lines = value_lines(subject, ArrayView(row=row, column=column, as_heat=True), *size)
    assert len(lines) <= size[1]
    assert all(line_width(line) == size[0] for line in lines)
    hottest = [(x, y) for y, line in enumerate(lines[:-1]) for x in hot_cells(line)]
    framed = [(x, y) for y, line in enumerate(lines[:-1]) for x in framed_cells(line)]
    left, right = min(x for x, _ in framed), max(x for x, _ in framed)
    assert all(left <= x <= right for x, _ in hottest)
    for x, y in hottest:
        found = view_of_place(subject, look, size, (x, y))
        assert abs(found.column - column) <= -(-columns // size[0])
    assert look.top <= row < look.top + look.shown[0]
    assert look.left <= column < look.left + look.shown[1]


def hot_cells(line: Line) -> list[int]:
    return cells_where(line, lambda span: span.text[:1] == "▀" and heat.colour(2 * heat.STEPS) in span.style)


def framed_cells(line: Line) -> list[int]:
    return cells_where(line, lambda span: span.style == "strong")


def cells_where(line: Line, is_meant: Callable[[Span], bool]) -> list[int]:
    found: list[int] = []
    x = 0
    for span in line:
        found += range(x, x + len(span.text)) if is_meant(span) else ()
        x += len(span.text)
    return found


MATRICES = arrays.arrays(
    np.float64, arrays.array_shapes(min_dims=2, max_dims=2, max_side=30), elements=st.floats(-9, 9)
)


@given(MATRICES, st.integers(1, 12), st.integers(1, 12))
def test_a_downsampled_matrix_keeps_what_is_largest(matrix: Array, rows: int, columns: int) -> None:
    small = heat.downsampled(matrix, rows, columns)
    assert small.shape == (min(rows, matrix.shape[0]), min(columns, matrix.shape[1]))
    assert np.abs(small).max() == np.abs(matrix).max()
    assert set(small.ravel().tolist()) <= set(matrix.ravel().tolist())
    matrix = matrix.copy()
    matrix[-1, -1] = np.nan
    assert np.isnan(heat.downsampled(matrix, rows, columns)[-1, -1])


def test_what_is_cut_is_said() -> None:
    array = np.arange(4000.0).reshape(50, 80)
    look, _ = value_lines(ViewedArray(array), ArrayView(), 40, 12)
    rows, columns = look.shown
    assert sight(look, array) == f"rows 0-{rows - 1} of 50 · columns 0-{columns - 1} of 80"
    assert sight(ArrayView(shown=(50, 80)), array) == ""
    look, _ = value_lines(ViewedArray(array[0]), ArrayView(), 20, 12)
    assert sight(look, array[0]) == f"elements 0-{look.shown[1] - 1} of 80"


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=1, max_dims=4, max_side=5)), st.data())
def test_jumps_lead_to_the_largest_and_to_each_that_is_not_finite(array: Array, data: st.DataObject) -> None:
    finite = np.abs(array[np.isfinite(array)])
    if finite.size:
        assert abs(array[largest(array)]) == finite.max()
    odd = [tuple(map(int, it)) for it in np.argwhere(~np.isfinite(array))]
    here = tuple(data.draw(st.integers(0, size - 1)) for size in array.shape)
    if not odd:
        assert next_not_finite(array, here) is None
    seen = []
    for _ in odd:
        here = next_not_finite(array, here) or ()
        seen.append(here)
    assert sorted(seen) == odd
