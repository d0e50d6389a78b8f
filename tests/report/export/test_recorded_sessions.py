"""What is exported of a recorded session: what was done in it, how the predictions went, and any of its branches."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui.cli import main
from bptui.core.command_parser import parse
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.session.dispatcher import Dispatcher
from bptui.session.replay import replay_session
from bptui.session.session import Session
from mute_display import MuteDisplay

QUIZ = """
title = "Quiz"
[inputs]
x = 3.0
[nodes]
a = "x * 2"
y = "a + 1"
[predict]
nodes = ["y"]
"""


def recorded(path: Path, run: Run, *lines: str) -> Path:
    run.finish()
    session = Session(run.tape, "example", run=run)
    if run.scenario.lesson.quiz:
        session.quiz = run.scenario.lesson.quiz
    session.record(path)
    dispatcher = Dispatcher(session, MuteDisplay())
    for line in lines:
        dispatcher.finish(parse(line))
    session.close()
    return path


def exported_text(path: Path, place: str, suffix: str = ".md") -> str:
    assert main(["export", place, "-o", str(path / f"test_x{suffix}")]) == 0
    return (path / f"test_x{suffix}").read_text(encoding="utf-8")


def test_predictions_are_told_with_what_came_of_them(tmp_path: Path) -> None:
    lines = ("predict", "next", "answer 100", "hint", "answer apple * count", "next", "reveal", "last", "predict")
    path = recorded(tmp_path / "run.jsonl", Run(load("buy_apple")), *lines)
    text = exported_text(tmp_path, str(path))
    assert "step 0: answer 100   ✗ 100 is not apple_price" in text
    assert "step 0: answer apple * count   ✓ right: apple_price = apple × count = 100 × 2 = 200" in text
    assert "step 1: reveal   price = apple_price × tax = 200 × 1.1 = 220" in text
    assert "0 of 2 numbers right at the first try, 1 later, 1 shown, 1 hint" in text
    assert "goto" not in text


def test_a_replay_asks_for_what_the_scenario_asks_for(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run.jsonl", Run(loads(QUIZ)), "last")
    session = replay_session(read_transcript(path), "it")
    dispatcher = Dispatcher(session, MuteDisplay())
    dispatcher.finish(parse("predict"))
    assert dispatcher.finish(parse("next 2")).text == "What will y be?"
    assert session.moment.position == 1


@pytest.mark.parametrize("suffix", [".md", ".html"])
def test_verdicts_that_were_recorded_are_told_and_what_nobody_checked_is_not_called_well(
    tmp_path: Path, suffix: str
) -> None:
    wrong = Run(load("book/softmax_ignores_dout"))
    text = exported_text(
        tmp_path, str(recorded(tmp_path / "wrong.jsonl", wrong, "last", "select loss", "check")), suffix
    )
    assert "ignores dout" in text
    assert "1 of 1 recording failed" in text
    partly = recorded(tmp_path / "partly.jsonl", Run(load("buy_apple")), "last", "check price")
    told = exported_text(tmp_path, str(partly), suffix)
    assert "1 recording, nothing failed; not checked apple_price" in told
    assert "all well" not in told
    unchecked = recorded(tmp_path / "unchecked.jsonl", Run(load("buy_apple")), "last")
    assert "1 recording, " not in exported_text(tmp_path, str(unchecked), suffix)


def test_a_branch_is_exported_by_its_name_with_its_own_numbers(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run.jsonl", Run(load("buy_apple")), "last", "set apple = 150", "branch dear", "last")
    assert "price = apple_price × tax = 200 × 1.1 = 220" in exported_text(tmp_path, str(path))
    text = exported_text(tmp_path, f"{path}:dear")
    assert text.startswith("# Two apples and the tax, branch dear\n")
    assert "price = apple_price × tax = 300 × 1.1 = 330" in text
    assert "step 4: set apple = 150" in text
    assert "branch dear, from main" in text
    namespace: dict[str, dict[str, float]] = {}
    exec(compile(exported_text(tmp_path, f"{path}:dear", ".py"), "test_x.py", "exec"), namespace)
    assert namespace["values"]["price"] == pytest.approx(330)
    assert namespace["gradients"]["count"] == pytest.approx(165)


def test_what_is_for_scenarios_alone_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "run.jsonl", Run(load("buy_apple")), "last")
    assert main(["export", str(path), "--expand", "all", "-o", str(tmp_path / "x.md")]) == 2
    assert "--expand is for scenarios" in capsys.readouterr().err


def test_a_branch_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(tmp_path / "run.jsonl", Run(load("buy_apple")), "last")
    assert main(["export", f"{path}:other", "-o", str(tmp_path / "x.md")]) == 2
    assert "there is no branch other in it" in capsys.readouterr().err
