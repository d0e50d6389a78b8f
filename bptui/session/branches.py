"""The branches of a session: what-ifs, each a run of its own that shares the steps before its edit with its parent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from bptui.core.assignment import Assignment, read_assignment
from bptui.core.debugger import Debugger
from bptui.core.edit import EditKind, ValueEdit
from bptui.core.expression import evaluate
from bptui.core.order import Pass
from bptui.core.step import BackwardStep
from bptui.core.tape import Tape
from bptui.core.text import escaped, shape, visible
from bptui.core.verbs.branches import (
    Branching,
    DropBranch,
    Expand,
    ListBranches,
    NameBranch,
    SetValue,
    SwitchBranch,
)
from bptui.errors import BptuiError, ExpressionError, NotReachedError
from bptui.running import Run
from bptui.session.answer import Answer, Question
from bptui.session.branch import Branch, Branches
from bptui.session.selecting import existing_name
from bptui.session.selection import Selection
from bptui.session.status_messages import halt_reason, how_it_runs
from layers import Array

if TYPE_CHECKING:
    from bptui.program_checking.checked_program import CheckedProgram
    from bptui.session.session import Session

MOST_BRANCHES = 100
"""Branches at the same time."""


def change_branches(session: Session, command: Branching) -> Question:
    """Make a branch, go to another, or list or change them. Raises BptuiError where that cannot be done."""
    match command:
        case SetValue(text):
            assert text is not None
            return set_value(session, read_assignment(text))
        case Expand(name):
            return expand(session, existing_name(session, name))
        case SwitchBranch(label):
            session.branches.existing(label)
            switch_to(session, label)
            session.log(command)
            return partial(branch_answer, session, f"branch {visible(label, limit=40)}")
        case ListBranches():
            return partial(listed_branches, session)
        case NameBranch(label):
            return partial(name_branch, session, label)
        case DropBranch(label):
            return partial(drop_branch, session, label)


def set_value(session: Session, assignment: Assignment) -> Question:
    """Begin to run on from an edit as a new branch, and go there. Raises BptuiError where there is no such value."""
    run = run_to_edit(session)
    refuse_more_branches(session)
    if assignment.name != "dout":
        existing_name(session, assignment.name)
    answers = edited_program(session, assignment) if run is None else edited_answers(session, run, assignment)
    return partial(next, answers)


def run_to_edit(session: Session) -> Run | None:
    """Return the run that goes on from an edit, None for a program's. Raises BptuiError where nothing can run."""
    return None if session.program is not None else run_to_branch(session)


def edited_answers(session: Session, run: Run, assignment: Assignment) -> Iterator[Answer]:
    """Yield that the run goes on to the value that is to be set, and once it is there how the new branch runs."""
    while is_ahead(session, assignment.name) and not run.is_over:
        yield Answer(f"running to {visible(assignment.name, limit=40)} first …", "dim", is_pending=True)
    edit = edit_of(session, assignment)
    going_on = run.edited(edit)
    branch = new_branch(session, going_on.tape, str(assignment), edit, run=going_on)
    answer = enter(session, branch, SetValue(str(assignment)))
    while True:
        yield answer()


def edited_program(session: Session, assignment: Assignment) -> Iterator[Answer]:
    """Yield that a pass of a program runs again from an edit, and once it has how the new branch runs."""
    from bptui.program_branches.program_branch import ENDS, ProgramBranch  # noqa: PLC0415  (few sessions are of a program)

    program, here = cast("CheckedProgram", session.program), session.branches.here
    edit = edit_of(session, assignment)
    going_on = ProgramBranch(program, session.tape, edit, here.settled)
    branch = new_branch(session, going_on.tape, str(assignment), edit, settled=going_on.settled)
    while not going_on.is_over:
        going_on.advance(1)
        if not going_on.is_over:
            yield Answer("running the pass again …", "dim", is_pending=True)
    answer = enter(session, branch, SetValue(str(assignment)), ENDS)
    while True:
        yield answer()


def is_ahead(session: Session, name: str) -> bool:
    """Return whether a value is one that this iteration has not come to yet."""
    return name in session.moment.graph.slots and value_in_iteration(session, name) is None


def new_branch(
    session: Session,
    tape: Tape,
    words: str,
    edit: ValueEdit,
    *,
    run: Run | None = None,
    settled: frozenset[str] = frozenset(),
) -> Branch:
    """Return a branch that forks from the current one at an edit, and has none of its own steps yet."""
    parent, first_step = session.branches.current, edit.first_step(session.tape)
    return Branch(tape, run, parent, first_step, words, edit, shared=len(tape), settled=settled)


def expand(session: Session, name: str) -> Question:
    """Run a composite as its elementary nodes, as a new branch, and go there. Raises BptuiError."""
    whole = run_to_branch(session).expanded(name)
    refuse_more_branches(session)
    branch = Branch(whole.tape, whole, session.branches.current, 1, str(Expand(name)))
    return enter(session, branch, Expand(name))


def run_to_branch(session: Session) -> Run:
    """Return the run that can go on otherwise. Raises BptuiError where there is none."""
    if session.program is not None:
        raise BptuiError("the layers of a program are its own, and are not made of others")
    if session.run is None:
        raise BptuiError("this is a replay, which runs nothing: no other branch of it can be run")
    return session.run


def refuse_more_branches(session: Session) -> None:
    """Raise BptuiError where there are as many branches as there may be."""
    if len(session.branches.by_name) >= MOST_BRANCHES:
        raise BptuiError(f"there are {MOST_BRANCHES} branches already", hint="drop NAME removes one")


def edit_of(session: Session, assignment: Assignment) -> ValueEdit:
    """Return what an assignment changes at the cursor. Raises BptuiError where there is no such value."""
    moment, name = session.moment, assignment.name
    iteration = moment.progress.iteration
    if name == "dout" and "dout" not in moment.graph.slots:
        step = moment.step
        if not isinstance(step, BackwardStep) or step.dout is None:
            raise BptuiError("dout arrives in a backward step", hint="go to the node's backward step first")
        return ValueEdit(EditKind.DOUT, step.name, iteration, new_value(session, assignment, step.dout))
    kind = EditKind.LEAF if moment.graph.is_leaf(name) else EditKind.OUTPUT
    value = value_in_iteration(session, name)
    if value is None:
        number = moment.order.step_number(iteration, Pass.FORWARD, name)
        raise BptuiError(f"{visible(name, limit=40)} is not reached yet", hint=f"it goes forward at step {number}")
    return ValueEdit(kind, name, iteration, new_value(session, assignment, value))


def value_in_iteration(session: Session, name: str) -> Array | None:
    """Return a value as this iteration has it before its update; None where the run has not come to it."""
    tape, iteration = session.tape, session.moment.progress.iteration
    slot = session.moment.graph.slots[name]
    values = tape.iterations[iteration].values if iteration < len(tape.iterations) else tape.leaves
    return np.asarray(values[slot]) if slot < len(values) else None


def new_value(session: Session, assignment: Assignment, before: Array) -> Array:
    """Return what a value is to be, in its shape and dtype. Raises BptuiError where that does not fit."""
    text = assignment.expression
    try:
        given = evaluate(text, session.moment)
    except NotReachedError as error:
        raise ExpressionError(error.message, text, error.position, hint=error.hint) from None
    if not isinstance(given, np.ndarray) or given.dtype.kind not in "fiub":
        raise ExpressionError("a number or an array stands here", text, 0)
    wanted = before.dtype
    if wanted.kind != "f" and not np.array_equal(given, np.floor(given)):
        raise ExpressionError(f"{visible(assignment.name, limit=40)} takes whole numbers", text, 0)
    after = before.copy()
    after.flags.writeable = True
    if assignment.index is None:
        try:
            after[...] = np.broadcast_to(given, before.shape)
        except ValueError:
            what = f"it is {shape(given)}, and {visible(assignment.name, limit=40)} is {shape(before)}"
            raise ExpressionError(what, text, 0) from None
        return after
    check_index(assignment, before)
    if given.size != 1:
        raise ExpressionError(f"one number stands here, not {shape(given)}", text, 0)
    after[assignment.index] = given.reshape(())
    return after


def check_index(assignment: Assignment, value: Array) -> None:
    """Raise BptuiError where a value has no such element."""
    index = assignment.index or ()
    if len(index) != value.ndim or any(place >= size for place, size in zip(index, value.shape, strict=True)):
        what = f"{visible(assignment.name, limit=40)} is {shape(value)}"
        raise BptuiError(f"{what}: there is no element {list(index)} in it")


def enter(session: Session, branch: Branch, command: Branching, more: str = "") -> Question:
    """Keep a new branch, go there, and return what answers the command that made it, with ``more`` to say of it."""
    name = branch.began_as = session.branches.free_name()
    branch.command, branch.origin, branch.made_at = command, session.branches.here, session.moment.position
    session.log(command)
    session.branches.by_name[name] = branch
    switch_to(session, name)
    words = "; ".join(filter(None, (f"branch {name}: {escaped(branch.words)}, from step {branch.first_step} on", more)))
    return partial(branch_answer, session, words)


def branch_answer(session: Session, words: str) -> Answer:
    """Return where a command has led by now, once the branch has run as far as the cursor."""
    if session.is_waiting:
        return how_it_runs(session)
    record = {"branch": session.branches.current}
    if session.failure is not None and session.debugger.goal > session.debugger.position:
        return replace(halt_reason(session), record=record)
    return Answer(words, "mark", record=record)


def switch_to(session: Session, name: str) -> None:
    """Go to another branch; the cursor keeps its step number, or where the graph is another its node's step."""
    branches = session.branches
    before, there = branches.here, branches.by_name[name]
    goal = goal_in(session, there)
    before.checks = vars(session).pop("checks", None)
    if session.recorder:
        session.recorder.follow(name, there)
    branches.current = name
    session.tape, session.run = there.tape, there.run
    session.debugger = Debugger(there.tape, session.open_entrance)
    session.debugger.goal = goal
    if there.checks is not None:
        vars(session)["checks"] = there.checks
    if there.tape.graph is not session.selection.graph:
        session.selection = Selection(there.tape.graph)
    session.catch_up()
    session.selection.is_following = True
    session.selection.follow(session.moment.name)


def goal_in(session: Session, there: Branch) -> int:
    """Return the step of a branch at which the cursor is to be."""
    moment, order = session.moment, there.tape.order
    if order is session.tape.order or moment.name is None:
        return session.debugger.goal
    iteration = min(moment.progress.iteration, order.iterations - 1)
    number = order.step_number(iteration, moment.pass_, moment.name)
    if number is None and moment.pass_ is Pass.UPDATE:
        return order.start(iteration + 1)
    return number if number is not None else order.start(iteration) + 1


def name_branch(session: Session, label: str) -> Answer:
    """Give the current branch another name. Raises BptuiError where another has it."""
    branches = session.branches
    if label in branches.by_name and label != branches.current:
        raise BptuiError(f"there is a branch {visible(label, limit=40)} already")
    before = branches.current
    branches.by_name = {label if name == before else name: it for name, it in branches.by_name.items()}
    for it in branches.by_name.values():
        it.parent = label if it.parent == before else it.parent
    branches.current = label
    session.log(NameBranch(label))
    return Answer(
        f"branch {visible(before, limit=40)} is called {visible(label, limit=40)} now", record={"branch": label}
    )


def drop_branch(session: Session, label: str) -> Answer:
    """Remove a branch; those that come from it stay. Raises BptuiError for the one that the run started with."""
    branches = session.branches
    dropped = branches.existing(label)
    if dropped.parent is None:
        raise BptuiError(f"{visible(label, limit=40)} is what the run started with, and stays")
    if branches.current == label:
        switch_to(session, dropped.parent)
    del branches.by_name[label]
    for it in branches.by_name.values():
        if it.parent == label:
            it.parent, it.inherited = dropped.parent, (*dropped.changes, *it.inherited)
    dropped.close()
    session.log(DropBranch(label))
    return Answer(f"branch {visible(label, limit=40)} is removed", record={"branch": branches.current})


def listed_branches(session: Session) -> Answer:
    """Return the branches as a tree."""
    branches = session.branches
    records = [
        {
            "branch": name,
            "parent": it.parent,
            "from": min((change.first_step for change in it.changes), default=it.first_step),
            "edit": "; ".join(change.words for change in it.changes),
            "current": name == branches.current,
        }
        for name, it in branches.by_name.items()
    ]
    return Answer("\n".join(tree_lines(branches, None, 0)), record={"branches": records})


def tree_lines(branches: Branches, parent: str | None, depth: int) -> Iterator[str]:
    """Yield the branches that come from one, each on a line, and below it those that come from it."""
    for name, it in branches.by_name.items():
        if it.parent == parent:
            sign = "➤" if name == branches.current else " "
            edit = "; ".join(map(str, it.changes))
            yield f"{sign} {'  ' * depth}{visible(name, limit=40)}   {edit}".rstrip()
            yield from tree_lines(branches, name, depth + 1)
