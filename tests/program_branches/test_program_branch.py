"""What if, in a watched program: what follows from an edit is what the program does when its text is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bptui import cli
from bptui.core.command_parser import parse
from bptui.core.edit import EditKind, ValueEdit
from bptui.core.step import BackwardStep, ForwardStep
from bptui.core.tape import Tape
from bptui.program_branches.program_branch import ProgramBranch
from bptui.programs.program_run import ProgramRun, WatchLimits
from bptui.session.dispatcher import Dispatcher
from bptui.session.new_session import program_session
from bptui.session.resuming import NoDisplay
from layers import Array
from programs import FUNCTION_NET, KEEPING_NET, watched
from right_programs import RIGHT_PROGRAMS

ONE_PASS = WatchLimits(passes=1)

CHANGES = {
    "classes": (RIGHT_PROGRAMS["adam"], "for i in range(1, 5):", "first.W[0, 0] = 2.0", "first.W", (0, 0)),
    "functions": (FUNCTION_NET, "for it in range(4):", 'net.params["W1"][0, 0] = 2.0', "W1", (0, 0)),
    "kept results": (KEEPING_NET, "for epoch in range(3):", "X[1, 0] = 2.0", "X", (1, 0)),
    "sums": (RIGHT_PROGRAMS["residual_right"], "for i in range(", "x[0, 0] = 2.0", "x", (0, 0)),
    "factors": (RIGHT_PROGRAMS["two_losses"], "for i in range(", "trunk.W[0, 0] = 2.0", "trunk.W", (0, 0)),
}
"""Programs, a line before which another is put, and what that sets: an element of a value, to 2."""


def leaf_edit(tape: Tape, name: str, index: tuple[int, ...], number: float) -> ValueEdit:
    """Return the edit of an element of a leaf in the first iteration."""
    value = np.array(tape.leaves_of(0)[tape.order.passes(0).graph.slots[name]])
    value[index] = number
    return ValueEdit(EditKind.LEAF, name, 0, value)


def branch_of(run: ProgramRun, edit: ValueEdit) -> ProgramBranch:
    """Return a branch that has run."""
    branch = ProgramBranch(run, run.tape, edit)
    branch.finish()
    return branch


def made(step: object) -> list[Array | None]:
    """Return what a step has made."""
    return list(
        step.outs if isinstance(step, ForwardStep) else step.gradients if isinstance(step, BackwardStep) else ()
    )


@pytest.mark.parametrize("style", CHANGES)
def test_an_edited_pass_is_that_of_the_changed_program(tmp_path: Path, style: str) -> None:
    text, before, line, name, index = CHANGES[style]
    changed = text.replace(before, f"{line}\n{before}", 1)
    (elsewhere := tmp_path / "changed").mkdir()
    with watched(tmp_path, text, ONE_PASS) as run, watched(elsewhere, changed, ONE_PASS) as other:
        branch = branch_of(run, leaf_edit(run.tape, name, index, 2.0))
        assert branch.failure is None
        assert branch.tape.is_complete
        assert len(branch.tape) == len(other.tape.order.passes(0).graph.nodes) + len(
            other.tape.order.passes(0).backward
        )
        for step in branch.tape.steps:
            for one, two in zip(made(step), made(other.tape.step(step.number)), strict=True):
                assert np.allclose(one, two, rtol=1e-12) if one is not None and two is not None else one is two


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramRun]:
    """A program that was watched for a pass; nothing changes it."""
    with watched(tmp_path_factory.mktemp("program"), RIGHT_PROGRAMS["adam"], ONE_PASS) as it:
        yield it


def test_gradients_of_branches_are_slopes_between_branches(run: ProgramRun) -> None:
    graph, h = run.tape.order.passes(0).graph, 1e-6
    value = np.asarray(run.tape.iterations[0].values[graph.slots["last"]])

    def loss(change: float) -> float:
        edited = value.copy()
        edited[2, 1] += change
        end = branch_of(run, ValueEdit(EditKind.OUTPUT, "last", 0, edited)).tape
        return float(np.asarray(end.values["loss_layer"]))

    gradient = run.tape.at(run.tape.order.start(0) + 8).gradient("last")
    assert gradient is not None
    assert (loss(h) - loss(-h)) / (2 * h) == pytest.approx(gradient[2, 1], rel=1e-6)


def test_an_arriving_gradient_that_is_set_goes_on_from_there(run: ProgramRun) -> None:
    dout = np.zeros((6, 5))
    dout[3, 2] = 2.0
    branch = branch_of(run, ValueEdit(EditKind.DOUT, "first", 0, dout))
    weights, x = branch.tape.gradients["first.W"], branch.tape.values["x"]
    assert weights is not None
    assert x is not None
    assert np.allclose(weights[:, 2], 2 * x[3], rtol=1e-12)
    assert not weights[:, [0, 1, 3, 4]].any()
    assert branch.tape.iterations[0].values[0] is run.tape.iterations[0].values[0]


UNKNOWN = {
    "clipping": ("x", "what your code hands to relu was not the sum of what came back"),
    "dropout_bn": ("x", "drop: Dropout does not do once more what it did"),
}
"""Programs in which nobody can know what they would make of another value: which is set, and what is said."""


@pytest.mark.parametrize("program", UNKNOWN)
def test_a_branch_ends_where_nobody_knows_what_the_program_would_make(tmp_path: Path, program: str) -> None:
    name, words = UNKNOWN[program]
    with watched(tmp_path, RIGHT_PROGRAMS[program], ONE_PASS) as run:
        branch = branch_of(run, leaf_edit(run.tape, name, (0, 0), 2.0))
        assert branch.failure is not None
        assert words in branch.failure.message
        assert not branch.tape.is_complete


def test_what_code_has_computed_may_be_set_but_not_what_it_makes_of_that(tmp_path: Path) -> None:
    with watched(tmp_path, RIGHT_PROGRAMS["manual"], ONE_PASS) as run:
        first = branch_of(run, leaf_edit(run.tape, "x", (0, 0), 2.0))
        assert first.failure is not None
        assert "h is computed by your code" in first.failure.message
        branch = first.edited(leaf_edit(first.tape, "h", (0, 0), 0.0))
        branch.finish()
        assert branch.tape.values["last"] is not None
        assert branch.failure is not None
        assert "what your code hands to last is computed by your code" in branch.failure.message


def test_a_session_goes_to_the_branch_and_says_what_it_is_not(run: ProgramRun) -> None:
    session = program_session(run)
    dispatcher = Dispatcher(session, NoDisplay())

    def say(line: str) -> str:
        return dispatcher.finish(parse(line)).text

    said = [say(line) for line in ("next 3", "set x[0, 0] = 3", "print x[0, 0]")]
    assert "your program does not run on" in said[1]
    assert said[2] == "x[0, 0] = 3.0"
    assert session.moment.position == 3
    assert "is checked as your program called it" in say("check")
    assert "is checked as your program called it" in say("check first")
    assert "as your program made them" in say("into")
    say("switch main")
    assert say("print x[0, 0]") != said[2]


def test_a_recording_has_the_branches_of_a_program_and_verifies(
    run: ProgramRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, record = str(run.program.path), str(tmp_path / "r.jsonl")
    lines = [f"record {record}", "next 2", "set x[0, 0] = 3", "next 4", "set dout[0, 0] = 1", "last"]
    assert cli.main(["exec", "--passes", "1", program, *(word for line in lines for word in ("-e", line))]) == 0
    told = capsys.readouterr().out
    assert cli.main(["exec", record, "-e", "switch b2", "-e", "last"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] in told
    assert cli.main(["verify", record, "--program", program]) == 0
    assert "bit for bit" in capsys.readouterr().out


def test_a_program_that_ends_in_a_branch_ends_the_branch_only(tmp_path: Path) -> None:
    text = """
import os
import numpy as np
class Twice:
    def forward(self, x):
        if x[0] > 9: os._exit(3)
        return 2 * x
    def backward(self, dout):
        return 2 * dout
twice, x = Twice(), np.ones(2)
y = twice.forward(x)
twice.backward(np.ones(2))
"""
    with watched(tmp_path, text) as run:
        branch = branch_of(run, leaf_edit(run.tape, "x", (0,), 10.0))
        assert branch.failure is not None
        assert "the program's process has ended" in branch.failure.message
