"""Parameters that a layer makes itself are parameters like any other: shown, checked, trained and recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.checking import Finding, Verdict
from bptui.recording.codec import encode_line
from bptui.recording.run_records import records
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from guests import layer_file
from sampled import one_in

SCENARIO = """
seed = {seed}
[inputs]
x = [[1.0, -0.5, 2.0], [0.2, 0.3, -1.0]]
[nodes]
h = "Dense(x)"
loss = "Sum(h * h)"
[train]
lr = 0.01
steps = 3
"""

PASSES = """
            def forward(self, x):
                self.x = x
                return x @ {W} + {b}
            def backward(self, dout):
                {dW} = self.x.T @ dout
                {db} = dout.sum(axis=0)
                return dout @ {W}.T
"""

MADE = {
    "attributes": (
        "self.W, self.b = np.random.randn(3, 2), np.zeros(2)",
        {"W": "self.W", "b": "self.b", "dW": "self.dW", "db": "self.db"},
    ),
    "words": (
        "self.weights, self.bias = np.random.randn(3, 2), np.zeros(2)",
        {"W": "self.weights", "b": "self.bias", "dW": "self.dweights", "db": "self.grad_bias"},
    ),
    "suffixes": (
        "self.W, self.b = np.random.randn(3, 2), np.zeros(2)",
        {"W": "self.W", "b": "self.b", "dW": "self.W_grad", "db": "self.dLdb"},
    ),
    "lists": (
        "self.params = [np.random.randn(3, 2), np.zeros(2)]; self.grads = [0 * it for it in self.params]",
        {"W": "self.params[0]", "b": "self.params[1]", "dW": "self.grads[0][...]", "db": "self.grads[1][...]"},
    ),
    "dictionaries": (
        "self.params = {'W': np.random.randn(3, 2), 'b': np.zeros(2)}; self.grads = {}",
        {"W": "self.params['W']", "b": "self.params['b']", "dW": "self.grads['W']", "db": "self.grads['db']"},
    ),
    "objects": (
        "self.W, self.b = Parameter(np.random.randn(3, 2)), Parameter(np.zeros(2))",
        {"W": "self.W.data", "b": "self.b.data", "dW": "self.W.grad", "db": "self.b.grad"},
    ),
    "a generator without a seed": (
        "self.W, self.b = np.random.default_rng().normal(size=(3, 2)), np.zeros(2)",
        {"W": "self.W", "b": "self.b", "dW": "self.dW", "db": "self.db"},
    ),
}

PARAMETER = """
        class Parameter:
            def __init__(self, data):
                self.data, self.grad = data, None
"""


def layers(how: str, change: tuple[str, str] = ("", "")) -> str:
    init, places = MADE[how]
    text = f"{PARAMETER}\n        class Dense:\n            def __init__(self): {init}\n{PASSES.format(**places)}"
    assert change[0] in text
    return text.replace(*change, 1)


def loaded(folder: Path, text: str, *, seed: int = 1) -> bptui.Scenario:
    file = layer_file(folder, text)
    return bptui.loads(SCENARIO.format(seed=seed), folder / "a.toml", layers=[file.path])


def findings(scenario: bptui.Scenario, verdict: Verdict) -> list[Finding]:
    return [it for it in bptui.check(scenario).findings if it.verdict is verdict and it.rule == "gradient"]


@pytest.mark.parametrize("how", one_in(3, MADE))
def test_they_are_checked_wherever_they_are_kept(tmp_path: Path, how: str) -> None:
    scenario = loaded(tmp_path, layers(how))
    weights, bias = scenario.graph.parameters
    assert scenario.graph.nodes[0].inputs == ("x", weights, bias)
    assert all(name.startswith("h.") for name in (weights, bias))
    checked = [it.input for it in findings(scenario, Verdict.PASS) if it.node == "h"]
    assert checked == ["x", weights, bias]
    wrong = loaded(tmp_path, layers(how, ("self.x.T @ dout", "3 * self.x.T @ dout")))
    assert [it.input for it in findings(wrong, Verdict.FAIL)] == [weights]


@pytest.mark.parametrize("how", MADE)
def test_they_are_trained_as_a_given_parameter_is(tmp_path: Path, how: str) -> None:
    scenario = loaded(tmp_path, layers(how))
    tape = bptui.run(scenario)
    weights, bias = scenario.graph.parameters
    given = SCENARIO.format(seed=1).replace("Dense(x)", "Affine(x, W, b)")
    given += f"[parameters]\nW = {scenario.values[weights].tolist()}\nb = {scenario.values[bias].tolist()}\n"
    other = bptui.run(bptui.loads(given))
    for own, name in ((weights, "W"), (bias, "b"), ("loss", "loss")):
        ours, theirs = tape.values[own], other.values[name]
        assert ours is not None
        assert theirs is not None
        assert np.allclose(ours, theirs, rtol=1e-12)
    assert not np.array_equal(tape.values[weights], scenario.values[weights])  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["attributes", "a generator without a seed"])
def test_they_are_drawn_with_the_scenarios_seed(tmp_path: Path, how: str) -> None:
    drawn = [loaded(tmp_path, layers(how), seed=seed).values["h.W"] for seed in (1, 1, 2)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])


def test_they_are_recorded_and_replayed(tmp_path: Path) -> None:
    run = Run(loaded(tmp_path, layers("attributes")))
    path = tmp_path / "session.jsonl"
    path.write_text("".join(map(encode_line, records(run))))
    run.close()
    replayed = read_transcript(path)
    assert replayed.tape.graph.parameters == ("h.W", "h.b")
    assert len(replayed.tape) == len(run.tape)
    assert np.array_equal(replayed.tape.values["h.W"], run.tape.values["h.W"])  # type: ignore[arg-type]


def test_weights_that_are_made_when_the_first_inputs_come_are_found(tmp_path: Path) -> None:
    text = layers(
        "attributes",
        ("self.x = x\n", "self.x = x\n                if self.W is None: self.W = np.random.randn(x.shape[1], 2)\n"),
    ).replace("np.random.randn(3, 2), np.zeros(2)", "None, np.zeros(2)")
    scenario = loaded(tmp_path, text)
    assert scenario.graph.parameters == ("h.W", "h.b")
    assert len(findings(scenario, Verdict.PASS)) >= 3


def test_those_of_layers_inside_a_layer_are_found(tmp_path: Path) -> None:
    text = layers("attributes").replace("class Dense", "class Inner") + (
        "\n        class Dense:\n            def __init__(self): self.layers = [Inner()]\n"
        "            def forward(self, x): return self.layers[0].forward(x)\n"
        "            def backward(self, dout): return self.layers[0].backward(dout)\n"
    )
    assert loaded(tmp_path, text).graph.parameters == ("h.layers0.W", "h.layers0.b")


def test_gradients_of_one_that_stands_in_params_several_times_are_summed(tmp_path: Path) -> None:
    text = """
        class Dense:
            def __init__(self):
                W = np.random.randn(3, 3)
                self.params, self.grads = [W, W], [0 * W, 0 * W]
            def forward(self, x):
                self.x, self.h = x, x @ self.params[0]
                return self.h @ self.params[1]
            def backward(self, dout):
                self.grads[1][...] = self.h.T @ dout
                dh = dout @ self.params[1].T
                self.grads[0][...] = self.x.T @ dh
                return dh @ self.params[0].T
        """
    scenario = loaded(tmp_path, text)
    assert len(scenario.graph.parameters) == 1
    assert findings(scenario, Verdict.FAIL) == []


def test_one_without_a_gradient_is_told_of_and_not_called_right(tmp_path: Path) -> None:
    scenario = loaded(tmp_path, layers("attributes", ("self.dW = ", "unused = ")))
    assert scenario.graph.parameters == ("h.b",)
    (skipped,) = findings(scenario, Verdict.SKIP)
    assert skipped.input == "h.W"
    assert "not checked" in skipped.reason
    run = Run(scenario)
    assert [remark.rule for remark in run.remarks] == ["unpaired"]


@pytest.mark.parametrize(
    "init",
    ["self.x, self.dx = np.zeros(3), None", "self.mask = np.ones(2)", "self.rate, self.velocity = 0.1, np.ones(2)"],
)
def test_what_only_looks_like_one_is_left_alone(tmp_path: Path, init: str) -> None:
    text = f"""
        class Dense:
            def __init__(self): {init}
            def forward(self, x):
                self.x = x * 1
                self.mask = np.maximum(x, 0)
                return self.x * 2
            def backward(self, dout):
                self.dx = dout * 2
                return self.dx.copy()
        """
    scenario = loaded(tmp_path, text)
    assert scenario.graph.parameters == ()
    assert scenario.unpaired == {}


def test_a_cache_has_no_gradients_among_those_of_the_parameters(tmp_path: Path) -> None:
    text = """
        class Cell:
            def __init__(self):
                self.params = [np.array([[0.5, 1.0], [2.0, -1.0], [0.3, 0.1]])]
                self.grads = [np.zeros((3, 2))]
            def forward(self, x):
                self.cache = (np.zeros((2, 2)), x)
                return x @ self.params[0]
            def backward(self, dout):
                self.grads[0][...] = self.cache[1].T @ dout
                return dout @ self.params[0].T

        class Dense:
            def __init__(self):
                self.cell = Cell()
            def forward(self, x):
                return self.cell.forward(x)
            def backward(self, dout):
                return self.cell.backward(dout)
        """
    scenario = loaded(tmp_path, text)
    assert len(scenario.graph.parameters) == 1
    assert scenario.unpaired == {}
    assert bptui.check(scenario).ok


def test_data_that_a_layer_uses_as_indices_are_integers(tmp_path: Path) -> None:
    layers = """
        class Embedding:
            def forward(self, C, idx):
                self.C, self.idx = C, idx
                return C[idx]
            def backward(self, dout):
                dC = np.zeros_like(self.C)
                np.add.at(dC, self.idx, dout)
                return dC, None
        """
    file = layer_file(tmp_path, layers)
    text = "[inputs]\nidx = [0, 2, 0]\n[parameters]\nC = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]\n"
    text += "[nodes]\ny = 'Embedding(C, idx)'\n"
    scenario = bptui.loads(text, tmp_path / "a.toml", layers=[file.path])
    assert scenario.values["idx"].dtype.kind == "i"
    assert scenario.values["C"].dtype.kind == "f"
    assert findings(scenario, Verdict.FAIL) == []


def test_what_fails_in_a_helper_is_told_at_the_helpers_line(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def broken(x):\n    return x.nothing_like_it\n")
    text = """
        from helper import broken
        class Broken:
            def forward(self, x): return broken(x)
            def backward(self, dout): return dout
        """
    file = layer_file(tmp_path, text)
    run = Run(bptui.loads("[inputs]\nx = 1\n[nodes]\ny = 'Broken(x)'\n", tmp_path / "a.toml", layers=[file.path]))
    run.finish()
    run.close()
    assert run.failure is not None
    assert (Path(run.failure.path or "").name, run.failure.line) == ("helper.py", 2)


NET = """
        class Inner:
            def __init__(self, W):
                self.params, self.grads = [W], [0 * W]
            def forward(self, x):
                self.x = x
                return x @ self.params[0]
            def backward(self, dout):
                self.grads[0][...] = self.x.T @ dout
                return dout @ self.params[0].T
        class Dense:
            def __init__(self):
                W = np.random.randn(3, 3)
                self.layers = [Inner(W), Inner({second})]
                {collected}
            def forward(self, x):
                for layer in self.layers: x = layer.forward(x)
                return x
            def backward(self, dout):
                for layer in reversed(self.layers): dout = layer.backward(dout)
                return dout
        """


@pytest.mark.parametrize("second", ["W", "np.random.randn(3, 3)"])
@pytest.mark.parametrize(
    "collected",
    [
        "pass",
        "self.params, self.grads = ([a for it in self.layers for a in vars(it)[k]] for k in ('params', 'grads'))",
    ],
)
def test_gradients_that_a_net_collects_from_its_layers_count_once_and_shared_ones_are_summed(
    tmp_path: Path, second: str, collected: str
) -> None:
    scenario = loaded(tmp_path, NET.format(second=second, collected=collected))
    assert len(scenario.graph.parameters) == (1 if second == "W" else 2)
    assert findings(scenario, Verdict.FAIL) == []


def test_a_scenario_may_say_what_they_start_with(tmp_path: Path) -> None:
    path = layer_file(tmp_path, layers("attributes")).path
    given = SCENARIO.format(seed=0).replace("[nodes]", '[parameters]\n"h.b" = [5.0, -7.0]\n[nodes]')
    plain = bptui.loads(SCENARIO.format(seed=0), layers=[path])
    scenario = bptui.loads(given, layers=[path])
    assert scenario.values["h.b"].tolist() == [5.0, -7.0]
    assert scenario.values["h.W"].tolist() == plain.values["h.W"].tolist()
    first = bptui.run(scenario).at(1).value("h")
    assert first is not None
    assert np.allclose(first, scenario.values["x"] @ scenario.values["h.W"] + [5.0, -7.0])
    assert bptui.check(scenario).ok


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('"h.c" = [1.0, 2.0]', "no layer makes h.c"),
        ('"h.b" = [1.0, 2.0, 3.0]', r"h.b has the shape \[3\], and its layer makes it in \[2\]"),
        ('"h.b" = "two"', "got text"),
    ],
)
def test_what_no_layer_makes_is_refused_at_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = layer_file(tmp_path, layers("attributes")).path
    text = SCENARIO.format(seed=0).replace("[nodes]", f"[parameters]\n{line}\n[nodes]")
    with pytest.raises(bptui.ScenarioError, match=message) as caught:
        bptui.loads(text, layers=[path])
    assert caught.value.line == 1 + text[: text.index(line)].count("\n")
