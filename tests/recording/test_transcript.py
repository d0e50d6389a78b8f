"""Reading transcripts: a replay is the run, bit for bit, and no file does more than give an error."""

from __future__ import annotations

import json
import os
import random
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bptui.core.command import Command
from bptui.core.debugger import Debugger
from bptui.core.graph import Node
from bptui.core.step import BackwardStep
from bptui.core.tape import Tape
from bptui.core.verbs.movement import BackwardPass, GoTo, Last, Next, ReverseFinish, RunTo
from bptui.errors import TranscriptError
from bptui.recording import transcript as module
from bptui.recording.codec import encode_line
from bptui.recording.json_line import DamagedTranscriptError, write_line
from bptui.recording.records import ActionRecord, NoteRecord
from bptui.recording.replay_tape import Recording
from bptui.recording.run_records import records
from bptui.recording.transcript import LONGEST_LINE, read_transcript
from bptui.running import Run
from bptui.scenario.load import load
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from bptui.session.open_tape import is_transcript, tape_at
from layers import Array
from strategies import buy_apple, chain, make_scenario, random_scenarios

Content: TypeAlias = bytes | Sequence[str]

A = {"dtype": "float64", "shape": [], "data": [7.0]}
BACKWARD = {"dout": A, "local": [A, A], "gradients": [A, A]}

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def lines_of(scenario: Scenario) -> list[str]:
    return list(map(encode_line, records(Run(scenario))))


def read(folder: Path, content: Content) -> Recording:
    path = folder / "it.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else "".join(content).encode())
    return read_transcript(path)


LINES = lines_of(buy_apple())


def is_bit_for_bit(one: Array | None, other: Array | None) -> bool:
    """Return whether two arrays have the same bits, any NaN being as good as any other."""
    if one is None or other is None:
        return one is other
    return (one.dtype, one.shape, bits(one)) == (other.dtype, other.shape, bits(other))


def bits(array: Array) -> bytes:
    return np.where(np.isnan(array), np.nan, array).tobytes()


def assert_same_moments(tape: Tape, other: Any, positions: Iterable[int]) -> None:
    for position in positions:
        one, two = tape.at(position), other.at(position)
        for name in tape.graph.names:
            assert is_bit_for_bit(one.value(name), two.value(name))
            assert is_bit_for_bit(one.gradient(name), two.gradient(name))
            assert one.awaits_gradient(name) == two.awaits_gradient(name)
        assert (one.pass_, one.name, one.changed) == (two.pass_, two.name, two.changed)


@in_one_folder
@given(scenario=random_scenarios(iterations=2))
def test_a_replay_shows_what_the_run_showed_at_every_position(tmp_path: Path, scenario: Scenario) -> None:
    tape = run(scenario)
    replayed = read(tmp_path, lines_of(scenario))
    assert len(replayed.tape) == len(tape)
    assert replayed.tape.is_complete
    assert_same_moments(tape, replayed.tape, range(len(tape) + 1))
    for step, again in zip(tape, replayed.tape, strict=True):
        if isinstance(step, BackwardStep) and isinstance(again, BackwardStep):
            assert all(map(is_bit_for_bit, step.local, again.local))
            assert all(map(is_bit_for_bit, step.gradients, again.gradients))
            assert is_bit_for_bit(step.dout, again.dout)


@in_one_folder
@given(scenario=random_scenarios(iterations=2), part=st.floats(0, 1))
def test_a_recording_that_stops_midway_replays_as_far_as_it_goes(
    tmp_path: Path, scenario: Scenario, part: float
) -> None:
    tape = run(scenario)
    length = int(part * len(tape))
    replayed = read(tmp_path, lines_of(scenario)[: 1 + length])
    assert len(replayed.tape) == length
    assert len(replayed.tape.order) == len(tape)
    assert_same_moments(tape, replayed.tape, range(length + 1))
    debugger = Debugger(replayed.tape)
    assert debugger.do(Last()).position == length
    assert debugger.do(Next()).position == length


def test_the_title_says_how_far_a_recording_goes(tmp_path: Path) -> None:
    lines = lines_of(buy_apple())
    assert read(tmp_path, lines).title == "made by a test"
    assert read(tmp_path, lines[:3]).title == "made by a test (recorded up to step 2 of 4)"


def test_local_derivatives_beyond_the_recording_are_unknown(tmp_path: Path) -> None:
    tape = read(tmp_path, lines_of(buy_apple())[:4])
    assert [array is not None and array.tolist() for array in tape.tape.at(3).local("price")] == [1.1, 200.0]
    assert tape.tape.at(3).local("price.1") == (None, None)
    assert tape.tape.at(3).kept("price") == {}


def test_numbers_that_are_not_finite_replay(tmp_path: Path) -> None:
    scenario = make_scenario(
        [Node("l", "Log", ("x",)), Node("y", "Sum", ("l",))], inputs={"x": np.array([0.0, -1.0, 1.0])}
    )
    tape = read(tmp_path, lines_of(scenario))
    np.testing.assert_array_equal(tape.tape.values["l"], [-np.inf, np.nan, 0.0])


def test_labels_constants_and_large_arrays_replay(tmp_path: Path) -> None:
    scenario = make_scenario(
        [Node("a", "MatMul", ("x", "W")), Node("s", "Mul", ("a", "2")), Node("loss", "SoftmaxWithLoss", ("s", "t"))],
        inputs={"x": np.linspace(-1, 1, 60 * 40).reshape(60, 40), "t": np.arange(60) % 30},
        parameters={"W": np.linspace(0, 1, 40 * 30).reshape(40, 30)},
        constants={"2": 2.0},
    )
    tape, replayed = run(scenario), read(tmp_path, lines_of(scenario))
    assert_same_moments(tape, replayed.tape, range(len(tape) + 1))
    assert is_bit_for_bit(replayed.tape.values["t"], tape.values["t"])
    assert replayed.tape.graph.constants == ("2",)


def test_notes_and_actions_are_read_in_order(tmp_path: Path) -> None:
    said = [ActionRecord(2, 0.5, Next(2)), NoteRecord(2, 1.25, "see: [/red] \x1b[31m")]
    lines = lines_of(buy_apple())
    tape = read(tmp_path, [*lines[:3], *map(encode_line, said), *lines[3:]])
    assert [*tape.actions, *tape.notes] == said
    assert len(tape.tape) == 4


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ({"verb": "go_to", "step": 3}, GoTo(3)),
        ({"verb": "pass_start", "pass": "backward"}, BackwardPass()),
        ({"verb": "reverse_finish", "count": 2}, ReverseFinish(2)),
        ({"verb": "run_to", "name": "price"}, RunTo("price")),
        ({"verb": "next", "count": 1}, Next()),
    ],
)
def test_verbs_as_they_were_first_spelt_are_still_read(tmp_path: Path, words: dict[str, Any], command: Command) -> None:
    action = {"kind": "action", "at": 0, "time": 0.5, **words}
    assert read(tmp_path, [LINES[0], write_line(action)]).actions == [ActionRecord(0, 0.5, command)]


@pytest.mark.parametrize("words", [{"verb": "fly"}, {"verb": "next", "count": -1}, {"verb": "goto"}, {"verb": 3}, {}])
def test_an_action_that_is_not_a_command_is_refused(tmp_path: Path, words: dict[str, Any]) -> None:
    with pytest.raises(TranscriptError) as caught:
        read(tmp_path, [LINES[0], write_line({"kind": "action", "at": 0, "time": 0.5, **words})])
    assert caught.value.line == 2


def test_a_torn_last_line_is_left_out_and_said(tmp_path: Path) -> None:
    for cut in range(1, 250, 4):
        tape = read(tmp_path, "".join(LINES[:4])[:-cut])
        assert len(tape.tape) == 2, cut
        assert "line 4" in (tape.dropped or ""), cut


def test_a_tail_of_zeros_is_left_out_and_said(tmp_path: Path) -> None:
    tape = read(tmp_path, "".join(lines_of(buy_apple())[:4]).encode() + bytes(5000))
    assert len(tape.tape) == 3
    assert "line 5" in (tape.dropped or "")


def test_a_header_alone_is_a_tape_without_steps(tmp_path: Path) -> None:
    tape = read(tmp_path, lines_of(buy_apple())[:1])
    assert len(tape.tape) == 0
    assert tape.tape.at(0).value("apple") == 100.0
    assert tape.tape.at(0).value("price") is None


def edited(lines: list[str], number: int, **fields: Any) -> list[str]:
    """Return the lines with fields of the ``number``-th (from 1) replaced."""
    return [*lines[: number - 1], write_line(json.loads(lines[number - 1]) | fields), *lines[number:]]


@pytest.mark.parametrize(
    ("content", "number", "why"),
    [
        ([*LINES[:2], *LINES[3:]], 3, "step 3 stands where step 2 should"),
        ([*LINES[:3], LINES[2], *LINES[3:]], 4, "step 2 stands where step 3 should"),
        ([*LINES[:2], LINES[3], LINES[2], *LINES[4:]], 3, "step 3 stands where step 2 should"),
        (LINES + LINES, 7, "two recordings were joined"),
        (LINES[:5] + LINES, 6, "two recordings were joined"),
        ([*LINES[:5], LINES[5][:-2] + "\n"], 6, "is not JSON"),
        ([it.replace("\n", "\r\n") for it in LINES], 1, "CR LF"),
        (["\ufeff", *LINES], 1, "byte order mark"),
        (edited(LINES, 3, node="price.1"), 3, "not that of the graph's order"),
        (edited(LINES, 3, iteration=2), 3, "not that of the graph's order"),
        (edited(LINES, 3, **{"pass": "backward"}, **BACKWARD), 3, "not that of the graph's order"),
        (edited(LINES, 3, **{"pass": "sideways"}), 3, "of no pass"),
        (edited(LINES, 5, dout=A), 5, "dout is not the sum"),
        (edited(LINES, 4, gradients=[A, A]), 5, "dout is not the sum"),
        (edited(LINES, 5, gradients=[A]), 5, "1 entries for 2 inputs"),
        (edited(LINES, 5, gradients=[A | {"shape": [1]}, A]), 5, "not of its value's shape"),
        (edited(LINES, 2, out=A), 6, "values has another price.1"),
        (edited(LINES, 6, gradients={}), 6, "other names"),
        ([*LINES[:5], *LINES[5:], LINES[5]], 7, "a second end"),
        ([*LINES[:3], LINES[5]], 4, "the end stands after step 2 of 4"),
        ([*LINES[:2], encode_line(NoteRecord(99, 0.0, "x"))], 3, "step 99"),
    ],
)
def test_damage_is_told_with_its_line(tmp_path: Path, content: Content, number: int, why: str) -> None:
    with pytest.raises(DamagedTranscriptError, match=why) as caught:
        read(tmp_path, content)
    assert caught.value.path == str(tmp_path / "it.jsonl")
    assert caught.value.line == number


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"gradient": A}, "gradient is not the sum"),
        ({"gradient": None}, "gradient is not the sum"),
        ({"before": A}, "before is not the value"),
        ({"after": A | {"shape": [1]}}, "not of the parameter's shape"),
    ],
)
def test_damage_to_an_update_is_told_with_its_line(tmp_path: Path, fields: dict[str, Any], why: str) -> None:
    lines = lines_of(chain(2, iterations=2))
    number = next(place for place, it in enumerate(lines, start=1) if '"update"' in it)
    with pytest.raises(DamagedTranscriptError, match=why) as caught:
        read(tmp_path, edited(lines, number, **fields))
    assert caught.value.line == number


@pytest.mark.parametrize(
    ("content", "number", "why"),
    [
        (b"", 1, "no whole record"),
        (b'{"kind": "hea', 1, "no whole record"),
        (LINES[1:], 1, "is not a header"),
        ([LINES[0], "[" * 100_000 + "\n"], 2, "nested too deep"),
        ([LINES[0], '{"kind": ' + "9" * 5000 + "}\n"], 2, "5000 digits"),
        ([LINES[0], '{"kind": NaN}\n'], 2, "NaN"),
        ([LINES[0], '{"kind": "note", "kind": "note"}\n'], 2, "twice"),
        ([LINES[0], "3\n"], 2, "is not a JSON object"),
        ([LINES[0], "{}\n"], 2, "without a kind"),
        ([LINES[0], '{"kind": "teleport"}\n'], 2, "unknown kind teleport"),
        ([LINES[0], '{"kind": "\\u001b[31m"}\n'], 2, r"\\x1b\[31m"),
        ([LINES[0], '{"kind": "note", "at": 0, "time": true, "text": ""}\n'], 2, "'time'"),
        ([LINES[0], LINES[1].replace('"step": 1', '"step": 1.0')], 2, "'step'"),
        (edited(LINES, 3, **{"pass": "backward"}), 3, "'dout'"),
        (edited(LINES, 1, bptui=2), 1, "newer bptui"),
        (edited(LINES, 1, bptui="1"), 1, "'bptui'"),
        (edited(LINES, 1, output="apple"), 1, "output apple is not a node"),
        (edited(LINES, 1, inputs=["apple", "pear"]), 1, "do not agree"),
        (edited(LINES, 1, train={"steps": 10**30}), 1, "impossible"),
        (edited(LINES, 1, train={"optimizer": "SGD", "lr": -1, "steps": 3}), 1, "lr: wanted a positive number"),
        (edited(LINES, 1, nodes=[{"name": "price", "layer": "Neg", "inputs": ["price"], "options": {}}]), 1, "unknown"),
        (edited(LINES, 1, nodes=[{"name": "tax", "layer": "Neg", "inputs": ["tax"], "options": {}}]), 1, "two values"),
        (edited(LINES, 2, out={"dtype": "float64", "shape": [2], "data": [1.0]}), 2, "1 elements"),
        (edited(LINES, 2, out=None), 2, "an array is missing"),
    ],
)
def test_what_bptui_would_not_write_is_refused_with_its_line(
    tmp_path: Path, content: Content, number: int, why: str
) -> None:
    with pytest.raises(TranscriptError, match=why) as caught:
        read(tmp_path, content)
    assert not isinstance(caught.value, DamagedTranscriptError)
    assert caught.value.line == number


def test_a_line_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "it.jsonl"
    with path.open("wb") as file:
        file.write(b'{"kind": "')
        file.seek(2**40)
        file.write(b'"}\n')
    with pytest.raises(TranscriptError, match=f"{LONGEST_LINE:,}") as caught:
        read_transcript(path)
    assert caught.value.line == 1


def test_a_line_that_is_too_long_is_told_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "it.jsonl"
    path.write_text("".join(map(encode_line, records(Run(buy_apple())))))
    first, second, third, *_ = map(len, path.read_bytes().splitlines(keepends=True))
    longest = max(first, second, third)
    monkeypatch.setattr(module, "LONGEST_LINE", longest)
    path.write_bytes(path.read_bytes()[: first + second] + b'{"kind": "' + b"x" * longest + b'"}\n')
    with pytest.raises(TranscriptError, match="longer than") as caught:
        read_transcript(path)
    assert caught.value.line == 3


def test_a_recording_behind_a_byte_order_mark_is_one_that_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "it.jsonl"
    path.write_bytes(BOM_UTF8 + "".join(map(encode_line, records(Run(buy_apple())))).encode())
    assert is_transcript(path)
    with pytest.raises(TranscriptError, match="byte order mark"):
        tape_at(str(path))


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (tmp_path, fifo, tmp_path / "nothing"):
        with pytest.raises(TranscriptError):
            read_transcript(path)


TRAINED = "".join(lines_of(chain(3, iterations=2))).encode()


@settings(in_one_folder, max_examples=40)
@given(
    place=st.integers(0, len(TRAINED)),
    length=st.integers(0, 40),
    put=st.one_of(st.binary(max_size=12), st.sampled_from([b"null", b"1e999", b"-1", b"[]", b"{}", b'"x"', b"true"])),
)
def test_any_edit_gives_a_tape_or_an_error_with_a_line(tmp_path: Path, place: int, length: int, put: bytes) -> None:
    look_at_it_or_its_error(tmp_path, TRAINED[:place] + put + TRAINED[place + length :])


@settings(in_one_folder, max_examples=40)
@given(seed=st.integers(0, 2**32), junk=st.sampled_from([None, True, 0, -1, 2**70, 1.5, "x", [], {}, [[]], A]))
def test_any_field_may_be_anything(tmp_path: Path, seed: int, junk: Any) -> None:
    lines = TRAINED.decode().splitlines(keepends=True)
    draw = random.Random(seed)
    number = draw.randrange(len(lines))
    record = json.loads(lines[number])
    replace_somewhere(record, junk, draw)
    lines[number] = write_line(record)
    look_at_it_or_its_error(tmp_path, lines)


def replace_somewhere(record: Any, junk: Any, draw: random.Random) -> None:
    """Put ``junk`` in the place of something in a JSON object, at any depth."""
    while True:
        key = draw.choice(list(record)) if isinstance(record, dict) else draw.randrange(len(record))
        if not isinstance(record[key], dict | list) or not record[key] or draw.random() < 0.3:
            record[key] = junk
            return
        record = record[key]


def look_at_it_or_its_error(folder: Path, content: Content) -> None:
    try:
        tape = read(folder, content)
    except TranscriptError as caught:
        error = caught
    else:
        look_at_everything(tape)
        return
    assert error.line
    assert error.message


def look_at_everything(recording: Recording) -> None:
    for step in recording.tape:
        if isinstance(step, BackwardStep):
            assert len(step.local) == len(step.gradients)
    assert recording.tape.values.keys() == set(recording.tape.graph.names)
    assert recording.tape.gradients.keys() == set(recording.tape.graph.names) - set(recording.tape.graph.constants)
    assert isinstance(recording.title, str)


@pytest.mark.parametrize("name", ["mazur", "diamond", "softmax_labels"])
def test_a_header_with_no_more_than_the_format_demands_is_enough(tmp_path: Path, name: str) -> None:
    header, *steps = lines_of(load(name))
    bare = json.loads(header)
    for extra in ("about", "inputs", "parameters", "train"):
        bare.pop(extra, None)
    whole, replayed = read(tmp_path, [header, *steps]), read(tmp_path, [json.dumps(bare) + "\n", *steps])
    assert replayed.tape.graph.parameters == whole.tape.graph.parameters
    assert replayed.tape.graph.constants == whole.tape.graph.constants
    assert len(replayed.tape.order) == len(whole.tape.order) == len(replayed.tape)
    for leaf in whole.tape.graph.parameters:
        assert is_bit_for_bit(replayed.tape.values[leaf], whole.tape.values[leaf])
