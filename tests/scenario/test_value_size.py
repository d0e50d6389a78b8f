"""Values that would take too much memory are refused from their shapes, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.load import load, loads
from bptui.scenario.reading import shape_inference, value_size
from bptui.scenario.reading.initializers import MOST_ELEMENTS
from bptui.scenario.reading.value_size import MOST_GIVEN_BYTES
from cost import traced_memory

GIVEN = """
[inputs]
x = {{ shape = {x}, init = "ones" }}
y = {{ shape = {y}, init = "ones" }}
[nodes]
z = "{formula}"
"""


def refusal(text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        loads(text)
    return caught.value


@pytest.mark.parametrize(
    ("formula", "x", "y"),
    [
        ("Max(BroadcastTo(x, shape=[1000000, 1000000]))", [1], [1]),
        ("Sum(x @ y)", [100_000, 1], [1, 100_000]),
        ("Sum(x * y)", [100_000, 1], [1, 100_000]),
        ("Sum(Maximum(x, y))", [100_000, 1], [1, 100_000]),
        ("Sum(x + y) + Sum(x - y)", [50_000, 1], [50_000]),
    ],
)
def test_a_value_beyond_the_limit_of_initialisers_is_refused_and_not_computed(
    formula: str, x: list[int], y: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(*_: object) -> None:
        raise AssertionError("it has been computed")

    monkeypatch.setattr(shape_inference, "values_of_node", compute)
    error = refusal(GIVEN.format(formula=formula, x=x, y=y))
    assert f"more than {MOST_ELEMENTS:,} elements" in error.message
    assert error.line == 6


@pytest.mark.parametrize(
    ("formula", "x", "y"),
    [
        ("Attention(x, y, y)", [100_000, 1], [100_000, 1]),
        ("Attention(x, y, y)", [4_000, 1, 4], [1, 4_000, 4]),
        ("x @ y", [1_000, 4_000], [1_000, 4_000, 1]),
        ("x @ y", [1_000, 1, 4_000], [4_000, 1_000]),
        ("Conv2d(x, y)", [1, 1, 2_000, 2_000], [1, 1, 1_000, 1_000]),
        ("Conv2d(x, y, stride=100001, pad=50000)", [1, 1, 1, 1], [1, 1, 1, 1]),
        ("MaxPool2d(x, size=1000, stride=1)", [1, 1, 2_000, 2_000], [1]),
        ("AvgPool2d(x, size=1000, stride=1)", [1, 1, 2_000, 2_000], [1]),
    ],
)
def test_what_the_passes_make_on_their_way_is_bounded_likewise(formula: str, x: list[int], y: list[int]) -> None:
    error = refusal(GIVEN.format(formula=formula, x=x, y=y))
    assert "an array on its way would be" in error.message
    assert f"more than {MOST_ELEMENTS:,} elements" in error.message
    assert error.line == 6


def test_a_gradient_that_is_larger_than_its_nodes_value_is_counted_at_each_use() -> None:
    nodes = "\n".join(f'n{number} = "Sum(x)"' for number in range(40))
    text = f'[inputs]\nx = {{ shape = [4000, 4000], init = "ones" }}\n[nodes]\n{nodes}\n[run]\noutput = "n0"\n'
    error = refusal(text)
    size = 8 * 4_000**2  # the first use takes one, each further one a sum as well
    first = next(number for number in range(40) if (1 + 2 * number) * size > value_size.MOST_BYTES)
    assert error.message.startswith(f"n{first}: the values and their gradients take")


def test_values_that_are_too_large_together_are_refused_at_the_first_that_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(value_size, "MOST_BYTES", 10 * 2 * 8 * 1_000)
    nodes = "\n".join(f'n{number} = "{f"n{number - 1}" if number else "x"} * 2"' for number in range(40))
    error = refusal(f'[inputs]\nx = {{ shape = [1000], init = "ones" }}\n[nodes]\n{nodes}\n')
    assert error.message.startswith("n10: the values and their gradients take")


def test_inputs_and_parameters_are_bounded_together() -> None:
    given = "\n".join(f'x{number} = {{ shape = [1000, 1000], init = "ones" }}' for number in range(20))
    error = refusal(f'[inputs]\n{given}\n[nodes]\ny = "Sum(x1)"\n')
    first = MOST_GIVEN_BYTES // (8 * 10**6)
    assert error.message.startswith(f"x{first}: inputs and parameters take")
    assert error.line == 2 + first


@pytest.mark.parametrize(
    "written",
    ['{ shape = [30000000], init = "ones" }', '{ shape = [30000000], init = "normal" }', '{ file = "x.npy" }'],
)
def test_what_is_too_large_is_refused_before_it_is_made_or_read(tmp_path: Path, written: str) -> None:
    with (tmp_path / "x.npy").open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (30_000_000,)})
        stream.truncate(stream.tell() + 8 * 30_000_000)
    path = tmp_path / "a.toml"
    path.write_text(f'[inputs]\nx = {written}\n[nodes]\ny = "Sum(x)"\n')
    with traced_memory() as memory, pytest.raises(ScenarioError, match="30,000,000 elements, more than the 16,777,216"):
        load(str(path))
    assert memory.peak < 30_000_000


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_a_file_is_bounded_by_what_its_array_will_be_and_not_by_its_bytes(tmp_path: Path, kind: str) -> None:
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros(20_000_000, kind))
    text = '[inputs]\nx = {{ file = "x.npz"{rows} }}\n[nodes]\ny = "Sum(x)"\n'
    path = tmp_path / "a.toml"
    path.write_text(text.format(rows=""))
    with pytest.raises(ScenarioError, match="20,000,000 elements, more than") as caught:
        load(str(path))
    assert caught.value.hint == "rows = [0, 100] takes a part of them"
    path.write_text(text.format(rows=", rows = [0, 100]"))
    assert load(str(path)).values["x"].shape == (100,)
