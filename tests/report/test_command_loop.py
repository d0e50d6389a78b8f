"""``bptui exec``: what it answers, when it stops, and how it talks with a person and with programs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bptui.cli import main
from bptui.core.command import usage
from bptui.core.verbs import VERBS
from guests import layer_file
from programs import BOOK_LAYERS, BOOK_NET

TRAINING = """
title = "Training"
[inputs]
x = [[1.0, 2.0]]
[parameters]
W = { shape = [2, 3], init = "ones" }
[nodes]
a = "x @ W"
y = "Sum(a)"
[train]
optimizer = "SGD"
lr = 0.1
steps = 2
"""


@pytest.fixture
def training(tmp_path: Path) -> str:
    path = tmp_path / "training.toml"
    path.write_text(TRAINING)
    return str(path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Carry out commands on a scenario; return the status, the lines of the answers and what was complained about."""

    def run(scenario: str, *lines: str, options: tuple[str, ...] = ()) -> tuple[int, list[str], str]:
        status = main(["exec", scenario, *(it for line in lines for it in ("-e", line)), *options])
        told = capsys.readouterr()
        return status, told.out.splitlines(), told.err

    return run


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("next", ["step 1 of 10, iteration 1 of 2, forward", "MatMul computes a", "x · W", "a: all 3"]),
        ("goto 4", ["step 4 of 10", "backward", "W gets xᵀ · dout, of shape [2, 3]", "d W: norm 3.873"]),
        ("goto 5", ["update: W", "W moved by norm 0.3873"]),
        ("goto 0", ["already there; step 0 of 10", "Nothing has run yet"]),
        ("run-to W", ["step 4 of 10", "W, parameter; [2, 3], all 1; gradient norm 3.873"]),
        ("select x", ["x, input; [1, 2], "]),
        ("select y", ["y, Sum; not reached yet: goes forward at step 2"]),
        ("search matmul", ["a: match 1 of 1; a, MatMul"]),
        ("check y", ["✓ y: Sum is right"]),
        ("print sum(x) + step", ["sum(x) + step = 3.0"]),
        ("print W + x.T", ["W + x.T = [[2, 2, 2], [3, 3, 3]]"]),
        ("print ones([9, 9])", ["ones([9, 9]) = all 1"]),
        ("print grad(W)", ["not reached"]),
        ("help next", ["next [N]   next step   (on the screen: n F10)"]),
    ],
)
def test_an_answer_is_a_line_with_the_names_and_the_numbers(
    run: Any, training: str, line: str, words: list[str]
) -> None:
    status, answers, _ = run(training, line)
    assert status == 0
    assert len(answers) == 1
    for word in words:
        assert word in answers[0]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["last", "next"], "this is the last step: back goes back"),
        (["goto 11"], "there is no step 11: the run has 10"),
        (["check x"], "no layer to check"),
        (["select v"], "there is no value v"),
        (["heat"], "heat needs the screen"),
        (["search"], "it is search TEXT"),
        (["help nonsense"], "there is no command nonsense"),
    ],
)
def test_a_command_that_fails_says_why_and_the_others_are_carried_out(
    run: Any, training: str, lines: list[str], said: str
) -> None:
    status, answers, complaints = run(training, *lines, "first")
    assert status == 1
    assert any(said in answer for answer in answers[-4:])
    assert "step 1 of 10" in answers[-1]
    assert not complaints


def test_a_line_that_is_no_command_is_pointed_at_and_the_rest_is_not_carried_out(run: Any) -> None:
    status, answers, complaints = run("buy_apple", "next", "next x", "next")
    assert status == 2
    assert len(answers) == 1
    assert complaints.splitlines()[:3] == [
        "-e:2:6: error: a whole number stands here, such as 1",
        "next x",
        "     ^",
    ]


def test_the_caret_stands_below_the_mistake_however_wide_the_letters_are(run: Any) -> None:
    _, _, complaints = run("buy_apple", "select 苹果 \x1b[31m")
    line, caret = complaints.splitlines()[1:3]
    assert line == "select 苹果 \\x1b[31m"
    assert caret == " " * len("select xxxx ") + "^"


def test_the_caret_stands_below_the_mistake_after_blanks(run: Any) -> None:
    _, _, complaints = run("buy_apple", "  nxt")
    assert complaints.splitlines()[:3] == ["-e:1:3: error: there is no command nxt", "  nxt", "  ^"]


def test_a_file_and_lines_are_carried_out_in_the_order_in_which_they_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two").write_text("# two steps\nnext\n\n  next\n")
    status = main(["exec", "buy_apple", "-f", str(tmp_path / "two"), "-e", "last", "-f", str(tmp_path / "two")])
    steps = [line.split(" of")[0] for line in capsys.readouterr().out.splitlines()]
    assert steps[:3] == ["step 1", "step 2", "step 4"]
    assert status == 1


@pytest.mark.parametrize("content", ["next\nnxt\n", None])
def test_a_file_that_cannot_be_read_or_holds_no_commands_is_told_with_its_line(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "commands"
    if content:
        path.write_text(content)
    assert main(["exec", "buy_apple", "-f", str(path)]) == 2
    assert (f"{path}:2:1: error: there is no command nxt" if content else f"{path}: error: ") in capsys.readouterr().err


def test_quit_leaves_the_rest(run: Any) -> None:
    status, answers, _ = run("buy_apple", "next", "quit", "nonsense")
    assert (status, len(answers)) == (0, 1)


def test_help_tells_every_verb(run: Any) -> None:
    _, answers, _ = run("buy_apple", "help")
    told = "\n".join(answers)
    assert all(f"{usage(verb):<22}{verb.help}" in told for verb in VERBS.values())


def test_json_has_an_answer_a_line(run: Any, training: str) -> None:
    status, lines, _ = run(training, "next 4", "check a", "next 99", "next", options=("--json",))
    assert status == 1
    moved, checked, last, failed = map(json.loads, lines)
    assert {key: moved[key] for key in ("kind", "command", "ok", "step", "iteration", "pass", "node")} == {
        "kind": "answer",
        "command": "next 4",
        "ok": True,
        "step": 4,
        "iteration": 1,
        "pass": "backward",
        "node": "a",
    }
    assert (checked["verdict"], checked["step"]) == ("pass", 4)
    assert "gradient" in {finding["rule"] for finding in checked["findings"]}
    assert (last["ok"], last["step"]) == (True, 10)
    assert (failed["ok"], failed["step"]) == (False, 10)


WRONG = """
    class Double:
        def forward(self, x):
            self.x = x
            return x * 2
        def backward(self, dout): return dout * 3
    """


def test_own_layers_are_checked_and_gone_into(run: Any, tmp_path: Path) -> None:
    scenario = tmp_path / "own.toml"
    scenario.write_text('[inputs]\nx = 4\n[nodes]\na = "Double(x)"\ny = "a * 5"\n')
    file = layer_file(tmp_path, WRONG).path
    lines = ("next", "into", "into", "finish", "check", "check y", "evidence a")
    status, answers, _ = run(str(scenario), *lines, options=("--layers", str(file)))
    assert status == 1
    assert f"{file}:4: Double.forward, 1 of 3: self.x = x" in answers[1]
    assert f"{file}:5: Double.forward, 2 of 3: return x * 2   self.x = 4" in answers[2]
    assert "✗ a: Double is wrong" in answers[4]
    assert "✓ y: Mul is right" in answers[5]
    assert any("forward's slope" in it for it in answers[6:])


def test_a_recording_is_looked_at_and_stays_as_it_was(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    status, answers, _ = run("buy_apple", f"record {path}", "next 3", "note look", "record")
    assert (status, len(answers)) == (0, 4)
    before = path.read_bytes()
    status, answers, _ = run(str(path), "next", "check", "last", "record")
    assert status == 1
    assert "step 1 of 4" in answers[0]
    assert "a replay runs nothing" in answers[1]
    assert "the recording ends here" in answers[2]
    assert "this is a replay" in answers[3]
    assert path.read_bytes() == before


def test_standard_input_is_read_line_by_line_and_answered_line_by_line() -> None:
    command = [sys.executable, "-m", "bptui", "exec", "buy_apple"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        for step in (1, 2):
            child.stdin.write("next\n")
            child.stdin.flush()
            assert f"step {step} of 4" in child.stdout.readline()
        child.stdin.close()
        assert child.wait() == 0


def test_bytes_that_are_no_text_are_no_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"next\n\xff\xfe\n"), encoding="utf-8"))
    assert main(["exec", "buy_apple"]) == 2
    assert "standard input:2:1: error: there is no command" in capsys.readouterr().err


def test_json_has_the_value_of_an_expression(run: Any, training: str) -> None:
    _, answers, _ = run(training, "print x[0]", "print node", "last", "print node", options=("--json",))
    values = [json.loads(it).get("value") for it in answers]
    assert values == [{"dtype": "float64", "shape": [2], "data": [1.0, 2.0]}, None, None, "W"]


def test_of_a_program_each_command_is_answered_as_of_a_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    (tmp_path / "book_layers.py").write_text(BOOK_LAYERS)
    (tmp_path / "train.py").write_text(f"{BOOK_NET}network.gradient(x_batch, t_batch)\n")
    monkeypatch.chdir(tmp_path)
    status, lines, complaints = run("train.py", "last", "print pass", "set Affine1 = 0", "print nothing")
    assert status == 1
    assert lines[0].startswith("step ")
    assert lines[1] == "pass = backward"
    assert lines[2].startswith("branch b1: Affine1 = 0, from step 1 on")
    assert "there is no value nothing" in lines[3]
    assert complaints == ""
