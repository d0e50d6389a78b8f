from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import layers
from bptui.errors import BptuiError
from bptui.stepping.line_record import line_tape_record, read_line_tape
from bptui.stepping.line_tape import Event, LineCursor, LineTape
from bptui.stepping.snapshot import Snapshot, snapshot
from bptui.stepping.trace_call import visit
from layer_cases import cases_of, single_output_layers
from layers import Array, Layer

SMALL = arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, max_dims=2, max_side=4))


def text_at(tape: LineTape, index: int) -> str:
    return tape.source[tape.steps[index].line].strip()


def lines_of(tape: LineTape) -> list[str]:
    return [text_at(tape, index) for index in range(len(tape.steps))]


def shows(it: Snapshot | None, value: Any) -> bool:
    """Whether a snapshot is of this value, told without its digest."""
    assert it is not None
    if isinstance(value, tuple):
        return len(it.parts) == len(value) and all(map(shows, it.parts, value))
    if value is None:
        return it.text == "None"
    return it.is_whole and it.dtype == str(value.dtype) and np.array_equal(it.array, value, equal_nan=True)  # type: ignore[arg-type]


def is_alike(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots show one value, told without their digests."""
    if one.array is None or other.array is None:
        return one.array is other.array and one.text == other.text
    same_kind = (one.shape, one.dtype) == (other.shape, other.dtype)
    return same_kind and np.array_equal(one.array, other.array, equal_nan=one.array.dtype.kind == "f")


# What is kept of the layers there are.


@pytest.mark.parametrize("layer", single_output_layers, ids=lambda layer: layer.__name__)
@settings(max_examples=2)
@given(data=st.data())
def test_the_lines_of_a_layer_are_its_own_tell_what_changes_and_return_what_it_returns(
    layer: type[Layer], data: st.DataObject
) -> None:
    case = data.draw(cases_of(layer))
    known = case.make()
    out, gradients = known.forward(*case.inputs), known.backward(case.dout)
    forward, backward = visit(case.make, case.inputs, recorded=[out]), visit(case.make, case.inputs, [case.dout])
    assert shows(forward.returned, np.asarray(out))
    expected = tuple(map(as_array, gradients)) if isinstance(gradients, tuple) else as_array(gradients)
    assert shows(backward.returned, expected)
    for tape, method in ((forward, "forward"), (backward, "backward")):
        assert_lines_are_of(tape, layer, method)
        assert_changes_are_told(tape)


def as_array(value: Any) -> Any:
    return None if value is None else np.asarray(value)


def assert_lines_are_of(tape: LineTape, layer: type[Layer], method: str) -> None:
    body, first = inspect.getsourcelines(inspect.unwrap(getattr(layer, method)))
    own = range(first, first + len(body))
    assert {step.line for step in tape.steps if not step.depth} <= set(own)
    assert [tape.source[number] for number in own] == [line.rstrip("\n") for line in body]
    assert (tape.first, tape.method) == (first, method)


def assert_changes_are_told(tape: LineTape) -> None:
    """Assert that the names changed by a line are exactly those whose values differ."""
    steps = [step for step in tape.steps if not step.depth]
    assert steps[0].changed == frozenset()
    for before, now in pairwise(steps):
        shared = before.names.keys() & now.names.keys()
        differing = {name for name in shared if not is_alike(before.names[name], now.names[name])}
        assert now.changed == differing | (before.names.keys() ^ now.names.keys())


def test_relu_runs_three_lines_forward_and_one_backward() -> None:
    x = np.array([[1.0, -2.0], [0.0, 4.0]])
    tape = visit(layers.Relu, (x,))
    first, second, third, end = tape.steps
    assert lines_of(tape)[:3] == [
        "self.x = floating(x)",
        "self.mask = self.x <= 0",
        "return np.where(self.mask, 0, self.x)",
    ]
    assert (first.names.keys(), first.changed) == ({"x"}, frozenset())
    assert second.changed == {"self.x"}
    assert third.changed == {"self.mask"}
    assert third.names["self.mask"].array == pytest.approx(np.array([[0, 1], [1, 0]]))
    assert end.event is Event.RETURN
    assert end.value is not None
    assert end.value.array == pytest.approx(np.array([[1, 0], [0, 4]]))
    backward = visit(layers.Relu, (x,), [np.ones((2, 2))])
    assert lines_of(backward) == ["return np.where(self.mask, 0, dout)"] * 2
    assert backward.steps[0].names.keys() == {"dout", "self.x", "self.mask"}


# Layers as others write them. Each is here for one thing that it does.


class Scribbler:
    """Writes into its own array."""

    def __init__(self, writes: Sequence[tuple[int, float]]) -> None:
        self.writes = writes

    def forward(self, x: Array) -> Array:
        out = x.copy()
        self.out = out[:2]
        for place, number in self.writes:
            out[place] = number
        return out


def doubled(x: Array) -> Array:
    twice = 2 * x
    return +twice


class Calling:
    """Calls a function and a method of its file."""

    def forward(self, x: Array) -> Array:
        y = doubled(x)
        self.keep(y)
        return y

    def keep(self, y: Array) -> None:
        self.y = y


class Raising:
    """Raises, in a function that it calls."""

    def forward(self, x: Array) -> Array:
        y = x + 1
        return self.fail(y)

    def fail(self, y: Array) -> Array:
        raise ValueError(f"no {y.size}\x1b[31m")


class Recovering:
    """Raises, and goes on."""

    def forward(self, x: Array) -> Array:
        try:
            self.missing  # type: ignore[attr-defined]  # noqa: B018
        except AttributeError:
            y = x
        return y


class Looping:
    """Takes its time."""

    def forward(self, x: Array) -> Array:
        for _ in range(500):
            x = x + 1
        return x


class Counting:
    """Gives another value each time."""

    calls = 0

    def forward(self, x: Array) -> Array:
        Counting.calls += 1
        return x + Counting.calls

    def backward(self, dout: Array) -> tuple[Array, None]:
        return dout * Counting.calls, None


class Hiding:
    """Keeps things that are not arrays, and one that answers nothing."""

    def forward(self, x: Array) -> Array:
        self.params = [x.copy(), None, "[/red]\x1b"]
        self.cache = {"x": x}
        self.generator = np.random.default_rng(0)
        self.mute = Mute()
        self.params[0].put(0, 7)  # type: ignore[union-attr]
        del self.cache
        return x


class Mute:
    def __repr__(self) -> str:
        raise AssertionError("nobody may call this")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("nobody may call this")

    __hash__ = None  # type: ignore[assignment]


@given(
    arrays.arrays(np.float64, 4, elements=st.floats(-9, 9)),
    st.lists(st.tuples(st.integers(0, 3), st.floats(-9, 9)), max_size=6),
)
def test_an_array_written_in_place_has_at_each_line_the_numbers_of_its_time(
    x: Array, writes: list[tuple[int, float]]
) -> None:
    tape = visit(lambda: Scribbler(writes), (x,))
    history, views = [x.tolist()], [x.tolist()[:2]]
    for place, number in writes:
        history.append([number if at == place else it for at, it in enumerate(history[-1])])
        views.append(history[-1][:2])
    after_writes = [step for step, line in zip(tape.steps, lines_of(tape), strict=True) if line.startswith("for ")]
    assert [numbers(step.names["out"]) for step in after_writes] == history
    assert [numbers(step.names["self.out"]) for step in after_writes] == views
    for step, before, now in zip(after_writes[1:], history, history[1:], strict=False):
        assert ("out" in step.changed) == (before != now)


def numbers(it: Snapshot) -> Any:
    assert it.array is not None
    return it.array.tolist()


def test_what_a_method_calls_in_its_file_is_nested_with_names_and_result_of_its_own() -> None:
    tape = visit(Calling, (np.array([1.0, 2.0]),))
    assert [(text, step.depth, step.event) for text, step in zip(lines_of(tape), tape.steps, strict=True)] == [
        ("y = doubled(x)", 0, Event.LINE),
        ("twice = 2 * x", 1, Event.LINE),
        ("return +twice", 1, Event.LINE),
        ("return +twice", 1, Event.RETURN),
        ("self.keep(y)", 0, Event.LINE),
        ("self.y = y", 1, Event.LINE),
        ("self.y = y", 1, Event.RETURN),
        ("return y", 0, Event.LINE),
        ("return y", 0, Event.RETURN),
    ]
    assert tape.steps[1].names.keys() == {"x"}
    assert tape.steps[4].changed == {"y"}
    assert tape.steps[7].changed == {"self.y"}
    assert any(line.startswith("def doubled") for line in tape.source.values())
    assert not any("class Raising" in line for line in tape.source.values())


def test_an_exception_is_the_last_step_at_the_line_that_let_it_out() -> None:
    tape = visit(Raising, (np.zeros(3),))
    assert [(step.depth, step.event) for step in tape.steps][-2:] == [(1, Event.EXCEPTION), (0, Event.EXCEPTION)]
    assert text_at(tape, -1) == "return self.fail(y)"
    assert tape.raised is not None
    assert tape.raised.text == "ValueError: no 3\\x1b[31m"
    assert tape.returned is None


def test_an_exception_that_is_caught_is_a_step_among_others() -> None:
    tape = visit(Recovering, (np.zeros(1),))
    assert Event.EXCEPTION in [step.event for step in tape.steps]
    assert tape.raised is None
    assert shows(tape.returned, np.zeros(1))


@pytest.mark.parametrize("layer", [Calling, Raising, Looping])
def test_tracing_leaves_the_tracer_that_was_there(layer: type[Any]) -> None:
    def tracer(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        visit(layer, (np.zeros(2),), most_steps=20)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_a_long_run_is_cut_short_and_says_so_but_still_returns() -> None:
    tape = visit(Looping, (np.zeros(1),), most_steps=30)
    assert len(tape.steps) == 31
    assert tape.notes == ("more than 30 lines ran: those after them are not shown",)
    assert shows(tape.returned, np.array([500.0]))
    assert visit(Looping, (np.zeros(1),)).notes == ()


def test_another_result_than_the_recorded_one_is_said() -> None:
    x = np.ones(2)
    recorded = Counting().forward(x)
    tape = visit(Counting, (x,), recorded=[recorded])
    assert not tape.is_repeatable
    assert tape.notes == ("not repeatable: this run returns another value than the recorded one",)
    tape = visit(Counting, (x,), [x], recorded=(x, None))
    assert tape.notes == ("not repeatable: this run returns another gradient 1 than the recorded one",)
    assert visit(layers.Relu, (x,), recorded=[x]).is_repeatable
    assert visit(Raising, (x,), recorded=[x]).notes == ("not repeatable: it raised ValueError: no 2\\x1b[31m",)


def test_objects_are_named_and_never_asked() -> None:
    tape = visit(Hiding, (np.array([1.0, 2.0]),))
    names = tape.steps[-1].names
    assert names["self.mute"].text == "<Mute>"
    assert names["self.generator"].text == "<Generator>"
    assert names["self.params"].text == "([2] 2 … 7, None, '[/red]\\x1b')".replace("(", "[").replace(")", "]")
    assert tape.steps[-2].changed == {"self.cache"}
    assert tape.steps[-3].changed == {"self.params"}


def test_what_has_no_lines_is_an_error_in_words() -> None:
    class Compiled:
        forward = np.exp

    with pytest.raises(BptuiError, match=r"Compiled\.forward is not written in Python"):
        visit(Compiled, (np.zeros(1),))


# Snapshots.


@given(SMALL, SMALL)
def test_snapshots_are_the_same_only_of_equal_arrays(one: Array, other: Array) -> None:
    assert snapshot(one).is_same(snapshot(one.copy()))
    is_equal = one.shape == other.shape and one.tobytes() == other.tobytes()
    assert snapshot(one).is_same(snapshot(other)) == is_equal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        (3, "3"),
        (1 << 4000, "an integer of 4001 bits"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), "nan"),
        (None, "None"),
        ((2,), "(2,)"),
        ([], "[]"),
        ({"a": 1}, "{'a': 1}"),
        (np.float32(0.5), "0.5"),
        (np.array([[1.0, np.nan], [-2, np.inf]]), "[2, 2] -2 … 1, 1 NaN, 1 Inf"),
        (np.zeros((2, 3)), "[2, 3] 0"),
        (np.full(2, np.nan), "[2] 2 NaN"),
        (np.zeros((0, 3)), "[0, 3]"),
        (np.array([True, False]), "[2]"),
        (np.array(["a"], dtype=object), "[1] of object"),
        (np.exp, "exp"),
        (Calling, "Calling"),
    ],
)
def test_a_value_is_written_briefly(value: object, text: str) -> None:
    assert snapshot(value).text == text


def test_of_a_large_array_a_corner_is_kept_and_a_change_anywhere_is_noticed() -> None:
    x = np.arange(10_000.0).reshape(100, 100)
    before = snapshot(x)
    assert before.array is not None
    assert (before.shape, before.array.shape, before.is_whole) == ((100, 100), (24, 24), False)
    x[99, 99] = -1
    assert not snapshot(x).is_same(before)


@given(st.data())
def test_any_swap_or_change_within_a_large_array_is_noticed(data: st.DataObject) -> None:
    x = np.arange(9000.0)
    x[5000:] = x[:4000]
    before = snapshot(x)
    first, second = data.draw(st.integers(0, 8999)), data.draw(st.integers(0, 8999))
    x[[first, second]] = x[[second, first]]
    assert snapshot(x).is_same(before) == (x[first] == x[second])


def test_a_list_that_contains_itself_ends() -> None:
    it: list[Any] = [1]
    it.append(it)
    assert snapshot(it).text == "[1, [1, [1, [, …]]]]"


# The cursor.


@given(st.integers(0, 8), st.integers(1, 20))
def test_back_undoes_next(start: int, count: int) -> None:
    here = LineCursor(visit(Calling, (np.zeros(2),)), start)
    there = here.next(count)
    back = there.back(there.index - start)
    assert back is not None
    assert back.step is here.step


def test_a_cursor_stops_at_the_end_and_leaves_at_the_beginning() -> None:
    cursor = LineCursor(visit(layers.Relu, (np.zeros(2),)))
    assert cursor.next(99).index == 3
    assert cursor.next(99).is_at_end
    assert cursor.back() is None
    assert cursor.next(2).back(3) is None
    assert cursor.next(2).lines_run == {cursor.step.line, cursor.next().step.line}


# As plain records.


def same_tape(one: LineTape, other: LineTape) -> bool:
    return line_tape_record(one) == line_tape_record(other) and all(
        now.names.keys() == then.names.keys() and all(is_alike(it, then.names[name]) for name, it in now.names.items())
        for now, then in zip(one.steps, other.steps, strict=True)
    )


@pytest.mark.parametrize("layer", [Calling, Raising, Hiding, layers.Affine])
def test_a_tape_comes_back_from_json_as_it_was(layer: type[Any]) -> None:
    inputs = (np.ones((2, 2)),) * (3 if layer is layers.Affine else 1)
    tape = visit(layer, inputs)
    written = json.dumps(line_tape_record(tape), allow_nan=False)
    assert same_tape(read_line_tape(json.loads(written)), tape)


def test_numbers_that_json_does_not_have_come_back_too() -> None:
    x = np.array([np.nan, np.inf, -np.inf, -0.0])
    tape = read_line_tape(json.loads(json.dumps(line_tape_record(visit(layers.Neg, (x,))), allow_nan=False)))
    assert shows(tape.steps[0].names["x"], x)


def test_a_record_that_lacks_anything_is_refused() -> None:
    record = line_tape_record(visit(layers.Relu, (np.ones(2),)))
    for key in record:
        for wrong in ({k: it for k, it in record.items() if k != key}, record | {key: 1.5}):
            with pytest.raises(BptuiError):
                read_line_tape(wrong)
    with pytest.raises(BptuiError, match="without a step"):
        read_line_tape(record | {"steps": []})
    with pytest.raises(BptuiError):
        read_line_tape(record | {"steps": [record["steps"][0] | {"names": {"x": 99}}]})


def test_the_source_room_imports_no_screen() -> None:
    code = (
        "import sys, bptui.stepping.step_into, bptui.stepping.guest_job;"
        "print(sorted({'textual', 'rich', 'pygments'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
