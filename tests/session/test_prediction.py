"""Predict mode: no step is shown before its numbers are predicted, and what is said of an answer is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.command_parser import parse
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.session.answer import Answer
from bptui.session.dispatcher import Dispatcher
from bptui.session.prediction import Prediction
from bptui.session.session import Session
from mute_display import MuteDisplay

QUIZ = """
[inputs]
x = [1.0, -2.0]
w = 3.0
[nodes]
a = "x * w"
y = "Sum(a)"
[predict]
nodes = ["a"]
pass = "backward"
"""


def session_of(place: str) -> Session:
    run = Run(load(place) if "\n" not in place else loads(place))
    session = Session(run.tape, "example", run=run)
    run.finish()
    return session


def said(session: Session, *lines: str) -> list[Answer]:
    dispatcher = Dispatcher(session, MuteDisplay())
    return [dispatcher.finish(parse(line, session.tape.graph.slots)) for line in lines]


def test_the_book_s_two_apples_are_predicted() -> None:
    """Saito, Deep Learning from Scratch, ch. 5.4.1: price 220, and the gradients 2.2, 110 and 200."""
    session = session_of("buy_apple")
    answers = said(
        session,
        *("predict", "next", "answer 200", "next", "answer apple_price * tax", "next", "answer 1.1", "answer 200"),
        *("next", "hint", "answer 2", "answer 2.2", "reveal"),
    )
    texts = [it.text for it in answers]
    assert texts[1] == "What will apple_price be?"
    assert texts[2] == "✓ right: apple_price = apple × count = 100 × 2 = 200"
    assert texts[6] == "✓ right: d apple_price = dout × tax = 1 × 1.1 = 1.1. What will d tax be?"
    assert texts[9] == "dout = grad(apple_price) = 1.1; d apple = dout × count"
    assert texts[10].startswith("✗ 2 is not d apple: try again")
    assert not answers[10].ok
    assert texts[12].startswith("d count = dout × apple = 1.1 × 100 = 110")
    assert "4 of 6 numbers right at the first try, 1 later, 1 shown, 1 hint" in texts[12]
    assert session.moment.position == 4


@given(
    st.lists(st.sampled_from(["next", "next 9", "last", "goto 4", "run-to price", "backward-pass", "finish", "back"]))
)
def test_no_movement_passes_a_number_that_was_not_predicted(lines: list[str]) -> None:
    session = session_of("buy_apple")
    said(session, "predict", *lines)
    assert session.moment.position == 0
    said(session, "next", "reveal", *lines)
    assert session.moment.position <= 1


@pytest.mark.parametrize("line", ["continue", "plot price", "health", "set tax = 2", "next-trouble", "diff buy_apple"])
def test_what_would_tell_a_hidden_number_is_refused(line: str) -> None:
    session = session_of("buy_apple")
    answer = said(session, "predict", line)[-1]
    assert not answer.ok
    assert "still to be predicted" in answer.text
    assert session.moment.position == 0


def test_a_quiz_asks_for_its_nodes_and_pass_only() -> None:
    session = session_of(QUIZ)
    answers = said(session, "predict", "last", "answer [3, 3]", "answer -1")
    assert answers[0].text == "predict: each step of a in the backward pass waits until its numbers are predicted"
    assert answers[1].text == "What will d x[0] be?"
    assert answers[2].text.startswith("✓ right")
    assert "What will d w be?" in answers[2].text
    assert answers[3].text.startswith("✓ right")
    assert session.moment.position == 4


def test_an_answer_may_be_half_a_percent_off_and_no_more() -> None:
    session = session_of("buy_apple")
    assert said(session, "predict", "next", "answer 198.9")[-1].text.startswith("✗")
    assert said(session, "answer 199.1")[-1].text.startswith("✓")


def test_what_cannot_be_read_is_said_and_nothing_is_lost() -> None:
    session = session_of("buy_apple")
    answers = said(session, "answer 3", "hint", "predict", "answer nosuch", 'answer "a"', "answer 1")
    assert [it.ok for it in answers] == [False, False, True, False, False, False]
    assert session.prediction is not None
    assert session.prediction.score.words == "nothing was predicted yet"


@pytest.mark.parametrize(
    "line", ["paths apple price", "health", "plot price", "next-trouble", "continue", "set apple = 1"]
)
def test_nothing_that_looks_ahead_is_answered_while_numbers_are_hidden(line: str) -> None:
    session = session_of("buy_apple")
    refused = said(session, "predict", line)[-1]
    assert not refused.ok
    assert "this looks at what is still to be predicted" in refused.text
    assert session.moment.position == 0


def test_the_answers_are_in_the_transcript(tmp_path: Path) -> None:
    session = session_of("buy_apple")
    session.record(tmp_path / "run.jsonl")
    said(session, "predict", "next", "answer 100", "hint", "answer 200")
    session.close()
    words = [str(action.command) for action in read_transcript(tmp_path / "run.jsonl").actions]
    assert [it for it in words if not it.startswith("goto")] == ["predict", "answer 100", "hint", "answer 200"]


def test_every_step_of_every_kind_has_its_numbers() -> None:
    session = session_of("xor")
    prediction = Prediction(session.tape, session.quiz)
    order = session.tape.order
    assert all(prediction.numbers(step) for step in range(1, order.start(1) + 1))
