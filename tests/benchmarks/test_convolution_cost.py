"""What convolutions cost: the book's SimpleConvNet against PyTorch. Run with ``pytest -m "benchmark and torch" -s``.

Both sides have one thread and do the same work, forward and backward, in turn (Saito, ch. 7.5: 28 × 28 pixels, 30
kernels of 5 × 5, a pooling of 2 × 2, 100 hidden units, 10 classes; batches of 100).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bptui.core.graph import Node
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from strategies import make_scenario

pytestmark = [pytest.mark.benchmark, pytest.mark.torch]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
BATCH = 100


def simple_conv_net(dtype: type) -> Scenario:
    """Return the book's network with random images and weights."""
    draw = np.random.default_rng(0)
    nodes = [
        Node("conv", "Conv2d", ("x", "W1", "b1")),
        Node("z1", "Relu", ("conv",)),
        Node("pool", "MaxPool2d", ("z1",), {"size": 2, "stride": 2}),
        Node("flat", "Flatten", ("pool",)),
        Node("a2", "Affine", ("flat", "W2", "b2")),
        Node("z2", "Relu", ("a2",)),
        Node("a3", "Affine", ("z2", "W3", "b3")),
        Node("loss", "SoftmaxWithLoss", ("a3", "t")),
    ]
    return make_scenario(
        nodes,
        inputs={"x": draw.random((BATCH, 1, 28, 28)), "t": draw.integers(0, 10, BATCH)},
        parameters={
            "W1": 0.01 * draw.standard_normal((30, 1, 5, 5)),
            "b1": np.zeros(30),
            "W2": 0.01 * draw.standard_normal((4320, 100)),
            "b2": np.zeros(100),
            "W3": 0.01 * draw.standard_normal((100, 10)),
            "b3": np.zeros(10),
        },
        dtype=dtype,
    )


def in_torch(scenario: Scenario) -> Callable[[], dict[str, Any]]:
    """Return what runs the same network in PyTorch, both ways, and returns the gradients of its parameters."""
    import torch  # noqa: PLC0415  (not installed everywhere)

    torch.set_num_threads(1)
    values = {name: torch.tensor(np.array(it)) for name, it in scenario.values.items()}
    weights = [values[name].requires_grad_() for name in scenario.graph.parameters]

    def both_ways() -> dict[str, Any]:
        w1, b1, w2, b2, w3, b3 = weights
        pool = torch.max_pool2d(torch.relu(torch.conv2d(values["x"], w1, b1)), 2)
        loss = torch.nn.functional.cross_entropy(torch.relu(pool.flatten(1) @ w2 + b2) @ w3 + b3, values["t"])
        return dict(zip(scenario.graph.parameters, torch.autograd.grad(loss, weights), strict=True))

    return both_ways


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(dtype: type, *, rounds: int = 15) -> None:
    """Print the median over pairs of the time of ours to PyTorch's, after one pair that does not count."""
    scenario = simple_conv_net(dtype)
    theirs = in_torch(scenario)
    tape, gradients = run(scenario), theirs()
    for name, want in gradients.items():
        got = tape.gradients[name]
        assert got is not None
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-3, atol=1e-6)
    pairs = [(seconds(lambda: run(scenario)), seconds(theirs)) for _ in range(rounds + 1)][1:]
    ours, torches = (statistics.median(it) for it in zip(*pairs, strict=True))
    ratios = [one / other for one, other in pairs]
    print(
        f"{dtype.__name__}: ours / PyTorch {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"{1e3 * ours:.1f} ms / {1e3 * torches:.1f} ms"
    )


def test_simple_conv_net_against_pytorch_on_one_thread() -> None:
    pytest.importorskip("torch")
    paths = [path for path in sys.path if path]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run([sys.executable, __file__], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(f"\nSimpleConvNet, batch {BATCH}, forward and backward\n{done.stdout}")


if __name__ == "__main__":
    for number_kind in (np.float64, np.float32):
        measure(number_kind)
