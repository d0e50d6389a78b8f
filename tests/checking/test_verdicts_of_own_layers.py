"""What is said of layers of the user's own, from their file to the report: no false word, each fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking import Finding, Report, Verdict
from bptui.checking.verdicts import Judged, Verdicts
from bptui.lines.line import plain
from bptui.report.check_report import is_failure, report_lines
from sampled import one_in


def report_on(folder: Path, scenario: str, layers: str) -> Report:
    (folder / "my_layers.py").write_text("import numpy as np\n" + layers, encoding="utf-8")
    (folder / "own.toml").write_text(scenario, encoding="utf-8")
    return bptui.check(folder / "own.toml", layers=[folder / "my_layers.py"])


def failures(report: Report) -> list[tuple[str, str | None, str, str | None]]:
    return [(it.node, it.input, it.rule, it.mistake) for it in report.findings if it.verdict is Verdict.FAIL]


def the(report: Report, mistake: str) -> Finding:
    return next(it for it in report.findings if it.mistake == mistake)


def line_of(layers: str, text: str) -> int:
    return ["import numpy as np", *layers.splitlines()].index(text) + 1


def text_of(report: Report, **options: object) -> str:
    return "\n".join(plain(line) for line in report_lines("own.toml", report, **options))  # type: ignore[arg-type]


NOISE = """
[parameters]
x = [[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]]
[nodes]
y = "Noise(x)"
loss = "Sum(y * y)"
"""

DRAWS = """
import random
rng = np.random.default_rng()
kept = {{"generators": [np.random.default_rng(1)]}}
def maker():
    inside = np.random.default_rng(2)
    return lambda shape: inside.random(shape)
drawn = maker()
def drawn_by_default(shape, inside=np.random.default_rng(3)):
    return inside.random(shape)
class Noise:
    generator = np.random.default_rng(4)
    def __init__(self):
        self.own = np.random.RandomState(3)
    def forward(self, x):
        self.mask = {draw} + 0.5
        return x * self.mask
    def backward(self, dout):
        return dout * self.mask
"""


@pytest.mark.parametrize(
    "draw",
    one_in(
        3,
        [
            "np.random.rand(*x.shape)",
            "random.random()",
            "rng.random(x.shape)",
            "self.generator.random(x.shape)",
            "self.own.rand(*x.shape)",
            "np.random.default_rng().random(x.shape)",
            "kept['generators'][0].random(x.shape)",
            "drawn(x.shape)",
            "drawn_by_default(x.shape)",
        ],
    ),
)
def test_whatever_draws_is_held_still(tmp_path: Path, draw: str) -> None:
    report = report_on(tmp_path, NOISE, DRAWS.format(draw=draw))
    assert report.ok
    (found,) = [it for it in report.findings if it.node == "y" and it.rule == "gradient"]
    assert found.verdict is Verdict.PASS


def test_a_backward_that_draws_again_is_told_with_its_line(tmp_path: Path) -> None:
    layers = DRAWS.format(draw="rng.random(x.shape)").replace(
        "        return dout * self.mask",
        "        self.mask = rng.random(dout.shape) + 0.5\n        return dout * self.mask",
    )
    report = report_on(tmp_path, NOISE, layers)
    assert ("y", None, "draws-again", "draws again") in failures(report)
    where = the(report, "draws again").where
    assert where is not None
    assert where.line == line_of(layers, "        self.mask = rng.random(dout.shape) + 0.5")


PRODUCT = """
[parameters]
x = [[0.5, -1.0], [1.5, 0.3]]
y = [[1.0, 2.0], [0.2, -0.4]]
[nodes]
z = "Product(x, y)"
loss = "Sum(z * z)"
"""

FAULTY_ON_THE_WAY = """
class Product:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y
    def backward(self, dout):
        return {returned}
"""


@pytest.mark.parametrize(
    ("returned", "fault"),
    [
        ("dout * self.y, 3 * dout * self.x, None", ("gradients", "surplus None")),
        (
            "(dout * self.y)[np.newaxis], 3 * dout * self.x",
            ("shape", "an axis of size 1 too many or too few (keepdims?)"),
        ),
        ("(dout * self.y).tolist(), 3 * dout * self.x", ("dtype", "a list instead of an array")),
    ],
)
def test_a_fault_on_the_way_hides_no_wrong_number(tmp_path: Path, returned: str, fault: tuple[str, str]) -> None:
    report = report_on(tmp_path, PRODUCT, FAULTY_ON_THE_WAY.format(returned=returned))
    found = failures(report)
    assert fault in [(rule, mistake) for _, _, rule, mistake in found]
    assert ("z", "y", "gradient", "constant factor") in found
    assert ("z", "x") not in [(node, name) for node, name, rule, _ in found if rule == "gradient"]


@pytest.mark.parametrize(("second", "wrong"), [("dout * self.x", []), ("3 * dout * self.x", ["y"])])
def test_gradients_in_a_list_are_taken_one_by_one_with_a_caution(tmp_path: Path, second: str, wrong: list[str]) -> None:
    report = report_on(tmp_path, PRODUCT, FAULTY_ON_THE_WAY.format(returned=f"[dout * self.y, {second}]"))
    assert [name for _, name, _, _ in failures(report)] == wrong
    assert the(report, "list instead of array").verdict is Verdict.SKIP
    assert bptui.run(bptui.load(tmp_path / "own.toml", layers=[tmp_path / "my_layers.py"])).gradients["x"] is not None


STEPS = {
    "a multiple of the gradient": "self.W -= 0.1 * self.dW",
    "weight decay": "self.W -= 0.1 * (self.dW + 0.01 * self.W)",
    "Adam": "self.W -= 0.01 * self.dW / (np.abs(self.dW) + 1e-8)",
}


@pytest.mark.parametrize("step", STEPS.values(), ids=list(STEPS))
@pytest.mark.parametrize("made", ["W", "n_in=2, n_out=2"])
def test_a_step_after_the_gradients_is_a_caution(tmp_path: Path, step: str, made: str) -> None:
    given = "W" if made == "W" else "n_in, n_out"
    own = "W" if made == "W" else "np.random.randn(n_in, n_out)"
    layers = f"""
class Dense:
    def __init__(self, {given}):
        self.W = {own}
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, dout):
        self.dW, back = self.x.T @ dout, dout @ self.W.T
        {step}
        return back
"""
    scenario = f"""
[parameters]
x = [[0.5, -1.0], [1.5, 0.3], [0.2, 0.7]]
W = [[0.4, -0.3], [0.2, 0.6]]
[nodes]
y = "Dense(x, {made})"
z = "y * y"
loss = "Sum(z{" + 0 * Sum(W)" if made != "W" else ""})"
"""
    report = report_on(tmp_path, scenario, layers)
    assert failures(report) == []
    assert the(report, "updates inside backward").verdict is Verdict.SKIP


PASSED_ON = """
class Base:
    def __init__(self, alpha=1.0):
        self.alpha = alpha
    def forward(self, X, *args, **kwargs):
        self.X = X
        return self.function(X, *args, **kwargs)
    def backward(self, dZ, *args, **kwargs):
        return dZ * self.derivative(self.X)
class Scaled(Base):
    def function(self, X):
        return self.alpha * X**2
    def derivative(self, X):
        return 2 * self.alpha * X
"""


def test_options_that_init_names_are_not_passed_on_to_a_forward_that_takes_any(tmp_path: Path) -> None:
    report = report_on(tmp_path, NOISE.replace("Noise(x)", "Scaled(x, alpha=0.5)"), PASSED_ON)
    assert report.ok


MADE_IN_FLOAT32 = """
class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out).astype("f")
    def forward(self, x):
        self.x = x.astype("f")
        return self.x @ self.W
    def backward(self, dout):
        self.dW = self.x.T @ dout.astype("f")
        return dout.astype("f") @ self.W.T
"""


def test_parameters_made_in_float32_may_have_gradients_of_it(tmp_path: Path) -> None:
    report = report_on(tmp_path, NOISE.replace("Noise(x)", "Dense(x, n_in=3, n_out=2)"), MADE_IN_FLOAT32)
    assert failures(report) == []


def test_marks_are_those_of_each_input(tmp_path: Path) -> None:
    report = report_on(tmp_path, PRODUCT, FAULTY_ON_THE_WAY.format(returned="dout * self.y, 3 * dout * self.x"))
    assert ": x ✓  y ✗" in text_of(report)
    scenario = bptui.load(tmp_path / "own.toml", layers=[tmp_path / "my_layers.py"])
    verdicts = Verdicts(scenario.graph)
    for node in scenario.graph.nodes:
        found = tuple(it for it in report.findings if it.node == node.name and it.rule != "network")
        verdicts.add(Judged(node.name, node.layer, 0, found))
    assert [verdicts.path(0, name).sign for name in ("x", "y")] == ["✓", "✗"]


CANCELLING = """
[inputs]
x = [[0.5, -1.0], [1.5, 0.3], [0.2, 0.9]]
t = [[1.0], [0.0], [0.5]]
[parameters]
W = [[0.4], [0.3]]
b = [0.1]
[nodes]
y = "Dense(x, W, b)"
loss = "Loss(y, t)"
"""

SHARED_WORK = """
class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        n = len(dout)
        self.dW, self.db = self.x.T @ dout / n, dout.sum(axis=0) / n
        return dout @ self.W.T / n
class Loss:
    def forward(self, y, t):
        self.d = y - t
        return np.sum(self.d ** 2) / len(y)
    def backward(self, dout=1.0):
        return 2 * dout * self.d, None
"""


def test_the_network_says_that_two_deviations_cancel(tmp_path: Path) -> None:
    report = report_on(tmp_path, CANCELLING, SHARED_WORK)
    assert {(node, mistake) for node, _, _, mistake in failures(report)} == {
        ("y", "mean for sum"),
        ("loss", "sum for mean"),
    }
    assert "the gradients of W, b are right to 1e-10; your layers share the work otherwise than forward" in text_of(
        report
    )


def test_layers_that_only_break_a_rule_share_no_work(tmp_path: Path) -> None:
    writing = SHARED_WORK.replace(" / n", "").replace(
        "        n = len(dout)\n", "        dout *= 2\n        dout = dout / 2\n"
    )
    text = writing.replace("        self.d = y - t\n", "        y *= 2\n        self.d = y / 2 - t\n")
    report = report_on(tmp_path, CANCELLING, text.replace("self.d, None", "self.d / len(self.d), None"))
    assert {(node, rule) for node, _, rule, _ in failures(report)} == {("y", "mutates"), ("loss", "mutates")}
    assert "share the work" not in text_of(report)


def test_what_follows_is_told_under_its_cause(tmp_path: Path) -> None:
    layers = SHARED_WORK.replace("2 * dout * self.d, None", "2 * dout * self.d / len(self.d), None")
    report = report_on(tmp_path, CANCELLING, layers)
    assert {it.follows for it in report.findings if it.rule == "network"} == {"y"}
    assert "x, W, b: wrong, which follows from y." in text_of(report)


def test_a_loss_that_ignores_dout_is_a_caution_at_the_output_and_a_failure_before_it(tmp_path: Path) -> None:
    right = SHARED_WORK.replace(" / n", "").replace("2 * dout * self.d, None", "2 * self.d / len(self.d), None")
    report = report_on(tmp_path, CANCELLING, right)
    assert report.ok
    caution = the(report, "ignores dout")
    assert (caution.rule, caution.verdict) == ("linear", Verdict.SKIP)
    doubled = CANCELLING + 'twice = "loss * 2.0"\n'
    assert ("loss", "y", "gradient", "ignores dout") in failures(report_on(tmp_path, doubled, right))


UNROLLED = """
[inputs]
x1 = [[0.5, -1.0], [0.1, 0.2]]
x2 = [[1.5, 0.3], [0.4, -0.6]]
[parameters]
b = [0.1, -0.2]
[nodes]
h1 = "Cell(x1, b)"
h2 = "Cell(x2 + h1, b)"
loss = "Sum(h2 * h2)"
"""

CELL = """
class Cell:
    def forward(self, x, b):
        self.h = np.tanh(x + b)
        return self.h
    def backward(self, dh):
        dz = dh * (1 - self.h ** 2)
        db = dh.sum(axis=0)
        return dz, db
"""


def test_the_same_fault_in_unrolled_steps_is_told_once_with_its_line(tmp_path: Path) -> None:
    report = report_on(tmp_path, UNROLLED, CELL)
    text = text_of(report)
    assert text.count("it must multiply it by the local derivative first (tanh's 1 - out²)") == 1
    assert "gradient of b: local derivative left out: the same as at h1" in text
    where = the(report, "local derivative left out").where
    assert where is not None
    assert (where.line, Path(where.path).name) == (line_of(CELL, "        db = dh.sum(axis=0)"), "my_layers.py")


def test_tables_of_steps_come_on_demand(tmp_path: Path) -> None:
    report = report_on(tmp_path, UNROLLED, CELL)
    assert "through both" not in text_of(report)
    assert "through both" in text_of(report, has_ladder=is_failure)


def test_a_value_that_leads_nowhere_is_said_once(tmp_path: Path) -> None:
    scenario = UNROLLED.replace(
        'loss = "Sum(h2 * h2)"', 'aside = "h1 * c"\nlast = "aside + 1.0"\nloss = "Sum(h2 * h2)"'
    )
    scenario = scenario.replace("[nodes]", "c = [1.0, 2.0]\n[nodes]") + '[run]\noutput = "loss"\n'
    found = [it for it in report_on(tmp_path, scenario, CELL).findings if it.rule == "wiring"]
    assert [it.reason for it in found] == [
        "last is used by no one: no gradient comes back to it, and with it none to c"
    ]


COARSE = """
class Cell:
    def forward(self, x, b):
        self.h = np.tanh({x} + b)
        return self.h
    def backward(self, dh):
        dz = dh * (1 - self.h ** 2)
        return dz, dz.sum(axis=0)
"""


@pytest.mark.parametrize("x", one_in(3, ["x.astype(np.float32)", "np.float32(x)", "x.astype('f').astype(float)"]))
def test_a_layer_that_works_in_float32_is_not_accused(tmp_path: Path, x: str) -> None:
    assert report_on(tmp_path, UNROLLED, COARSE.format(x=x)).ok


def test_a_layer_that_works_in_float32_and_is_wrong_is_found(tmp_path: Path) -> None:
    layers = COARSE.format(x="x.astype(np.float32)").replace("return dz, dz", "return 2 * dz, dz")
    assert ("h1", "x1", "gradient", "twice") in failures(report_on(tmp_path, UNROLLED, layers))


SINGLE = """
class Single:
    def __init__(self, W, b):
        self.W, self.b = W.astype("f"), b.astype("f")
    def forward(self, x):
        self.x = x.astype("f")
        self.o = {forward}
        return self.o
    def backward(self, dout):
        dz = dout.astype("f") * {slope}
        self.dW, self.db = self.x.T @ dz, dz.sum(axis=0)
        return dz @ self.W.T
"""

SINGLE_SCENARIO = """
[inputs]
x = { shape = [4, 3], init = "normal", seed = 1 }
[parameters]
W = { shape = [3, 2], init = "normal", seed = 2 }
b = { shape = [2], init = "zeros" }
[nodes]
y = "Single(x, W, b)"
loss = "Sum(y * y)"
"""


@pytest.mark.parametrize(
    ("forward", "slope"),
    one_in(
        3,
        [
            ("np.tanh(self.x @ self.W + self.b)", "(1 - self.o ** 2)"),
            ("1 / (1 + np.exp(-(self.x @ self.W + self.b)))", "self.o * (1 - self.o)"),
            ("np.exp(self.x @ self.W + self.b)", "self.o"),
        ],
    ),
)
def test_steps_of_float32_are_no_kinks_and_accuse_nobody(tmp_path: Path, forward: str, slope: str) -> None:
    right = report_on(tmp_path, SINGLE_SCENARIO, SINGLE.format(forward=forward, slope=slope))
    assert [it for it in right.findings if it.verdict in {Verdict.FAIL, Verdict.KINK}] == []
    wrong = SINGLE.format(forward=forward, slope=slope).replace("self.x.T @ dz", "1.5 * self.x.T @ dz")
    assert ("y", "W", "gradient") in {it[:3] for it in failures(report_on(tmp_path, SINGLE_SCENARIO, wrong))}


MADE_SINGLE = """
class Dense:
    def __init__(self, n, m):
        self.params = [np.random.randn(n, m).astype("f"), np.zeros(m, "f")]
        self.grads = [np.zeros_like(p) for p in self.params]
    def forward(self, x):
        self.x = x
        return x @ self.params[0] + self.params[1]
    def backward(self, dout):
        self.grads[0][...] = self.x.T @ dout
        self.grads[1][...] = dout.sum(axis=0)
        return dout @ self.params[0].T
"""


def test_parameters_made_in_float32_have_gradients_in_float32(tmp_path: Path) -> None:
    scenario = '[inputs]\nx = { shape = [4, 3], init = "normal", seed = 1 }\n[nodes]\n'
    scenario += 'y = "Dense(x, n=3, m=2)"\nloss = "Sum(y * y)"\n'
    assert failures(report_on(tmp_path, scenario, MADE_SINGLE)) == []
    wrong = MADE_SINGLE.replace("= self.x.T @ dout", "= 2 * self.x.T @ dout")
    assert [it[1] for it in failures(report_on(tmp_path, scenario, wrong))] == ["y.params0"]


def test_a_sentence_that_begins_with_a_name_keeps_its_small_letter(tmp_path: Path) -> None:
    scenario = '[parameters]\nx = [1.0, 2.0]\n[nodes]\ny = "Half(x)"\nloss = "Sum(y)"\n'
    layers = "class Half:\n    def forward(self, x):\n        return x / self.two\n"
    layers += "    def backward(self, d):\n        return d / 2\n"
    assert "y: Half.forward: AttributeError" in text_of(report_on(tmp_path, scenario, layers))


STEP = """
class Cell:
    def forward(self, x, b):
        return (x + b > 0).astype(int)
    def backward(self, dh):
        return np.zeros(dh.shape), np.zeros(dh.shape[1:])
"""


def test_a_step_function_is_skipped(tmp_path: Path) -> None:
    report = report_on(tmp_path, UNROLLED.replace("x2 + h1", "x2").replace("h2 * h2", "h1 * h2"), STEP)
    assert report.ok
    found = [it for it in report.findings if it.node == "h1" and it.rule == "gradient"]
    assert {(it.verdict, it.reason) for it in found} == {
        (Verdict.SKIP, "a step function: its slope is 0 almost everywhere")
    }


def test_a_value_cut_to_integers_is_a_finding_where_backward_claims_a_slope(tmp_path: Path) -> None:
    cut = """
class Buffer:
    def forward(self, x):
        out = np.zeros(x.shape, dtype=int)
        out[...] = 2 * x
        return out
    def backward(self, dout):
        return 2 * dout
"""
    scenario = '[parameters]\nx = [1.5, -2.25]\n[nodes]\ny = "Buffer(x)"\nloss = "Sum(y * y)"\n'
    assert failures(report_on(tmp_path, scenario, cut)) == [("y", "x", "gradient", "integers instead of floats")]
    assert failures(report_on(tmp_path, scenario, cut.replace(", dtype=int", ""))) == []


def test_a_layer_that_gives_no_gradient_at_all_is_told_to_be_unchecked(tmp_path: Path) -> None:
    silent = """
class Twice:
    def forward(self, x):
        return 2 * x
    def backward(self, dout):
        return None
"""
    scenario = '[inputs]\nx = [1.5, -2.25]\n[nodes]\ny = "Twice(x)"\nloss = "Sum(y * y)"\n'
    found = [it for it in report_on(tmp_path, scenario, silent).findings if (it.node, it.input) == ("y", "x")]
    assert [it.verdict for it in found] == [Verdict.SKIP]
    assert "no gradient at all" in found[0].reason


def test_an_unused_count_explains_nothing(tmp_path: Path) -> None:
    wrong = """
class Cube:
    def forward(self, x):
        self.x = x
        return x ** 3
    def backward(self, dout):
        n = len(dout)
        return dout * np.cos(3 * self.x)
"""
    scenario = '[parameters]\nx = [1.5, -2.25]\n[nodes]\ny = "Cube(x)"\nloss = "Sum(y * y)"\n'
    assert failures(report_on(tmp_path, scenario, wrong)) == [("y", "x", "gradient", None)]
    thrown_away = wrong.replace("n = len(dout)", "slope = 3 * self.x ** 2")
    assert failures(report_on(tmp_path, scenario, thrown_away)) == [("y", "x", "gradient", "computed and not used")]


LOSES = """
class Cell:
    def forward(self, x, b):
        e = np.exp(x - 2000 + b)
        return e / e.sum(axis=1, keepdims=True)
    def backward(self, dh):
        return dh, dh.sum(axis=0)
"""


def test_nan_of_finite_inputs_fails_with_the_operation_and_its_operands(tmp_path: Path) -> None:
    report = report_on(tmp_path, UNROLLED, LOSES)
    found = the(report, "NaN of finite numbers")
    assert "0 / 0" in found.reason
    assert "underflowed" in found.reason
    assert found.where is not None
    assert found.where.line == line_of(LOSES, "        return e / e.sum(axis=1, keepdims=True)")


HELPED = """
from helper import spread
class Cell:
    def forward(self, x, b):
        self.size = x.shape
        return x[:, 1:] + x[:, :-1] + b[1:]
    def backward(self, dh):
        return spread(dh, self.size), np.concatenate([[0.0], dh.sum(axis=0)])
"""

HELPER = """import numpy as np


def spread(dh, size):
    dx = np.zeros(size)
    dx[:, 1:] = dh
    dx[:, :-1] = dh
    return dx
"""


def test_a_line_in_a_helper_beside_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text(HELPER, encoding="utf-8")
    scenario = UNROLLED.replace("x1 = [[0.5, -1.0], [0.1, 0.2]]", "x1 = [[0.5, -1.0, 2.0], [0.1, 0.2, 0.3]]")
    scenario = scenario.replace("b = [0.1, -0.2]", "b = [0.1, -0.2, 0.3]").replace("h2 * h2", "h1 * h1")
    scenario = scenario.replace('h2 = "Cell(x2 + h1, b)"\n', "").replace("x2 = [[1.5, 0.3], [0.4, -0.6]]\n", "")
    found = the(report_on(tmp_path, scenario, HELPED), "contributions overwritten")
    assert found.where is not None
    assert (Path(found.where.path).name, found.where.line) == ("helper.py", 7)


STEPPING = """
class Dense:
    def __init__(self, W, b, lr=0.1):
        self.W, self.b, self.lr = W, b, lr
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        dx = dout @ self.W.T
        self.W -= self.lr * self.dW
        self.b -= self.lr * self.db
        return {returned}
class Loss:
    def forward(self, y, t):
        self.d = y - t
        return np.sum(self.d ** 2)
    def backward(self, dout=1.0):
        return 2 * dout * self.d, None
"""


def test_a_step_taken_inside_backward_is_a_caution(tmp_path: Path) -> None:
    report = report_on(tmp_path, CANCELLING, STEPPING.format(returned="dx"))
    assert report.ok
    cautions = [it for it in report.findings if it.mistake == "updates inside backward"]
    assert [(it.input, it.verdict) for it in cautions] == [("W", Verdict.SKIP), ("b", Verdict.SKIP)]
    assert cautions[0].where is not None
    assert cautions[0].where.line == line_of(STEPPING, "        self.W -= self.lr * self.dW")


SUMMING = """
class Cell:
    def __init__(self{given}):
        self.W{kept}
        self.dW = np.zeros({shape})
        self.db = np.zeros({shape}[1])
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dh):
        self.dW += self.x.T @ dh
        self.db {db} dh.sum(axis=0)
        return {dx}
"""
SUMMED = """
[inputs]
x = [[0.5, -1.0], [0.1, 0.2]]
[parameters]
W = [[0.3, -0.4, 1.0], [0.7, 0.2, -0.6]]
b = [0.1, -0.2, 0.4]
[nodes]
h = "Cell({formula})"
loss = "Sum(h * h)"
"""
KEEPING = {
    "x, W, b": {"given": ", W, b", "kept": ", self.b = W, b", "shape": "W.shape"},
    "x": {
        "given": "",
        "kept": ", self.b = np.array([[0.3, -1.0, 2.0], [0.7, 0.2, 0.1]]), np.zeros(3)",
        "shape": "(2, 3)",
    },
}


def summing(folder: Path, formula: str, *, db: str = "+=", dx: str = "dh @ self.W.T") -> Report:
    scenario = SUMMED.replace("{formula}", formula)
    if formula == "x":
        scenario = scenario.split("[parameters]")[0] + "[nodes]" + scenario.split("[nodes]")[1]
    return report_on(folder, scenario, SUMMING.format(db=db, dx=dx, **KEEPING[formula]))


@pytest.mark.parametrize("formula", KEEPING)
def test_gradients_that_are_summed_over_all_calls_are_a_caution(tmp_path: Path, formula: str) -> None:
    report = summing(tmp_path, formula)
    assert failures(report) == []
    assert "W" in the(report, "adds up").reason
    assert "b" in the(report, "adds up").reason
    assert the(report, "adds up").verdict is Verdict.SKIP


@pytest.mark.parametrize("formula", one_in(2, KEEPING))
def test_summing_one_gradient_hides_nothing_of_the_others(tmp_path: Path, formula: str) -> None:
    found = failures(summing(tmp_path, formula, db="= 0.5 * self.db +"))
    assert {rule for _, _, rule, _ in found} == {"second-backward", "stale-cache"}
    assert {name for _, name, _, _ in found} <= {"b", "h.b"}
    stale = "dh @ self.W.T * (self.__dict__.setdefault('first', dh) is dh)"
    assert {name for _, name, _, _ in failures(summing(tmp_path, formula, dx=stale))} == {"x"}


def test_a_parameter_that_is_changed_before_it_is_used_is_named(tmp_path: Path) -> None:
    report = report_on(tmp_path, CANCELLING, STEPPING.format(returned="dout @ self.W.T"))
    assert failures(report) == [("y", "x", "gradient", "parameter changed before it is used")]


MASKED = """
class Cell:
    def forward(self, x, b):
        self.mask = np.array([[True, False], [True, True]])
        return np.where(self.mask, x + b, -np.inf)
    def backward(self, dh):
        dx = np.where(self.mask, dh, 0)
        return dx, dx.sum(axis=0)
"""


def test_a_mask_of_infinities_that_is_meant_is_not_accused(tmp_path: Path) -> None:
    scenario = UNROLLED.replace('h2 = "Cell(x2 + h1, b)"', 'h2 = "Softmax(h1)"').replace(
        "x2 = [[1.5, 0.3], [0.4, -0.6]]\n", ""
    )
    assert failures(report_on(tmp_path, scenario, MASKED)) == []


OVER_TIME = """
class Step:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]
    def forward(self, x, h_prev):
        h = np.tanh(x + h_prev @ self.params[0])
        self.cache = x, h_prev, h
        return h
    def backward(self, dh):
        x, h_prev, h = self.cache
        dt = dh * (1 - h**2)
        self.grads[0][...] = h_prev.T @ dt
        return dt, dt @ self.params[0].T
class OverTime:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]
    def forward(self, xs):
        self.layers, self.h = [], np.zeros_like(xs[:, 0])
        for t in range(xs.shape[1]):
            self.layers.append(Step(*self.params))
            self.h = self.layers[-1].forward(xs[:, t], self.h)
        return self.h
    def backward(self, dh):
        dxs = []
        self.grads[0][...] = 0
        for layer in reversed(self.layers):
            dx, dh = layer.backward(dh)
            self.grads[0][...] += layer.grads[0]
            dxs.insert(0, dx)
        return np.stack(dxs, axis=1)
"""


def test_what_forward_makes_anew_is_not_written_into(tmp_path: Path) -> None:
    scenario = """
[parameters]
x = { shape = [2, 3, 2], init = "normal", seed = 1 }
W = { shape = [2, 2], init = "normal", seed = 2 }
[nodes]
y = "OverTime(x, W)"
loss = "Sum(y * y)"
"""
    assert failures(report_on(tmp_path, scenario, OVER_TIME)) == []
