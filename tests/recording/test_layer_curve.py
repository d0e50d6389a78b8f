"""A recording has the curve of a layer of the user's own, once a node; older recordings have none, and open."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.core.order import Pass
from bptui.errors import TranscriptError
from bptui.recording.layer_curve import inputs_around
from bptui.recording.recorder import Recorder
from bptui.recording.replay_tape import Recording
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.tui.content.curve import curve_of
from guests import layer_file

BENT = """
class Bent:
    def forward(self, x):
        self.x = x
        return np.where(x > 1, x - 1, 0.25 * (x - 1))
    def backward(self, dout):
        return dout * np.where(self.x > 1, 1.0, 0.25)
"""

SCENARIO = """
[parameters]
x = [0.0, 3.0]
[nodes]
y = "Bent(x)"
loss = "Sum(y * y)"
[train]
steps = 2
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The recording of a whole session."""
    file = layer_file(tmp_path, BENT)
    run = Run(bptui.loads(SCENARIO, tmp_path / "a.toml", layers=[file.path]))
    run.finish()
    with Recorder(tmp_path / "session.jsonl", run, lambda: 0.0) as recorder:
        recorder.moved(None, run.tape.at(len(run.tape.order)))
    run.close()
    return tmp_path / "session.jsonl"


def without_digests(path: Path) -> list[dict[str, object]]:
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{key: it for key, it in record.items() if key != "digest"} for record in records]


def rewritten(path: Path, records: list[dict[str, object]]) -> Recording:
    path.write_text("".join(f"{json.dumps(it)}\n" for it in records), encoding="utf-8")
    return read_transcript(path)


def test_a_replay_draws_the_curve_with_the_recorded_slope_in_every_iteration(path: Path) -> None:
    tape = read_transcript(path).tape
    for step in tape.steps:
        if step.name == "y" and step.pass_ is Pass.FORWARD:
            curve = curve_of(tape.at(step.number), "y", 1)
            assert curve is not None
            wanted = np.where(curve.x > 1, curve.x - 1, 0.25 * (curve.x - 1))
            np.testing.assert_allclose(curve.y, wanted, atol=0.06)  # straight between two samples, 0.06 apart
            assert curve.slope == 1.0


def test_a_node_has_one_curve_however_long_it_trains(path: Path) -> None:
    records = without_digests(path)
    (found,) = [it for it in records if "curve" in it]
    assert (found["node"], found["iteration"]) == ("y", 1)


def test_a_recording_without_curves_opens_and_draws_none(path: Path) -> None:
    records = [{key: it for key, it in record.items() if key != "curve"} for record in without_digests(path)]
    tape = rewritten(path, records).tape
    assert curve_of(tape.at(1), "y") is None


def test_a_curve_that_was_tampered_with_is_refused(path: Path) -> None:
    records = without_digests(path)
    (found,) = [it for it in records if "curve" in it]
    found["curve"]["between"]["data"].reverse()  # type: ignore[index]
    with pytest.raises(TranscriptError, match="no values between two inputs"):
        rewritten(path, records)


def test_a_curve_goes_beyond_the_inputs_on_both_sides() -> None:
    x = inputs_around(np.array([-2.0, 5.0]))
    assert x[0] < -10
    assert x[-1] > 13
    assert np.all(np.diff(x) > 0)
