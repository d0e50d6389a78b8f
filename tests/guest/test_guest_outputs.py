"""Layers of the user's own with several outputs, in every style that has them: run, checked, stepped into, refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.checking import Verdict
from bptui.errors import ScenarioError
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from bptui.stepping.step_into import step_into
from guests import layer_file, line_of

CLASS = """
class Both:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x + y, x * y
    def backward(self, ds, dp):
        return ds + dp * self.y, ds + dp * self.x  # BACK
"""

STYLES = {
    "one dout each": CLASS,
    "douts as a tuple": CLASS.replace("self, ds, dp", "self, douts").replace("return ds", "ds, dp = douts; return ds"),
    "any number of douts": CLASS.replace("self, ds, dp", "self, *douts").replace(
        "return ds", "ds, dp = douts; return ds"
    ),
    "a pair of functions": """
        def Both_forward(x, y):
            return x + y, x * y, (x, y)
        def Both_backward(ds, dp, cache):
            x, y = cache
            return ds + dp * y, ds + dp * x  # BACK
    """,
    "a pair with a tuple": """
        def Both_forward(x, y):
            return (x + y, x * y), (x, y)
        def Both_backward(douts, cache):
            x, y = cache
            ds, dp = douts
            return ds + dp * y, ds + dp * x  # BACK
    """,
    "static methods with ctx": """
        class Both:
            @staticmethod
            def forward(ctx, x, y):
                ctx.save_for_backward(x, y)
                return x + y, x * y
            @staticmethod
            def backward(ctx, ds, dp):
                x, y = ctx.saved_tensors
                return ds + dp * y, ds + dp * x  # BACK
    """,
}

TEXT = """
[inputs]
x = [1.0, -2.0, 0.5]
[parameters]
y = [0.25, 2.0, -1.0]
[nodes]
"s, p" = "Both(x, y)"
z = "s * p + s"
loss = "Sum(z)"
"""

ELEMENTARY = TEXT.replace('"s, p" = "Both(x, y)"', 's = "x + y"\np = "x * y"')


def scenario(folder: Path, layers: str, text: str = TEXT) -> Scenario:
    return loads(text, layers=[layer_file(folder, layers).path])


@pytest.mark.parametrize("style", STYLES)
def test_a_layer_with_two_outputs_goes_both_ways_and_is_right(tmp_path: Path, style: str) -> None:
    it = scenario(tmp_path, STYLES[style])
    got, want = run(it), run(loads(ELEMENTARY))
    for name in ("s", "p", "x", "y"):
        np.testing.assert_array_equal(got.values[name], want.values[name])
        np.testing.assert_allclose(got.gradients[name], want.gradients[name], rtol=1e-15)  # type: ignore[arg-type]
    assert {found.verdict for found in bptui.check(it).findings} == {Verdict.PASS}


def test_a_wrong_gradient_has_its_output_and_its_line(tmp_path: Path) -> None:
    file = layer_file(tmp_path, CLASS.replace("ds + dp * self.x", "ds - dp * self.x"))
    (wrong,) = [it for it in bptui.check(loads(TEXT, layers=[file.path])).findings if it.verdict is Verdict.FAIL]
    assert (wrong.node, wrong.input, wrong.output) == ("s", "y", "p")
    assert wrong.where is not None
    assert wrong.where.line == line_of(file, "# BACK")


def test_both_passes_are_stepped_into_and_repeat_what_was_recorded(tmp_path: Path) -> None:
    it = Run(scenario(tmp_path, CLASS))
    it.finish()
    try:
        numbers = [step.number for step in it.tape if step.name == "s"]
        courses = [step_into(it, it.tape.at(number)) for number in numbers]
    finally:
        it.close()
    assert [(course.method, course.is_repeatable) for course in courses] == [("forward", True), ("backward", True)]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ('"s, p, q"', "returned a tuple of 2 for the 3 outputs"),
        ("s", "returned a tuple of 2, and the formula names one output"),
    ],
)
def test_more_or_fewer_outputs_than_forward_returns_are_a_mistake_of_the_formula(
    tmp_path: Path, key: str, told: str
) -> None:
    layers = CLASS.replace("self, ds, dp", "self, *douts")
    text = TEXT.replace('"s, p"', key).replace('z = "s * p + s"\nloss = "Sum(z)"', "")
    with pytest.raises(ScenarioError, match=told) as caught:
        scenario(tmp_path, layers, text)
    assert (caught.value.line, caught.value.column) == (7, len(key) + 5)
    assert '"h, c" = "Both(...)"' in str(caught.value.hint)


def test_every_output_waits_for_its_gradient(tmp_path: Path) -> None:
    text = TEXT.replace('z = "s * p + s"', '"u, v" = "Both(p, s)"\nz = "u * v"')
    it = scenario(tmp_path, CLASS, text)
    assert it.needs_gradient[1] == (True, True)
    forgetful = CLASS.replace("return ds + dp * self.y, ds", "return None, ds")
    wrong = [found for found in bptui.check(scenario(tmp_path, forgetful, text)).findings if found.node == "u"]
    assert [(found.input, found.mistake) for found in wrong if found.verdict is Verdict.FAIL and found.input] == [
        ("p", "returns None"),
        ("p", "returns None"),
    ]
