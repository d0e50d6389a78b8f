"""Inputs with a dtype of their own stay whole numbers or truth values, whatever uses them, and take no gradient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.errors import ScenarioError
from bptui.scenario.load import loads
from bptui.scenario_tape import run

TEXT = '[inputs]\nx = [[1.0, 2.0], [3.0, 4.0]]\nn = {value}\n[nodes]\nz = "{formula}"\n'


def text(value: str, formula: str) -> str:
    return TEXT.replace("{value}", value).replace("{formula}", formula)


@pytest.mark.parametrize(
    ("value", "dtype", "formula", "dx"),
    [
        ('{ value = [3, 5], dtype = "int64" }', "int64", "Sum(x * n)", [[3, 5], [3, 5]]),
        ('{ value = [true, false], dtype = "bool" }', "bool", "Sum(x * n)", [[1, 0], [1, 0]]),
        ('{ value = [1, 0], dtype = "bool" }', "bool", "Sum(x * n)", [[1, 0], [1, 0]]),
        ('{ value = 2, dtype = "int64" }', "int64", "Sum(x * n)", [[2, 2], [2, 2]]),
        ('{ shape = [2], init = "arange", dtype = "int64" }', "int64", "Sum(x * n)", [[0, 1], [0, 1]]),
        ('{ value = [0, 1, 0], dtype = "int64" }', "int64", "Sum(Gather(x, n))", [[2, 2], [1, 1]]),
        ("[0, 1, 0]", "int64", "Sum(Gather(x, n))", [[2, 2], [1, 1]]),
    ],
)
def test_they_stay_what_they_are(value: str, dtype: str, formula: str, dx: list[list[float]]) -> None:
    scenario = loads(text(value, formula))
    tape = run(scenario)
    assert scenario.values["n"].dtype.name == dtype
    assert tape.gradients["n"] is None
    np.testing.assert_array_equal(tape.gradients["x"], dx)
    assert bptui.check(scenario).ok


def test_a_file_may_be_one(tmp_path: Path) -> None:
    np.save(tmp_path / "n.npy", np.array([2.0, 4.0]))
    scenario = loads(text('{ file = "n.npy", dtype = "int64" }', "Sum(x * n)"), tmp_path / "it.toml")
    assert scenario.values["n"].dtype == np.int64


@pytest.mark.parametrize(
    ("value", "column", "message"),
    [
        ('{ value = [1.5], dtype = "int64" }', 5, "other numbers than whole numbers"),
        ('{ value = [2], dtype = "bool" }', 5, "other numbers than truth values"),
        ('{ value = [1], dtype = "int32" }', 28, "dtype: there are int64 and bool"),
        ('{ value = [1], dtype = ["int64"] }', 28, "dtype: there are int64 and bool"),
        ("{ value = [1], kind = 2 }", 20, "no key kind here"),
        ('{ value = [[1], [2, 3]], dtype = "int64" }', 21, "ragged"),
        ("{ value = [true] }", 16, "expected a number, got a boolean"),
    ],
)
def test_what_cannot_be_kept_is_a_mistake_in_its_place(value: str, column: int, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(text(value, "Sum(x * n)"))
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (3, column)


def test_a_parameter_is_no_whole_number() -> None:
    with pytest.raises(ScenarioError, match="take no gradient"):
        loads('[parameters]\nn = { value = [1], dtype = "int64" }\n[nodes]\nz = "Sum(n)"')


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Sum(Gather(x, n))", "index 2 is outside the 2 rows"),
        ("Sum(Gather(x, n, [0]))", "takes indices once"),
        ("Sum(Gather(x))", "takes indices once"),
    ],
)
def test_indices_that_do_not_fit_are_a_mistake_before_the_run(formula: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        loads(text("[0, 2]", formula))
    assert (caught.value.line, caught.value.column) == (5, 10)
