"""The marks of a hand-in, in each format, tell what was earned, and agree with the exit status."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bptui import cli
from bptui.checking.finding import Finding, Mark, Report, Verdict
from bptui.commands.check import RESULT_FORMAT_NAMES
from bptui.guest.child.keeper import children
from bptui.program_checking.check_program import marks_of_program
from bptui.report.hand_in import HandIn, MarkedItem, brief_message, marked_hand_in
from bptui.report.results_file import RESULT_FORMATS, format_for, write_results
from sampled import one_in

SCENARIO = """
title = "Homework"
[inputs]
x = [0.5, -1.5]
[parameters]
w = [2.0, 3.0]
[nodes]
scaled = "Mul(x, w)"
positive = "Relu(scaled)"
y = "Sum(positive)"
[expect.gradients]
w = [0.5, 0.0]
[points]
scaled = 3
Relu = 2.5
"""

MUL = """
class Mul:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y
    def backward(self, dout):
        return dout * self.y, dout * self.x
"""

RELU = """
class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask
    def backward(self, dout):
        return {}
"""

RIGHT, WRONG = MUL + RELU.format("dout * self.mask"), MUL + RELU.format("dout * 2 * self.mask")

HOSTILE = "a\x1b[31m\u202e\x00\ufffe<b>&\ud800"
HAND_INS = (
    HandIn(
        "one.toml", "One", (MarkedItem("a", 0.1, 0.1, "passed"), MarkedItem("b", 0.2, 0.0, "failed", "wrong <b>\nat 1"))
    ),
    HandIn("two.toml", "Two", (MarkedItem("c", 3, 0.0, "not checked", "why"),), "why"),
)


def hand_in(tmp_path: Path, layers: str, *options: str) -> int:
    scenario, own = tmp_path / "homework.toml", tmp_path / "own.py"
    scenario.write_text(SCENARIO, encoding="utf-8")
    own.write_text(layers, encoding="utf-8")
    return cli.main(["check", str(scenario), "--layers", str(own), *options])


@pytest.mark.parametrize(
    ("gradient", "told"),
    [
        ("np.zeros(3)", "gradient of scaled: another shape than its input"),
        ("dout * self.mask + 0.1 * np.sin(dout)", "gradient of scaled: "),
    ],
)
def test_a_failure_has_a_kind_though_no_name_is_known_for_it(tmp_path: Path, gradient: str, told: str) -> None:
    layers = "import numpy as np\n" + MUL + RELU.format(gradient)
    assert hand_in(tmp_path, layers, "--results", str(tmp_path / "r.json")) == 1
    message = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["scenarios"][0]["items"][1]["message"]
    assert message.startswith(told)
    assert not message.startswith("gradient of scaled (")


def test_a_backward_that_ends_the_process_is_not_called_forward(tmp_path: Path) -> None:
    layers = "import os\n" + MUL + RELU.format("os._exit(0)")
    assert hand_in(tmp_path, layers, "--results", str(tmp_path / "r.json")) == 1
    results = (tmp_path / "r.json").read_text(encoding="utf-8")
    assert "positive: Relu: the layer process ended itself with exit status 0" in results
    assert "forward: the layer" not in results


@pytest.mark.parametrize("name", ["own.py", "homework.toml"])
def test_the_marks_are_not_written_over_what_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert hand_in(tmp_path, RIGHT, "--results", str(tmp_path / name)) == 2
    assert "is what is to be marked: another name is wanted" in capsys.readouterr().err
    assert (tmp_path / "own.py").read_text(encoding="utf-8") == RIGHT
    assert (tmp_path / "homework.toml").read_text(encoding="utf-8") == SCENARIO


CHEATS = {
    "prints and writes marks of its own": """
import pathlib
print('{"score": 5.5}')
pathlib.Path(PLACE).write_text('{"score": 5.5, "max_score": 5.5, "passed": true}')
""",
    "leaves a process that writes marks": """
import os, pathlib, time
if os.fork() == 0:
    os.setsid()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pathlib.Path(PLACE).write_text('{"score": 5.5, "max_score": 5.5, "passed": true}')
    os._exit(0)
""",
    "kills its keeper and who marks it, and leaves a process": """
import os, pathlib, signal, time
keeper = os.getppid()
if os.fork() == 0:
    os.setsid()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pathlib.Path(PLACE).write_text('{"score": 5.5, "max_score": 5.5, "passed": true}')
    os._exit(0)
for process in (keeper, MARKS):
    try:
        os.kill(process, signal.SIGKILL if process == keeper else 0)
    except PermissionError:
        pass
    else:
        raise SystemExit(f"{process} could be killed")
""",
    "changes what compares": """
import sys
import numpy as np
np.allclose = np.array_equal = lambda *_, **__: True
for name in [it for it in sys.modules if it.startswith("bptui")]:
    for key in [it for it in vars(sys.modules[name]) if "compare" in it]:
        setattr(sys.modules[name], key, lambda *_, **__: ())
""",
}


@pytest.mark.parametrize("cheat", one_in(2, CHEATS))
def test_a_wrong_layer_earns_nothing_however_it_cheats(tmp_path: Path, cheat: str) -> None:
    results = tmp_path / "r.json"
    layers = f"PLACE, MARKS = {str(results)!r}, {os.getpid()}\n{CHEATS[cheat]}{WRONG}"
    assert hand_in(tmp_path, layers, "--results", str(results)) in {1, 2}  # 2 where a kernel lets it kill its keeper
    marks = json.loads(results.read_text(encoding="utf-8"))
    assert not marks["passed"]
    assert marks["score"] <= 3
    assert len(marks["scenarios"][0]["items"]) == 2
    assert not list(children())  # nobody is left to write there


def test_full_points_and_exit_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hand_in(tmp_path, RIGHT, "--results", str(tmp_path / "r.json")) == 0
    results = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (results["score"], results["max_score"], results["passed"]) == (5.5, 5.5, True)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  ✓ scaled: 3 of 3",
        "  ✓ Relu (positive): 2.5 of 2.5",
        "",
        "5.5 of 5.5 points",
    ]


def test_a_failure_costs_its_own_points_and_names_kind_and_place_and_not_the_solution(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.json"
    assert hand_in(tmp_path, WRONG, "--results", str(path), "--format", "gradescope") == 1
    results = json.loads(path.read_text(encoding="utf-8"))
    assert results["score"] == 3
    assert [(it["name"], it["score"], it["max_score"], it["status"]) for it in results["tests"]] == [
        ("scaled", 3, 3, "passed"),
        ("Relu (positive)", 0, 2.5, "failed"),
    ]
    printed = capsys.readouterr().out
    for told in (results["tests"][1]["output"], printed):
        assert "gradient of scaled: twice" in told
        assert "own.py:14" in told
        assert "slope" not in told
        assert "self.mask" not in told


def test_explain_tells_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.xml"
    assert hand_in(tmp_path, WRONG, "--results", str(path), "--explain") == 1
    failure = ET.parse(path).getroot().find(".//testcase/failure")
    assert failure is not None
    assert "forward's slope" in str(failure.text)
    assert "forward's slope" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_earns_nothing_of_the_points_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.json"
    assert hand_in(tmp_path, "class Relu(:", "--results", str(path)) == 2
    results = json.loads(path.read_text(encoding="utf-8"))
    assert (results["score"], results["max_score"], results["passed"]) == (0, 5.5, False)
    assert "own.py:1:12: error: SyntaxError" in results["scenarios"][0]["error"]
    assert "own.py:1:12: error: SyntaxError" in capsys.readouterr().err


def test_format_and_explain_are_about_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hand_in(tmp_path, RIGHT, "--explain") == 2
    assert "--results FILE" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_gets_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert hand_in(tmp_path, RIGHT, "--results", str(tmp_path / "none" / "r.json")) == 2
    assert "r.json: " in (told := capsys.readouterr().err)
    assert "no such file or directory" in told.lower()


def test_the_command_line_knows_every_format() -> None:
    assert tuple(RESULT_FORMATS) == RESULT_FORMAT_NAMES
    assert [format_for(Path(name)) for name in ("r.xml", "R.XML", "r.json", "r")] == ["junit", "junit", "json", "json"]


def test_junit_has_a_suite_for_each_scenario_and_the_points_as_properties() -> None:
    root = ET.fromstring(RESULT_FORMATS["junit"](HAND_INS))
    assert root.attrib == {"name": "bptui check", "tests": "3", "failures": "1", "errors": "1"}
    one, two = root
    assert {it.attrib["name"]: it.attrib["value"] for it in one.findall("properties/property")} == {
        "score": "0.1",
        "max_score": "0.3",
    }
    passed, failed = one.findall("testcase")
    assert [it.tag for it in passed] == ["properties"]
    failure = failed.find("failure")
    assert failure is not None
    assert (failure.attrib["message"], failure.text) == ("wrong <b>", "wrong <b>\nat 1")
    assert two.find("testcase/error") is not None


def test_gradescope_names_the_scenario_where_there_are_several() -> None:
    results = json.loads(RESULT_FORMATS["gradescope"](HAND_INS))
    assert [it["name"] for it in results["tests"]] == ["one.toml: a", "one.toml: b", "two.toml: c"]
    assert results["score"] == 0.1


@pytest.mark.parametrize("name", RESULT_FORMAT_NAMES)
def test_tenths_add_up_and_any_name_can_be_written(tmp_path: Path, name: str) -> None:
    marks = tuple(Mark(HOSTILE + str(at), (), 0.1, Verdict.PASS) for at in range(3))
    marked = marked_hand_in(HOSTILE, Report(HOSTILE, (), {}, marks), messages=brief_message)
    assert (marked.points, marked.is_full) == (0.3, True)
    write_results(tmp_path / "r", [marked], name)
    text = (tmp_path / "r").read_text(encoding="utf-8")
    assert not any(it in text for it in "\x1b\u202e\x00\ufffe")
    if name == "junit":
        ET.fromstring(text)


@pytest.mark.parametrize("option", one_in(2, ["--explain", "--format=junit"]))
def test_no_folder_of_whoever_marks_it_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    results, elsewhere = tmp_path / "results.json", tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    for layers in (WRONG, MUL + RELU.format("open(__file__ + 'no')"), "x = ("):
        hand_in(tmp_path, layers, "--results", str(results), option)
        told = results.read_text(encoding="utf-8")
        assert "own.py" in told
        assert "homework.toml" in told
        assert str(tmp_path) not in told


def test_a_program_that_cannot_be_checked_has_marks_that_say_why(tmp_path: Path) -> None:
    program, results = tmp_path / "homework.py", tmp_path / "results.json"
    program.write_text("print('nothing')\n", encoding="utf-8")
    assert cli.main(["check", str(program), "--results", str(results)]) == 2
    told = json.loads(results.read_text(encoding="utf-8"))
    assert (told["score"], told["max_score"], told["passed"]) == (0, 1, False)
    assert "no layer was called" in told["scenarios"][0]["items"][0]["message"]


def test_a_mark_of_a_program_that_is_not_earned_says_why() -> None:
    skip = Finding("a", "A", "x", "gradient", Verdict.SKIP, reason="it has not come back")
    fail = Finding("b", "B", "x", "gradient", Verdict.FAIL, mistake="wrong sign")
    marks = marks_of_program([skip, fail], {"a": "", "b": ""})
    assert [(it.name, it.earned, len(it.reasons)) for it in marks] == [("a", 0, 1), ("b", 0, 1), ("wiring", 1, 0)]
