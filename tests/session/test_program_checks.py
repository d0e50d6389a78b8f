"""A watched program is checked while a person reads: each node once, then the wiring, and no answer is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

import bptui
from bptui.checking.finding import Verdict
from bptui.core.command_parser import parse
from bptui.session.dispatcher import Dispatcher
from bptui.session.session import Session
from course_programs import IN_TURN
from mute_display import MuteDisplay
from programs import BOOK_NET, watched
from sampled import one_in
from watched_here import run_here, watched_here

SCENARIOS = Path(bptui.__file__).parents[1] / "scenarios" / "programs"


def test_a_node_whose_wiring_is_wrong_is_wrong_on_the_screen_and_says_so() -> None:
    with run_here(SCENARIOS / "lost_skip_connection.py") as watch:
        session = Session(watch.tape, "program", program=watch)
        while session.checks.work():
            pass
        verdicts = session.checks.verdicts
        assert {name: it.verdict for name, it in verdicts.judged[0].items() if it.verdict is not Verdict.PASS} == {
            "first": Verdict.FAIL
        }
        assert verdicts.judged[2].keys() == verdicts.judged[0].keys()
        answer = Dispatcher(session, MuteDisplay()).finish(parse("check first"))
        assert "is right, but not what is handed to it: a use is missing" in answer.text


def test_of_two_networks_whose_layers_have_one_name_each_is_judged_by_itself(tmp_path: Path) -> None:
    with watched_here(tmp_path, IN_TURN.format(bent="self.out")) as watch:
        session = Session(watch.tape, "program", program=watch)
        while session.checks.work():
            pass
        verdicts = [it["Middle"].verdict for it in session.checks.verdicts.judged.values() if "Middle" in it]
    right, wrong = verdicts[0], verdicts[-1]
    assert (right, wrong) == (Verdict.PASS, Verdict.FAIL)
    assert verdicts.count(Verdict.FAIL) == verdicts.count(Verdict.PASS)


@pytest.mark.parametrize("name", one_in(2, ["Affine1", "lastLayer"]))
def test_a_check_that_is_asked_for_comes_first_and_steps_into_a_layer_meanwhile(tmp_path: Path, name: str) -> None:
    text = f"{BOOK_NET}\nfor i in range(2):\n    network.gradient(x_batch, t_batch)\n"
    with watched(tmp_path, text) as run:
        session = Session(run.tape, "program", program=run)
        dispatcher = Dispatcher(session, MuteDisplay())
        dispatcher.finish(parse("next"))
        session.checks.work()  # a check has begun, and its answer is still to come
        assert dispatcher.finish(parse("into")).ok
        assert session.lines is not None
        answer = dispatcher.finish(parse(f"check {name}"))
        assert answer.judged is not None
        assert answer.judged.node == name
        assert answer.judged.verdict is Verdict.PASS
        assert "still to be checked" in answer.text
        while session.checks.work():
            pass
        assert "still to be checked" not in dispatcher.finish(parse(f"check {name}")).text
        assert len(session.checks.verdicts.judged[0]) == 4
        session.close()


def test_the_next_trouble_waits_until_all_is_checked() -> None:
    with run_here(SCENARIOS / "lost_skip_connection.py") as watch:
        session = Session(watch.tape, "program", program=watch)
        answer = Dispatcher(session, MuteDisplay()).finish(parse("next-trouble"))
        assert "a use is missing" in answer.text
        assert session.moment.step is not None
        assert (session.moment.step.name, session.moment.step.pass_.value) == ("first", "backward")
        assert Dispatcher(session, MuteDisplay()).finish(parse("previous-trouble")).ok is False


def test_a_mistake_that_begins_later_is_not_said_of_the_iterations_before() -> None:
    with run_here(SCENARIOS / "gradients_not_zeroed.py") as watch:
        session = Session(watch.tape, "program", program=watch)
        while session.checks.work():
            pass
        judged = session.checks.verdicts.judged
        assert {it.verdict for it in judged[0].values()} == {Verdict.PASS}
        assert judged[1]["last"].verdict is judged[2]["last"].verdict is Verdict.FAIL
        answer = Dispatcher(session, MuteDisplay()).finish(parse("next-trouble"))
        assert "gradients not set to zero" in answer.text
        assert session.moment.iteration == 2


@pytest.mark.parametrize(
    ("program", "wrong"),
    [("lost_skip_connection", "first"), ("gradients_not_zeroed", "first"), ("stale_cache", "last")],
)
def test_a_check_of_all_waits_for_the_wiring_and_names_what_is_wrong_in_any_iteration(program: str, wrong: str) -> None:
    with run_here(SCENARIOS / f"{program}.py") as watch:
        session = Session(watch.tape, "program", program=watch)
        answer = Dispatcher(session, MuteDisplay()).finish(parse("check"))
        assert not answer.ok
        assert wrong in answer.text


def test_a_node_that_no_layer_makes_is_not_among_those_to_be_checked() -> None:
    with run_here(SCENARIOS / "lost_skip_connection.py") as watch:
        session = Session(watch.tape, "program", program=watch)
        while session.checks.work():
            pass
        assert session.checks.verdicts.told(0).startswith("checked 5 of 5")


@pytest.mark.parametrize("line", ["paths {first} {other}", "why {other}", "select {other}"])
def test_a_value_that_another_iteration_has_is_not_looked_for_here(line: str) -> None:
    with run_here(SCENARIOS / "stale_cache.py") as watch:
        session = Session(watch.tape, "program", program=watch)
        dispatcher = Dispatcher(session, MuteDisplay())
        dispatcher.finish(parse("iteration 1"))
        here = session.moment.graph
        other = next(name for name in watch.tape.graph.names if name not in here.slots)
        told = dispatcher.finish(parse(line.format(first=here.leaves[0], other=other)))
        assert not told.ok
        assert told.text == f"there is no value {other} in this iteration"
