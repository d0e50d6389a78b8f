"""The report of a check says in one line what is well, and gives the evidence where it is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bptui import cli
from bptui.checking import Finding, Report, Rung, Verdict, Worst
from bptui.lines.line import plain
from bptui.report import parallel_checks
from bptui.report.check_report import report_lines, tally_line
from bptui.report.check_worker import CheckWorker

SCENARIO = """
[inputs]
x = [0.5, -1.5]
[nodes]
y = "Sum(Relu(x))"
[expect.values]
y = 0.5
"""

LAYERS = """
import numpy as np
class Relu:
    def forward(self, x):
        self.mask = x <= 0
        return np.where(self.mask, 0, x)
    def backward(self, dout):
        return np.where(self.mask, dout, 0)
"""

Write: TypeAlias = Callable[[str, str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write_file


def test_a_node_where_all_is_well_takes_one_line(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", write("s.toml", SCENARIO)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:5] == [
        "  ✓ y.1  Relu  built in: x",
        "  ✓ y  Sum  built in: y.1",
        "  ✓ the whole network: x",
        "  ✓ [expect]: y",
    ]
    assert lines[-1].startswith("1 scenario, all well: ✓")


def test_a_failure_shows_its_evidence(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["check", write("s.toml", SCENARIO), "--layers", write("own.py", LAYERS)]
    assert cli.main(arguments) == 1
    out = capsys.readouterr().out
    assert "✗ gradient of x: wrong mask" in out
    assert "forward's slope" in out
    assert "  · the whole network: x" in out
    assert "from the left" not in out
    assert cli.main([*arguments, "--verbose"]) == 1
    assert "from the left" in capsys.readouterr().out
    assert "1 of 1 scenario failed" in out


def test_a_kink_shows_both_of_its_slopes(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    text = SCENARIO.replace("[0.5, -1.5]", "[0.5, 0.0]")
    assert cli.main(["check", write("s.toml", text)]) == 0
    out = capsys.readouterr().out
    assert "◇ gradient of x" in out
    assert "on its two sides" in out


def test_json_is_one_finding_a_line_and_the_summary_last(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "--json", write("s.toml", SCENARIO), "--layers", write("own.py", LAYERS)]) == 1
    *findings, summary = map(json.loads, capsys.readouterr().out.splitlines())
    wanted = {"kind", "node", "layer", "input", "rule", "verdict", "worst", "reason"}
    assert all(it["kind"] == "check" and wanted <= it.keys() for it in findings)
    (failed,) = [it for it in findings if it["verdict"] == "fail"]
    assert (failed["node"], failed["layer"], failed["input"], failed["rule"]) == ("y.1", "Relu", "x", "gradient")
    assert failed["worst"].keys() == {"index", "analytic", "numeric", "error"}
    assert summary == {"kind": "summary"} | {
        verdict: sum(it["verdict"] == verdict for it in findings) for verdict in ("pass", "fail", "kink", "skip")
    }


def test_a_scenario_that_cannot_be_read_is_told_and_the_others_are_checked(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", write("bad.toml", "["), write("s.toml", SCENARIO)]) == 2
    out, err = capsys.readouterr()
    assert "✓ y  Sum  built in: y.1" in out
    assert "bad.toml:1" in err


def test_a_few_are_checked_without_the_cost_of_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def start() -> CheckWorker:
        raise AssertionError("a process was started")

    monkeypatch.setattr(parallel_checks, "CheckWorker", start)
    results = list(parallel_checks.check_all(["buy_apple"], []))
    assert len(results) == 1


def test_many_are_checked_side_by_side_in_the_order_given(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    names = [write(f"s{number}.toml", f'title = "number {number}"\n{SCENARIO}') for number in range(5)]
    assert cli.main(["check", *names]) == 0
    titles = [line for line in capsys.readouterr().out.splitlines() if line.startswith("number")]
    assert titles == [f"number {number} ({name})" for number, name in enumerate(names)]


def test_what_would_obey_or_hide_is_escaped() -> None:
    finding = Finding("n\x1b[2J", "L\x07", "x\u202e", "gradient", Verdict.FAIL, reason="because\x1b]0;")
    text = "".join(plain(line) for line in report_lines("p\x1b", Report("t\x1b", (finding,))))
    assert not set(text) & set("\x1b\x07\u202e")


def test_numbers_that_are_not_finite_are_shown() -> None:
    worst = Worst((0, 1), float("nan"), float("inf"), 0.5)
    finding = Finding("n", "L", "x", "finite", Verdict.FAIL, worst=worst, ladder=(Rung(0.1, 1.0, 2.0, 1.5),))
    text = "\n".join(plain(line) for line in report_lines("p", Report("t", (finding,))))
    assert "at x[0, 1]" in text
    assert "backward says     NaN" in text
    assert "forward's slope   Inf  ± 0.5" in text


def test_the_summary_counts_over_all_reports() -> None:
    passed, failed = (Finding("n", "L", "x", "gradient", verdict) for verdict in (Verdict.PASS, Verdict.FAIL))
    line = tally_line([Report("a", (passed, passed)), Report("b", (failed,))])
    assert plain(line) == "1 of 2 scenarios failed: ✓ 2 pass, ✗ 1 fail, ◇ 0 kink, · 0 skip"


MAKES_ITS_OWN = """
import numpy as np

class Dense:
    def __init__(self, n):
        self.W = np.random.randn(n, n)

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, dout):
        self.dW = 2 * self.x.T @ dout
        return dout @ self.W.T
"""


def test_json_names_an_own_parameter_as_the_layer_does(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[inputs]\nx = [[1.0, 2.0]]\n[nodes]\nh = "Dense(x, n=2)"\ny = "Sum(h * h)"'
    assert cli.main(["check", "--json", write("s.toml", text), "--layers", write("own.py", MAKES_ITS_OWN)]) == 1
    findings = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert {(it["node"], it["input"]) for it in findings if it.get("verdict") == "fail"} == {("h", "W")}
