"""What watching costs the book's training loop (784-50-10, batch 100). Run with ``pytest -m benchmark -s``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bptui.programs.program_run import WatchLimits
from programs import BOOK_NET, watched

pytestmark = pytest.mark.benchmark

LOOP = (
    BOOK_NET.replace("randn(4, 5)", "randn(784, 50) * 0.01")
    .replace("np.zeros(5)", "np.zeros(50)")
    .replace("randn(5, 3)", "randn(50, 10) * 0.1")
    .replace("np.zeros(3)", "np.zeros(10)")
    .replace("randn(6, 4), rng.randint(0, 3, 6)", "randn(6000, 784), rng.randint(0, 10, 6000)")
    + """
import sys, time

start = time.perf_counter()
for step in range(int(sys.argv[1])):
    chosen = rng.choice(6000, 100)
    grad = network.gradient(x_batch[chosen], t_batch[chosen])
    for key in network.params:
        network.params[key] -= 0.1 * grad[key]
print(time.perf_counter() - start)
"""
)


def alone(folder: Path, steps: int) -> float:
    """Return the seconds that the loop takes by itself."""
    command = [sys.executable, str(folder / "program.py"), str(steps)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def watched_seconds(folder: Path, steps: int, passes: int) -> float:
    """Return the seconds that it takes watched, for so many passes."""
    with watched(folder, LOOP, WatchLimits(passes=passes, runs_on=True), str(steps)) as run:
        run.wait_for(lambda: run.is_serving, 60)
        run.take_output()
        return float(run.printed.text.split()[-1])


@pytest.mark.parametrize(("steps", "passes"), [(200, 200), (1000, 10)])
def test_what_watching_costs_a_training_loop(tmp_path: Path, steps: int, passes: int) -> None:
    with watched(tmp_path, LOOP, WatchLimits(passes=1), "1"):
        pass
    rounds = [(alone(tmp_path, steps), watched_seconds(tmp_path, steps, passes)) for _ in range(5)]
    best, seen = min(it[0] for it in rounds), min(it[1] for it in rounds)
    print(f"\n{steps} steps, {passes} watched: {seen:.2f} s for {best:.2f} s, {seen / best:.2f} times")
