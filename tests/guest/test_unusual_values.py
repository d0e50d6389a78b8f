"""Whatever a layer returns that can be shown is a value like others: it runs, is checked, recorded and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bptui.checking import Verdict
from bptui.checking.check_scenario import check
from bptui.checking.node_findings import STEP_FUNCTION
from bptui.core.tape import Tape
from bptui.recording.recorder import Recorder
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load
from bptui.scenario.scenario import Scenario
from layers import Array

LAYERS = """
import numpy as np
class Odd:
    def forward(self, x): return {value}
    def backward(self, dout): return np.zeros(2)
class Total:
    def forward(self, x):
        self.shape = np.shape(x)
        return float(np.sum(x))
    def backward(self, dout): return dout * np.ones(self.shape)
"""

SCENARIO = """
layers = ["my.py"]
[inputs]
x = [1.5, -2.5]
[nodes]
odd = "Odd(x)"
y = "Total(odd)"
"""

VALUES = {
    "int64": "(x > 0).astype(int)",
    "bool": "x > 0",
    "uint64": "(x > 0).astype(np.uint64)",
    "int8": "(x > 0).astype(np.int8)",
    "a Python int": "int(np.sum(x > 0))",
    "a Python bool": "bool(np.sum(x) > 0)",
    "float16": "x.astype(np.float16)",
    "big endian": "x.astype('>f8')",
    "33 axes": "x.reshape((1,) * 32 + (2,))",
    "64 axes": "x.reshape((1,) * 63 + (2,))",
    "empty": "x[:0]",
    "no axes": "np.array(3.0)",
    "NaN and infinity": "x * np.array([np.nan, np.inf])",
}


STEPS = [name for name in VALUES if "int" in name or "bool" in name]


def scenario_of(folder: Path, name: str) -> Scenario:
    """Return a scenario with a layer that returns something unusual."""
    layers = folder / "my.py"
    layers.write_text(LAYERS.format(value=VALUES[name]))
    path = folder / "odd.toml"
    path.write_text(SCENARIO)
    return load(str(path), layers=[layers])


@pytest.mark.parametrize("name", VALUES)
def test_it_is_checked_and_no_node_is_left_out(name: str, tmp_path: Path) -> None:
    report = check(scenario_of(tmp_path, name))
    assert {finding.node for finding in report.findings} >= {"odd", "y"}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_function_is_skipped_and_nothing_is_wrong(name: str, tmp_path: Path) -> None:
    report = check(scenario_of(tmp_path, name))
    assert report.ok
    skipped = [(it.node, it.reason) for it in report.findings if it.verdict is Verdict.SKIP]
    assert ("odd", STEP_FUNCTION) in skipped


@pytest.mark.parametrize("name", VALUES)
def test_it_is_recorded_and_read_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    run = Run(scenario_of(tmp_path, name))
    run.finish()
    path = tmp_path / "odd.jsonl"
    with Recorder(path, run, lambda: 0.0) as recorder:
        recorder.track.furthest = len(run.tape)
    run.close()
    assert recorder.failure is None
    recorded, ran = value_of(read_transcript(path).tape), value_of(run.tape)
    assert (recorded.dtype, recorded.shape) == (ran.dtype.newbyteorder("="), ran.shape)
    assert recorded.tobytes() == ran.tobytes()


def value_of(tape: Tape) -> Array:
    """Return the unusual value that is on a tape."""
    return np.asarray(tape.iterations[0].values[1])
