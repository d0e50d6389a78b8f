"""Every form of a value becomes the array that NumPy would make of it, read-only, or an error at the element."""

from __future__ import annotations

import datetime as dt
import math
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.errors import ScenarioError
from bptui.scenario.load import loads
from bptui.scenario.reading.initializers import initializers
from bptui.scenario.reading.value_forms import ValueFormError, from_lists
from layers import Array

FLOAT = np.dtype(np.float64)
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def nested(shape: tuple[int, ...], number: Any) -> Any:
    """Lists of ``shape`` whose elements ``number()`` makes."""
    return [nested(shape[1:], number) for _ in range(shape[0])] if shape else number()


@given(shapes, st.data())
def test_nested_lists_are_the_array_that_numpy_makes_of_them(shape: tuple[int, ...], data: Any) -> None:
    numbers = st.floats() | st.integers(-(2**53), 2**53)
    written = nested(shape, lambda: data.draw(numbers))
    np.testing.assert_array_equal(from_lists(written, FLOAT), np.array(written, dtype=np.float64))


@given(shapes.filter(lambda shape: math.prod(shape) > 0), st.data())
def test_a_bad_element_is_named_by_its_index(shape: tuple[int, ...], data: Any) -> None:
    bad = data.draw(st.sampled_from([True, "1", 2**53 + 1, dt.date(1979, 5, 27), {"a": 1}]))
    index = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
    written = [nested(shape, lambda: 1)]
    row = written
    for place in (0, *index)[:-1]:
        row = row[place]
    row[(0, *index)[-1]] = bad
    with pytest.raises(ValueFormError) as caught:
        from_lists(written[0], FLOAT)
    assert caught.value.index == index


@pytest.mark.parametrize(
    ("written", "index"),
    [
        ([[1, 2], [3]], (1,)),
        ([[1, 2], 3], (1,)),
        ([1, [2]], (1,)),
        ([[[1], [2]], [[3], [4, 5]]], (1, 1)),
        ([[], [1]], (1,)),
    ],
)
def test_the_first_ragged_list_is_named(written: Any, index: tuple[int, ...]) -> None:
    with pytest.raises(ValueFormError, match="ragged") as caught:
        from_lists(written, FLOAT)
    assert caught.value.index == index


def test_labels_stay_integers_and_everything_else_becomes_the_dtype() -> None:
    assert from_lists([0, 2], FLOAT, keep_integers=True).dtype == np.int64
    assert from_lists([0, 2], np.dtype(np.float32)).dtype == np.float32
    assert from_lists([0, 2.0], FLOAT, keep_integers=True).dtype == np.float64


def test_special_numbers_survive_bit_for_bit() -> None:
    numbers = [float("nan"), float("inf"), -0.0, 5e-324, 1.7976931348623157e308]
    assert from_lists(numbers, FLOAT).tobytes() == np.array(numbers).tobytes()


def test_a_number_beyond_float32_is_no_infinity() -> None:
    with pytest.raises(ValueFormError, match=r"1e\+39 is beyond the largest float32") as caught:
        from_lists([[1.0], [1e39]], np.dtype(np.float32))
    assert caught.value.index == (1, 0)
    assert np.isinf(from_lists(float("inf"), np.dtype(np.float32)))


def leaf(written: str, *, seed: int = 0, dtype: str = "float64", name: str = "x") -> Array:
    """The array that a scenario makes of one input."""
    scenario = loads(f'seed = {seed}\ndtype = "{dtype}"\n[inputs]\n{name} = {written}\n[nodes]\ny = "{name} + 0"\n')
    return scenario.values[name]


RECIPES = {
    '{ shape = [2, 3], init = "zeros" }': [[0, 0, 0], [0, 0, 0]],
    '{ shape = [2], init = "ones" }': [1, 1],
    '{ shape = [1, 2], init = "constant", value = -2.5 }': [[-2.5, -2.5]],
    '{ shape = [2, 2], init = "arange" }': [[0, 1], [2, 3]],
    '{ shape = [1], init = "constant", value = inf }': [math.inf],
    '{ shape = [3], init = "arange", start = 1.5, step = -1 }': [1.5, 0.5, -0.5],
    '{ shape = [], init = "constant", value = 3 }': 3,
    '{ shape = [0, 2], init = "normal" }': np.zeros((0, 2)),
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_recipe_makes(recipe: str, dtype: str) -> None:
    made = leaf(recipe, dtype=dtype)
    np.testing.assert_array_equal(made, np.array(RECIPES[recipe], dtype))
    assert made.dtype == dtype


# Standard deviations from He et al. 2015 (eq. 10) and Saito, ch. 6.2: fan-in is the rows of W, or channels × h × w.
MOMENTS = {
    '{ shape = [400, 300], init = "normal", mean = 3.0, std = 0.5 }': (3.0, 0.5),
    '{ shape = [400, 300], init = "uniform", low = -1.0, high = 3.0 }': (1.0, 4 / math.sqrt(12)),
    '{ shape = [400, 300], init = "he" }': (0.0, math.sqrt(2 / 400)),
    '{ shape = [400, 300], init = "xavier" }': (0.0, math.sqrt(1 / 400)),
    '{ shape = [500, 10, 5, 5], init = "he" }': (0.0, math.sqrt(2 / 250)),
}


@pytest.mark.parametrize("recipe", MOMENTS)
def test_random_recipes_have_the_moments_that_they_promise(recipe: str) -> None:
    mean, std = MOMENTS[recipe]
    made = leaf(recipe)
    assert made.mean() == pytest.approx(mean, abs=5 * std / math.sqrt(made.size))
    assert made.std() == pytest.approx(std, rel=0.02)


def test_random_numbers_are_those_of_plain_numpy() -> None:
    own = leaf('{ shape = [3], init = "normal", seed = 7 }', seed=1)
    np.testing.assert_array_equal(own, np.random.default_rng(7).normal(0, 1, 3))
    derived = leaf('{ shape = [3], init = "normal" }', seed=5)
    np.testing.assert_array_equal(derived, np.random.default_rng([5, zlib.crc32(b"x")]).normal(0, 1, 3))


def test_a_value_keeps_its_numbers_when_another_is_added() -> None:
    recipe = '{ shape = [4], init = "he" }'
    alone = loads(f'[parameters]\nW = {recipe}\n[nodes]\ny = "W + 0"\n')
    joined = loads(f'[parameters]\nV = {recipe}\nW = {recipe}\n[nodes]\ny = "W + V"\n')
    np.testing.assert_array_equal(alone.values["W"], joined.values["W"])
    assert not np.array_equal(joined.values["V"], joined.values["W"])
    assert not np.array_equal(leaf(recipe, seed=1), leaf(recipe, seed=2))


@given(st.sampled_from(["1", "[1, 2]", "{ shape = [2], init = 'he' }", "{ shape = [2], init = 'zeros' }", "[]"]))
def test_every_array_is_sealed(written: str) -> None:
    assert not leaf(written).flags.writeable


def test_a_parameter_is_never_an_integer() -> None:
    with pytest.raises(ScenarioError, match="labels must be integers"):
        loads('[inputs]\nx = [[1, 2]]\n[parameters]\nt = [0]\n[nodes]\ny = "SoftmaxWithLoss(x, t)"\n')


def test_label_recipes_and_lists_stay_integers() -> None:
    for written in ("[0, 1]", '{ shape = [2], init = "arange" }', '{ shape = [2], init = "zeros" }'):
        scenario = loads(f'[inputs]\nx = [[1.0, 2], [3, 4]]\nt = {written}\n[nodes]\ny = "SoftmaxWithLoss(x, t)"\n')
        assert scenario.values["t"].dtype == np.int64
        assert scenario.values["x"].dtype == np.float64


WRONG = {
    '{ shpae = [2], init = "he" }': ("no key shpae here", "did you mean shape?", 7),
    '{ init = "he" }': ("x has no shape", "shape =", 1),
    "{ shape = [2] }": ("x has no init", "init =", 1),
    '{ shape = "3", init = "he" }': ("shape: got text, wanted a list", "[2, 3]", 15),
    '{ shape = [2.0], init = "he" }': ("shape: got a list, wanted", "[2, 3]", 15),
    '{ shape = [true], init = "he" }': ("shape: got a list, wanted", "[2, 3]", 15),
    '{ shape = [-1], init = "he" }': ("shape: at most", "", 15),
    '{ shape = [99999, 99999], init = "he" }': ("shape: more than 50,000,000 elements", "", 15),
    '{ shape = [0, 9999999999999], init = "he" }': ("shape: more than 50,000,000 elements", "", 15),
    '{ shape = [2], init = "hee" }': ("no init is called hee", "did you mean he?", 27),
    '{ shape = [2], init = "qqq" }': ("no init is called qqq", "there are zeros", 27),
    "{ shape = [2], init = 3 }": ("init: got an integer", "", 27),
    '{ shape = [2], init = "he", std = 1.0 }': ("he has no option std", "it takes none", 33),
    '{ shape = [2], init = "normal", low = 1.0 }': ("normal has no option low", "mean, std", 37),
    '{ shape = [2], init = "normal", std = "1" }': ("std: got text, wanted a number", "", 43),
    '{ shape = [2], init = "normal", std = -1 }': ("std: a standard deviation is not negative", "", 43),
    '{ shape = [2], init = "normal", mean = nan }': ("mean: wanted a finite number", "", 44),
    '{ shape = [2], init = "uniform", low = -1e308, high = 1e308 }': ("uniform: ", "", 5),
    '{ shape = [2], init = "arange", start = 99999999999999999999 }': (
        "start: wanted a finite number, and an integer up to 2**53",
        "",
        45,
    ),
    '{ shape = [2], init = "constant" }': ("constant needs value", "", 1),
    '{ shape = [2], init = "zeros", seed = 1 }': ("zeros draws nothing", "", 36),
    '{ shape = [2], init = "he", seed = -1 }': ("seed: wanted a whole number from 0", "", 40),
    '{ shape = [2], init = "he", seed = 1.0 }': ("seed: got a number, wanted a whole number", "", 40),
    "[[1, 2], [3]]": ("x[1]: ragged", "", 14),
    '[[1, 2], [3, "4"]]': ("x[1][1]: expected a number, got text", "", 18),
    "[1, true]": ("x[1]: expected a number, got a boolean", "", 9),
    "[1979-05-27]": ("x[0]: expected a number, got a date", "", 6),
    "[1, {a = 1}]": ("x[1]: expected a number, got a table", "", 9),
    "true": ("x: expected a number, got a boolean", "", 5),
    '"3"': ("x: expected a number, got text", "", 5),
    "9007199254740993": ("x: an integer beyond 2**53", "decimal point", 5),
    "[0x7fffffffffffffff]": ("x[0]: an integer beyond 2**53", "decimal point", 6),
    "{ file = 3 }": ("file: got an integer", "", 14),
    '{ file = "nowhere.npy" }': ("there is no file 'nowhere.npy'", "", 14),
    '{ file = "a.npy", row = [0, 4] }': ("no key row here", "rows", 23),
}


@pytest.mark.parametrize("written", WRONG)
def test_what_is_wrong_is_told_in_its_place(written: str) -> None:
    message, hint, column = WRONG[written]
    with pytest.raises(ScenarioError) as caught:
        leaf(written)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")
    assert (caught.value.line, caught.value.column) == (4, column)


def test_the_contract_names_all_recipes() -> None:
    assert set(initializers) == {"zeros", "ones", "constant", "normal", "uniform", "he", "xavier", "arange"}


def test_data_files_give_their_arrays(tmp_path: Any) -> None:
    np.savez(tmp_path / "batch.npz", x=np.arange(12.0).reshape(4, 3), t=np.array([2, 0, 1, 1], dtype=np.int32))
    text = """
[inputs]
x = { file = "batch.npz", key = "x", rows = [1, 3] }
t = { file = "batch.npz", key = "t", rows = [1, 3] }
s = { file = "batch.npz", key = "t" }
[nodes]
y = "SoftmaxWithLoss(x, t)"
z = "s * y"
"""
    scenario = loads(text, tmp_path / "scenario.toml")
    np.testing.assert_array_equal(scenario.values["x"], [[3, 4, 5], [6, 7, 8]])
    assert scenario.values["t"].tolist() == [0, 1]
    assert scenario.values["t"].dtype == np.int64
    assert scenario.values["s"].dtype == np.float64
    assert not any(value.flags.writeable for value in scenario.values.values())
