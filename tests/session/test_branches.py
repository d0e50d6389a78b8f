"""Branches: what an edit changes and what it leaves alone, and that a recording has them as they were."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.command_parser import parse
from bptui.core.edit import EditKind, ValueEdit
from bptui.core.order import Pass
from bptui.core.tape import Tape
from bptui.core.tape_diff import TapeDiff
from bptui.core.verbs.branches import SetValue, SwitchBranch
from bptui.core.verbs.movement import GoTo
from bptui.errors import TranscriptError
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.expansion import expanded
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from bptui.session.answer import Answer
from bptui.session.differences import difference_lines
from bptui.session.dispatcher import Dispatcher
from bptui.session.replay import replay_session
from layers import Array
from layers.layer import Layer
from mute_display import MuteDisplay
from runs import TWO_LAYERS, session_on
from strategies import random_scenarios


def edited(scenario: Scenario, tape: Tape, edit: ValueEdit) -> Tape:
    """Return the whole tape of a run that goes on from an edit."""
    going_on = Run(scenario, tape).edited(edit)
    going_on.finish()
    assert going_on.failure is None
    return going_on.tape


def diff_of(tape: Tape, other: Tape) -> TapeDiff:
    diff = TapeDiff(tape, other)
    diff.finish()
    return diff


def edits_of(tape: Tape, *, of_leaves: bool = False) -> st.SearchStrategy[ValueEdit]:
    """Return edits of a run's values: a leaf, a node's output, or what arrives at a node."""
    graph = tape.graph
    leaf = st.builds(lambda name, to: ValueEdit(EditKind.LEAF, name, 0, to), st.sampled_from(graph.leaves), values())
    if of_leaves:
        return leaf
    names = [node.name for node in graph.nodes]
    output = st.builds(lambda name, to: ValueEdit(EditKind.OUTPUT, name, 0, to), st.sampled_from(names), values())
    back = [tape.order[number].name for number in range(1, len(tape) + 1) if is_back(tape, number)]
    dout = st.builds(lambda name, to: ValueEdit(EditKind.DOUT, name, 0, to), st.sampled_from(back), values())
    return leaf | output | dout


def is_back(tape: Tape, number: int) -> bool:
    turn = tape.order[number]
    return turn.pass_ is Pass.BACKWARD and turn.iteration == 1


def values() -> st.SearchStrategy[Any]:
    return st.floats(-2, 2, allow_subnormal=False).map(np.float64)


def shaped(tape: Tape, edit: ValueEdit) -> ValueEdit:
    """Return an edit to an array of one number, in the shape of what it is set in the place of."""
    shape = np.shape(tape.iterations[0].values[tape.graph.slots[edit.name]])
    return replace(edit, value=np.full(shape, edit.value))


@given(random_scenarios(), st.data())
def test_an_edited_run_is_a_fresh_run_of_the_edited_scenario(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    edit = shaped(tape, data.draw(edits_of(tape, of_leaves=True)))
    fresh = run(replace(scenario, values={**scenario.values, edit.name: edit.value}))
    assert not diff_of(edited(scenario, tape, edit), fresh).differs


@given(random_scenarios(), st.data())
def test_the_steps_before_an_edit_are_shared_and_a_diff_begins_at_it(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    edit = shaped(tape, data.draw(edits_of(tape)))
    branch = edited(scenario, tape, edit)
    for number in range(1, edit.first_step(tape)):
        assert tape.step(number).name == branch.step(number).name
        assert objects(tape, number) == objects(branch, number)
    before, first = value_before(tape, edit), diff_of(tape, branch).first
    if before is None or np.array_equal(before, edit.value, equal_nan=True):
        assert first is None or first.step > edit.first_step(tape)
        return
    assert first is not None
    assert (first.step, first.turn.name) == (edit.first_step(tape), first_name(tape, edit))


def value_before(tape: Tape, edit: ValueEdit) -> Array | None:
    """Return what an edit of the first iteration takes the place of, None where nothing has arrived there."""
    if edit.kind is EditKind.DOUT:
        return tape.at(edit.first_step(tape)).gradient(edit.name)
    return np.asarray(tape.iterations[0].values[tape.graph.slots[edit.name]])


def first_name(tape: Tape, edit: ValueEdit) -> str:
    return edit.name if edit.kind is EditKind.LEAF else tape.order[edit.first_step(tape)].name


def objects(tape: Tape, number: int) -> list[int]:
    """Return the identities of what a step put into the columns."""
    turn = tape.order[number]
    columns = tape.iterations[turn.iteration - 1]
    if turn.pass_ is Pass.FORWARD:
        return [id(columns.values[slot]) for slot in tape.graph.slots_of(turn.rank)]
    if turn.pass_ is Pass.BACKWARD:
        return [id(it) for it in columns.contributions[tape.order.passes(0).edges_of(turn.rank)]]
    return [id(columns.updates[turn.rank])]


@given(random_scenarios(), st.data())
def test_an_edit_to_the_same_value_gives_the_identical_run(scenario: Scenario, data: st.DataObject) -> None:
    tape = run(scenario)
    edit = data.draw(edits_of(tape))
    if (before := value_before(tape, edit)) is not None:
        assert not diff_of(tape, edited(scenario, tape, replace(edit, value=np.asarray(before)))).differs


def test_only_what_depends_on_an_edit_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[inputs]\nx = 2.0\nz = 3.0\n[nodes]\na = 'Square(x)'\nb = 'Exp(z)'\ny = 'a * b'\n"
    scenario = loads(text)
    tape = run(scenario)
    ran: list[str] = []
    for name in ("Square", "Exp"):
        layer: type[Layer] = scenario.library[name]  # type: ignore[assignment]
        monkeypatch.setattr(layer, "forward", counted(ran, name, layer.forward))
    branch = edited(loads(text), tape, ValueEdit(EditKind.LEAF, "z", 0, np.asarray(1.0)))
    assert ran.count("Exp") == 1
    assert ran.count("Square") <= 1  # its backward needs what it keeps of its forward
    assert branch.iterations[0].values[branch.graph.slots["a"]] is tape.iterations[0].values[tape.graph.slots["a"]]


def counted(ran: list[str], name: str, forward: Any) -> Any:
    """Return a forward that says when it is called."""

    def counting(self: Layer, *inputs: Any) -> Any:
        ran.append(name)
        return forward(self, *inputs)

    return counting


def dispatcher() -> Dispatcher:
    return Dispatcher(session_on(Run(loads(TWO_LAYERS)), "two"), MuteDisplay())


def say(it: Dispatcher, *lines: str) -> Any:
    return [it.finish(parse(line, it.session.tape.graph.slots)) for line in lines][-1]


def test_switching_and_coming_back_changes_nothing() -> None:
    it = dispatcher()
    say(it, "last", "goto 6")
    before = it.session.tape
    steps = [before.step(number) for number in range(1, len(before) + 1)]
    say(it, "set W1[0, 1] = 5", "set dout = 0 * dout", "last", "switch main")
    session = it.session
    assert session.tape is before
    assert [step.number for step in steps] == list(range(1, len(before) + 1))
    assert not diff_of(before, run(loads(TWO_LAYERS))).differs
    say(it, "goto 6", "switch b1")
    assert session.debugger.position == 6
    assert session.moment.value("W1")[0, 1] == 5  # type: ignore[index]


@given(random_scenarios(), st.data())
def test_any_branch_is_left_as_it_was_found(scenario: Scenario, data: st.DataObject) -> None:
    it = Dispatcher(session_on(Run(scenario), "random"), MuteDisplay())
    session, last = it.session, len(it.session.tape.order)
    it.finish(GoTo(data.draw(st.integers(0, last))))
    name = data.draw(st.sampled_from(scenario.graph.inputs + scenario.graph.parameters))
    value = session.tape.leaves[scenario.graph.slots[name]]
    before, run_of_main = session.moment, session.run
    assert it.finish(SetValue(f"{name} = 0 * {name}")).ok
    for to in (GoTo(data.draw(st.integers(0, last))), SwitchBranch("main"), GoTo(before.position)):
        assert it.finish(to).ok
    assert session.moment.tape is before.tape
    assert session.run is run_of_main
    assert (session.moment.position, session.moment.name) == (before.position, before.name)
    assert session.tape.leaves[scenario.graph.slots[name]] is value
    it.finish(GoTo(last))
    assert not diff_of(session.tape, run(scenario)).differs


def test_an_edited_parameter_trains_on_from_there() -> None:
    it = dispatcher()
    say(it, "goto 15", "set W1 = 0 * W1", "last")
    tape = it.session.tape
    assert tape.order.iteration_of(15) == 1
    whole = run(loads(TWO_LAYERS))
    assert tape.iterations[0] is whole.iterations[0] or diff_of(whole, tape).first is not None
    assert diff_of(whole, tape).first.step == tape.order.start(1) + 1  # type: ignore[union-attr]


def test_a_recording_has_the_branches_as_they_were(tmp_path: Path) -> None:
    it = dispatcher()
    path = tmp_path / "it.jsonl"
    say(it, f"record {path}", "goto 6", "set W1[0, 1] = 5", "last", "goto 6")
    say(it, "set dout = 2 * dout", "next 2", "branch doubled", "switch main", "goto 3", "set a1 = 0 * a1", "drop b1")
    said = say(it, "branches").record["branches"]
    tapes = {name: branch.tape for name, branch in it.session.branches.by_name.items()}
    it.session.close()
    replay = replay_session(read_transcript(path), "it")
    again = say(Dispatcher(replay, MuteDisplay()), "branches").record["branches"]
    assert [it | {"current": None} for it in again] == [it | {"current": None} for it in said]
    for name, branch in replay.branches.by_name.items():
        assert len(branch.tape) > 0
        for number in range(1, len(branch.tape) + 1):
            assert_same_step(branch.tape, tapes[name], number)


def assert_same_step(tape: Tape, other: Tape, number: int) -> None:
    diff = TapeDiff(tape, other)
    diff.compare_turn(tape.order[number])
    assert not diff.differs


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"of": "leaf"', '"of": "root"', "the edit of W1 is not one of this run's values"),
        ('"of": "leaf"', '"of": "output"', "is of another kind of value"),
        ('"iteration": 1, "value"', '"iteration": 9, "value"', "is not one of this run's values"),
        ('"parent": "main"', '"parent": "b7"', "there is no branch b7 before this"),
        ('"branch": "b1", "parent"', '"branch": "main", "parent"', "a second branch main"),
    ],
)
def test_a_branch_that_cannot_be_is_damage(tmp_path: Path, old: str, new: str, said: str) -> None:
    it = dispatcher()
    path = tmp_path / "it.jsonl"
    say(it, f"record {path}", "goto 6", "set W1[0, 1] = 5", "last")
    it.session.close()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(TranscriptError, match=said):
        read_transcript(path)


def test_a_set_line_is_written_as_it_is_read() -> None:
    assert parse("set  W1[0,2]=2*x") == SetValue("W1[0, 2] = 2*x")


GATED = """
[inputs]
x = [0.5, -1.0]
h0 = [0.25]
c0 = [0.75]
[parameters]
Wx = { shape = [2, 4], init = "normal" }
Wh = { shape = [1, 4], init = "normal" }
b = { shape = [4], init = "zeros" }
[nodes]
"h1, c1" = "LSTMStep(x, h0, c0, Wx, Wh, b)"
"h2, _" = "LSTMStep(x, h1, c1, Wx, Wh, b)"
"""


def test_a_node_with_several_outputs_and_what_it_expands_to_have_the_same_values() -> None:
    whole = run(loads(GATED))
    parts = run(expanded(loads(GATED), ["h1"]))
    found = diff_of(parts, whole)
    assert {(it.turn.name, it.what) for it in [found.first, *found.largest] if it is not None} <= {("c1", "dout")}
    assert found.only_here
    assert not found.only_there


def test_a_branch_is_expanded_with_what_was_set_at_the_start_and_refused_where_that_was_later() -> None:
    dispatcher = Dispatcher(session_on(Run(loads(TWO_LAYERS)), "example"), MuteDisplay())

    def finish(line: str) -> Answer:
        return dispatcher.finish(parse(line, dispatcher.session.tape.graph.slots))

    finish("goto 3")
    finish("set W1[0, 0] = 5")
    assert finish("expand loss").ok
    assert finish("print W1[0, 0]").text == "W1[0, 0] = 5.0"
    finish("switch b1")
    assert finish("set z1 = 0 * z1 + 1").ok
    finish("set t[0] = 1")
    assert "edited in the middle" in finish("expand loss").text


def test_a_comparison_runs_the_other_branch_on_in_pieces_and_takes_a_bundled_scenario() -> None:
    scenario = loads(TWO_LAYERS.replace("steps = 2", "steps = 300"))
    dispatcher = Dispatcher(session_on(Run(scenario), "long"), MuteDisplay())
    said = partial(parse, names=dispatcher.session.tape.graph.slots)
    dispatcher.finish(said("set W1 = 0"))
    dispatcher.finish(said("switch main"))
    dispatcher.finish(said("last"))
    pending = dispatcher.do(said("diff b1"))
    assert pending.is_pending
    assert "the other branch" in pending.text
    answer = dispatcher.finish(said("diff b1"))
    assert answer.compared is not None
    assert len(answer.compared.diff.other) == len(dispatcher.session.tape.order)
    assert "differ between main and two_layer" in dispatcher.finish(said("diff two_layer")).text


def test_what_two_precisions_have_in_common_is_said_with_how_far_apart_that_may_be() -> None:
    text = '[inputs]\nx = [0.1, 2.5]\n[nodes]\ny = "Sum(Exp(x))"\n'
    found = diff_of(run(loads(text)), run(loads(f'dtype = "float32"\n{text}')))
    assert not found.differs
    told = next(difference_lines(found, "one", "other"))
    assert told.endswith("within 0.0001 of each array's largest number, as they are of two precisions")
    assert next(difference_lines(diff_of(run(loads(text)), run(loads(text))), "one", "other")).endswith(" arrays")


def test_integers_beside_floats_are_compared_exactly_and_are_not_two_precisions() -> None:
    one = run(loads("[inputs]\nx = { value = [100000, 2], dtype = 'int64' }\n[nodes]\ny = 'Mul(2.0, 3.0)'"))
    two = run(loads("[inputs]\nx = [100001, 2]\n[nodes]\ny = 'Mul(2.0, 3.0)'"))
    found = diff_of(one, two)
    assert found.differs
    assert not found.has_two_precisions
