"""The gradients of the whole network are the slopes of its output: what arrives on several ways is added up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.checking import Finding, Verdict
from bptui.checking import check_network as module
from bptui.checking.check_network import Network, check_network, exact
from bptui.checking.check_scenario import check_scenario
from bptui.scenario.bundled import bundled
from bptui.scenario.load import loads
from cost import counted_calls
from sampled import one_in

FAN_OUT = """
[inputs]
x = [0.5, -1.5]
[parameters]
w = [2.0, 3.0]
[nodes]
a = "x * w"
y = "Sum(a * a + a)"
"""


def verdicts(text: str) -> dict[str | None, Verdict]:
    return {finding.input: finding.verdict for finding in check_network(bptui.loads(text))}


def test_what_fans_out_is_added_up() -> None:
    assert verdicts(FAN_OUT) == {"x": Verdict.PASS, "w": Verdict.PASS}


def test_a_contribution_that_is_lost_is_found() -> None:
    scenario = exact(bptui.loads(FAN_OUT))

    network = Network(scenario)
    columns = network.run.tape.iterations[0]
    last = network.run.tape.passes.last_edge("w", 99)
    assert last is not None
    columns.sums[last] = 0.5 * np.asarray(columns.sums[last])
    assert network.check("x").verdict is Verdict.PASS
    found = network.check("w")
    assert found.verdict is Verdict.FAIL
    assert found.worst is not None
    assert found.worst.analytic == pytest.approx(0.5 * found.worst.numeric, rel=1e-6)


def test_what_is_detached_counts_as_constant() -> None:
    text = FAN_OUT.replace('"Sum(a * a + a)"', '"Sum(a * Detach(a))"')
    assert verdicts(text) == {"x": Verdict.PASS, "w": Verdict.PASS}


def test_a_network_at_kinks_is_not_accused() -> None:
    text = FAN_OUT.replace('"Sum(a * a + a)"', '"Sum(Relu(a - a))"')
    assert Verdict.FAIL not in verdicts(text).values()


def test_float32_is_checked_in_float64() -> None:
    scenario = bptui.loads('dtype = "float32"\n' + FAN_OUT)
    report = check_scenario(scenario)
    assert report.ok
    assert report.counts[Verdict.SKIP] == 0


NOT_FINITE = {"nan_hunt": ["normal"]}
"""Scenarios that are about NaN, and the nodes that make it."""


@pytest.mark.parametrize("name", one_in(3, [name for name, _ in bundled() if "/" not in name]))
def test_bundled_scenarios_are_right(name: str) -> None:
    report = bptui.check(name)
    assert [it.node for it in report.findings if it.verdict is Verdict.FAIL] == NOT_FINITE.get(name, [])


def test_an_expectation_that_is_not_met_fails_with_both_numbers() -> None:
    text = FAN_OUT + "[expect.values]\ny = 1.0\n[expect.gradients]\nx = [6.0, -24.0]\nw = [1.5, 12.0]\n"
    report = bptui.check(bptui.loads(text))
    found = {(it.node, it.input): it for it in report.findings if it.rule == "expect"}
    assert not report.ok
    assert {key: it.verdict for key, it in found.items()} == {
        ("y", None): Verdict.FAIL,
        ("x", "x"): Verdict.PASS,
        ("w", "w"): Verdict.PASS,
    }
    worst = found["y", None].worst
    assert worst is not None
    assert (worst.index, worst.analytic, worst.numeric) == ((), 17.75, 1.0)  # by hand: 1 + 20.25 + 1 - 4.5


def test_training_is_checked_where_it_starts() -> None:
    text = FAN_OUT + '[train]\noptimizer = "SGD"\nlr = 0.1\nsteps = 3\n'
    assert bptui.check(bptui.loads(text)).ok


def many_leaves(count: int) -> str:
    leaves = "".join(f"w{at} = {0.5 + at / 10}\n" for at in range(count))
    return f'[parameters]\n{leaves}[nodes]\ny = "{" * ".join(f"Sin(w{at})" for at in range(count))}"\n'


@pytest.mark.parametrize("wrong", [(), ("w3",), ("w0", "w8")], ids=str)
def test_leaves_that_are_measured_together_have_the_verdicts_that_each_has_alone(
    monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, ...]
) -> None:
    network = Network(exact(bptui.loads(many_leaves(9))))
    for leaf in wrong:
        last = network.run.tape.passes.last_edge(leaf, 99)
        assert last is not None
        network.run.tape.iterations[0].sums[last] = 1.01 * np.asarray(network.run.tape.iterations[0].sums[last])
    alone = [(it.input, it.verdict) for it in network.findings()]
    assert [leaf for leaf, verdict in alone if verdict is Verdict.FAIL] == list(wrong)
    monkeypatch.setattr(module, "MOST_VALUES", 2 * len(network.scenario.graph.nodes))
    together = list(network.findings())
    assert [(it.input, it.verdict) for it in together] == alone
    assert sum("together with 4 others" in it.reason for it in together) == (0 if wrong else 5)


def test_many_leaves_take_no_more_looks_than_few(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(exact(bptui.loads(many_leaves(40))))
    monkeypatch.setattr(module, "MOST_VALUES", 4 * len(network.scenario.graph.nodes))
    looks = []

    def look(self: Network, *leaves: str) -> Finding:
        looks.append(len(leaves))
        return self.finding(leaves[0])

    monkeypatch.setattr(Network, "check", look)
    assert {it.verdict for it in network.findings()} == {Verdict.PASS}
    assert looks == [10] * 4


def test_a_network_costs_in_proportion_to_its_leaves() -> None:
    def calls(leaves: int) -> int:
        total = " + ".join(f"w{at}" for at in range(leaves))
        parameters = "".join(f"w{at} = {at}\n" for at in range(leaves))
        scenario = loads(f"[parameters]\n{parameters}[nodes]\ny = '{total}'\n")
        with counted_calls() as cost:
            network = Network(scenario)
            assert not any(map(network.excuse, network.leaves))
        return cost.calls

    calls(2)
    once, twice, four = map(calls, (50, 100, 200))
    assert four - twice < 2.2 * (twice - once)


BOOK_LOSS = """
import numpy as np
from sampled import one_in

class Loss:
    def forward(self, x, t):
        y = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = y / y.sum(axis=1, keepdims=True), t
        return -np.log(self.y[np.arange(len(t)), t] + 1e-7).mean()

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dout * dx / len(self.t)
"""


def test_the_network_is_allowed_what_each_of_its_own_layers_is(tmp_path: Path) -> None:
    file = tmp_path / "loss.py"
    file.write_text(BOOK_LOSS, encoding="utf-8")
    text = "[inputs]\nt = [1, 0]\n[parameters]\nx = [[2.0, 0.3, -1.0], [-1.5, 1.0, 2.5]]\n[nodes]\ny = 'Loss(x, t)'\n"
    report = bptui.check(bptui.loads(text, tmp_path / "a.toml", layers=[file]))
    assert report.ok
    assert [it.verdict for it in report.findings if it.rule == "network"] == [Verdict.PASS]
