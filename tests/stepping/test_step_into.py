from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.debugger import Debugger
from bptui.core.optimizer import SGD
from bptui.core.step import BackwardStep, ForwardStep
from bptui.core.verbs.movement import Back, Finish, First, GoTo, Into, Last, LineBack, Next, ReverseFinish, Travel
from bptui.errors import BptuiError
from bptui.recording.codec import encode_record
from bptui.recording.recorder import Recorder
from bptui.recording.records import ActionRecord
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load, loads
from bptui.scenario.scenario import Scenario, Train
from bptui.stepping.line_tape import Event, LineCursor
from bptui.stepping.step_into import step_into
from runs import debugger_of
from strategies import buy_apple, random_scenarios


def place(debugger: Debugger) -> tuple[int, int | None]:
    """The position, and that in the source, if inside."""
    return debugger.position, lines_of(debugger).index if debugger.lines else None


def lines_of(debugger: Debugger) -> LineCursor:
    assert isinstance(debugger.lines, LineCursor)
    return debugger.lines


def done(commands: list[Travel], scenario: Scenario | None = None) -> Debugger:
    debugger = debugger_of(scenario or buy_apple())
    for command in commands:
        debugger.do(command)
    return debugger


def finished(scenario: Scenario) -> Run:
    run = Run(scenario)
    run.finish()
    return run


@given(random_scenarios())
def test_every_step_gone_into_returns_what_was_recorded(scenario: Scenario) -> None:
    run = finished(scenario)
    for step in run.tape:
        if isinstance(step, BackwardStep) and step.dout is None:
            continue
        course = step_into(run, run.tape.at(step.number))
        assert course.is_repeatable, course.notes
        returned = course.returned
        assert returned is not None
        if isinstance(step, ForwardStep):
            assert returned.array == pytest.approx(step.out, nan_ok=True)
        elif isinstance(step, BackwardStep):
            parts = returned.parts or (returned,)
            for part, gradient in zip(parts, step.gradients, strict=True):
                assert gradient is None or part.array == pytest.approx(gradient, nan_ok=True)


@pytest.mark.parametrize("path", [path for _, path in bundled()], ids=[name for name, _ in bundled()])
def test_every_bundled_scenario_can_be_gone_into_and_repeats_itself(path: Path) -> None:
    run = finished(load(path))
    forward, backward, _ = run.tape.passes.lengths
    for course in (step_into(run, run.tape.at(number)) for number in range(1, forward + backward + 1)):
        assert (course.notes, course.raised) == ((), None)


def test_into_shows_the_pass_in_which_the_cursor_stands() -> None:
    assert methods([Next(2)]) == "Mul.forward"
    assert methods([Next(3)]) == "Mul.backward"


def methods(commands: list[Travel]) -> str:
    lines = lines_of(done([*commands, Into()]))
    return f"{lines.tape.layer}.{lines.tape.method}"


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ([Into()], (2, 0)),
        ([Into(), Into()], (2, 1)),
        ([Into(2)], (2, 1)),
        ([Into(), Into(99)], (2, 2)),
        ([Into(), Into(), LineBack()], (2, 0)),
        ([Into(), LineBack()], (2, None)),
        ([Into(3), LineBack(2)], (2, 0)),
        ([Into(3), LineBack(3)], (2, None)),
        ([LineBack()], (2, None)),
        ([Into(), Finish()], (2, None)),
        ([Into(), Finish(2)], (4, None)),
        ([Into(), ReverseFinish()], (1, None)),
        ([Into(), ReverseFinish(2)], (0, None)),
        ([Into(), Next()], (3, None)),
        ([Into(), Back()], (1, None)),
        ([Into(), GoTo(2)], (2, None)),
        ([Into(), First()], (1, None)),
        ([Into(), Last()], (4, None)),
    ],
)
def test_keys_move_through_the_lines_and_out_of_them(commands: list[Travel], expected: tuple[int, int | None]) -> None:
    assert place(done([GoTo(2), *commands])) == expected


@given(st.integers(1, 4), st.lists(st.sampled_from([Into(), LineBack()]), max_size=12))
def test_back_a_line_undoes_a_line(position: int, commands: list[Travel]) -> None:
    debugger = done([GoTo(position), Into(), *commands])
    before = place(debugger)
    debugger.do(Into())
    if debugger.lines and before[1] != lines_of(debugger).index:
        debugger.do(LineBack())
        assert place(debugger) == before


def test_the_end_of_the_method_is_its_return() -> None:
    lines = lines_of(done([GoTo(1), Into(99)]))
    assert lines.step.event is Event.RETURN
    assert lines.step.value is not None
    assert lines.step.value.text == "200"


@pytest.mark.parametrize(
    ("position", "reason"),
    [(0, "nothing has run yet"), (5, "an update has no layer")],
)
def test_where_there_is_no_source_the_reason_is_said_and_nothing_moves(position: int, reason: str) -> None:
    debugger = done([GoTo(position)], buy_apple(train=Train(SGD(lr=0.1), 2)))
    with pytest.raises(BptuiError, match=reason):
        debugger.do(Into())
    assert place(debugger) == (position, None)


def test_a_node_that_no_gradient_reaches_has_no_backward_to_go_into() -> None:
    scenario = loads('[inputs]\nx = 1\n[nodes]\na = "Exp(x)"\nb = "Detach(a)"\n')
    with pytest.raises(BptuiError, match="no gradient reaches a"):
        done([Last(), Into()], scenario)


def test_a_replay_runs_no_code(tmp_path: Path) -> None:
    run = finished(buy_apple())
    with Recorder(tmp_path / "it.jsonl", run, lambda: 0.0) as recorder:
        recorder.moved(None, run.tape.at(len(run.tape)))
    debugger = Debugger(read_transcript(tmp_path / "it.jsonl").tape)
    debugger.do(Last())
    with pytest.raises(BptuiError, match="a replay runs no code"):
        debugger.do(Into())


def test_going_into_a_layer_is_recorded_as_any_command() -> None:
    assert encode_record(ActionRecord(3, 0.5, Into(2))) == {
        "kind": "action",
        "at": 3,
        "time": 0.5,
        "verb": "into",
        "count": 2,
    }
    assert encode_record(ActionRecord(3, 0.5, LineBack()))["verb"] == "line-back"
