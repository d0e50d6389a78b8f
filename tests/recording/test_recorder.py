"""The recorder: what it has counted is on disk whatever happens, and it never damages anything."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from bptui.core.debugger import Debugger
from bptui.core.optimizer import SGD
from bptui.core.verbs.movement import Back, GoTo, Last, Next
from bptui.errors import TranscriptError
from bptui.recording import disk_sync
from bptui.recording.codec import encode_line
from bptui.recording.recorder import SLICE, Recorder, free_name
from bptui.recording.records import ActionRecord, NoteRecord
from bptui.recording.run_records import records
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.scenario import Train
from strategies import buy_apple, chain


def finished(run: Run) -> Run:
    run.finish()
    return run


def ticking() -> Callable[[], float]:
    """Return a clock that goes on by half a second whenever it is looked at."""
    seconds = count(100.0, 0.5)
    return lambda: next(seconds)


def record(path: Path, run: Run) -> Recorder:
    return Recorder(path, run, ticking())


def kinds(path: Path) -> list[str]:
    return [json.loads(it)["kind"] for it in path.read_text().splitlines()]


@pytest.fixture(autouse=True)
def eager_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """See records onto the disk without a pause between two times."""
    monkeypatch.setattr(disk_sync, "INTERVAL", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "session.jsonl"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(goals=st.lists(st.integers(0, 30), max_size=12))
def test_the_steps_recorded_are_those_up_to_the_furthest_that_was_reached(path: Path, goals: list[int]) -> None:
    path.unlink(missing_ok=True)
    run = finished(Run(chain(5, iterations=2)))
    debugger = Debugger(run.tape)
    furthest = 0
    with record(path, run) as recorder:
        for goal in goals:
            recorder.moved(GoTo(goal), debugger.do(GoTo(goal)))
            furthest = max(furthest, debugger.position)
            tape = read_transcript(path)
            assert len(tape.tape) == furthest
            recorder.sync()
            assert recorder.count == len(kinds(path))
    assert [action.at for action in tape.actions] == [min(goal, len(run.tape)) for goal in goals] if goals else True
    assert kinds(path).count("end") == (furthest == len(run.tape))


def test_a_whole_session_holds_exactly_the_records_of_trace(path: Path) -> None:
    run = finished(Run(buy_apple(train=Train(SGD(0.1), 2))))
    with record(path, run) as recorder:
        recorder.moved(Last(), Debugger(run.tape).do(Last()))
    lines = path.read_text().splitlines(keepends=True)
    told = [re.sub(r', "digest": "[0-9a-f]*"', "", it) for it in lines if '"kind": "action"' not in it]
    assert told == list(map(encode_line, records(Run(run.scenario))))


def test_commands_and_notes_carry_their_step_and_the_time_since_the_start(path: Path) -> None:
    run = finished(Run(buy_apple()))
    debugger = Debugger(run.tape)
    with record(path, run) as recorder:
        recorder.moved(Next(3), debugger.do(Next(3)))
        recorder.moved(Back(), debugger.do(Back()))
        recorder.note("look: 苹果", debugger.moment)
    tape = read_transcript(path)
    assert tape.actions == [ActionRecord(3, 0.5, Next(3)), ActionRecord(2, 1.0, Back())]
    assert tape.notes == [NoteRecord(2, 1.5, "look: 苹果")]


def test_recording_may_start_late_and_still_has_the_run_from_its_first_step(path: Path) -> None:
    run = finished(Run(chain(30)))
    debugger = Debugger(run.tape)
    debugger.do(GoTo(50))
    with record(path, run) as recorder:
        recorder.moved(None, debugger.moment)
    assert kinds(path) == ["header"] + ["step"] * 50


def test_many_steps_are_written_in_slices(path: Path) -> None:
    run = finished(Run(chain(SLICE)))
    recorder = record(path, run)
    recorder.moved(Last(), Debugger(run.tape).do(Last()))
    recorder.sync()
    assert recorder.count == 2 + SLICE
    assert recorder.is_behind
    recorder.advance(10)
    recorder.sync()
    assert recorder.count == 2 + SLICE + 10
    recorder.close()
    assert not recorder.is_behind
    assert recorder.count == 2 + len(run.tape) + 1 == len(kinds(path))


def test_steps_that_were_reached_are_recorded_though_the_cursor_has_gone_back(path: Path) -> None:
    run = finished(Run(chain(SLICE)))
    debugger = Debugger(run.tape)
    with record(path, run) as recorder:
        recorder.moved(Last(), debugger.do(Last()))
        recorder.moved(GoTo(1), debugger.do(GoTo(1)))
    assert read_transcript(path).tape.is_complete


def test_an_abandoned_recording_has_whole_lines_and_nothing_more(path: Path) -> None:
    run = finished(Run(chain(SLICE)))
    recorder = record(path, run)
    recorder.moved(Last(), Debugger(run.tape).do(Last()))
    recorder.abandon()
    assert len(read_transcript(path).tape) == SLICE
    recorder.note("too late", run.tape.at(0))
    assert recorder.count == 2 + SLICE == len(kinds(path))


def test_a_file_that_exists_is_never_touched(path: Path) -> None:
    path.write_text("mine")
    path.with_name("session-2.jsonl").touch()
    with pytest.raises(TranscriptError, match="exists") as caught:
        record(path, Run(buy_apple()))
    assert caught.value.hint == f"{path.with_name('session-3.jsonl')} is free"
    assert caught.value.path == str(path)
    assert path.read_text() == "mine"


def test_a_second_recording_of_the_same_file_is_told_so(path: Path) -> None:
    with record(path, Run(buy_apple())), pytest.raises(TranscriptError, match="is being written"):
        record(path, Run(buy_apple()))
    with pytest.raises(TranscriptError, match="exists already"):
        record(path, Run(buy_apple()))


def test_places_where_no_file_can_be_made_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("missing/session.jsonl", "file/session.jsonl", "x" * 300, "."):
        with pytest.raises(TranscriptError):
            record(tmp_path / place, Run(buy_apple()))
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_write_that_fails_halfway_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = finished(Run(buy_apple()))
    recorder = record(path, run)
    whole = path.read_bytes()
    write = os.write

    def full(file: int, encoded: Any) -> int:
        if len(encoded) > 10:
            return write(file, bytes(encoded)[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    recorder.moved(Next(), run.tape.at(1))
    assert recorder.failure == "No space left on device"
    assert recorder.count == 1
    assert path.read_bytes() == whole
    recorder.moved(Next(), run.tape.at(2))
    recorder.close()
    assert path.read_bytes() == whole


def test_the_step_since_which_nothing_is_recorded_is_that_of_the_failure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(Run(buy_apple()))
    recorder = record(path, run)
    write = os.write

    def full(file: int, encoded: Any) -> int:
        if b'"step": 2' in bytes(encoded):
            raise OSError(28, "No space left on device")
        return write(file, encoded)

    monkeypatch.setattr(os, "write", full)
    recorder.moved(None, run.tape.at(4))
    assert recorder.track.steps == 2
    assert [json.loads(it)["kind"] for it in path.read_text().splitlines()] == ["header", "step"]


def test_no_file_is_left_where_not_even_the_header_fits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int, __: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(TranscriptError, match="No space left"):
        record(path, Run(buy_apple()))
    assert not path.exists()


def test_a_file_that_another_program_removes_replaces_or_changes_is_noticed(path: Path) -> None:
    def remove() -> None:
        path.unlink()

    def replace() -> None:
        path.rename(path.with_name("moved"))
        path.touch()

    def change() -> None:
        os.truncate(path, 5)

    for trouble, why in ((remove, "gone"), (replace, "another file"), (change, "another program")):
        path.unlink(missing_ok=True)
        recorder = record(path, Run(buy_apple()))
        trouble()
        recorder.check_file()
        assert why in (recorder.failure or "")
        assert not recorder.is_behind


CHILD = """
import os, sys
from pathlib import Path
from time import monotonic
sys.path.insert(0, sys.argv[2])
from strategies import chain
from bptui.core.verbs.movement import Next
from bptui.core.debugger import Debugger
from bptui.running import Run
from bptui.recording.recorder import Recorder
run = Run(chain(300, iterations=1000))
debugger = Debugger(run.tape)
recorder = Recorder(Path(sys.argv[1]), run, monotonic)
while recorder.failure is None:
    run.advance(100)
    recorder.moved(Next(100), debugger.do(Next(100)))
    print(recorder.count, flush=True)
print(recorder.failure, flush=True)
"""


def start_child(path: Path, **options: Any) -> subprocess.Popen[str]:
    tests = Path(strategies.__file__).parent
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(tests)], stdout=subprocess.PIPE, text=True, **options
    )


def test_a_killed_recorder_leaves_every_record_that_it_has_counted(path: Path) -> None:
    with start_child(path) as child:
        assert child.stdout
        counted = 0
        while counted <= 400:
            counted = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
    assert path.read_bytes().count(b"\n") >= counted
    tape = read_transcript(path)
    assert len(tape.tape) + len(tape.actions) + 1 >= counted


def test_a_file_as_large_as_it_may_be_is_valid_and_the_reason_told(path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    with start_child(path, preexec_fn=limit) as child:
        assert child.stdout
        *counts, failure = child.stdout.read().splitlines()
    assert failure == "File too large"
    assert path.stat().st_size <= 100_000
    tape = read_transcript(path)
    assert tape.dropped is None
    assert len(tape.tape) + len(tape.actions) + 1 >= int(counts[-1])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (os.mkfifo, "is a pipe or a device, not a file"),
        (lambda path: path.symlink_to(os.devnull), "is a pipe or a device, not a file"),
        (lambda path: path.symlink_to("nowhere"), "exists already, and a recording never replaces a file"),
    ],
)
def test_a_recording_to_what_is_not_a_file_is_refused(make: Callable[[Path], None], why: str, path: Path) -> None:
    make(path)
    with pytest.raises(TranscriptError) as caught:
        record(path, Run(buy_apple()))
    assert caught.value.message == why


@pytest.mark.parametrize(
    ("place", "why"), [("missing/x", "the folder does not exist"), ("/proc/x", "cannot be written")]
)
def test_a_recording_that_cannot_be_created_says_whether_its_folder_is_missing(
    place: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(TranscriptError, match=why):
        record(tmp_path / place, Run(buy_apple()))


def test_a_name_that_a_link_to_nowhere_has_is_not_free(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    path.symlink_to(tmp_path / "nowhere" / "else")
    assert free_name(path) == tmp_path / "session-2.jsonl"
