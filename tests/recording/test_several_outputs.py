"""Steps of several outputs: ``outs``, ``douts`` and the header's ``outputs``, as CONTRACTS 4 has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bptui.errors import TranscriptError
from bptui.recording.codec import encode_record
from bptui.recording.json_line import JsonObject, write_line
from bptui.recording.replay_tape import Recording
from bptui.recording.run_records import node_record, step_record
from bptui.recording.transcript import read_transcript


def a(*numbers: float) -> JsonObject:
    """Return the array of a vector, or of a scalar where there is one number."""
    shape = [len(numbers)] if len(numbers) > 1 else []
    return {"dtype": "float64", "shape": shape, "data": list(numbers)}


def step(number: int, pass_: str, node: str, **fields: Any) -> JsonObject:
    return {"kind": "step", "step": number, "iteration": 1, "pass": pass_, "node": node, **fields}


NODES = [
    {"name": "h", "layer": "Halves", "inputs": ["x"], "options": {}, "outputs": ["h", "r"]},
    {"name": "p", "layer": "Mul", "inputs": ["h", "r"], "options": {}},
    {"name": "y", "layer": "Sum", "inputs": ["p"], "options": {}},
]
HEADER = {
    "kind": "header",
    "bptui": 1,
    "title": "quotient times remainder",
    "source": "",
    "dtype": "float64",
    "seed": 0,
    "output": "y",
    "values": {"x": a(7.0, 10.0)},
    "nodes": NODES,
    "versions": {},
    "inputs": ["x"],
    "parameters": [],
}
STEPS = [
    step(1, "forward", "h", outs=[a(3.0, 5.0), a(1.0, 0.0)]),
    step(2, "forward", "p", out=a(3.0, 0.0)),
    step(3, "forward", "y", out=a(3.0)),
    step(4, "backward", "y", dout=a(1.0), local=[None], gradients=[a(1.0, 1.0)]),
    step(5, "backward", "p", dout=a(1.0, 1.0), local=[None, None], gradients=[a(1.0, 0.0), a(3.0, 5.0)]),
    step(6, "backward", "h", douts=[a(1.0, 0.0), a(3.0, 5.0)], local=[None], gradients=[a(3.5, 5.0)]),
]
END = {
    "kind": "end",
    "values": {"x": a(7.0, 10.0), "h": a(3.0, 5.0), "r": a(1.0, 0.0), "p": a(3.0, 0.0), "y": a(3.0)},
    "gradients": {"x": a(3.5, 5.0), "h": a(1.0, 0.0), "r": a(3.0, 5.0), "p": a(1.0, 1.0), "y": a(1.0)},
}


def read(folder: Path, records: list[JsonObject]) -> Recording:
    path = folder / "it.jsonl"
    path.write_text("".join(map(write_line, records)), encoding="utf-8")
    return read_transcript(path)


def replaced(number: int, **fields: Any) -> list[JsonObject]:
    """Return the records with fields of one step replaced; None takes a field away."""
    changed = {key: it for key, it in (STEPS[number - 1] | fields).items() if it is not None}
    return [HEADER, *STEPS[: number - 1], changed, *STEPS[number:], END]


def test_each_output_is_a_value_with_a_gradient_and_is_written_as_it_was_read(tmp_path: Path) -> None:
    recording = read(tmp_path, [HEADER, *STEPS, END])
    tape = recording.tape
    assert recording.has_end
    assert [tape.values[name].tolist() for name in "hr"] == [[3.0, 5.0], [1.0, 0.0]]  # type: ignore[union-attr]
    assert [tape.gradients[name].tolist() for name in "hr"] == [[1.0, 0.0], [3.0, 5.0]]  # type: ignore[union-attr]
    assert [encode_record(step_record(it)) for it in tape] == STEPS
    assert [encode_record(node_record(it)) for it in tape.graph.nodes] == NODES


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (replaced(1, outs=[a(3.0, 5.0)]), "outs has 1 entries for 2 outputs"),
        (replaced(1, outs=None, out=a(3.0, 5.0)), "outs has 1 entries for 2 outputs"),
        (replaced(1, outs=None), "no proper 'out'"),
        (replaced(1, out=a(3.0, 5.0)), "no proper 'out'"),
        (replaced(6, douts=[a(1.0, 0.0), a(3.0, 4.0)]), "dout is not the sum"),
        (replaced(6, douts=[a(1.0, 0.0)]), "douts has 1 entries for 2 outputs"),
        ([HEADER | {"nodes": [NODES[0] | {"outputs": ["r", "h"]}, *NODES[1:]]}], "first output's name"),
        ([HEADER | {"nodes": [NODES[0] | {"outputs": ["h", "x"]}, *NODES[1:]]}], "two values are called x"),
    ],
)
def test_outputs_that_do_not_fit_are_refused(tmp_path: Path, records: list[JsonObject], why: str) -> None:
    with pytest.raises(TranscriptError, match=why):
        read(tmp_path, records)


def test_where_no_gradient_reaches_any_output_all_are_null(tmp_path: Path) -> None:
    nodes = [NODES[0], {"name": "y", "layer": "Detach", "inputs": ["r"], "options": {}}]
    steps = [
        STEPS[0],
        step(2, "forward", "y", out=a(1.0, 0.0)),
        step(3, "backward", "y", dout=a(1.0, 1.0), local=[None], gradients=[None]),
        step(4, "backward", "h", douts=[None, None], local=[None], gradients=[None]),
    ]
    tape = read(tmp_path, [HEADER | {"nodes": nodes}, *steps]).tape
    assert [encode_record(step_record(it)) for it in tape] == steps
    assert tape.gradients["x"] is None
