"""A guest's lines are watched in its own process, and come back as plain data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.core.debugger import Debugger
from bptui.core.verbs.movement import GoTo, Into, Next
from bptui.errors import BptuiError, LayerError
from bptui.guest.guest_layer import GuestLayer
from bptui.guest.pending_call import Pending
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from bptui.stepping import step_into
from bptui.stepping.guest_job import read_course
from bptui.stepping.line_record import line_tape_record
from bptui.stepping.line_tape import Event, LineCursor, LineTape
from bptui.stepping.step_into import LayerEntrance, ask, wait_for_lines
from bptui.stepping.trace_call import visit
from guests import ARRIVE, array, guest, layer_file, line_of, wait_for_arrival
from strategies import buy_apple

RELU = """
    class Relu:
        def forward(self, x):
            self.mask = x <= 0
            out = x.copy()
            out[self.mask] = 0
            return out

        def backward(self, dout):
            dout[self.mask] = 0
            return dout
"""

AFFINE = """
    class Affine:
        def __init__(self, W, b):
            self.W = W
            self.b = b

        def forward(self, x, scale=1.0):
            self.x = x
            return scale * (x @ self.W + self.b)  # HERE

        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.W.T
"""


def course(layer: GuestLayer, inputs: list[Any], dout: Any, recorded: Any) -> LineTape:
    """Return the course of forward, of which an array is ``recorded``, or of backward, of which gradients are."""
    douts = [] if dout is None else [dout]
    outs = [recorded] if isinstance(recorded, np.ndarray) else recorded
    return wait_for_lines(ask(layer, inputs, douts, outs), seconds=60)


def test_the_books_relu_shows_its_writes_into_dout_and_damages_nothing_of_ours(tmp_path: Path) -> None:
    file = layer_file(tmp_path, RELU)
    x, dout = array(1.0, -2.0), array(3.0, 4.0)
    with guest(file) as layer:
        forward = course(layer, [x], None, array(1.0, 0.0))
        backward = course(layer.another(), [x], dout, [array(3.0, 0.0)])
    assert forward.file == str(file.path)
    assert forward.steps[0].line == line_of(file, "self.mask = x <= 0")
    assert forward.steps[2].names["out"].array == pytest.approx([1, -2])
    assert forward.steps[3].changed == {"out"}
    assert backward.steps[0].names["dout"].array == pytest.approx([3, 4])
    assert backward.steps[1].changed == {"dout"}
    assert backward.returned is not None
    assert backward.returned.array == pytest.approx([3, 0])
    assert forward.is_repeatable
    assert backward.is_repeatable
    assert dout == pytest.approx([3, 4])


def test_a_layer_that_holds_its_parameters_is_gone_into_with_its_options(tmp_path: Path) -> None:
    file = layer_file(tmp_path, AFFINE)
    x, weights, b = (np.array(it, dtype=float) for it in ([[1, 2]], [[1, 0], [0, 1]], [10, 20]))
    with guest(file, "x", "W", "b", scale=2.0) as layer:
        forward = course(layer, [x, weights, b], None, np.array([[22.0, 44.0]]))
        backward = course(layer.another(), [x, weights, b], np.ones((1, 2)), [np.ones((1, 2)), None, None])
    assert forward.returned is not None
    assert forward.returned.array == pytest.approx(np.array([[22, 44]]))
    assert forward.steps[0].names["scale"].text == "2.0"
    assert {"self.W", "self.b"} <= forward.steps[0].names.keys()
    assert backward.steps[-1].names["self.dW"].array == pytest.approx(np.array([[1, 1], [2, 2]]))
    assert forward.notes == backward.notes == ()


def test_a_guest_sees_the_same_lines_as_our_own_process(tmp_path: Path) -> None:
    file = layer_file(tmp_path, RELU)
    x = array(*range(-5, 5))
    module: dict[str, Any] = {}
    exec(compile(file.text, str(file.path), "exec"), module)
    with guest(file) as layer:
        theirs = course(layer, [x], None, None)
    ours = visit(module["Relu"], [x.copy()])
    assert line_tape_record(theirs) == line_tape_record(ours)


def test_a_guest_that_draws_at_random_without_a_seed_of_ours_is_not_repeatable(tmp_path: Path) -> None:
    text = """
        import time
        class Clock:
            def forward(self, x): return x + time.perf_counter()
            def backward(self, dout): return dout
    """
    with guest(layer_file(tmp_path, text)) as layer:
        tape = course(layer, [array(1.0)], None, layer.forward(array(1.0)))
    assert not tape.is_repeatable
    assert "not repeatable" in tape.notes[0]


def test_a_guest_that_raises_shows_the_line_as_its_last(tmp_path: Path) -> None:
    file = layer_file(tmp_path, AFFINE)
    with guest(file, "x", "W", "b") as layer:
        tape = course(layer, [np.ones((1, 3)), np.ones((2, 2)), np.ones(2)], None, None)
    assert tape.steps[-1].event is Event.EXCEPTION
    assert tape.steps[-1].line == line_of(file, "HERE")


def test_a_guest_whose_process_ends_on_the_way_is_an_error_at_its_line(tmp_path: Path) -> None:
    text = """
        import os
        class Leaver:
            def forward(self, x): os._exit(3)
            def backward(self, dout): return dout
    """
    with guest(layer_file(tmp_path, text)) as layer, pytest.raises(LayerError, match="Leaver"):
        course(layer, [array(1.0)], [], None)


def test_nobody_waits_for_a_guest_that_takes_its_time_but_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
        import os
        class Slow:
            def forward(self, x):
                while not os.path.exists(__file__ + ".go"): pass
                return x
            def backward(self, dout): return dout
    """
    file = layer_file(tmp_path, text)
    moment = run(buy_apple()).at(1)
    entrance = LayerEntrance(None)
    with guest(file) as layer:
        layer.host.start()
        assert layer.host.loading is not None
        assert layer.host.loading.wait(60)
        calls: list[Pending] = []

        def begin(*_: object) -> Pending:
            calls.append(ask(layer, [array(1.0)], [], None))
            return calls[-1]

        monkeypatch.setattr(step_into, "begin_stepping", begin)
        with pytest.raises(BptuiError, match="is still running"):
            entrance.enter(moment)
        assert entrance.is_waiting
        Path(f"{file.path}.go").touch()
        assert calls[0].wait(60)
        assert entrance.enter(moment).tape.layer == "Slow"
    assert len(calls) == 1
    assert not entrance.is_waiting


def test_a_guest_that_never_comes_back_is_given_up_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"""
        class Endless:
            def forward(self, x):
                while True: {ARRIVE}  # HERE
            def backward(self, dout): return dout
    """
    file = layer_file(tmp_path, text)
    with guest(file) as layer:
        monkeypatch.setattr(step_into, "begin_stepping", lambda *_: ask(layer, [array(1.0)], [], None))
        entrance, moment = LayerEntrance(None), run(buy_apple()).at(1)
        with pytest.raises(BptuiError, match="is still running"):
            entrance.enter(moment)
        wait_for_arrival(file)
        monkeypatch.setattr(step_into, "LONGEST", 0.0)
        with pytest.raises(LayerError) as caught:
            entrance.enter(moment)
    assert caught.value.line == line_of(file, "HERE")
    assert not entrance.is_waiting


BROKEN = """
    class Broken:
        def forward(self, x):
            self.x = x
            return x + 0  # FORWARD

        def backward(self, dout):
            return dout @ np.ones((7, 7))  # BACKWARD
"""


@pytest.mark.parametrize(("mark", "position"), [("FORWARD", 1), ("BACKWARD", 2)])
def test_a_step_that_has_failed_is_gone_into_once_it_was_asked_for(tmp_path: Path, mark: str, position: int) -> None:
    text = BROKEN if mark == "BACKWARD" else BROKEN.replace("x + 0", "x @ np.ones((7, 7))")
    file = layer_file(tmp_path, text)
    scenario = loads(
        'layers = ["my_layers.py"]\n[inputs]\nx = [1, 2]\n[nodes]\na = "x * 2"\ny = "Broken(a)"\n',
        tmp_path / "it.toml",
        layers=[file.path],
    )
    tape = Run(scenario)
    try:
        tape.finish()
        debugger = Debugger(tape.tape, lambda: LayerEntrance(tape))
        debugger.do(GoTo(position))
        assert patiently(debugger).tape.layer == ("Mul" if mark == "FORWARD" else "Broken")
        assert patiently(debugger).tape.raised is None
        debugger.do(Next())
        assert debugger.position == position
        lines = patiently(debugger)
        assert lines.tape.steps[-1].line == line_of(file, mark)
        assert lines.tape.raised is not None
        assert "ValueError: matmul" in lines.tape.raised.text
    finally:
        tape.close()


def patiently(debugger: Debugger) -> LineCursor:
    """Go into the source, asking a guest again until it is there."""
    while True:
        try:
            debugger.do(Into())
        except BptuiError:
            assert isinstance(debugger.entrance, LayerEntrance)
            assert debugger.entrance.pending is not None
            debugger.entrance.pending.wait(60)
        else:
            assert isinstance(debugger.lines, LineCursor)
            return debugger.lines


@pytest.mark.parametrize("content", [b"", b"nonsense", b"[]", b"{}", b"[" * 100_000, json.dumps({"steps": 1}).encode()])
def test_what_is_no_line_tape_is_refused(content: bytes) -> None:
    with pytest.raises(BptuiError, match="not in the right form"):
        read_course({"arrays": [np.frombuffer(content, np.uint8)]})
    with pytest.raises(BptuiError, match="not in the right form"):
        read_course({"arrays": []})
