"""Of a kind of layer that was found right, only the numbers are looked at: with the same verdicts in the end."""

from __future__ import annotations

import numpy as np
import pytest

import bptui
from bptui.checking import Finding, Verdict
from bptui.checking import known_kinds as module
from bptui.checking.check_node import check_node
from bptui.checking.check_scenario import subject_of
from bptui.checking.known_kinds import KnownKinds
from bptui.core.graph import Node
from bptui.running import Run
from checked import subject
from layers import Array
from layers.elementary import Exp
from sampled import one_in

NODE = Node("node", "Layer", ("x",))


class WrongWhereLarge(Exp):
    """Sends back twice the gradient, where x is beyond what any sample point is."""

    def backward(self, dout: Array) -> Array:
        return super().backward(dout) * (1 + (np.abs(self.out).max(initial=0) > np.exp(100.0)))


@pytest.mark.parametrize("name", one_in(2, ["two_layer", "mazur"]))
def test_the_findings_are_those_of_a_full_check(name: str) -> None:
    run = Run(bptui.load(name))
    run.finish()
    known = KnownKinds()
    for _ in range(2):
        for at, node in enumerate(run.graph.nodes):
            it = subject_of(run, at)
            assert known.check(it, node) == check_node(it)


def test_the_second_of_a_kind_is_not_linted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def note(*_: object, keeps_rules: bool = False) -> tuple[Finding, ...]:
        asked.append(keeps_rules)
        return ()

    monkeypatch.setattr(module, "check_node", note)
    known = KnownKinds()
    for x in ([1.0, 2.0], [3.0, 4.0], [5.0]):
        known.check(subject(Exp, x), NODE)
    assert asked == [False, True, False]


def test_wrong_numbers_of_a_known_kind_are_found_with_all_the_evidence() -> None:
    known = KnownKinds()
    assert {it.verdict for it in known.check(subject(WrongWhereLarge, [0.5]), NODE)} == {Verdict.PASS}
    it = subject(WrongWhereLarge, [200.0])
    found = known.check(it, NODE)
    assert Verdict.FAIL in {finding.verdict for finding in found}
    assert found == check_node(it)


@pytest.mark.parametrize(
    ("layer", "x", "told"), [("Log(x)", 0.0, "-Infinity"), ("x / x", 0.0, "NaN"), ("Exp(x)", 1e3, "Infinity")]
)
def test_a_node_of_a_run_whose_value_is_not_finite_fails_with_its_operands(layer: str, x: float, told: str) -> None:
    report = bptui.check(bptui.loads(f'[inputs]\nx = [1.0, {x}]\n[nodes]\ny = "{layer}"\nloss = "Sum(y)"\n'))
    (found,) = [it for it in report.findings if it.verdict is Verdict.FAIL]
    assert (found.node, found.rule) == ("y", "finite")
    assert f"at [1] is {told} though all inputs are finite: x[1] = {x:g}" in found.reason
