"""What a process for the user's layers costs. Run with ``pytest -m benchmark -s``."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bptui.running import Run
from bptui.scenario.load import loads
from guests import array, guest, layer_file

pytestmark = pytest.mark.benchmark

LAYERS = """
    class Twice:
        def forward(self, x): return x * 2
        def backward(self, dout): return dout * 2
    """


def median(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of ``work`` in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def test_what_a_start_and_a_call_cost(tmp_path: Path) -> None:
    with guest(layer_file(tmp_path, LAYERS)) as layer:

        def start() -> None:
            layer.host.close()
            layer.forward(array(1.0))

        print(f"\nstart to first answer: {median(start, 15):.0f} ms")
        small, large = array(1.0, 2.0), np.ones((100, 784))
        print(f"a call with 2 numbers: {median(lambda: layer.forward(small), 3000):.3f} ms")
        print(f"a call with 78,400 numbers: {median(lambda: layer.forward(large), 50):.2f} ms")


def test_what_a_run_of_guests_costs_a_node(tmp_path: Path) -> None:
    nodes = "\n".join(f'n{at} = "Twice({f"n{at - 1}" if at else "x"})"' for at in range(500))
    file = layer_file(tmp_path, LAYERS)
    scenario = loads(f"[inputs]\nx = 1\n[nodes]\n{nodes}\n", tmp_path / "a.toml", layers=[file.path])
    run = Run(scenario)
    run.advance(1)
    run.guests.host.start()
    start = time.perf_counter()
    run.finish()
    print(f"\nforward and backward of a node: {1e3 * (time.perf_counter() - start) / 500:.3f} ms")
    run.close()
