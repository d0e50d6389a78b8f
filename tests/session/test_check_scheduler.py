"""Checks in slices: in what order, how long a slice is, and what a layer that hangs can do to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from bptui.checking import Verdict
from bptui.checking import check_in_pieces as pieces_of_checks
from bptui.checking.check_in_pieces import check_in_pieces
from bptui.checking.check_node import check_node
from bptui.checking.check_scenario import subject_of
from bptui.checking.work import finished
from bptui.errors import LayerError
from bptui.running import Run
from bptui.scenario.load import load, loads
from bptui.session.check_scheduler import SHORT_IDLE, SLICE, Checking
from guests import layer_file
from layers import Array, Layer, MatMul
from waiting import PATIENCE, work_until

SCENARIO = "[inputs]\nx = [1, 2]\n[nodes]\na = 'Wrong(x)'\nb = 'a * 2'\nc = 'Hangs(b)'\n"

LAYERS = """
    class Wrong:
        def forward(self, x): return x * 3
        def backward(self, dout): return dout * 2
    class Hangs:
        def forward(self, x): return x * 1
        def backward(self, dout):
            while not dout.any(): pass
            return dout
    """


def run_of(text: str) -> Run:
    run = Run(loads(text))
    run.finish()
    return run


def checking_of(run: Run) -> Checking:
    return Checking(run.tape, run, touched=lambda: 0.0, clock=monotonic)


@pytest.fixture
def guests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checking]:
    """Checks of a run with a wrong layer, and one whose backward hangs where dout is 0."""
    monkeypatch.setattr(pieces_of_checks, "PATIENCE", PATIENCE)
    run = Run(loads(SCENARIO, tmp_path / "a.toml", layers=[layer_file(tmp_path, LAYERS).path]))
    run.finish()
    checking = checking_of(run)
    yield checking
    checking.close()
    run.close()


@pytest.mark.parametrize("name", ["two_layer", "relu_kink", "circuit", "softmax_labels"])
def test_a_check_in_pieces_finds_what_the_check_finds(name: str) -> None:
    run = Run(load(name))
    run.finish()
    for node in range(len(run.graph.nodes)):
        subject = subject_of(run, node)
        assert finished(check_in_pieces(subject)) == check_node(subject)


def test_all_nodes_are_looked_at_before_any_is_checked_in_full() -> None:
    checking = checking_of(run_of("[inputs]\nx = 1\n[nodes]\na = 'x * 2'\nb = 'Exp(a)'\nc = 'a + b'\n"))
    jobs = list(checking.own_jobs(0))
    assert [(job.node, job.is_quick) for job in jobs] == [
        (0, True),
        (1, True),
        (2, True),
        (0, False),
        (1, False),
        (2, False),
    ]


def test_a_node_that_is_asked_for_comes_before_those_planned() -> None:
    checking = checking_of(run_of("[inputs]\nx = 1\n[nodes]\na = 'x * 2'\nb = 'Exp(a)'\nc = 'a + b'\n"))
    checking.plan(0)
    checking.ask("c", 0)
    work_until(lambda: checking.verdicts.judged[0], checking.work)
    (judged, *_) = checking.verdicts.judged[0].values()
    assert (judged.node, judged.is_quick, judged.verdict) == ("c", False, Verdict.PASS)


def test_what_nobody_asked_for_waits_for_a_pause_in_the_typing() -> None:
    now = 10.0
    run = run_of("[inputs]\nx = 1\n[nodes]\na = 'x * 2'\n")
    checking = Checking(run.tape, run, touched=lambda: 9.75, clock=lambda: now)
    assert checking.pause(0.5) == 0.25
    assert checking.pause(None) is None
    checking.ask("a", 0)
    assert checking.pause(None) == 0.0
    assert SHORT_IDLE < 0.25


def test_a_slice_ends_when_its_time_is_over_and_no_piece_of_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
        [inputs]
        x = { shape = [50, 400], init = "uniform" }
        [parameters]
        W = { shape = [400, 40], init = "he" }
        [nodes]
        y = "x @ W"
    """
    forwards = 0
    original = MatMul.forward

    def forward(layer: Layer, x: Array, y: Array) -> Array:
        nonlocal forwards
        forwards += 1
        return original(layer, x, y)

    run = run_of(text)
    monkeypatch.setattr(MatMul, "forward", forward)
    checking = Checking(
        run.tape, run, touched=lambda: 0.0, clock=count(step=SLICE).__next__
    )  # every piece takes a whole slice
    checking.plan(0)
    counts: list[int] = []
    while checking.work():
        counts.append(forwards - sum(counts))
    assert len(counts) > 50
    assert max(counts) <= 20
    assert checking.verdicts.of(0, "y").verdict is Verdict.PASS  # type: ignore[union-attr]


def test_a_guest_that_hangs_keeps_neither_keys_nor_other_checks_waiting(guests: Checking) -> None:
    guests.plan(0)
    work_until(lambda: guests.verdicts.of(0, "a") and guests.verdicts.of(0, "b"), guests.work)
    for _ in range(10):
        guests.work()
    assert guests.verdicts.of(0, "c") is None  # nor has any of these slices waited until it was given up
    assert guests.verdicts.of(0, "a").verdict is Verdict.FAIL  # type: ignore[union-attr]
    assert guests.verdicts.of(0, "b").verdict is Verdict.PASS  # type: ignore[union-attr]


def test_a_guest_that_hangs_is_given_up_and_that_is_its_verdict(
    guests: Checking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces_of_checks, "PATIENCE", 0.0)
    guests.ask("c", 0)
    work_until(lambda: guests.verdicts.of(0, "c"), guests.work)
    judged = guests.verdicts.of(0, "c")
    assert judged is not None
    assert judged.verdict is Verdict.FAIL
    assert "did not return" in judged.findings[0].reason


def test_a_leaf_s_gradient_is_as_good_as_the_layers_that_it_came_through(guests: Checking) -> None:
    guests.ask("a", 0)
    assert guests.verdicts.path(0, "x").sign == ""
    work_until(lambda: guests.verdicts.of(0, "a"), guests.work)
    assert guests.verdicts.path(0, "x").sign == "✗"
    assert "its gradient comes through a, which is wrong" in guests.obstacle("x", 0)


def test_a_check_that_fails_itself_is_a_finding_at_its_node_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    monkeypatch.setattr(pieces_of_checks, "NodeCheck", fail)
    checking = checking_of(run_of("[inputs]\nx = 1\n[nodes]\na = 'x * 2'\nb = 'Exp(a)'\n"))
    for name in ("a", "b"):
        checking.ask(name, 0)
    work_until(lambda: not checking.asked, checking.work)
    for name in ("a", "b"):
        judged = checking.verdicts.of(0, name)
        assert judged is not None
        (finding,) = judged.findings
        assert (finding.node, finding.verdict) == (name, Verdict.SKIP)
        assert finding.reason == "could not be checked: ZeroDivisionError: a bug of ours"


def test_the_node_that_has_ended_the_run_has_failed_and_no_other() -> None:
    whole = run_of("[inputs]\nx = 1\n[nodes]\na = 'Exp(x)'\nb = 'Exp(a)'\n")
    run = Run(whole.scenario, whole.tape.fork(1))
    checking = checking_of(run)
    assert not checking.has_failed(1)
    run.tape.failure = LayerError("b: no")
    assert [checking.has_failed(node) for node in range(2)] == [False, True]
