"""What a check costs: ratios of two things measured in turn in one run. Run with ``pytest -m benchmark -s``."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pytest

from bptui.checking.check_node import check_node
from bptui.checking.check_scenario import check_scenario, subject_of
from bptui.checking.random_direction_check import agrees_in_one_direction
from bptui.checking.subject import Subject
from bptui.core.graph import Node
from bptui.running import Run
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load
from bptui.scenario.scenario import Scenario
from layers import library
from strategies import make_scenario

pytestmark = pytest.mark.benchmark

SAMPLE = 400
"""Elements that the book's numerical gradient is timed on."""


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def two_layer_network() -> Scenario:
    draw = np.random.default_rng(0)
    return make_scenario(
        [
            Node("a1", "Affine", ("x", "W1", "b1")),
            Node("z1", "Relu", ("a1",)),
            Node("a2", "Affine", ("z1", "W2", "b2")),
            Node("loss", "SoftmaxWithLoss", ("a2", "t")),
        ],
        inputs={"x": draw.standard_normal((100, 784)), "t": draw.integers(0, 10, 100)},
        parameters={
            "W1": 0.05 * draw.standard_normal((784, 50)),
            "b1": np.zeros(50),
            "W2": 0.1 * draw.standard_normal((50, 10)),
            "b2": np.zeros(10),
        },
    )


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    run = Run(two_layer_network())
    run.finish()
    return [subject_of(run, node) for node in range(4)]


def numerical_gradient(f: Callable[[Any], Any], x: Any) -> Any:
    """The book's (Saito, ch. 4.4.2), of the first elements of x."""
    h = 1e-4
    grad = np.zeros_like(x)
    for index in islice(np.ndindex(x.shape), SAMPLE):
        before = x[index]
        x[index] = before + h
        above = f(x)
        x[index] = before - h
        below = f(x)
        grad[index] = (above - below) / (2 * h)
        x[index] = before
    return grad


def book_loss(values: dict[str, Any]) -> Callable[[Any], Any]:
    first, relu, second, loss = (library[name]() for name in ("Affine", "Relu", "Affine", "SoftmaxWithLoss"))

    def forward(_: Any) -> Any:
        z = relu.forward(first.forward(values["x"], values["W1"], values["b1"]))
        return loss.forward(second.forward(z, values["W2"], values["b2"]), values["t"])

    return forward


def test_every_element_against_the_book_s_numerical_gradient(subjects: list[Subject]) -> None:
    values = {name: np.array(value) for name, value in two_layer_network().values.items()}
    elements = sum(values[name].size for name in ("x", "W1", "b1", "W2", "b2"))
    parameters = elements - values["x"].size
    ratios = []
    for _ in range(3):
        book = seconds(lambda: numerical_gradient(book_loss(values), values["W1"])) / SAMPLE
        ours = seconds(lambda: [check_node(it, is_whole=True) for it in subjects])
        ratios.append(book / ours)
    ratio = statistics.median(ratios)
    print(f"\nthe book's over its {parameters:,} parameters / every element of every node: {ratio * parameters:.0f}")
    print(f"  over all {elements:,} elements that our nodes share with it: {ratio * elements:.0f}")


def test_a_quick_look_at_the_network(subjects: list[Subject]) -> None:
    assert all(map(agrees_in_one_direction, subjects))
    times = sorted(seconds(lambda: [agrees_in_one_direction(it) for it in subjects]) for _ in range(40))
    print(f"\nquick look at 784-50-10, batch 100: {times[0] * 1e3:.2f} ms at best, {times[20] * 1e3:.2f} in the middle")


@pytest.mark.torch
def test_a_quick_look_against_torch_s_gradcheck_in_fast_mode(subjects: list[Subject]) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    x, w1, b1 = (torch.tensor(it, requires_grad=True) for it in subjects[0].inputs)
    w2, b2 = (torch.tensor(it, requires_grad=True) for it in subjects[2].inputs[1:])
    t = torch.tensor(subjects[3].inputs[1])

    def network(*leaves: Any) -> Any:
        x, w1, b1, w2, b2 = leaves
        return torch.nn.functional.cross_entropy(torch.relu(x @ w1 + b1) @ w2 + b2, t)

    def gradcheck() -> None:
        torch.autograd.gradcheck(network, (x, w1, b1, w2, b2), fast_mode=True)

    gradcheck()
    ratios = [seconds(lambda: [agrees_in_one_direction(it) for it in subjects]) / seconds(gradcheck) for _ in range(40)]
    print(f"\nquick look / gradcheck(fast_mode=True): {statistics.median(ratios):.2f}")


ORDINARY = [name for name, _ in bundled() if not name.startswith("book/")]


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_node(name: str) -> None:
    scenario = load(name)
    run = Run(scenario)
    run.finish()
    nodes = [subject_of(run, node) for node in range(len(run.graph.nodes))]
    slowest = max(min(seconds(partial(check_node, it)) for _ in range(3)) for it in nodes)
    print(f"\n{name}: {slowest * 1e3:.1f} ms the slowest of {len(nodes)} nodes", end="")
    print(f", {seconds(partial(check_scenario, scenario)) * 1e3:.0f} ms in all")
