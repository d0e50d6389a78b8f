"""Functions with caches as courses on recurrent networks write them: gradients by name, and of some outputs only."""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking import Verdict
from bptui.running import Run
from bptui.stepping.step_into import step_into
from guests import layer_file

CELLS = """
    def rnn_cell_forward(xt, a_prev, Wax, Waa, Wya):
        a_next = np.tanh(Wax @ xt + Waa @ a_prev)
        y = Wya @ a_next
        cache = (a_next, a_prev, xt, Wax, Waa)
        return a_next, y, cache

    def rnn_cell_backward(da_next, cache):
        (a_next, a_prev, xt, Wax, Waa) = cache
        d = (1 - a_next ** 2) * da_next
        return {"dxt": Wax.T @ d, "da_prev": Waa.T @ d, "dWax": d @ xt.T, "dWaa": d @ a_prev.T}

    def cell_forward(x, c_prev):
        c_next = np.tanh(x) + 0.5 * c_prev
        a_next = np.sin(c_next)
        y = 2 * a_next
        return a_next, c_next, y, (x, c_next)

    def cell_backward(da_next, dc_next, cache):
        x, c_next = cache
        d = dc_next + da_next * np.cos(c_next)
        return {"dx": d * (1 - np.tanh(x) ** 2), "dc_prev": 0.5 * d}
"""

TEXT = """
[inputs]
x = [[0.3, -0.2], [0.5, 0.1]]
a0 = [[0.2, 0.4]]
[parameters]
Wax = [[0.5, -1.0]]
Waa = [[0.7]]
Wya = [[2.0]]
[nodes]
"a, y" = "rnn_cell(x, a0, Wax, Waa, Wya)"
"b, c, _" = "cell(a, a0)"
loss = "Sum(b * c)"
"""

ELEMENTARY = """
a = "Tanh(Wax @ x + Waa @ a0)"
c = "Tanh(a) + 0.5 * a0"
b = "Sin(c)"
loss = "Sum(b * c)"
"""


def load(folder: Path, text: str = TEXT, layers: str = CELLS) -> bptui.Scenario:
    return bptui.loads(text, folder / "a.toml", layers=[layer_file(folder, layers).path])


def test_gradients_by_name_of_some_outputs_are_those_of_elementary_layers(tmp_path: Path) -> None:
    tape = bptui.run(load(tmp_path))
    elementary = bptui.run(bptui.loads(TEXT.partition('"a, y"')[0] + ELEMENTARY))
    for name in ("x", "a0", "Wax", "Waa"):
        got, want = tape.gradients[name], elementary.gradients[name]
        assert got is not None
        assert want is not None
        assert got.ravel().tolist() == pytest.approx(want.ravel().tolist(), rel=1e-12)


def test_an_output_whose_gradient_backward_does_not_take_is_not_judged_and_said_to_be_so(tmp_path: Path) -> None:
    report = bptui.check(load(tmp_path))
    assert report.ok
    told = {it.reason for it in report.findings if it.verdict is Verdict.SKIP}
    assert "backward takes no gradient of y: what comes back to it would be lost" in told
    assert not any("_" in reason for reason in told)


def test_what_comes_back_to_such_an_output_is_lost(tmp_path: Path) -> None:
    report = bptui.check(load(tmp_path, TEXT.replace("Sum(b * c)", "Sum(b * c) + Sum(y)")))
    failed = {(it.node, it.output, it.mistake) for it in report.findings if it.verdict is Verdict.FAIL}
    assert failed == {("a", "y", "the gradient of an output is lost")}


def test_a_mistake_in_the_gradient_of_either_output_is_found(tmp_path: Path) -> None:
    report = bptui.check(load(tmp_path, layers=CELLS.replace("d = dc_next + da_next", "d = da_next")))
    assert {it.output for it in report.findings if it.node == "b" and it.verdict is Verdict.FAIL} == {"c"}


def test_its_lines_back_can_be_stepped_through(tmp_path: Path) -> None:
    run = Run(load(tmp_path))
    try:
        run.finish()
        moment = next(run.tape.at(step.number) for step in run.tape if step.name == "a" and step.number > 4)
        assert step_into(run, moment).is_repeatable
    finally:
        run.close()


BETWEEN = """
    def scale_forward(x, scale_param, w):
        return x * w * scale_param["factor"], (x, w, scale_param)

    def scale_backward(dout, cache):
        x, w, scale_param = cache
        return dout * w * scale_param["factor"], dout * x * scale_param["factor"]

    class Scale:
        def forward(self, x, factor, w):
            self.x, self.w, self.factor = x, w, factor
            return x * w * factor
        def backward(self, dout):
            return dout * self.w * self.factor, dout * self.x * self.factor

    class Context:
        @staticmethod
        def forward(ctx, x, factor, w):
            ctx.save_for_backward(x, w)
            ctx.factor = factor
            assert ctx.needs_input_grad == (True, False, True)
            return x * w * factor
        @staticmethod
        def backward(ctx, dout):
            x, w = ctx.saved_tensors
            return dout * w * ctx.factor, None, dout * x * ctx.factor
"""


@pytest.mark.parametrize(
    "formula",
    [
        "scale(x, {'factor': 3}, w)",
        "scale(x, w, scale_param={'factor': 3})",
        "Scale(x, w, factor=3)",
        "Context(x, w, factor=3)",
    ],
)
def test_an_option_may_stand_before_an_input(tmp_path: Path, formula: str) -> None:
    text = f'[parameters]\nx = [1.0, 2.0]\nw = [5.0, 7.0]\n[nodes]\ny = "{formula}"\n'
    scenario = load(tmp_path, text, BETWEEN)
    tape = bptui.run(scenario)
    assert [list(it) for it in (tape.gradients["x"], tape.gradients["w"]) if it is not None] == [[15, 21], [3, 6]]
    assert bptui.check(scenario).ok


CELL_CLASS = """
    class Cell:
        def forward(self, inputs, hidden_prev, cell_prev):
            self.inputs, self.hidden_prev = inputs, hidden_prev
            return inputs * hidden_prev, inputs + cell_prev

        def backward(self, dhidden_next, dcell_next):
            dinputs = dhidden_next * self.hidden_prev + dcell_next
            return dinputs, dhidden_next * self.inputs, dcell_next
"""


def test_gradients_of_several_outputs_may_be_called_by_whole_words(tmp_path: Path) -> None:
    text = (
        '[inputs]\nx = [1.0, 2.0]\nh0 = [0.5, 0.4]\nc0 = [0.1, 0.2]\n[nodes]\n"h, c" = "Cell(x, h0, c0)"\ny = "h + c"\n'
    )
    assert bptui.check(load(tmp_path, text, layers=CELL_CLASS)).ok
