"""The JSON Schema of records: every line that is written keeps to it, and what no reader takes does not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.cli import main
from bptui.core.verbs import VERBS
from bptui.core.verbs.movement import BackwardPass, GoTo, Next, RunTo
from bptui.errors import TranscriptError
from bptui.recording.array_record import encode_array
from bptui.recording.codec import encode_line, encode_record
from bptui.recording.record_schema import record_schema
from bptui.recording.records import (
    ActionRecord,
    BackwardRecord,
    EndRecord,
    ForwardRecord,
    NoteRecord,
    Record,
    read_record,
)
from bptui.recording.run_records import records
from bptui.running import Run
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load
from bptui.scenario.scenario import Scenario
from sampled import one_in
from strategies import random_scenarios

jsonschema = pytest.importorskip("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(record_schema())
MOST = 15
"""Records of a run that are looked at: the iterations of a training are alike."""

ACTIONS = [ActionRecord(2, 0.5, it) for it in (Next(2), GoTo(7), RunTo("z1"), RunTo(), BackwardPass())]


def is_valid(record: Any) -> bool:
    return bool(VALIDATOR.is_valid(record))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(record_schema())


@pytest.mark.parametrize("name", one_in(3, [name for name, _ in bundled()]))
def test_every_record_of_a_bundled_scenario_keeps_to_it(name: str) -> None:
    written = [json.loads(encode_line(record)) for record in records(Run(load(name)))]
    assert [it for it in (*written[:MOST], *written[-2:]) if not is_valid(it)] == []


@given(scenario=random_scenarios(iterations=2))
def test_every_record_of_any_run_keeps_to_it(scenario: Scenario) -> None:
    assert all(is_valid(json.loads(encode_line(record))) for record in records(Run(scenario)))


@pytest.mark.parametrize("record", [*ACTIONS, NoteRecord(0, 0.0, "苹果")])
def test_actions_and_notes_keep_to_it(record: Record) -> None:
    assert is_valid(encode_record(record))


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"kind": "teleport"},
        {"kind": "note", "at": 0, "time": True, "text": ""},
        {"kind": "note", "at": 0, "time": 0.5},
        {"kind": "step", "step": 1, "iteration": 1, "pass": "sideways", "node": "y"},
        {"kind": "step", "step": 1, "iteration": 1, "pass": "forward", "node": "y", "out": None},
        {"kind": "action", "at": 1, "time": 0.5},
        {"kind": "action", "at": 1, "time": 0.5, "verb": "fly"},
        {"kind": "action", "at": 1, "time": 0.5, "verb": "next", "count": "two"},
    ],
)
def test_what_no_reader_takes_does_not(record: dict[str, Any]) -> None:
    assert not is_valid(record)
    with pytest.raises(TranscriptError):
        read_record(record)


def test_every_verb_is_described() -> None:
    written = json.dumps(record_schema())
    assert all(json.dumps({"const": word}) in written for word in VERBS)


@given(st.sampled_from(["float64", "int64", "bool"]), st.integers(0, 1100))
def test_arrays_of_any_length_keep_to_it(dtype: str, length: int) -> None:
    assert is_valid(encode_record(EndRecord({"x": np.ones(length, dtype)}, {"x": None})))


def test_steps_of_several_outputs_keep_to_it() -> None:
    array = np.ones(2)
    steps = [ForwardRecord(1, 1, "h", (array, array)), BackwardRecord(2, 1, "h", (array, None), (None,), (array,))]
    assert all(is_valid(encode_record(it)) for it in steps)
    assert not is_valid(encode_record(steps[0]) | {"out": encode_array(array)})


@pytest.mark.parametrize("words", [["schema"], ["schema", "record"]])
def test_the_command_line_prints_it(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == record_schema()
