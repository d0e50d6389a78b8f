"""A sum times a number between layers is followed; what only looks like one is not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from bptui.checking.finding import Finding, Verdict
from bptui.explaining.equations import node_formula
from bptui.program_checking.check_program import check_program, wiring_findings
from bptui.programs.scaled_sums import number_between
from layers import Array
from watched_here import watched_here

MEAN_OF_WORDS = """
import numpy as np
from book_layers import *
rng = np.random.RandomState(0)
words = [rng.randn(6, 4) for _ in range({count})]
t = rng.randint(0, 3, 6)
inner = [Affine(rng.randn(4, 5), np.zeros(5)) for _ in words]
last, loss_layer = Affine(rng.randn(5, 3), np.zeros(3)), SoftmaxWithLoss()
for i in range(2):
    h = 0
    for layer, word in zip(inner, words):
        h {plus} layer.forward(word)
    {forward}
    loss = loss_layer.forward(last.forward(h), t)
    dh = last.backward(loss_layer.backward())
    {back}
    for layer in inner:
        layer.backward(dh)
"""
LENGTH = "1 / len(inner)"


def mean_of_words(forward: str, back: str, *, count: int = 3, plus: str = "+=") -> str:
    return MEAN_OF_WORDS.format(forward=forward, back=back, count=count, plus=plus)


def failures(findings: Iterable[Finding]) -> list[tuple[str, str | None]]:
    return [(it.node, it.mistake) for it in findings if it.verdict is Verdict.FAIL]


@pytest.mark.parametrize(
    ("forward", "back", "count"),
    [
        (f"h *= {LENGTH}", f"dh *= {LENGTH}", 3),
        (f"h *= {LENGTH}", f"dh *= {LENGTH}", 10),
        ("h /= len(inner)", "dh = dh / len(inner)", 7),
        ("h = h * 0.5", "dh = 0.5 * dh", 2),
        ("h = h / np.sqrt(h.shape[1])", "dh = dh / np.sqrt(dh.shape[1])", 2),
        ("h *= -2.5", "dh *= -2.5", 1),
        ("pass", "pass", 10),
    ],
)
def test_a_sum_times_a_number_is_followed_both_ways(forward: str, back: str, count: int, tmp_path: Path) -> None:
    with watched_here(tmp_path, mean_of_words(forward, back, count=count)) as watch:
        report = check_program(watch)
        followed, used = watch.watched.followed
    assert followed == used
    assert failures(report.findings) == []


@pytest.mark.parametrize(
    ("back", "mistake", "words"),
    [
        ("pass", "a factor is missing", "and not times 0.33333, as "),
        (f"dh *= {LENGTH}; dh *= {LENGTH}", "a factor counts twice", "times 0.33333 twice"),
    ],
)
def test_a_factor_that_the_way_back_leaves_out_or_has_twice_is_named(
    back: str, mistake: str, words: str, tmp_path: Path
) -> None:
    with watched_here(tmp_path, mean_of_words(f"h *= {LENGTH}", back)) as watch:
        found = [it for it in wiring_findings(watch, frozenset()) if it.verdict is Verdict.FAIL]
    assert {it.mistake for it in found} == {mistake}
    assert words in found[0].reason
    assert "program.py:13" in found[0].reason, "the line of the number"
    assert {it.where and it.where.line for it in found} == {18}


@pytest.mark.parametrize(
    "forward",
    ["h = h / np.linalg.norm(h)", "h = h / h.max()", "h = h * layer.W[0, 0]", "h = h / np.sqrt((h ** 2).sum())"],
)
def test_what_is_divided_by_a_number_of_its_own_is_not_taken_for_a_scaled_value(forward: str, tmp_path: Path) -> None:
    with watched_here(tmp_path, mean_of_words(forward, "pass")) as watch:
        assert failures(wiring_findings(watch, frozenset())) == []
        followed, used = watch.watched.followed
    assert followed < used


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("number", [0.5, 0.1, -3.0, 1 / 3, 1 / 7, 2.0**-20])
def test_the_very_number_is_found_that_an_array_is_multiplied_or_divided_by(number: float, dtype: str) -> None:
    total: Array = np.random.default_rng(0).standard_normal((4, 5)).astype(dtype)
    divided = [total / round(1 / number)] if abs(number) < 1 else []
    for value in (total * number, *divided):
        options = number_between(total, value)
        assert options is not None
        factor = options["factor"] if "factor" in options else 1 / options["divisor"]
        assert factor == pytest.approx(number, rel=1e-6)
    assert number_between(total, total * number + np.eye(4, 5, dtype=dtype) * 1e-3) is None
    assert number_between(total, total.copy()) is None


def test_the_formula_of_a_scaled_sum_has_its_number(tmp_path: Path) -> None:
    with watched_here(tmp_path, mean_of_words("h = h * 0.5", "dh = 0.5 * dh", count=2)) as watch:
        assert node_formula(watch.tape.at(1), "h") == "ScaledSum(Affine1, Affine2, factor=0.5)"
