"""The records of ``trace --json`` and of transcripts: the contract's example, and arrays bit for bit."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bptui.core.command import Command
from bptui.core.graph import Node
from bptui.core.verbs.movement import Back, BackwardPass, First, GoTo, ReverseFinish, RunTo
from bptui.errors import TranscriptError
from bptui.recording.array_record import decode_array, encode_array
from bptui.recording.codec import encode_record
from bptui.recording.json_line import write_line
from bptui.recording.records import ActionRecord
from bptui.recording.run_records import records
from bptui.running import Run
from layers import Array
from strategies import buy_apple, chain, make_scenario

DTYPES = st.sampled_from(["float64", "float32", "int64", "int32", "uint8", "bool"]).map(np.dtype)
SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12)


def scalar(number: float) -> dict[str, Any]:
    """Return the array of one number as CONTRACTS writes it, ``A(number)``."""
    return {"dtype": "float64", "shape": [], "data": [number]}


def objects(run: Run) -> list[dict[str, Any]]:
    return list(map(encode_record, records(run)))


def through_json(array: Array) -> Array:
    return decode_array(json.loads(write_line(encode_array(array))))


@given(DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, SHAPES)))
def test_every_array_comes_back_from_json_bit_for_bit(array: Array) -> None:
    back = through_json(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    finite = ~np.isnan(array) if array.dtype.kind == "f" else np.full(array.shape, fill_value=True)
    assert (np.isnan(back) == ~finite).all() if array.dtype.kind == "f" else True
    assert back[finite].tobytes() == array[finite].tobytes()


@given(hnp.arrays(np.float64, st.tuples(st.integers(1025, 1100))))
def test_large_arrays_are_the_little_endian_bytes_in_base64(array: Array) -> None:
    record = encode_array(array)
    assert "data" not in record
    assert base64.b64decode(record["base64"]) == struct.pack(f"<{len(array)}d", *array.tolist())
    assert through_json(array).tobytes() == array.tobytes()


def test_up_to_1024_elements_stand_there_as_numbers() -> None:
    assert encode_array(np.zeros(1024))["data"] == [0.0] * 1024
    assert "base64" in encode_array(np.zeros(1025))


def test_arrays_are_written_row_by_row() -> None:
    assert encode_array(np.array([[1.0, 2.0], [3.0, 4.0]]).T)["data"] == [1.0, 3.0, 2.0, 4.0]


def test_the_order_of_an_arrays_bytes_makes_no_difference() -> None:
    numbers = np.arange(2000.0)
    for array in (numbers, numbers[:3]):
        assert encode_array(array.astype(">f8")) == encode_array(array)


def test_numbers_that_are_not_finite_are_strings() -> None:
    assert encode_array(np.array([math.nan, math.inf, -math.inf, -0.0]))["data"] == [
        "NaN",
        "Infinity",
        "-Infinity",
        -0.0,
    ]


def test_the_smallest_and_largest_doubles_survive() -> None:
    extremes = np.array([5e-324, 1.7976931348623157e308, -0.0, 2.220446049250313e-16])
    assert through_json(extremes).tobytes() == extremes.tobytes()


def test_decoded_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        through_json(np.zeros(3))[0] = 1


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {"dtype": "float64", "shape": [2], "data": [1.0]},
        {"dtype": "float64", "shape": [1], "data": [True]},
        {"dtype": "float64", "shape": [1], "data": ["nan"]},
        {"dtype": "float64", "shape": [1], "data": [[1.0]]},
        {"dtype": "float64", "shape": [1], "data": [10**400]},
        {"dtype": "float64", "shape": [1], "data": [math.inf]},
        {"dtype": "float32", "shape": [1], "data": [1e300]},
        {"dtype": "int64", "shape": [1], "data": [2**63]},
        {"dtype": "int64", "shape": [1], "data": [1.5]},
        {"dtype": "uint8", "shape": [1], "data": [-1]},
        {"dtype": "complex128", "shape": [1], "data": [1.0]},
        {"dtype": "object", "shape": [1], "base64": "AAAAAAAAAAA="},
        {"dtype": ["float64"], "shape": [], "data": [1.0]},
        {"dtype": "float64", "shape": [-1], "data": []},
        {"dtype": "float64", "shape": [True], "data": [1.0]},
        {"dtype": "float64", "shape": 1, "data": [1.0]},
        {"dtype": "float64", "shape": [1] * 65, "data": [1.0]},
        {"dtype": "float64", "shape": [0, 10**12], "data": []},
        {"dtype": "float64", "shape": [0, 2**30, 2**30, 2**30], "data": []},
        {"dtype": "float64", "shape": [1], "base64": "AAAA"},
        {"dtype": "float64", "shape": [1], "base64": "not base64!"},
        {"dtype": "float64", "shape": [1], "base64": "é"},
        {"dtype": "float64", "shape": [1]},
    ],
)
def test_what_is_no_array_is_refused(record: Any) -> None:
    with pytest.raises(TranscriptError):
        decode_array(record)


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TranscriptError, match="complex128"):
        encode_array(np.array([1j]))


def test_the_records_of_the_contract() -> None:
    """CONTRACTS, section 4, with the numbers that stand there; 2.2 and 220 are what float64 makes of them."""
    header, *steps, end = objects(Run(buy_apple()))
    assert header["kind"] == "header"
    assert header["bptui"] == 1
    assert header["output"] == "price"
    assert header["values"] == {"apple": scalar(100.0), "count": scalar(2.0), "tax": scalar(1.1)}
    assert header["nodes"] == [
        {"name": "price.1", "layer": "Mul", "inputs": ["apple", "count"], "options": {}},
        {"name": "price", "layer": "Mul", "inputs": ["price.1", "tax"], "options": {}},
    ]
    assert set(header["versions"]) == {"bptui", "numpy", "python"}
    forward = {"kind": "step", "iteration": 1, "pass": "forward"}
    backward = {"kind": "step", "iteration": 1, "pass": "backward"}
    assert steps == [
        forward | {"step": 1, "node": "price.1", "out": scalar(200.0)},
        forward | {"step": 2, "node": "price", "out": scalar(200 * 1.1)},
        backward
        | {
            "step": 3,
            "node": "price",
            "dout": scalar(1.0),
            "local": [scalar(1.1), scalar(200.0)],
            "gradients": [scalar(1.1), scalar(200.0)],
        },
        backward
        | {
            "step": 4,
            "node": "price.1",
            "dout": scalar(1.1),
            "local": [scalar(2.0), scalar(100.0)],
            "gradients": [scalar(2.2), scalar(1.1 * 100)],
        },
    ]
    leaves = header["values"]
    assert end == {
        "kind": "end",
        "values": leaves | {"price.1": scalar(200.0), "price": scalar(200 * 1.1)},
        "gradients": {
            "apple": scalar(2.2),
            "count": scalar(1.1 * 100),
            "tax": scalar(200.0),
            "price.1": scalar(1.1),
            "price": scalar(1.0),
        },
    }


def test_fields_stand_in_the_order_of_the_contract() -> None:
    header, *steps, end = objects(Run(chain(2, iterations=2)))
    contract = ["kind", "bptui", "title", "source", "dtype", "seed", "output", "values", "nodes", "versions"]
    assert list(header)[: len(contract)] == contract
    orders = {step["pass"]: list(step) for step in steps}
    assert orders == {
        "forward": ["kind", "step", "iteration", "pass", "node", "out"],
        "backward": ["kind", "step", "iteration", "pass", "node", "dout", "local", "gradients"],
        "update": ["kind", "step", "iteration", "pass", "parameter", "gradient", "before", "after"],
    }
    assert list(end) == ["kind", "values", "gradients"]


def test_a_constant_has_a_value_and_no_gradient() -> None:
    scenario = make_scenario([Node("y", "Mul", ("x", "2"))], inputs={"x": 3.0}, constants={"2": 2.0})
    header, _, step, end = objects(Run(scenario))
    assert header["values"]["2"] == scalar(2.0)
    assert step["gradients"] == [scalar(2.0), None]
    assert step["local"] == [scalar(2.0), scalar(3.0)]
    assert set(end["gradients"]) == {"x", "y"}
    assert set(end["values"]) == {"x", "y", "2"}


def test_a_value_that_no_gradient_reaches_ends_with_null() -> None:
    scenario = make_scenario(
        [Node("aside", "Neg", ("y",)), Node("cut", "Detach", ("x",)), Node("y2", "Mul", ("cut", "z"))],
        inputs={"x": 3.0, "y": 1.0, "z": 2.0},
    )
    *_, last, end = objects(Run(scenario))
    assert last["node"] == "cut"
    assert last["dout"] == scalar(2.0)
    assert last["gradients"] == [None]
    assert end["gradients"]["x"] is None
    assert end["gradients"]["aside"] is None
    assert end["values"]["aside"] == scalar(-1.0)


def test_a_node_that_no_gradient_reaches_has_a_backward_without_dout() -> None:
    scenario = make_scenario(
        [Node("a", "Neg", ("x",)), Node("cut", "Detach", ("a",)), Node("y", "Mul", ("cut", "z"))],
        inputs={"x": 3.0, "z": 2.0},
    )
    step = next(it for it in objects(Run(scenario)) if it.get("pass") == "backward" and it["node"] == "a")
    assert step["dout"] is None
    assert step["gradients"] == [None]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (Back(5), {"verb": "back", "count": 5}),
        (First(), {"verb": "first"}),
        (GoTo(7), {"verb": "goto", "step": 7}),
        (BackwardPass(), {"verb": "backward-pass"}),
        (ReverseFinish(), {"verb": "reverse-finish", "count": 1}),
        (RunTo("z1"), {"verb": "run-to", "name": "z1", "count": 1}),
    ],
)
def test_an_action_says_the_verb_and_its_arguments(command: Command, said: Any) -> None:
    assert encode_record(ActionRecord(3, 0.25, command)) == {"kind": "action", "at": 3, "time": 0.25} | said


@given(st.text())
def test_a_line_is_one_line_that_no_terminal_obeys(name: str) -> None:
    written = write_line({"kind": "note", "text": name})
    assert written.endswith("\n")
    assert written[:-1].isascii()
    assert not any(ord(character) < 32 for character in written[:-1])
    assert json.loads(written)["text"] == name
