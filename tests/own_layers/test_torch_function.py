"""Classes made of ``torch.autograd.Function``: by a tiny stand-in for torch, and where it is installed by torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.checking import Verdict
from bptui.errors import LayerError, ScenarioError
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from guests import layer_file

STAND_IN = {
    "torch/__init__.py": """
        import numpy as np
        from torch import autograd
        class Tensor:
            def __init__(self, array): self.array = array
            def detach(self): return self
            def cpu(self): return self
            def numpy(self): return self.array
            def clone(self): return Tensor(self.array.copy())
            def __mul__(self, other): return Tensor(self.array * getattr(other, "array", other))
            def __add__(self, other): return Tensor(self.array + other.array)
            def __gt__(self, number): return Tensor(self.array > number)
            __rmul__ = __mul__
            @property
            def dtype(self): return self.array.dtype
        def from_numpy(array): return Tensor(array)
    """,
    "torch/autograd/__init__.py": "from torch.autograd.function import Function",
    "torch/autograd/function.py": """
        class Function:
            @staticmethod
            def forward(*args): raise NotImplementedError
            @staticmethod
            def setup_context(ctx, inputs, output): raise NotImplementedError
            @staticmethod
            def backward(ctx, *douts): raise NotImplementedError
    """,
}

FUNCTIONS = """
import torch

class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        assert isinstance(x, torch.Tensor)
        ctx.factor = factor
        ctx.mark_dirty()
        assert ctx.needs_input_grad == (True, False)
        return x * factor
    @staticmethod
    def backward(ctx, grad_output):
        assert isinstance(grad_output, torch.Tensor)
        return grad_output * ctx.factor, None

class Relu(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x * (x > 0)
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x > 0)

class Both(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x + y, x * y
    @staticmethod
    def backward(ctx, ds, dp):
        x, y = ctx.saved_tensors
        return ds + dp * y, ds + dp * x

class Twice(Relu):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * (x > 0)  # WRONG
"""

TEXT = """
[inputs]
x = [1.0, -2.0, 0.5]
[parameters]
y = [0.25, 1.5, -1.0]
[nodes]
"s, p" = "Both(x, y)"
a = "Scale(s, factor=3)"
z = "LAYER(a)"
loss = "Sum(z * p)"
"""

ELEMENTARY = TEXT.replace('"s, p" = "Both(x, y)"', 's = "x + y"\np = "x * y"').replace("Scale(s, factor=3)", "s * 3")


def functions(folder: Path) -> Path:
    return layer_file(folder, FUNCTIONS).path


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """Return a folder in which torch lies, as far as these functions need it."""
    for name, text in STAND_IN.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        layer_file(tmp_path, text, name)
    return tmp_path


def assert_right(folder: Path) -> None:
    scenario = loads(TEXT.replace("LAYER", "Relu"), layers=[functions(folder)])
    got, want = run(scenario), run(loads(ELEMENTARY.replace("LAYER", "Relu")))
    for name in ("s", "p", "a", "z", "x", "y"):
        np.testing.assert_array_equal(got.values[name], want.values[name])
        np.testing.assert_allclose(got.gradients[name], want.gradients[name], rtol=1e-15)  # type: ignore[arg-type]
    styles = {it.style for it in scenario.library.values() if isinstance(it, OwnLayer)}
    assert styles == {"torch.autograd.Function"}
    assert {it.verdict for it in bptui.check(scenario).findings} == {Verdict.PASS}


def assert_wrong(folder: Path) -> int | None:
    """Hold that the wrong function is named, and return the line that is."""
    report = bptui.check(loads(TEXT.replace("LAYER", "Twice"), layers=[functions(folder)]))
    wrong = [it for it in report.findings if it.verdict is Verdict.FAIL]
    assert [(it.node, it.input, it.mistake) for it in wrong] == [("z", "a", "twice")]
    assert wrong[0].where is not None
    return wrong[0].where.line


def test_functions_go_both_ways_with_tensors_and_are_checked(stand_in: Path) -> None:
    assert_right(stand_in)


def test_a_wrong_one_is_named(stand_in: Path) -> None:
    assert_wrong(stand_in)


@pytest.mark.torch
def test_functions_go_both_ways_with_torch_and_are_checked(tmp_path: Path) -> None:
    assert_right(tmp_path)
    line = assert_wrong(tmp_path)
    assert line is not None
    assert "# WRONG" in functions(tmp_path).read_text().splitlines()[line - 1]


@pytest.mark.torch
def test_what_torch_draws_at_random_is_repeated_and_stands_still(tmp_path: Path) -> None:
    text = """
        import torch
        class Drop(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.kept = (torch.rand_like(x) > 0.5).to(x.dtype)
                return x * ctx.kept
            @staticmethod
            def backward(ctx, g):
                return g * ctx.kept
    """
    layers = [layer_file(tmp_path, text).path]
    scenario = loads("[parameters]\nx = [1.0, 2.0, 3.0, 4.0]\n[nodes]\ny = 'Drop(x)'\nz = 'Sum(y)'", layers=layers)
    one, two = run(scenario).values["y"], run(scenario).values["y"]
    np.testing.assert_array_equal(one, two)
    report = bptui.check(scenario)
    assert report.ok
    assert [it.verdict for it in report.findings if (it.node, it.rule) == ("y", "gradient")] == [Verdict.PASS]


def test_a_package_that_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    file = layer_file(tmp_path, "import package_that_is_missing.inside")
    with pytest.raises(ScenarioError, match="package_that_is_missing") as caught:
        loads("[inputs]\nx = 1\n[nodes]\ny = 'Own(x)'", layers=[file.path])
    assert caught.value.hint == "install bptui into the environment where your packages are"
    assert caught.value.line == 2


def test_so_is_one_that_a_layer_wants_when_it_runs(tmp_path: Path) -> None:
    text = """
        class Own:
            def forward(self, x):
                import package_that_is_missing
            def backward(self, dout): return dout
    """
    scenario = loads("[inputs]\nx = 1\n[nodes]\ny = 'Own(x)'", layers=[layer_file(tmp_path, text).path])
    with pytest.raises(LayerError, match="package_that_is_missing") as caught:
        run(scenario)
    assert caught.value.hint == "install bptui into the environment where your packages are"
