"""A transcript stores each large array once, and whatever stands for one again leads to the very same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.errors import TranscriptError
from bptui.recording.array_record import encode_array
from bptui.recording.recorder import Recorder
from bptui.recording.resumption import open_recording
from bptui.recording.run_records import records
from bptui.recording.stored_arrays import restore_arrays, store_once
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import loads
from layers import Array

LARGE = """
[inputs]
x = { shape = [30, 40], init = "normal" }
[parameters]
W = { shape = [40, 40], init = "he" }
[nodes]
a = "x @ W"
b = "Relu(a)"
loss = "Mean(b)"
[train]
lr = 0.5
steps = 3
"""


def recorded(path: Path, text: str = LARGE) -> Run:
    run = Run(loads(text))
    run.finish()
    with Recorder(path, run, lambda: 0.0) as recorder:
        recorder.moved(None, run.tape.at(len(run.tape)))
    return run


def parts_of(json: Any, key: str) -> list[str]:
    """Return what stands under a key, however deep."""
    if isinstance(json, dict):
        return ([json[key]] if key in json else []) + [it for part in json.values() for it in parts_of(part, key)]
    return [it for part in json for it in parts_of(part, key)] if isinstance(json, list) else []


def test_no_large_array_stands_twice_in_a_transcript(tmp_path: Path) -> None:
    run = recorded(tmp_path / "a.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    contents = parts_of(lines, "base64")
    assert len(contents) == len(set(contents))
    assert parts_of(lines, "same")
    plain = sum(len(json.dumps(json.loads(line))) for line in map(line_of, records(Run(run.scenario))))
    assert (tmp_path / "a.jsonl").stat().st_size < 0.6 * plain


def line_of(record: Any) -> str:
    from bptui.recording.codec import encode_line  # noqa: PLC0415

    return encode_line(record)


def test_it_is_read_back_to_the_bit_and_what_came_again_is_one_object(tmp_path: Path) -> None:
    run = recorded(tmp_path / "a.jsonl")
    tape = read_transcript(tmp_path / "a.jsonl").tape
    for name, value in run.tape.values.items():
        assert value is not None
        assert np.array_equal(value, np.asarray(tape.values[name]))
    first, second = (it.values[tape.graph.slots["x"]] for it in tape.iterations[:2])
    assert first is second


def test_a_recording_that_is_gone_on_with_knows_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    run = Run(loads(LARGE))
    run.finish()
    with Recorder(path, run, lambda: 0.0) as recorder:
        recorder.moved(None, run.tape.at(3))
    recording = read_transcript(path)
    again = Recorder(path, run, lambda: 0.0, open_recording(path, recording.arrays))
    again.track.steps = again.track.furthest = 3
    again.moved(None, run.tape.at(len(run.tape)))
    again.close()
    contents = parts_of([json.loads(line) for line in path.read_text().splitlines()], "base64")
    assert len(contents) == len(set(contents))
    assert len(read_transcript(path).tape) == len(run.tape)


def record_of(*arrays: Array) -> dict[str, Any]:
    return {"kind": "x", "values": {str(at): encode_array(it) for at, it in enumerate(arrays)}}


@given(st.lists(st.sampled_from([0, 1, 2]), max_size=6))
def test_what_was_stored_once_is_restored(chosen: list[int]) -> None:
    some = [np.arange(1100.0), np.arange(1100.0).reshape(11, 100), np.ones(3)]
    record = json.loads(json.dumps(record_of(*(some[it] for it in chosen))))
    store_once(record, set())
    known: dict[str, Array] = {}
    restore_arrays(record, known)
    assert len(known) == len({it for it in chosen if it < 2})
    for at, it in enumerate(chosen):
        found = record["values"][str(at)]
        assert found == encode_array(some[it]) if it == 2 else np.array_equal(found, some[it])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"same": "0" * 32}, "no array before"),
        ({"same": 7}, "no array before"),
        ({"same": ["x"]}, "no array before"),
        ({"dtype": "float32"}, "not of the dtype and shape"),
        ({"shape": [1100]}, "not of the dtype and shape"),
        ({"shape": "long"}, "not a list of sizes"),
    ],
)
def test_what_stands_for_no_array_is_refused(change: dict[str, Any], message: str) -> None:
    array = np.arange(1100.0).reshape(11, 100)
    first, second = record_of(array), record_of(array)
    known: set[str] = set()
    store_once(first, known)
    store_once(second, known)
    arrays: dict[str, Array] = {}
    restore_arrays(first, arrays)
    second["values"]["0"] |= change
    with pytest.raises(TranscriptError, match=message):
        restore_arrays(second, arrays)
