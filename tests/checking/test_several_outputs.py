"""A layer with several outputs is judged through each: right ones pass, and a wrong gradient has its output's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bptui.checking import Finding, Verdict
from bptui.checking.check_in_pieces import quick_check_in_pieces
from bptui.checking.check_node import check_node
from bptui.checking.subject import Subject
from bptui.checking.work import finished
from checked import failures, subject

X, Y = np.array([0.5, -1.5, 2.0]), np.array([1.5, 0.4, -0.7])


class Polar:
    """The length and the angle of points."""

    def forward(self, x: Any, y: Any) -> Any:
        self.x, self.y, self.r = x, y, np.hypot(x, y)
        return self.r, np.arctan2(y, x)

    def backward(self, dr: Any, da: Any) -> Any:
        x, y, r = self.x, self.y, self.r
        return dr * x / r - da * y / r**2, dr * y / r + da * x / r**2


class WrongAngle(Polar):
    def backward(self, dr: Any, da: Any) -> Any:
        dx, dy = super().backward(dr, da)
        return dx + 2 * da * self.y / self.r**2, dy


class WrongLength(Polar):
    def backward(self, dr: Any, da: Any) -> Any:
        return super().backward(2 * dr, da)


class MixesDouts(Polar):
    def backward(self, dr: Any, da: Any) -> Any:
        return super().backward(dr / 2 if dr.any() and da.any() else dr, da)


class WritesIntoDout(Polar):
    def backward(self, dr: Any, da: Any) -> Any:
        gradients = super().backward(dr, da)
        da *= 0
        return gradients


class WritesIntoInput(Polar):
    def backward(self, dr: Any, da: Any) -> Any:
        gradients = super().backward(dr, da)
        self.x *= 2
        return gradients


def several(layer: type[Any]) -> Subject:
    return replace(subject(layer, X, Y), outputs=("r", "a"))


def found(layer: type[Any]) -> set[tuple[str, str | None, str]]:
    return {(it.rule, it.input, it.output) for it in failures(several(layer))}


def test_what_is_right_passes_once_for_each_input() -> None:
    findings = check_node(several(Polar))
    assert {it.verdict for it in findings} == {Verdict.PASS}
    assert [it.input for it in findings if it.rule == "gradient"] == ["x", "y"]


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [
        (WrongAngle, {("gradient", "x", "a")}),
        (WrongLength, {("gradient", "x", "r"), ("gradient", "y", "r")}),
        (MixesDouts, {("linear", None, "")}),
        (WritesIntoDout, {("mutates", None, "a")}),
        (WritesIntoInput, {("mutates", "x", ""), ("second-backward", "x", "r"), ("second-backward", "y", "a")}),
    ],
)
def test_what_is_wrong_is_named_with_its_output(layer: type[Any], wrong: set[tuple[str, str | None, str]]) -> None:
    assert found(layer) == wrong


@pytest.mark.parametrize(("layer", "is_right"), [(Polar, True), (WrongAngle, False), (WrongLength, False)])
def test_a_quick_look_sees_all_outputs(layer: type[Any], is_right: bool) -> None:
    findings: tuple[Finding, ...] = finished(quick_check_in_pieces(several(layer)))
    assert bool(findings) == is_right
