"""The chapter's layers as the book writes them: each hazard bites in the scenario that shows it, and nowhere else."""

from __future__ import annotations

import math
import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.running import Run
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load, loads
from bptui.scenario_tape import run
from layers import library

FOLDER = Path(__file__).parents[1] / "scenarios" / "book"
NAMES = [name for name, _ in bundled() if name.startswith("book/")]
book = runpy.run_path(str(FOLDER / "book.py"))


@contextmanager
def running(name: str) -> Iterator[Run]:
    made = Run(load(f"book/{name}"))
    made.finish()
    try:
        yield made
    finally:
        made.close()


def gradient(made: Run, name: str) -> Any:
    found = made.tape.gradients[name]
    assert found is not None
    return found


def slopes(name: str, leaf: str, step: float = 1e-4) -> Any:
    """Return how the output, weighted with dout, moves with each element of a leaf, by the book's own layers alone."""
    scenario = load(name)
    slope = np.empty(scenario.values[leaf].shape)
    for index in np.ndindex(slope.shape):
        ends = []
        for sign in (1, -1):
            values = dict(scenario.values)
            values[leaf] = values[leaf].copy()
            values[leaf][index] += sign * step
            for node in scenario.graph.nodes:
                layer = scenario.library[node.layer]
                made = book[node.layer]() if node.layer in book else layer()  # type: ignore[operator]
                values[node.name] = np.asarray(made.forward(*[values[name] for name in node.inputs]))
            ends.append(float(np.sum(values[scenario.graph.output])))
        slope[index] = (ends[0] - ends[1]) / (2 * step)
    return slope


def test_every_scenario_of_the_book_can_be_opened_by_name_without_being_asked_for_permission() -> None:
    assert sorted(NAMES) == sorted(f"book/{path.stem}" for path in FOLDER.glob("*.toml"))
    for name in NAMES:
        scenario = load(name)
        assert scenario.title
        assert scenario.about
        assert scenario.layer_files[0].path == (FOLDER / "book.py").resolve()


def test_the_same_files_anywhere_else_ask_for_permission(tmp_path: Path) -> None:
    for name in ("book.py", "two_layer.toml"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    with pytest.raises(Exception, match="without permission"):
        load(tmp_path / "two_layer.toml")


def test_each_scenario_begins_with_what_it_teaches() -> None:
    for path in FOLDER.glob("*.toml"):
        assert path.read_text(encoding="utf-8").startswith("# "), path.name


def test_apples_and_oranges_cost_what_they_cost_in_the_book() -> None:
    with running("buy_apple_orange") as made:
        scenario = made.scenario
        assert scenario.expect is not None
        assert made.tape.values["price"] == pytest.approx(715)
        for name, wanted in scenario.expect.gradients.items():
            assert gradient(made, name) == pytest.approx(float(wanted))


def test_in_its_own_situation_the_books_network_is_right() -> None:
    scenario = load("two_layer")
    ours = run(scenario)
    with running("two_layer") as theirs:
        for name in ("W1", "b1", "W2", "b2", "x"):
            wanted = ours.gradients[name]
            assert wanted is not None
            assert gradient(theirs, name) == pytest.approx(wanted, rel=1e-12)


def test_relu_in_place_is_wrong_where_the_array_is_shared_and_is_noticed_here() -> None:
    x, dout = np.array([-1.0, 2.0]), np.ones(2)
    relu = book["Relu"]()
    relu.forward(x)
    shared = relu.backward(dout) + dout  # what a plain program adds up: both ways share dout
    with running("relu_in_place") as made:
        assert gradient(made, "x").tolist() == [1.0, 2.0]
        assert shared.tolist() != [1.0, 2.0]
        assert [(remark.node, remark.rule) for remark in made.remarks] == [("z", "mutates")]


def test_softmax_ignores_dout_and_a_weighted_loss_has_a_third_of_its_gradient() -> None:
    with running("softmax_ignores_dout") as made:
        assert (3 * gradient(made, "x")).tolist() == [[-1.5, 1.5]]
    assert slopes("book/softmax_ignores_dout", "x") == pytest.approx(np.array([[-1.5, 1.5]]), abs=1e-5)


def test_one_sample_with_a_one_hot_target_is_divided_by_the_number_of_classes() -> None:
    right = np.array([0.25, -0.75, 0.25, 0.25])
    with running("softmax_one_sample") as made:
        assert (4 * gradient(made, "x")).tolist() == right.tolist()
    assert slopes("book/softmax_one_sample", "x") == pytest.approx(right, abs=1e-5)


def test_the_constant_in_the_logarithm_flattens_the_loss_and_backward_does_not_know() -> None:
    y = 1 / (1 + math.exp(20))
    slope = (y - 1) * y / (y + 1e-7)
    with running("log_of_almost_zero") as made:
        assert gradient(made, "x")[0, 0] == pytest.approx(-1, abs=1e-6)
        assert made.scenario.expect is not None
        assert made.scenario.expect.gradients["x"][0, 0] == pytest.approx(slope, rel=1e-7)
    assert slopes("book/log_of_almost_zero", "x")[0, 0] == pytest.approx(slope, rel=1e-5)
    assert slope == pytest.approx(-0.02, abs=1e-3)


def test_sigmoid_overflows_with_the_right_value_and_the_warning_is_counted() -> None:
    with pytest.warns(RuntimeWarning, match="overflow"):
        book["sigmoid"](np.array([-1000.0]))
    with running("sigmoid_overflow") as made:
        assert made.tape.values["y"] is not None
        assert made.tape.values["y"].tolist() == [0.0, 0.5, 1.0]
        assert [remark.text for remark in made.remarks] == ["Sigmoid.forward warns: overflow"]


@pytest.mark.parametrize(
    ("values", "formula", "told"),
    [
        (
            "x = [1, 2]\nw = [[1, 2], [3, 4]]\nb = [0, 0]",
            "Affine(x, w, b)",
            "W, which is [2, 2], a gradient that is scalar",
        ),
        ("x = [[1, 2], [3, 4]]\nw = [1, 10]", "MulLayer(x, w)", "y, which is [2], a gradient that is [2, 2]"),
    ],
)
def test_one_sample_and_a_stretched_input_end_the_run_after_the_forward_pass(
    values: str, formula: str, told: str
) -> None:
    made = Run(loads(f"[inputs]\n{values}\n[nodes]\ny = '{formula}'\n", layers=[FOLDER / "book.py"]))
    made.finish()
    made.close()
    assert made.failure is not None
    assert told in made.failure.message
    assert len(made.tape) == len(made.graph.nodes)


def test_the_books_layers_are_ours_where_nothing_bites() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(2, 3)), draw.normal(size=(2, 3))
    for theirs, ours, inputs in (
        ("MulLayer", "Mul", (x, y)),
        ("AddLayer", "Add", (x, y)),
        ("Sigmoid", "Sigmoid", (x,)),
    ):
        one, other = book[theirs](), library[ours]()
        assert one.forward(*inputs) == pytest.approx(other.forward(*inputs))
        assert np.array(one.backward(y)) == pytest.approx(np.array(other.backward(y)))
