"""Stops: where they halt, that going back halts where going on would have, and what a scenario begins with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.command_parser import parse
from bptui.core.expression import holds
from bptui.core.stop import Stop
from bptui.core.verbs.movement import Last
from bptui.core.verbs.program import Cancel
from bptui.core.verbs.stops import Break, Continue, ReverseContinue
from bptui.errors import CommandError, ScenarioError
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from bptui.session.course import Course
from bptui.session.dispatcher import Dispatcher
from bptui.session.session import Session
from mute_display import MuteDisplay
from runs import TWO_LAYERS, session_on, tape_of
from strategies import random_scenarios

CONDITIONS = ("step % 3 == 0", "pass == 'backward'", "sum(dout) > 0", "norm(out) > 1", "any(isnan(out))", "node > 'b'")


def dispatcher_of(scenario: Scenario) -> Dispatcher:
    return Dispatcher(session_on(Run(scenario), "random"), MuteDisplay())


def stops_of(names: list[str]) -> st.SearchStrategy[Stop]:
    """Return stops on some nodes, or on conditions at any step."""
    conditions = st.sampled_from(CONDITIONS)
    on_nodes = st.builds(Stop, st.sampled_from(names), condition=st.none() | conditions, after=st.integers(0, 2))
    return on_nodes | st.builds(Stop, condition=conditions, after=st.integers(0, 2))


@given(random_scenarios(), st.data())
def test_going_back_halts_exactly_where_going_on_has(scenario: Scenario, data: st.DataObject) -> None:
    dispatcher = dispatcher_of(scenario)
    session = dispatcher.session
    for stop in data.draw(st.lists(stops_of([node.name for node in scenario.graph.nodes]), min_size=1, max_size=3)):
        dispatcher.finish(Break(str(stop)))
    there = halts(dispatcher, Continue(), len(session.tape.order))
    assert there == expected_halts(session)
    session.debugger.goal = session.debugger.position = len(session.tape)
    back = halts(dispatcher, ReverseContinue(), 0)
    last = [len(session.tape)] if len(session.tape) in there else []
    assert [*last, *back] == list(reversed(there))


def halts(dispatcher: Dispatcher, command: Continue | ReverseContinue, end: int) -> list[int]:
    """Return all steps at which a command halts, said again and again."""
    found: list[int] = []
    while dispatcher.session.debugger.position != end or not found:
        answer = dispatcher.finish(command)
        assert answer.record is not None
        if answer.record["stop"] is None:
            break
        found.append(dispatcher.session.debugger.position)
    return found


def expected_halts(session: Session) -> list[int]:
    """Return the steps at which the stops halt, told by looking at every step of the run."""
    found: set[int] = set()
    for _, stop in session.stops.enabled:
        hits = [step for step in range(1, len(session.tape) + 1) if is_hit(session, stop, step)]
        found |= set(hits[stop.after :])
    return sorted(found)


def is_hit(session: Session, stop: Stop, step: int) -> bool:
    moment = session.tape.at(step)
    is_there = stop.node is None or moment.name == stop.node
    return is_there and (stop.condition is None or holds(stop.condition, moment))


def test_cancel_ends_a_search_and_a_run_to_a_step_and_leaves_the_cursor_where_it_is() -> None:
    dispatcher = dispatcher_of(loads(TWO_LAYERS.replace("steps = 2", "steps = 100_000")))
    session = dispatcher.session
    dispatcher.finish(Break("on loss < 0"))
    for command, word in ((Continue(), "looking"), (Last(), "running")):
        pending = dispatcher.do(command)
        assert pending.is_pending
        assert word in pending.text
        assert pending.way_on is not None
        answer = dispatcher.do(Cancel())
        assert answer.ok
        assert f"the cursor stays at step {(position := session.moment.position):,}" in answer.text
        assert dispatcher.resume() is None
        dispatcher.work()
        assert session.moment.position == position < len(session.tape.order)
    assert not dispatcher.do(Cancel()).ok  # there is nothing more to leave


def test_a_stop_on_nan_halts_where_it_begins_and_not_where_it_is_passed_on() -> None:
    text = '[inputs]\nx = -1.0\n[nodes]\na = "x * 2"\nb = "Log(a)"\nc = "b * 2"\n'
    dispatcher = dispatcher_of(loads(text))
    dispatcher.finish(Break("on nan"))
    answer = dispatcher.finish(Continue())
    assert dispatcher.session.moment.name == "b"
    assert answer.record is not None
    assert "NaN starts here" in str(answer.record["reason"])
    dispatcher.finish(Continue())
    assert dispatcher.session.moment.position == 6


@pytest.mark.parametrize(
    ("condition", "said", "position"),
    [
        ("nrm(dout) > 1", "no function nrm", 0),
        ("1 > norm(duot)", "no value duot", 9),
        ("sum(min(x)) > mox(x)", "mox", 14),
    ],
)
def test_a_condition_with_a_name_that_means_nothing_is_refused_and_pointed_at(
    condition: str, said: str, position: int
) -> None:
    dispatcher = dispatcher_of(loads(TWO_LAYERS))
    for line in (f"z1 if {condition}", f"on {condition}"):
        answer = dispatcher.finish(Break(line))
        assert not answer.ok
        assert said in answer.text
        assert answer.pointed == (condition, position)
    assert not dispatcher.session.stops.by_number


@pytest.mark.parametrize("event", ["fail", "warning"])
def test_a_replay_does_not_promise_to_stop_on_what_it_cannot_find(event: str) -> None:
    run = Run(loads(TWO_LAYERS))
    run.finish()
    replay = Dispatcher(Session(run.tape, "replay"), MuteDisplay())
    assert not replay.finish(Break(f"on {event}")).ok
    assert replay.finish(Break("on nan")).ok


def test_a_condition_that_cannot_be_told_somewhere_is_complained_of() -> None:
    dispatcher = dispatcher_of(loads(TWO_LAYERS))
    dispatcher.finish(Break("on norm(local(z1)) < 0"))
    answer = dispatcher.finish(Continue())
    assert "stop 1 could not be told at step" in answer.text


def test_a_scenario_begins_with_its_stops_and_notes() -> None:
    plan = """
[[breakpoints]]
node = "z1"
pass = "backward"
if = "norm(dout) > 0"
after = 1
[[breakpoints]]
on = "warning"
[[notes]]
node = "z1"
text = "the mask"
[[notes]]
pass = "backward"
text = "back"
[[notes]]
text = "welcome"
"""
    session = session_on(Run(loads(TWO_LAYERS + plan)), "planned")
    assert [str(stop) for stop in session.stops.by_number.values()] == [
        "z1 backward if norm(dout) > 0 after 1",
        "on warning",
    ]
    assert dict(session.notes) == {0: ["welcome"], 3: ["the mask"], 5: ["back"]}


@pytest.mark.parametrize(
    ("lines", "where", "said"),
    [
        ("node = 'z2'", "4:8", "nothing is called z2"),
        ("on = 'z1 +'", "4:11", "a value is missing"),
        ("node = 'z1'\nif = 'norm(duot) > 1'", "5:12", "there is no value duot"),
        ("node = 'z1'\non = 'nan'", "3:3", "one of node and on"),
        ("on = 'nan'\npass = 'forward'", "5:1", "belongs to a breakpoint on a node"),
        ("after = -1\non = 'nan'", "4:9", "wanted a whole number from 0"),
        ("on = 'nan'\nwhen = 1", "5:1", "no key when here"),
        ("node = 'z1'\npass = 'backwards'", "5:8", "there is no pass backwards"),
    ],
)
def test_a_breakpoint_that_is_none_is_told_with_its_place(lines: str, where: str, said: str) -> None:
    text = f"inputs.x = 1.0\nnodes.z1 = 'Relu(x)'\n[[breakpoints]]\n{lines}\n"
    with pytest.raises(ScenarioError, match=said) as error:
        loads(text)
    assert f"{error.value.line}:{error.value.column}" == where


@pytest.mark.parametrize(
    ("line", "position"),
    [
        ("break z1 sideways", 9),
        ("break z1 if norm(", 17),
        ("break z1 if", 11),
        ("break on", 8),
        ("break on 1 + after 2", 12),
        ("break z1 after x", 15),
    ],
)
def test_a_stop_that_is_none_is_pointed_at(line: str, position: int) -> None:
    with pytest.raises(CommandError) as error:
        parse(line)
    assert error.value.position == position


def test_the_course_of_an_expression_has_a_number_for_each_iteration() -> None:
    tape = tape_of(TWO_LAYERS)
    course = Course("norm(grad(W1))", tape, 10)
    assert course.advance(60.0)
    ends = [tape.order.start(it) for it in (1, 2)]
    wanted = [float(np.linalg.norm(np.asarray(tape.at(end).gradient("W1")))) for end in ends]
    assert [it.value for it in course.points] == pytest.approx(wanted)
