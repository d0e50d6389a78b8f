"""Checks in the background of a session, driven by a test instead of a screen."""

from __future__ import annotations

import pytest

from bptui.core.verbs.movement import Last
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.session.checks import SessionChecks
from bptui.session.session import Session
from cost import counted_calls

SCENARIO = """
[inputs]
x = [[1.0, 2.0]]
[parameters]
w = [[3.0], [4.0]]
[nodes]
a = "x @ w"
y = "Sum(a)"
[train]
optimizer = "SGD"
lr = 0.1
steps = 3
"""


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(clock: Clock) -> Session:
    run = Run(loads(SCENARIO))
    session = Session(run.tape, "example", run=run, clock=clock)
    run.finish()
    session.idle = 0.3
    return session


def work_off(checks: SessionChecks) -> None:
    """Check whatever is to be checked."""
    while checks.work():
        pass


def test_a_key_puts_off_what_nobody_has_asked_for(session: Session, clock: Clock) -> None:
    checks = session.checks
    assert checks.pause() == pytest.approx(0.3)
    clock.now = 0.25
    assert checks.pause() == pytest.approx(0.05)
    session.touch()
    assert checks.pause() == pytest.approx(0.3)
    clock.now = 0.6
    assert checks.pause() == 0.0


def test_what_is_asked_for_waits_for_a_breath_only_and_without_idle_time_for_no_other(session: Session) -> None:
    session.idle = None
    assert session.checks.pause() is None
    session.checks.check("a", 0)
    assert session.checks.pause() == pytest.approx(0.03)


def test_in_idle_time_the_iteration_at_the_cursor_is_checked_and_no_other(session: Session) -> None:
    checks = session.checks
    work_off(checks)
    assert set(checks.verdicts.marks(0)) == {"a", "y"}
    assert not checks.verdicts.marks(1)
    assert not checks.verdicts.marks(2)
    session.do(Last())
    work_off(checks)
    assert set(checks.verdicts.marks(2)) == {"a", "y"}
    assert not checks.verdicts.marks(1)


def test_nothing_is_checked_unasked_while_the_run_is_under_way(clock: Clock) -> None:
    run = Run(loads(SCENARIO))
    session = Session(run.tape, "example", run=run, clock=clock)
    session.idle = 0.0
    assert session.is_under_way
    work_off(session.checks)
    assert not session.checks.verdicts.version


def test_a_check_that_was_asked_for_is_pending_until_its_verdict_is_there(session: Session) -> None:
    session.idle = None
    checks = session.checks
    assert checks.check("a", 1).is_pending
    assert session.is_checking
    work_off(checks)
    answer = checks.check("a", 1)
    assert not answer.is_pending
    assert answer.judged is not None
    assert answer.judged.iteration == 1
    assert not session.is_checking


def calls_to_check(nodes: int) -> int:
    """Return how many calls it takes to check all nodes of a chain, asking after each piece how far that is."""
    run = Run(loads("[inputs]\nx = 0.5\n[nodes]\nn0 = 'Tanh(x)'\n" + tanh_chain(nodes)))
    session = Session(run.tape, "chain", run=run, clock=Clock())
    run.finish()
    checking = session.checks.checking
    with counted_calls() as cost:
        while session.checks.check_all(0).is_pending:
            checking.advance(checking.lanes[0])
    assert len(session.checks.verdicts.thorough[0]) == nodes
    return cost.calls


def tanh_chain(nodes: int) -> str:
    return "".join(f'n{at} = "Tanh(n{at - 1})"\n' for at in range(1, nodes))


def test_all_nodes_are_checked_in_proportion_to_their_number() -> None:
    calls_to_check(2)
    once, twice, four = map(calls_to_check, (20, 40, 80))
    assert four - twice < 2.2 * (twice - once)


def test_what_all_checks_come_to_is_pending_until_the_run_has_come_there(clock: Clock) -> None:
    run = Run(loads(SCENARIO))
    session = Session(run.tape, "example", run=run, clock=clock)
    assert session.checks.check_all(0).is_pending
    run.finish()
    assert session.checks.check_all(0).text == "checked 0 of 2 nodes …"
    work_off(session.checks)
    assert session.checks.check_all(0).text == "no node is wrong: 2 of 2 right"


def test_a_layer_whose_value_is_not_finite_is_not_called_wrong() -> None:
    run = Run(load("nan_hunt"))
    run.finish()
    session = Session(run.tape, "nan_hunt", run=run)
    checks = SessionChecks(session)
    while checks.check("normal", 0).is_pending:
        checks.work()
    assert checks.check("normal", 0).text == "✗ normal: Div gives a value that is not finite: NaN of finite numbers"
