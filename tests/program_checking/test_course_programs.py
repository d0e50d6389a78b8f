"""What courses do beyond the plain form of a layer: it is not accused, and what is wrong beside it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bptui.checking.finding import Finding, Verdict
from bptui.program_checking.check_program import check_program
from course_programs import (
    BENT,
    CELLS_THROUGH_TIME,
    CONTEXTS,
    FLOAT32_NUMPY,
    IN_TURN,
    MEAN,
    NUMBERS,
    ONE_PROBABILITY,
    OWN_STEPS,
    PROBABILITIES,
    RIGHT_COURSE_PROGRAMS,
    SAMPLE_LOSSES,
    STATIC_LAYERS,
    STEP_OF_A_FUNCTION,
    WHOLE_NETWORK,
)
from programs import KEEPING_NET
from sampled import one_in
from watched_here import watched_here


def findings_on(folder: Path, text: str) -> tuple[Finding, ...]:
    with watched_here(folder, text) as watch:
        return check_program(watch).findings


def failures(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return sorted({(it.node, it.input or "") for it in findings if it.verdict is Verdict.FAIL and it.rule != "wiring"})


@pytest.mark.parametrize("name", one_in(3, RIGHT_COURSE_PROGRAMS))
def test_a_right_program_is_not_accused(name: str, tmp_path: Path) -> None:
    findings = findings_on(tmp_path, RIGHT_COURSE_PROGRAMS[name])
    assert [(it.node, it.mistake, it.reason) for it in findings if it.verdict is Verdict.FAIL] == []
    assert sum(it.verdict is Verdict.PASS and it.rule == "gradient" for it in findings) > 1


def test_functions_that_stand_in_numpys_place_accuse_no_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dot", "zeros"):
        monkeypatch.setattr(np, name, getattr(np, name))  # so that it is put back
    findings = findings_on(tmp_path, FLOAT32_NUMPY)
    assert [it for it in findings if it.verdict is Verdict.FAIL] == []
    assert np.dot(np.ones(2), np.ones(2)).dtype == np.float32


def test_a_penalty_in_a_layer_is_told_with_its_factor(tmp_path: Path) -> None:
    findings = findings_on(tmp_path, RIGHT_COURSE_PROGRAMS["penalty in a layer"])
    told = {it.reason.partition(" to ")[0] for it in findings if it.mistake == "weight decay"}
    assert "backward adds 0.02 · dense1.weights" in told
    assert "backward adds 0.003 · sign(dense1.biases)" in told


def test_what_a_layer_changes_itself_is_said_not_to_be_checked(tmp_path: Path) -> None:
    findings = findings_on(tmp_path, OWN_STEPS)
    unchecked = {it.slot for it in findings if it.mistake == "a step of its own" and it.verdict is Verdict.SKIP}
    assert unchecked == {"one.weights", "one.bias", "two.weights", "two.bias"}


def test_what_a_layer_changes_itself_is_told_where_its_input_is_0(tmp_path: Path) -> None:
    findings = findings_on(tmp_path, OWN_STEPS.replace("rng.randn(5, 3), rng", "np.zeros((5, 3), int), rng"))
    assert {it.slot for it in findings if it.mistake == "a step of its own"} >= {"one.weights", "one.bias"}


def test_a_step_in_a_function_is_layers_and_wires(tmp_path: Path) -> None:
    findings = findings_on(tmp_path, STEP_OF_A_FUNCTION)
    assert {it.node for it in findings if it.rule == "gradient"} == {"affine1", "relu1", "affine2", "log_loss1"}
    assert {it.verdict for it in findings} == {Verdict.PASS}


def test_a_loss_that_is_handed_what_it_has_kept_is_checked(tmp_path: Path) -> None:
    checked = {it.node for it in findings_on(tmp_path, KEEPING_NET) if it.worst is not None}
    assert checked == {"dense1", "activation1", "dense2", "loss_activation"}


def test_what_is_no_penalty_is_accused_as_before(tmp_path: Path) -> None:
    wrong = SAMPLE_LOSSES.format(mean=MEAN, decay="self.dweights += self.l2 * self.weights ** 3")
    assert ("dense1", "dense1.weights") in failures(findings_on(tmp_path, wrong))


def test_the_gradient_of_the_sum_of_losses_is_a_caution(tmp_path: Path) -> None:
    findings = findings_on(tmp_path, SAMPLE_LOSSES.format(mean="pass", decay=""))
    assert failures(findings) == []
    assert [it.node for it in findings if it.mistake == "gradient of the sum"] == ["loss_function"]


@pytest.mark.parametrize(
    ("wrong", "node"),
    [(CONTEXTS.format(square="y"), "Tanh1"), (ONE_PROBABILITY.format(out="self.out ** 2"), "softmax")],
)
def test_what_is_wrong_for_the_program_itself_is_accused(wrong: str, node: str, tmp_path: Path) -> None:
    assert {name for name, _ in failures(findings_on(tmp_path, wrong))} == {node}


def test_a_wrong_cell_is_accused_where_it_is_handed_a_mere_0(tmp_path: Path) -> None:
    findings = findings_on(tmp_path, CELLS_THROUGH_TIME.format(slope="(1 - g)"))
    assert {node for node, _ in failures(findings)} == {"Cell1", "Cell2", "Cell3"}


def test_static_methods_with_caches_are_judged_and_so_is_what_lies_between_them(tmp_path: Path) -> None:
    wrong_layer = findings_on(tmp_path, STATIC_LAYERS.format(slope="(1 - cache)", handed="da"))
    assert failures(wrong_layer) == [("Tanh1", "Linear1")]
    wrong_wire = findings_on(tmp_path, STATIC_LAYERS.format(slope="(1 - cache ** 2)", handed="da / len(x)"))
    assert [it.mistake for it in wrong_wire if it.verdict is Verdict.FAIL] == ["divided by the batch size twice"]


def test_a_wrong_gradient_of_losses_of_samples_is_accused(tmp_path: Path) -> None:
    wrong = SAMPLE_LOSSES.format(mean="self.dinputs = self.dinputs / samples * p", decay="")
    assert failures(findings_on(tmp_path, wrong)) == [("loss_function", "last")]


def test_each_of_two_networks_that_are_trained_in_turn_is_checked(tmp_path: Path) -> None:
    wrong = IN_TURN.format(bent="self.out")
    assert failures(findings_on(tmp_path, wrong)) == [("Middle", "Affine1")]


def test_the_parameters_of_networks_that_are_trained_in_turn_are_told_apart(tmp_path: Path) -> None:
    right = IN_TURN.format(bent="self.out ** 2").replace("randn(5, 3)", "randn(5 + seed, 3)")
    right = right.replace("randn(4, 5), np.zeros(5)", "randn(4, 5 + seed), np.zeros(5 + seed)")
    right = right.replace("W -= 0.1 * self.layers[name].dW", "b -= 0.1 * self.layers[name].db")
    with watched_here(tmp_path, right) as watch:
        report = check_program(watch)
        updated = [watch.tape.order.passes(it).updated for it in range(len(watch.tape.iterations))]
    assert report.ok
    assert [len(it) for it in updated] == [2, 0] * 4


def test_a_whole_network_is_checked_by_the_loss_that_its_gradients_are_of(tmp_path: Path) -> None:
    findings = findings_on(tmp_path, RIGHT_COURSE_PROGRAMS["network with cross entropy"])
    (told,) = [it.reason for it in findings if it.mistake == "a loss of its own"]
    assert "0.1667 times the cross entropy of its value and y" in told
    assert {it.input for it in findings if it.worst is not None} == {"net.W1", "net.b1", "net.W2", "net.b2"}


def test_a_mistake_in_a_whole_network_is_found_beside_what_is_right_in_it(tmp_path: Path) -> None:
    wrong = WHOLE_NETWORK.format(**PROBABILITIES, bent="(1 - self.h)", penalty="")
    assert failures(findings_on(tmp_path, wrong)) == [("net", "net.W1"), ("net", "net.b1")]


def test_a_whole_network_with_a_loss_that_nobody_knows_is_not_judged(tmp_path: Path) -> None:
    strange = WHOLE_NETWORK.format(**NUMBERS | {"slope": "np.sin(self.out - y)"}, bent=BENT, penalty="")
    findings = findings_on(tmp_path, strange)
    assert [(it.node, it.verdict) for it in findings] == [("net", Verdict.SKIP)]
