"""What recording costs: ratios of two things measured in turn in one run. Run with ``pytest -m benchmark -s``."""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from bptui.core.debugger import Debugger
from bptui.core.graph import Node
from bptui.core.verbs.movement import GoTo
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from layers import library
from strategies import chain, make_scenario

pytestmark = pytest.mark.benchmark


@pytest.fixture(autouse=True)
def small_heap() -> Iterator[None]:
    """Keep what pytest has allocated out of the garbage collector's way, which would slow one side only."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def deep_recursion() -> Iterator[None]:
    """Let micrograd recurse as deep as its graph."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    yield
    sys.setrecursionlimit(before)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int = 25) -> str:
    """Return the median over pairs of the time of ours to theirs, after one pair that does not count."""
    ratios = [seconds(ours) / seconds(theirs) for _ in range(rounds + 1)][1:]
    low, high = min(ratios), max(ratios)
    return f"{statistics.median(ratios):.3f} ({low:.3f} to {high:.3f} in {rounds} pairs)"


def two_layer_network() -> Scenario:
    random_numbers = np.random.default_rng(0)
    return make_scenario(
        [
            Node("a1", "Affine", ("x", "W1", "b1")),
            Node("z1", "Relu", ("a1",)),
            Node("a2", "Affine", ("z1", "W2", "b2")),
            Node("loss", "SoftmaxWithLoss", ("a2", "t")),
        ],
        inputs={"x": random_numbers.standard_normal((100, 784)), "t": random_numbers.integers(0, 10, 100)},
        parameters={
            "W1": 0.05 * random_numbers.standard_normal((784, 50)),
            "b1": np.zeros(50),
            "W2": 0.1 * random_numbers.standard_normal((50, 10)),
            "b2": np.zeros(10),
        },
    )


def test_a_784_50_10_network_against_the_same_layers_by_hand() -> None:
    scenario = two_layer_network()
    v = scenario.values
    first: Any
    relu: Any
    second: Any
    loss: Any
    first, relu, second, loss = (library[node.layer]() for node in scenario.graph.nodes)

    def by_hand() -> object:
        value = loss.forward(
            second.forward(relu.forward(first.forward(v["x"], v["W1"], v["b1"])), v["W2"], v["b2"]), v["t"]
        )
        dz1, dw2, db2 = second.backward(loss.backward(np.float64(1.0))[0])
        return value, dw2, db2, first.backward(relu.backward(dz1))

    print(f"\n784-50-10, batch 100, recorded / by hand: {ratio(lambda: run(scenario), by_hand, rounds=200)}")


def random_graph(nodes: int) -> Scenario:
    pick = random.Random(0)
    names = ["x", "y"]
    made = []
    for index in range(nodes):
        inputs = (pick.choice(names[-50:]), pick.choice(names))
        made.append(Node(f"n{index}", pick.choice(["Add", "Mul", "Sub"]), inputs))
        names.append(f"n{index}")
    return make_scenario(made, inputs={"x": 0.9, "y": 1e-3})


@pytest.mark.parametrize("make", [chain, random_graph])
@pytest.mark.usefixtures("deep_recursion")
def test_10_000_scalar_nodes_against_micrograd(make: Callable[[int], Scenario]) -> None:
    engine = pytest.importorskip("micrograd.engine")
    scenario = make(10_000)

    def micrograd() -> None:
        values = {name: engine.Value(float(value)) for name, value in scenario.values.items()}
        for node in scenario.graph.nodes:
            x, y = (values[name] for name in node.inputs)
            match node.layer:
                case "Add":
                    values[node.name] = x + y
                case "Mul":
                    values[node.name] = x * y
                case _:
                    values[node.name] = x - y
        values[scenario.graph.output].backward()

    fresh = iter([make(10_000) for _ in range(12)])
    print(f"\n10,000 scalar nodes ({make.__name__}), micrograd / ours: {ratio(micrograd, lambda: run(scenario))}")
    first = ratio(micrograd, lambda: run(next(fresh)), rounds=11)
    print(f"  the first run, in which the order is worked out: {first}")


def test_a_jump_costs_the_same_in_a_long_run() -> None:
    def jumps(length: int) -> Callable[[], object]:
        debugger = Debugger(run(chain(length)))
        pick = random.Random(0)
        names = [pick.choice(debugger.tape.graph.names) for _ in range(50)]
        targets = [pick.randrange(len(debugger.tape)) for _ in range(200)]

        def jump() -> None:
            for target in targets:
                moment = debugger.do(GoTo(target))
                for name in names:
                    moment.value(name)
                    moment.gradient(name)

        return jump

    short, long = jumps(100), jumps(100_000)
    print(f"\njumps in 200,000 steps / in 200 steps: {ratio(long, short)}")
    print(f"  {seconds(long) / (200 * 50 * 2) * 1e6:.2f} microseconds a visible value")


@pytest.mark.parametrize("make", [two_layer_network, lambda: chain(10_000), lambda: chain(1_000, iterations=20)])
def test_memory_is_the_distinct_arrays_and_little_more(make: Callable[[], Scenario]) -> None:
    scenario = make()
    run(scenario), run(scenario)  # whatever is computed once a scenario
    gc.collect()
    tracemalloc.start()
    tape = run(scenario)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    lists = ("values", "douts", "contributions", "sums", "updates")
    columns = [getattr(it, column) for it in tape.iterations for column in lists]
    made = {id(value): value for column in columns for value in column if value is not None}
    inputs = {id(value) for value in scenario.leaves}
    arrays = sum(np.asarray(value).nbytes for key, value in made.items() if key not in inputs)
    beyond = (used - 1.05 * arrays) / len(tape)
    print(f"\n{len(tape)} steps: arrays {arrays:,} bytes, and beyond 1.05 of that {beyond:.0f} bytes a step")
