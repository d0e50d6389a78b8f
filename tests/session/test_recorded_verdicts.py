"""What a check has found is recorded with its evidence: a replay tells the very same, and runs nothing for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bptui.checking.evidence_lines import evidence_lines
from bptui.checking.finding import Verdict
from bptui.checking.finding_record import finding_record
from bptui.checking.verdicts import Judged
from bptui.core.command_parser import parse
from bptui.errors import TranscriptError
from bptui.recording.digest import RunningDigest
from bptui.recording.record_schema import record_schema
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.session.answer import Answer
from bptui.session.dispatcher import Dispatcher
from bptui.session.replay import replay_session
from bptui.session.resuming import resume_recording
from bptui.session.session import Session
from mute_display import MuteDisplay

KINKED = """
[inputs]
x = [[1.0, 0.0], [0.5, -3.0]]
[parameters]
w = [2.0, 3.0]
[nodes]
z = "Relu(x)"
y = "Sum(z * w)"
[train]
optimizer = "SGD"
lr = 0.1
steps = 2
"""

WRONG = """class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * ~self.mask
"""


def say(session: Session, *lines: str) -> list[Answer]:
    dispatcher = Dispatcher(session, MuteDisplay())
    return [dispatcher.finish(parse(line, session.tape.graph.slots)) for line in lines]


def session_of(run: Run) -> Session:
    return Session(run.tape, "example", run=run)


def replayed(path: Path) -> Session:
    recording = read_transcript(path)
    return replay_session(recording, recording.title)


def judged(session: Session, node: str, iteration: int = 0) -> Judged:
    found = session.checks.verdicts.of(iteration, node)
    assert found is not None
    return found


def is_told_alike(there: Judged, here: Judged) -> bool:
    """Whether the evidence is the same to the last character, and the findings to the last digit."""
    records = [list(map(finding_record, it.findings)) for it in (there, here)]
    return records[0] == records[1] and evidence_lines(there, 100) == evidence_lines(here, 100)


def test_a_failure_is_replayed_with_its_evidence_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(WRONG)
    (tmp_path / "s.toml").write_text(KINKED)
    path = tmp_path / "run.jsonl"
    live = session_of(Run(load(tmp_path / "s.toml", layers=[tmp_path / "mine.py"])))
    live.record(path)
    told = say(live, "next 2", "check z", "check y", "last")
    live.close()
    (tmp_path / "mine.py").unlink()
    replay = replayed(path)
    assert judged(replay, "z").verdict is Verdict.FAIL
    assert is_told_alike(judged(live, "z"), judged(replay, "z"))
    assert [it.text for it in say(replay, "next 2", "check z", "check y")[1:]] == [it.text for it in told[1:3]]
    assert say(replay, "first", "next-trouble")[-1].ok
    assert "not checked when this was recorded" in say(replay, "check y.1")[0].text
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(record_schema())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [it for it in lines if not validator.is_valid(it)] == []


def test_of_all_nodes_those_are_told_of_that_were_checked_and_how_many_they_are(tmp_path: Path) -> None:
    live = session_of(Run(loads(KINKED)))
    live.record(tmp_path / "run.jsonl")
    say(live, "next", "check z", "last")
    live.close()
    told = say(replayed(tmp_path / "run.jsonl"), "check")[0]
    assert told.ok
    assert told.text.startswith("of the 1 of 3 nodes that were checked when this was recorded, no node is wrong")


def test_verdicts_from_before_the_recording_and_in_branches_and_later_iterations_are_in_it(tmp_path: Path) -> None:
    live = session_of(Run(loads(KINKED)))
    say(live, "next 8", "check z", "set w = [5.0, 0.0]", "check y.1", "switch main")
    live.record(tmp_path / "run.jsonl")
    say(live, "check y.1", "switch b1", "last")
    live.close()
    replay = replayed(tmp_path / "run.jsonl")
    iteration = replay.tape.at(8).iteration - 1
    assert judged(replay, "z", iteration).verdict is Verdict.KINK
    assert judged(replay, "y.1", iteration).verdict is Verdict.PASS
    say(replay, "switch b1")
    assert is_told_alike(judged(live, "y.1", iteration), judged(replay, "y.1", iteration))


def test_a_session_that_is_gone_on_with_knows_its_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    first = session_of(Run(loads(KINKED)))
    first.record(path)
    say(first, "next", "check z")
    first.abandon_recording()
    second = session_of(Run(loads(KINKED)))
    resume_recording(second, path)
    assert is_told_alike(judged(first, "z"), judged(second, "z"))
    second.close()
    assert path.read_text().count('"kind": "verdict"') == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"node": "x"}, "which is not a node"),
        ({"node": "nothing"}, "which is not a node"),
        ({"iterations": [3]}, "an iteration that the run does not have"),
        ({"iterations": [0]}, "do not follow one after the other"),
        ({"iterations": [2, 1]}, "do not follow one after the other"),
        ({"iterations": "all"}, "no proper 'iterations'"),
        ({"findings": [{"rule": "gradient", "verdict": "perhaps"}]}, "no proper 'verdict'"),
        ({"findings": [{"rule": "gradient", "verdict": "fail", "ladder": [[1.0]]}]}, "4 numbers"),
        ({"findings": [{"rule": 1, "verdict": "fail"}]}, "no proper 'rule'"),
        ({"findings": 7}, "no proper 'findings'"),
        ({"at": 10**6}, "is not one of the run's"),
        ({"branch": "b9"}, "there is no branch b9"),
    ],
)
def test_a_verdict_that_cannot_be_is_refused_with_its_line(change: dict[str, object], why: str, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    live = session_of(Run(loads(KINKED)))
    live.record(path)
    live.close()
    found = {"kind": "verdict", "at": 0, "time": 0.5, "node": "z", "iterations": [1], "findings": []}
    before, digest = path.read_bytes(), RunningDigest()
    for line in before.splitlines(keepends=True):
        digest.follow(line)
    path.write_bytes(before + digest.sealed(f"{json.dumps(found | change)}\n".encode()))
    with pytest.raises(TranscriptError) as raised:
        read_transcript(path)
    assert why in raised.value.message
    assert raised.value.where is not None
    assert raised.value.where.line == before.count(b"\n") + 1
