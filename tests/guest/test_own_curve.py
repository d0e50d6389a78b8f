"""The curve, the slope and the local derivative of a layer of one's own come from that layer, and from no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.core.tape import Tape
from bptui.explaining.local_derivatives import local_equations
from bptui.recording.codec import encode_line
from bptui.recording.run_records import records
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.tui.content.curve import curve_of
from guests import layer_file

LAYERS = """
    class Relu:
        \"\"\"Not the built-in one: its kink is at 1.\"\"\"
        def forward(self, x):
            self.mask = x > 1
            return np.where(self.mask, x - 1, 0.1 * (x - 1))
        def backward(self, dout):
            return dout * np.where(self.mask, 1, 0.25)
    class Rows(Relu):
        def forward(self, x):
            rows, columns = x.shape
            return super().forward(x)
    class Softmax:
        def forward(self, x):
            e = np.exp(x - x.max())
            self.y = e / e.sum()
            return self.y
        def backward(self, dout):
            return self.y * (dout - (dout * self.y).sum())
    """

SCENARIO = "[parameters]\nx = [[0.0, 3.0]]\n[nodes]\nz = '{layer}(x)'\nloss = 'Sum(z * z)'\n"


def finished(folder: Path, layer: str) -> Run:
    file = layer_file(folder, LAYERS)
    run = Run(bptui.loads(SCENARIO.format(layer=layer), folder / "a.toml", layers=[file.path]))
    run.finish()
    return run


def replayed(folder: Path, run: Run) -> Tape:
    again = Run(run.scenario)
    (folder / "session.jsonl").write_text("".join(map(encode_line, records(again))))
    again.close()
    return read_transcript(folder / "session.jsonl").tape


@pytest.mark.parametrize("layer", ["Relu", "Rows"])
def test_an_own_layer_draws_its_own_curve_with_its_own_slope(tmp_path: Path, layer: str) -> None:
    run = finished(tmp_path, layer)
    curve = curve_of(run.tape.at(len(run.tape)), "z")
    run.close()
    assert curve is not None
    assert curve.point == (0.0, -0.1)
    assert curve.slope == 0.25
    assert np.allclose(curve.y, np.where(curve.x > 1, curve.x - 1, 0.1 * (curve.x - 1)))


def test_one_that_mixes_its_elements_has_none(tmp_path: Path) -> None:
    run = finished(tmp_path, "Softmax")
    assert curve_of(run.tape.at(len(run.tape)), "z") is None
    run.close()


def test_a_replay_shows_no_curve_rather_than_the_built_in_layers(tmp_path: Path) -> None:
    run = finished(tmp_path, "Relu")
    tape = replayed(tmp_path, run)
    run.close()
    assert curve_of(tape.at(len(tape)), "z") is None


@pytest.mark.parametrize("is_replay", [False, True])
def test_its_local_derivative_is_shown_as_it_gives_it_or_as_it_was_recorded(tmp_path: Path, *, is_replay: bool) -> None:
    run = finished(tmp_path, "Relu")
    tape = replayed(tmp_path, run) if is_replay else run.tape
    ((equation, local),) = local_equations(tape.at(len(tape)), "z")
    run.close()
    assert equation.left == "∂z/∂x"
    assert local is not None
    assert local.tolist() == [[0.25, 1.0]]
