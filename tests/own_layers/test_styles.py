"""A layer in each of the styles in use is recognised, goes forward and back as its author meant it, and is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking import Report, Verdict
from bptui.core.tape import Tape
from bptui.explaining.sentence import headline
from bptui.own_layers.own_layer import OwnLayer
from bptui.running import Run
from bptui.stepping.step_into import step_into
from guests import layer_file

DENSE = """
[inputs]
x = [[1.0, -0.5, 2.0], [0.2, 0.3, -1.0]]
[parameters]
W = [[0.5, -1.0], [2.0, 0.25], [0.1, 0.3]]
b = [0.1, 0.2]
[nodes]
y = "{formula}"
"""

ACTIVATION = """
[parameters]
x = [[1.0, -0.5, 2.0], [0.2, 0.3, -1.0]]
[nodes]
y = "{formula}"
"""

LOSS = """
[parameters]
x = [[1.0, -0.5, 2.0], [0.2, 0.3, -1.0]]
[inputs]
t = [2, 0]
[nodes]
y = "{formula}"
"""

STYLES = {
    "class": (
        DENSE,
        "Dense(x, W, b)",
        """
        class Dense:
            def __init__(self, W, b):
                self.W, self.b = W, b
            def forward(self, x):
                self.x = x
                return x @ self.W + self.b
            def backward(self, dout):
                self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
                return dout @ self.W.T
        """,
    ),
    "class that keeps its results": (
        ACTIVATION,
        "Activation_ReLU(x)",
        """
        class Activation_ReLU:
            def forward(self, inputs):
                self.inputs = inputs
                self.output = np.maximum(0, inputs)
            def backward(self, dvalues):
                self.dinputs = dvalues.copy()
                self.dinputs[self.inputs <= 0] = 0
        """,
    ),
    "class with other method names": (
        DENSE,
        "Dense(x, W, b, learning_rate=0)",
        """
        class Dense:
            def __init__(self, weights, bias):
                self.weights, self.bias = weights, bias
            def forward_pass(self, x, training=True):
                self.x = x
                return x @ self.weights + self.bias
            def backward_pass(self, accum_grad, learning_rate):
                self.dweights, self.grad_bias = self.x.T @ accum_grad, accum_grad.sum(axis=0)
                back = accum_grad @ self.weights.T
                self.weights -= learning_rate * self.dweights
                return back
        """,
    ),
    "function with its derivative": (
        ACTIVATION,
        "Sigmoid(x)",
        """
        class Sigmoid:
            def __call__(self, x):
                return 1 / (1 + np.exp(-x))
            def gradient(self, x):
                return self(x) * (1 - self(x))
        """,
    ),
    "pair of functions": (
        DENSE,
        "affine(x, W, b)",
        """
        def affine_forward(x, W, b):
            return x @ W + b, (x, W)
        def affine_backward(dout, cache):
            x, W = cache
            return dout @ W.T, x.T @ dout, dout.sum(axis=0)
        """,
    ),
    "loss function with its gradient": (
        LOSS,
        "softmax_loss(x, t)",
        """
        def softmax_loss(x, t):
            e = np.exp(x - x.max(axis=1, keepdims=True))
            p = e / e.sum(axis=1, keepdims=True)
            rows = np.arange(len(t))
            dx = p.copy()
            dx[rows, t] -= 1
            return -np.log(p[rows, t]).mean(), dx / len(t)
        """,
    ),
    "static methods with ctx": (
        ACTIVATION,
        "Exp(x)",
        """
        class Exp:
            @staticmethod
            def forward(ctx, x):
                out = np.exp(x)
                ctx.save_for_backward(out)
                ctx.factor = 1.0
                return out
            @staticmethod
            def backward(ctx, dout):
                (out,) = ctx.saved_tensors
                return dout * out * ctx.factor
        """,
    ),
}


def loaded(folder: Path, style: str, change: tuple[str, str] = ("", "")) -> bptui.Scenario:
    text, formula, layers = STYLES[style]
    assert change[0] in layers
    file = layer_file(folder, layers.replace(*change, 1))
    return bptui.loads(text.format(formula=formula), folder / "a.toml", layers=[file.path])


def failures(report: Report) -> set[tuple[str | None, str]]:
    return {(it.input, it.rule) for it in report.findings if it.verdict is Verdict.FAIL}


@pytest.mark.parametrize("style", STYLES)
def test_a_right_layer_in_each_style_is_right(tmp_path: Path, style: str) -> None:
    scenario = loaded(tmp_path, style)
    (layer,) = scenario.guests.values()
    assert layer.style == style
    report = bptui.check(scenario)
    assert failures(report) == set()
    assert {it.verdict for it in report.findings if it.rule == "gradient"} == {Verdict.PASS}


@pytest.mark.parametrize(
    ("style", "change", "named"),
    [
        ("class", ("self.x.T @ dout", "2 * self.x.T @ dout"), "W"),
        ("class that keeps its results", ("self.inputs <= 0", "self.inputs <= 0.25"), "x"),
        ("class with other method names", ("accum_grad.sum", "accum_grad.mean"), "b"),
        ("function with its derivative", ("(1 - self(x))", "(1 - x)"), "x"),
        ("pair of functions", ("dout.sum", "dout.mean"), "b"),
        ("loss function with its gradient", ("dx / len(t)", "dx"), "x"),
        ("static methods with ctx", ("dout * out", "dout * out * out"), "x"),
    ],
)
def test_a_mistake_in_each_style_is_found(tmp_path: Path, style: str, change: tuple[str, str], named: str) -> None:
    assert (named, "gradient") in failures(bptui.check(loaded(tmp_path, style, change)))


def test_what_a_context_has_saved_may_be_an_attribute_too(tmp_path: Path) -> None:
    change = ("ctx.save_for_backward(out)", "ctx.saved_values = (out,)")
    assert failures(bptui.check(loaded(tmp_path, "static methods with ctx", change))) == set()


CALLED = {
    "class": ("Dense.forward", "Dense.backward"),
    "class that keeps its results": ("Activation_ReLU.forward", "Activation_ReLU.backward"),
    "class with other method names": ("Dense.forward_pass", "Dense.backward_pass"),
    "function with its derivative": ("Sigmoid.__call__", "Sigmoid.gradient"),
    "pair of functions": ("affine_forward", "affine_backward"),
    "loss function with its gradient": ("softmax_loss", "softmax_loss"),
    "static methods with ctx": ("Exp.forward", "Exp.backward"),
}
"""What the functions of the two passes are called."""


@pytest.mark.parametrize("style", STYLES)
def test_sentences_name_the_functions_as_they_are_called(tmp_path: Path, style: str) -> None:
    tape = bptui.run(loaded(tmp_path, style))
    forward, backward = CALLED[style]
    maker = forward if "." not in forward else forward.partition(".")[0]
    assert headline(tape.at(1)).startswith(f"{maker} makes y of x")
    told = headline(tape.at(2))
    assert backward in told
    assert f"{maker}.backward" not in told.replace(backward, "")
    assert ("dout times what" in told) == ("derivative" in style or "loss" in style)


@pytest.mark.parametrize("style", STYLES)
def test_each_style_can_be_stepped_into(tmp_path: Path, style: str) -> None:
    run = Run(loaded(tmp_path, style))
    try:
        run.finish()
        assert run.failure is None
        forward, backward = CALLED[style]
        into = step_into(run, run.tape.at(1))
        assert into.is_repeatable
        assert into.called == forward
        if style.startswith("loss"):
            with pytest.raises(bptui.BptuiError, match="has made its gradient in its forward"):
                step_into(run, run.tape.at(2))
        else:
            into = step_into(run, run.tape.at(2))
            assert into.is_repeatable
            assert into.called == backward
    finally:
        run.close()


def test_a_scenario_can_name_the_methods_of_a_base_class(tmp_path: Path) -> None:
    layers = """
        class MyBase:
            pass
        class Double(MyBase):
            def run(self, x): return 2 * x
            def undo(self, dout): return 2 * dout
        """
    file = layer_file(tmp_path, layers)
    text = ACTIVATION.format(formula="Double(x)") + "[styles.MyBase]\nforward = 'run'\nbackward = 'undo'\n"
    tape = bptui.run(bptui.loads(text, tmp_path / "a.toml", layers=[file.path]))
    assert tape.gradients["x"] is not None
    assert (tape.gradients["x"] == 2.0).all()


@pytest.mark.parametrize("names", ["y, y_pred", "y, p", "target, y", "actual, yhat"])
def test_a_loss_gives_its_derivative_to_the_prediction(tmp_path: Path, names: str) -> None:
    right, predicted = names.split(", ")
    layers = f"""
        class SquareLoss:
            def loss(self, {names}): return 0.5 * np.square({right} - {predicted})
            def gradient(self, {names}): return -({right} - {predicted})
        """
    file = layer_file(tmp_path, layers)
    text = "[inputs]\na = [1.0, 2.0]\n[parameters]\np = [0.5, 3.0]\n[nodes]\ny = 'SquareLoss(a, p)'\n"
    report = bptui.check(bptui.loads(text, tmp_path / "a.toml", layers=[file.path]))
    assert failures(report) == set()


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("y_pred, y_true", "y_pred, y_true"),
        ("y_pred, y_true", "y_true, y_pred"),
        ("target, output", "target, output"),
        ("y_pred, y_true", ""),
        ("y_pred, y_true", "dvalues, y_true"),
    ],
)
def test_the_backward_of_a_loss_may_take_its_inputs_again_or_nothing(
    tmp_path: Path, forward: str, backward: str
) -> None:
    predicted, true = sorted(forward.split(", "), key=lambda it: it in {"y_true", "target"})
    error = "(dvalues - y_true)" if "dvalues" in backward else "self.error"
    layers = f"""
        class SquareLoss:
            def forward(self, {forward}):
                self.error = {predicted} - {true}
                return np.mean(self.error ** 2)
            def backward({", ".join(filter(None, ("self", backward)))}):
                return 2 * {error} / self.error.size
        """
    file = layer_file(tmp_path, layers)
    inputs = ", ".join("p" if it == predicted else "a" for it in forward.split(", "))
    text = f"[inputs]\na = [1.0, 2.0]\n[parameters]\np = [0.5, 3.0]\n[nodes]\ny = 'SquareLoss({inputs})'\n"
    scenario = bptui.loads(text, tmp_path / "a.toml", layers=[file.path])
    assert failures(bptui.check(scenario)) == set()
    assert gradient(bptui.run(scenario), "p") == [-0.5, 1.0]


def test_a_loss_of_samples_whose_calculate_takes_the_mean_is_that_mean(tmp_path: Path) -> None:
    layers = """
        class Loss:
            def calculate(self, output, y): return np.mean(self.forward(output, y))
        class Squares(Loss):
            def forward(self, y_pred, y_true): return np.mean((y_true - y_pred) ** 2, axis=-1)
            def backward(self, dvalues, y_true):
                self.dinputs = -2 * (y_true - dvalues) / len(dvalues[0])
                self.dinputs = self.dinputs / len(dvalues)
        """
    file = layer_file(tmp_path, layers)
    text = "[inputs]\nt = [[1.0, 2.0], [0.0, 1.0]]\n[parameters]\np = [[0.5, 3.0], [1.0, 1.0]]\n"
    text += "[nodes]\ny = 'Squares(p, t)'\n"
    assert failures(bptui.check(bptui.loads(text, tmp_path / "a.toml", layers=[file.path]))) == set()


def gradient(tape: Tape, name: str) -> list[float]:
    found = tape.gradients[name]
    assert found is not None
    return list(found.ravel())


def test_backward_is_given_by_name_what_it_takes_beside_dout(tmp_path: Path) -> None:
    layers = """
        class Scale:
            def forward(self, x, k): return x * k
            def backward(self, dout, x, k, factor=1.0): return dout * k * factor, (dout * x).sum() * factor
        """
    file = layer_file(tmp_path, layers)
    text = "[parameters]\nx = [1.0, 2.0]\nk = 3.0\n[nodes]\ny = 'Scale(x, k{option})'\n"
    for option, factor in (("", 1.0), (", factor=2", 2.0)):
        scenario = bptui.loads(text.format(option=option), tmp_path / "a.toml", layers=[file.path])
        tape = bptui.run(scenario)
        assert gradient(tape, "x") == [3.0 * factor] * 2
        assert gradient(tape, "k") == [3.0 * factor]
        assert all(isinstance(layer, OwnLayer) for layer in scenario.guests.values())


@pytest.mark.parametrize("call", ["scale_naive(x)", "scale_forward_naive(x)", "half(x)"])
def test_the_name_of_a_pair_is_what_its_functions_share_or_that_of_the_first(tmp_path: Path, call: str) -> None:
    layers = """
        def scale_forward_naive(x): return x * 2, None
        def scale_backward_naive(dout, cache): return dout * 2
        def half(x): return x / 2, "cache"
        def half_backward(dout, cache): return dout / 2
        """
    file = layer_file(tmp_path, layers)
    scenario = bptui.loads(ACTIVATION.format(formula=call), tmp_path / "a.toml", layers=[file.path])
    assert failures(bptui.check(scenario)) == set()
