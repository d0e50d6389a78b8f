"""Why, paths and health as answers: in branches, in recordings, and as JSON that any program can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.core.command_parser import parse
from bptui.explaining.paths import Paths
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.session.answer import Answer
from bptui.session.dispatcher import Dispatcher
from bptui.session.path_answers import paths_record
from bptui.session.replay import replay_session
from bptui.session.session import Session
from mute_display import MuteDisplay
from runs import session_on

HOT = """
[inputs]
x = [1e300, 2.0]
[nodes]
a = "x * 1e300"
y = "Sum(a)"
"""


def asked(session: Session, *lines: str) -> Answer:
    """Return the answer to the last of some commands."""
    dispatcher = Dispatcher(session, MuteDisplay())
    return [dispatcher.finish(parse(line, session.moment.graph.slots)) for line in lines][-1]


def session_of(name: str) -> Session:
    return session_on(Run(load(name)), name)


@pytest.mark.parametrize(
    ("lines", "label", "is_said"),
    [
        (["goto 3", "set z1[0, 0] = 1", "last", "why z1[0, 0]"], "as you have set it", True),
        (["goto 3", "set z1[0, 0] = 1", "last", "why z1[0, 1]"], "as you have set it", False),
        (["goto 6", "set dout = 2 * dout", "last", "why grad(a2)[0, 0]"], "as you have set it", True),
        (["set W1[0, 0] = 3", "last", "why W1[0, 0]"], "as you have set it", True),
        (["set W1[0, 0] = 3", "last", "why W1[0, 1]"], "as you have set it", False),
        (["set W1[0, 0] = 3", "switch main", "last", "why W1[0, 0]"], "as you have set it", False),
        (["goto 6", "set dout = 2 * dout", "last", "paths W1 loss"], "the gradient of W1", False),
        (["last", "paths W1 loss"], "the gradient of W1", True),
    ],
)
def test_what_was_set_is_not_told_to_have_been_computed(lines: list[str], label: str, *, is_said: bool) -> None:
    answer = asked(session_of("two_layer"), *lines)
    assert answer.ok
    assert (label in answer.text) is is_said


@pytest.mark.parametrize("line", ["why a[0]", "why y", "why grad(x)[0]", "paths x y", "paths x a", "health"])
def test_answers_about_infinity_are_json(line: str) -> None:
    answer = asked(session_on(Run(loads(HOT)), "hot"), "last", line)
    assert answer.ok
    json.dumps(answer.record, allow_nan=False)


def test_a_recording_of_built_in_layers_tells_as_much_as_the_run(tmp_path: Path) -> None:
    path, session = tmp_path / "run.jsonl", session_of("causal_attention")
    session.record(path)
    asked(session, "last")
    session.stop_recording()
    replayed = replay_session(read_transcript(path), "it")
    for line in ("why grad(x)[0, 1]", "why out[1, 0]", "paths x score", "health"):
        assert asked(replayed, "last", line).text == asked(session, "last", line).text


def test_an_answer_has_the_terms_and_their_sum_as_numbers() -> None:
    answer = asked(session_of("two_layer"), "last", "why grad(W1)[1, 1]")
    assert answer.record is not None
    terms: Any = answer.record["terms"]
    assert sum(term["product"] for term in terms) == pytest.approx(answer.record["number"])
    assert all(np.prod([it["number"] for it in term["factors"]]) == term["product"] for term in terms)
    assert {term["source"] for term in terms} == {"grad(a1)[0, 1]", "grad(a1)[1, 1]"}


def test_however_many_paths_there_are_their_number_can_be_written() -> None:
    lines = [f'a{n} = "a{n - 1} + a{n - 1}"' for n in range(1, 151)]
    session = session_on(Run(loads("[inputs]\na0 = 0.0\n[nodes]\n" + "\n".join(lines))), "doubling")
    answer = asked(session, "paths a0 a150 1")
    assert "about 1.427 × 10^45 paths" in answer.text
    assert answer.record is not None
    assert answer.record["count"] == 2**150
    assert "× 10^4515" in json.dumps(paths_record(Paths(2**15_000, (), None)), ensure_ascii=False)


@pytest.mark.parametrize(
    ("line", "depends", "words"),
    [
        ("depends score on q[1]", True, "q → out → score.1 → score"),
        ("depends out[0] on x[0]", True, "a gradient comes back that way in this iteration"),
        ("depends out[0] on x[2]", None, "other numbers are not tried: a replay runs nothing"),
        ("depends q on k", False, "no node leads there"),
        ("depends x[0] on x[0, 1]", True, "x[0] depends on x[0, 1]"),
    ],
)
def test_a_recording_tells_of_a_dependence_what_its_numbers_show_and_no_more(
    line: str, *, depends: bool | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "recorded.jsonl"
    asked(session_of("causal_attention"), f"record {path}", "last", "record")
    recorded = read_transcript(path)
    answer = asked(replay_session(recorded, "recorded"), "last", line)
    assert answer.record is not None
    assert (answer.record["depends"], answer.ok) == (depends, depends is not None)
    assert words in answer.text
