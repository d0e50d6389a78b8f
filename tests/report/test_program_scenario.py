"""A scenario that is written from a watched program has the program's network, and its numbers."""

from __future__ import annotations

import tomllib
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays

import bptui
from bptui.cli import main
from bptui.errors import BptuiError
from bptui.report.program_scenario.layer_definitions import defines_only, layer_definitions
from bptui.report.program_scenario.scenario_names import ScenarioNames
from bptui.report.program_scenario.toml_numbers import LeafWriter, constant_text
from bptui.report.program_scenario.written import WrittenScenario, write_program_scenario
from layers import Array
from programs import BOOK_NET, FUNCTION_NET, watched

MANY_KINDS = """
import numpy as np

rng = np.random.default_rng(3)
SCALE = np.float32(0.5)


class Linear:
    def __init__(self, W, bias=None):
        self.weight, self.bias = W, bias

    def forward(self, x):
        self.x = x
        self.output = x @ self.weight

    def backward(self, dvalues):
        self.dweight = self.x.T @ dvalues
        self.dinputs = dvalues @ self.weight.T


class Dense:
    def __init__(self, n_in, n_out, scale=SCALE):
        self.W = scale * rng.normal(size=(n_in, n_out)).astype(np.float32)

    def forward(self, x, train_flg=True):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout
        return dout @ self.W.T


class Total:
    def forward(self, x, y, z):
        self.shapes = x.shape, y.shape, z.shape
        return x.mean() + y.mean() + z.mean()

    def backward(self, dout):
        return tuple(dout * np.ones(it, np.float32) / np.float32(np.prod(it)) for it in self.shapes)


class Same:
    def forward(self, x):
        return x * np.float32(1)

    def backward(self, dout):
        return dout * np.float32(1)


x = rng.normal(size=(4, 6)).astype(np.float32)
first, cell, total = Linear(rng.normal(size=(6, 4)).astype(np.float32)), Dense(4, 4), Total()
sums, joins = Same(), Same()
first.forward(x)
h = cell.forward(first.output)
sum_ = sums.forward(first.output + h)
joined = joins.forward(np.concatenate([sum_, h], axis=1))
loss = total.forward(joined[1:, 2:5], sum_.T, h.reshape(2, 8)) * 1

d1, d2, d3 = total.backward(np.float32(2))
djoined = np.zeros_like(joined)
djoined[1:, 2:5] = d1
djoined = joins.backward(djoined)
dsum = sums.backward(djoined[:, :4] + d2.T)
dh = djoined[:, 4:] + d3.reshape(4, 4) + dsum
first.backward(dsum + cell.backward(dh))
"""


def written_from(tmp_path: Path, program: str, number: int | None = None) -> WrittenScenario:
    with watched(tmp_path, program) as run:
        return write_program_scenario(run, tmp_path / "net.toml", number)


@pytest.mark.parametrize("program", [MANY_KINDS, FUNCTION_NET], ids=["classes", "functions"])
def test_its_run_has_every_number_of_the_program(tmp_path: Path, program: str) -> None:
    written = written_from(tmp_path, program)
    assert written.failure is None
    assert [*written.differences.values, *written.differences.gradients, *written.remarks] == []


def test_what_objects_were_made_with_and_what_code_did_between_layers_are_formulas(tmp_path: Path) -> None:
    written_from(tmp_path, MANY_KINDS)
    nodes = tomllib.loads((tmp_path / "net.toml").read_text())["nodes"]
    assert nodes["first"] == "Linear(x, first_weight)"
    assert nodes["cell"] == "Dense(first, n_in=4, n_out=4, train_flg=True)"
    assert nodes["total"].startswith("Total(")
    assert {"first + cell", "Concat(sums, cell, axis=1)", "Reshape(cell, shape=[2, 8])"} <= {*nodes.values()}


def test_the_files_are_found_again_and_checked(tmp_path: Path) -> None:
    written = written_from(tmp_path, MANY_KINDS)
    report = bptui.check(bptui.load(tmp_path / "net.toml", layers=written.sources.files))
    assert report.ok


IN_PLACE = """
    for key in grads:
        network.params[key] -= 0.1 * grads[key]
"""
REBOUND = """
    for layer in (network.layers["Affine1"], network.layers["Affine2"]):
        layer.W = layer.W - 0.1 * layer.dW
        layer.b = layer.b - 0.1 * layer.db
"""


@pytest.mark.parametrize("update", [IN_PLACE, REBOUND], ids=["in place", "rebound"])
def test_a_pass_is_chosen_by_its_number(tmp_path: Path, update: str) -> None:
    program = f"{BOOK_NET}\nfor _ in range(2):\n    grads = network.gradient(x_batch, t_batch){update}"
    with watched(tmp_path, program) as run:
        one, two = (write_program_scenario(run, tmp_path / f"{number}.toml", number) for number in (1, 2))
        assert one.is_faithful
        assert two.is_faithful
        assert (tmp_path / "1.toml").read_text() != (tmp_path / "2.toml").read_text()
        with pytest.raises(BptuiError, match="no pass 3"):
            write_program_scenario(run, tmp_path / "3.toml", 3)


def test_gradients_that_the_program_wires_otherwise_are_named(tmp_path: Path) -> None:
    program = MANY_KINDS.replace("dsum + cell.backward(dh)", "cell.backward(dh)")
    written = written_from(tmp_path, program)
    assert written.is_faithful
    assert [it.partition(":")[0] for it in written.differences.gradients] == ["x", "first.weight"]


def test_what_no_formula_can_say_is_said(tmp_path: Path) -> None:
    program = MANY_KINDS.replace("joined[1:, 2:5], sum_", "joined[1:, 2:8:2], sum_").replace(
        "djoined[1:, 2:5]", "djoined[1:, 2:8:2]"
    )
    written = written_from(tmp_path, program)
    assert written.is_faithful
    assert "is written as an input" in written.remarks[0]


def test_what_is_frozen_is_an_input(tmp_path: Path) -> None:
    program = """
import numpy as np

class Scaled:
    def __init__(self, scale, W):
        self.scale, self.W = scale, W
    def forward(self, x):
        self.x = x
        return (x * self.scale) @ self.W
    def backward(self, dout):
        self.dW = (self.x * self.scale).T @ dout
        return dout @ self.W.T * self.scale

layer = Scaled(np.array([1.0, 2.0]), np.ones((2, 3)))
layer.backward(np.ones_like(layer.forward(np.array([[3.0, 4.0]]))))
"""
    written = written_from(tmp_path, program)
    assert written.is_faithful
    assert written.differences.gradients == []
    scenario = tomllib.loads((tmp_path / "net.toml").read_text())
    assert scenario["inputs"]["layer_scale"] == [1.0, 2.0]
    assert scenario["nodes"]["layer"] == "Scaled(layer_x, layer_scale, layer_W)"


def test_the_command_writes_tells_and_touches_no_file_that_exists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(MANY_KINDS)
    command = ["new", "--from", "train.py", "-o", "net.toml"]
    assert main(command) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == [
        "its run has the program's values and gradients",
        "bptui run net.toml --layers net_layers.py",
    ]
    before = Path("net.toml").read_text()
    assert main(command) == 2
    assert "exists already" in capsys.readouterr().err
    assert Path("net.toml").read_text() == before


def test_only_what_the_layers_need_is_taken_of_a_program() -> None:
    program = dedent("""
        import numpy as np
        import matplotlib.pyplot as plt

        STEP = 0.5
        x = np.ones(3)


        # What goes in front.
        @staticmethod
        def helper(x):
            return x * STEP


        class Base:
            pass


        class Layer(Base):
            def forward(self, x):
                return helper(x)


        layer = Layer()
        print(layer.forward(x))
    """)
    taken = layer_definitions(program, ["Layer"])
    assert [line for line in taken.splitlines() if line and not line.startswith(" ")] == [
        "STEP = 0.5",
        "# What goes in front.",
        "@staticmethod",
        "def helper(x):",
        "class Base:",
        "class Layer(Base):",
    ]
    assert not defines_only(program)
    assert defines_only(taken)
    assert defines_only(f'"""Layers."""\n{taken}\nif __name__ == "__main__":\n    print(helper(2))\n')


@given(arrays(np.float64, array_shapes(max_dims=3, max_side=5)))
def test_numbers_are_read_back_to_the_bit(value: Array) -> None:
    writer = LeafWriter("net.npz")
    text = writer.text("x", value, keeps_integers=False)
    if writer.arrays:
        assert writer.arrays["x"] is value
    else:
        read = np.array(tomllib.loads(f"x = {text}")["x"], np.float64)
        assert read.tobytes() == value.tobytes()


def test_names_are_plain_and_each_is_given_once() -> None:
    names = ScenarioNames()
    made = [names.add(name) for name in ("cell", "cell#2", "cell_2", "x[0:2, 1]", "2", "None", "重み")]
    assert made == ["cell", "cell_2", "cell_2_2", "x_0_2_1", "v_2", "None_2", "重み"]


def test_constants_are_written_as_formulas_read_them() -> None:
    written = constant_text({"stride": 2, "mode": 'a "b"', "pads": (1, -2.5), "off": None, "on": True})
    assert written == '{"stride": 2, "mode": "a \\"b\\"", "pads": [1, -2.5], "off": None, "on": True}'
