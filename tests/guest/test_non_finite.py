"""NaN and infinity of finite numbers are told of with the element, the operation and its operands."""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking import Verdict
from bptui.running import Run
from guests import layer_file

LAYER = """
        class Layer:
            def forward(self, x):
                {lines}
            def backward(self, dout):
                {back}
        """

SCENARIO = "[parameters]\nx = [[1000.0, 2.0], [0.0, -1.0]]\n[nodes]\ny = 'Layer(x)'\nloss = 'Sum(y)'\n"


def remarks(folder: Path, lines: str, back: str = "return dout", *, head: str = "") -> list[str]:
    file = layer_file(folder, head + LAYER.format(lines=lines.replace("; ", "\n                "), back=back))
    run = Run(bptui.loads(SCENARIO, folder / "a.toml", layers=[file.path]))
    try:
        run.finish()
        return [remark.text for remark in run.remarks if remark.rule == "finite"]
    finally:
        run.close()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("return 1 / x", "Infinity of finite numbers at [1, 0]: 1 / 0 = Infinity at [1, 0] in 1 / x, line 4"),
        ("self.y = np.exp(x); return self.y", "Infinity of finite numbers at [0, 0]: exp(1000) = Infinity at [0, 0]"),
        ("y = x - 5; y = np.sqrt(y); return y", "NaN of finite numbers at [0, 1]: sqrt(-3) = NaN at [0, 1]"),
        ("y = x * 1; y /= x; return y", "NaN of finite numbers at [1, 0]: 0 / 0 = NaN at [1, 0] in y / x"),
        ("return helper(x)", "Infinity of finite numbers at [1, 0]: log(0) = -Infinity at [1, 0] in np.log(np.abs(t))"),
        (
            "e = np.exp(x - x.max()); return e / e.sum(axis=1, keepdims=True)",
            "0 / 0 = NaN at [1, 0] in e / e.sum(axis=1, keepdims=True), line 5: every exp of row 1 underflowed",
        ),
        ("return np.where(x > 0, x, np.inf)", "Infinity of finite numbers at [1, 0]"),
    ],
)
def test_the_operation_is_found_with_its_numbers(tmp_path: Path, lines: str, told: str) -> None:
    head = "\n        def helper(t):\n            return -np.log(np.abs(t))\n" if "helper" in lines else ""
    (text,) = remarks(tmp_path, lines, head=head)
    assert told in text


def test_the_backward_is_looked_at_too(tmp_path: Path) -> None:
    (text,) = remarks(tmp_path, "self.x = x; return x * 2", "return dout / self.x")
    assert text.startswith("Layer.backward makes Infinity of finite numbers at [1, 0]: 1 / 0 = Infinity")


def test_what_is_not_finite_already_is_nobodys_fault_here(tmp_path: Path) -> None:
    file = layer_file(tmp_path, LAYER.format(lines="return x * 2", back="return dout * 2"))
    text = SCENARIO.replace("Layer(x)", "Layer(1 / x)")
    run = Run(bptui.loads(text, tmp_path / "a.toml", layers=[file.path]))
    run.finish()
    run.close()
    assert [remark for remark in run.remarks if remark.rule == "finite"] == []


def test_the_check_fails_such_a_layer_at_its_line(tmp_path: Path) -> None:
    file = layer_file(
        tmp_path, LAYER.format(lines="self.x = x\n                return 1 / x", back="return -dout / self.x ** 2")
    )
    report = bptui.check(bptui.loads(SCENARIO, tmp_path / "a.toml", layers=[file.path]))
    failed = [it for it in report.findings if it.verdict is Verdict.FAIL and it.rule == "finite" and it.node == "y"]
    assert "1 / 0" in failed[0].reason
    assert failed[0].where is not None
    assert failed[0].where.line == 5
