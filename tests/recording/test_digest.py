"""The digests of a transcript: no line of it can be changed, lost, doubled or moved without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bptui.core.debugger import Debugger
from bptui.core.verbs.movement import Next
from bptui.recording.digest import LONGEST_FIELD
from bptui.recording.json_line import DamagedTranscriptError
from bptui.recording.recorder import Recorder
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from strategies import buy_apple

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A recording with steps, actions that go both ways, and notes."""
    path = tmp_path_factory.mktemp("recorded") / "it.jsonl"
    run = Run(buy_apple())
    run.finish()
    debugger = Debugger(run.tape)
    with Recorder(path, run, lambda: 1.0) as recorder:
        for at in range(4):
            recorder.moved(Next(), debugger.do(Next()))
            recorder.note(f"note {at}", debugger.moment)
    return path.read_bytes().splitlines(keepends=True)


def read(folder: Path, lines: list[bytes]) -> None:
    (folder / "it.jsonl").write_bytes(b"".join(lines))
    read_transcript(folder / "it.jsonl")


def assert_noticed(folder: Path, lines: list[bytes], number: int) -> None:
    """Assert that the damage is told at the ``number``-th line, from 1."""
    with pytest.raises(DamagedTranscriptError) as caught:
        read(folder, lines)
    assert caught.value.line == number


def test_a_recording_is_read_with_a_digest_at_the_end_of_each_line(tmp_path: Path, lines: list[bytes]) -> None:
    read(tmp_path, lines)
    assert all(list(json.loads(line))[-1] == "digest" for line in lines)


@in_one_folder
@given(data=st.data())
def test_a_changed_byte_is_noticed_at_its_line_and_one_of_the_headers_digest_at_the_next(
    tmp_path: Path, lines: list[bytes], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[at]) - 2))
    byte = bytes([data.draw(st.integers(0, 255).filter(lambda it: it not in {lines[at][place], ord("\n")}))])
    changed = lines[at][:place] + byte + lines[at][place + 1 :]
    with pytest.raises(DamagedTranscriptError) as caught:
        read(tmp_path, [*lines[:at], changed, *lines[at + 1 :]])
    is_in_header_digest = at == 0 and place >= len(lines[0]) - LONGEST_FIELD
    assert caught.value.line in ({1, 2} if is_in_header_digest else {at + 1})


@in_one_folder
@given(data=st.data())
def test_a_removed_line_is_noticed_where_it_was(tmp_path: Path, lines: list[bytes], data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(lines) - 2))
    assert_noticed(tmp_path, lines[:at] + lines[at + 1 :], at + 1)


@in_one_folder
@given(data=st.data())
def test_a_doubled_line_is_noticed(tmp_path: Path, lines: list[bytes], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    assert_noticed(tmp_path, [*lines[: at + 1], *lines[at:]], at + 2)


@in_one_folder
@given(data=st.data())
def test_swapped_lines_are_noticed_at_the_first(tmp_path: Path, lines: list[bytes], data: st.DataObject) -> None:
    one = data.draw(st.integers(1, len(lines) - 2))
    two = data.draw(st.integers(one + 1, len(lines) - 1))
    swapped = [*lines[:one], lines[two], *lines[one + 1 : two], lines[one], *lines[two + 1 :]]
    assert_noticed(tmp_path, swapped, one + 1)


def test_joined_recordings_are_noticed_where_the_second_begins(tmp_path: Path, lines: list[bytes]) -> None:
    assert_noticed(tmp_path, lines + lines, len(lines) + 1)
    assert_noticed(tmp_path, lines[:5] + lines[5:] + lines[1:], len(lines) + 1)


def test_a_digest_that_was_taken_away_is_noticed(tmp_path: Path, lines: list[bytes]) -> None:
    def bare(line: bytes) -> bytes:
        return json.dumps({key: it for key, it in json.loads(line).items() if key != "digest"}).encode() + b"\n"

    assert_noticed(tmp_path, [*lines[:3], bare(lines[3]), *lines[4:]], 4)
    assert_noticed(tmp_path, [bare(lines[0]), *lines[1:]], 2)
    read(tmp_path, list(map(bare, lines)))  # as recordings were at first


@pytest.mark.parametrize("cut", [1, 2, 10, 30])
def test_a_torn_last_line_is_still_dropped_and_said(tmp_path: Path, lines: list[bytes], cut: int) -> None:
    path = tmp_path / "it.jsonl"
    path.write_bytes(b"".join(lines)[:-cut])
    assert f"line {len(lines)}" in (read_transcript(path).dropped or "")
