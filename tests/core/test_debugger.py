from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.debugger import Debugger
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.core.optimizer import SGD
from bptui.core.verbs.movement import (
    Back,
    BackwardPass,
    Finish,
    First,
    ForwardPass,
    GoTo,
    GoToIteration,
    Last,
    Next,
    NextIteration,
    PreviousIteration,
    ReverseFinish,
    RunTo,
    Travel,
)
from bptui.running import Run
from bptui.scenario.scenario import Scenario, Train
from bptui.scenario_tape import run
from strategies import buy_apple, chain, make_scenario, random_scenarios

COUNTS = st.integers(1, 30)


def commands(scenario: Scenario) -> st.SearchStrategy[Travel]:
    """Any command that a person could give in this scenario."""
    return st.one_of(
        COUNTS.map(Next),
        COUNTS.map(Back),
        COUNTS.map(Finish),
        COUNTS.map(ReverseFinish),
        st.integers(-3, 80).map(GoTo),
        st.just(First()),
        st.just(Last()),
        st.sampled_from([ForwardPass(), BackwardPass()]),
        st.integers(1, 5).map(GoToIteration),
        st.sampled_from(scenario.graph.names).map(RunTo),
    )


def seen(moment: Moment) -> dict[str, Any]:
    """Everything that a moment tells, arrays as bytes, to compare."""
    names = moment.graph.names
    uses = [use for uses in moment.graph.uses for use in uses]
    return {
        "place": (moment.position, moment.iteration, moment.pass_, moment.name, moment.changed),
        "values": [bits(moment.value(name)) for name in names],
        "gradients": [bits(moment.gradient(name)) for name in names],
        "contributions": [bits(moment.contribution(use)) for use in uses],
        "waiting": [moment.awaits_gradient(name) for name in names],
    }


def bits(array: Any) -> bytes | None:
    return None if array is None else array.tobytes()


@given(random_scenarios(iterations=3), st.data())
def test_any_commands_followed_by_their_mirror_give_the_identical_moment(
    scenario: Scenario, data: st.DataObject
) -> None:
    debugger = Debugger(run(scenario))
    debugger.do(GoTo(data.draw(st.integers(0, len(debugger.tape)))))
    before = seen(debugger.moment)
    mirrors: list[Travel] = []
    for command in data.draw(st.lists(commands(scenario), max_size=8)):
        start = debugger.position
        debugger.do(command)
        moved = debugger.position - start
        mirrors.append(Back(moved) if moved >= 0 else Next(-moved))
    for mirror in reversed(mirrors):
        debugger.do(mirror)
    assert seen(debugger.moment) == before


@given(random_scenarios(iterations=2), st.data())
def test_the_moment_at_a_position_does_not_depend_on_the_way_there(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    wanderer, walker = Debugger(tape), Debugger(run(scenario))
    for command in data.draw(st.lists(commands(scenario), max_size=8)):
        wanderer.do(command)
    for _ in range(wanderer.position):
        walker.do(Next())
    assert seen(wanderer.moment) == seen(walker.moment)


@given(random_scenarios(iterations=2), st.data())
def test_a_moment_knows_a_value_or_gradient_exactly_from_its_step_on(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    position = data.draw(st.integers(1, len(tape)))
    before, after = seen(tape.at(position - 1)), seen(tape.at(position))
    if before["place"][1] != after["place"][1]:
        return  # a new iteration starts from nothing
    for name, one, other in zip(tape.graph.names, before["values"], after["values"], strict=True):
        assert one == other or name in tape.at(position).changed
    for name, one, other in zip(tape.graph.names, before["gradients"], after["gradients"], strict=True):
        assert one == other or name in tape.at(position).changed or name == tape.graph.output


def test_a_backward_step_changes_nothing_at_labels_and_constants() -> None:
    nodes = [Node("h", "Mul", ("x", "2")), Node("loss", "SoftmaxWithLoss", ("h", "t"))]
    inputs = {"x": [[1.0, 2.0]], "t": np.array([0])}
    tape = run(make_scenario(nodes, inputs=inputs, constants={"2": 2.0}))
    assert [tape.at(position).changed for position in (3, 4)] == [{"h"}, {"x"}]


def test_a_step_back_from_the_first_shows_the_start_and_no_key_leaves_the_ends() -> None:
    debugger = Debugger(run(buy_apple()))
    assert debugger.do(Back()).position == 0
    assert debugger.moment.step is None
    assert debugger.do(Next(99)).position == 4
    assert debugger.do(Next()).position == 4


@pytest.mark.parametrize(
    ("command", "start", "end"),
    [
        (First(), 7, 1),
        (Last(), 2, 15),
        (Finish(), 0, 2),
        (Finish(), 2, 4),
        (Finish(), 3, 4),
        (Finish(2), 3, 5),
        (Finish(), 14, 15),
        (Finish(), 15, 15),
        (ReverseFinish(), 15, 13),
        (ReverseFinish(), 5, 3),
        (ReverseFinish(), 4, 3),
        (ReverseFinish(), 3, 1),
        (ReverseFinish(), 1, 0),
        (ForwardPass(), 9, 6),
        (BackwardPass(), 6, 8),
        (GoTo(0), 9, 0),
        (GoTo(99), 9, 15),
    ],
)
def test_where_a_command_leads(command: Travel, start: int, end: int) -> None:
    # three iterations of: forward 1 2, backward 3 4, update 5
    debugger = Debugger(run(buy_apple(train=Train(SGD(lr=0.001), steps=3))))
    debugger.do(GoTo(start))
    assert debugger.do(command).position == end


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [("price", 0, 2), ("price", 2, 3), ("price", 3, 7), ("price", 14, 13), ("tax", 0, 3), ("apple", 0, 4)],
)
def test_run_to_goes_to_the_nearest_later_step_and_otherwise_back(name: str, start: int, end: int) -> None:
    debugger = Debugger(run(buy_apple(train=Train(SGD(lr=0.001), steps=3))))
    debugger.do(GoTo(start))
    assert debugger.do(RunTo(name)).position == end


@pytest.mark.parametrize(
    ("start", "command", "end"),
    [
        (2, NextIteration(), 7),
        (7, PreviousIteration(), 2),
        (5, NextIteration(), 10),
        (15, PreviousIteration(2), 5),
        (3, NextIteration(99), 13),
        (13, PreviousIteration(99), 3),
        (0, NextIteration(), 6),
    ],
)
def test_another_iteration_is_seen_at_the_same_step(start: int, command: Travel, end: int) -> None:
    debugger = Debugger(run(buy_apple(train=Train(SGD(lr=0.001), steps=3))))
    debugger.do(GoTo(start))
    assert debugger.do(command).position == end


def test_the_cursor_goes_as_far_as_the_tape_reaches_and_catches_up() -> None:
    tape = Run(chain(1000))
    debugger = Debugger(tape.tape)
    tape.advance(1)
    reached = debugger.do(Last()).position
    assert reached == len(tape.tape) < 2000
    tape.finish()
    assert debugger.catch_up().position == 2000
