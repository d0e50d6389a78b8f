"""Mistakes of the kinds that are met again and again get their name; what is right beside them stays right."""

from __future__ import annotations

from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
import pytest

import faulty_layers as faulty
from bptui.checking import Finding
from checked import failures, subject_with_options
from sampled import first_of_each, one_in

draw = np.random.default_rng(8)
X = draw.normal(size=(4, 3))
SQUARE = draw.normal(size=(3, 3))
W = draw.normal(size=(3, 5))
V = draw.normal(size=(5, 2))
B = draw.normal(size=5)
IDX = np.array([2, 0, 2, 1, 2])
IMAGE = draw.normal(size=(5, 6))
KERNEL = draw.normal(size=(3, 3))

INPUTS: dict[str, tuple[Any, ...]] = {
    "Rows": (X, IDX),
    "Windows": (draw.normal(size=(2, 6)),),
    "Scores": (X, W),
    "ScoresTransposed": (X, SQUARE),
    "Step": (X, W, B),
    "DenseRelu": (X, W),
    "Dropout": (draw.normal(size=(6, 3)), W),
    "MeanSquares": (X, draw.normal(size=(4, 3))),
    "Cube": (SQUARE,),
    "Scores1": (X, draw.normal(size=(5, 3))),
    "Penalised": (W, X),
    "Correlate": (IMAGE, KERNEL),
    "Residual": (X, SQUARE),
    "Biased": (X, B[:3]),
    "BiasForgotten": (X, B[:3]),
    "BiasSummedOverFeatures": (SQUARE, B[:3]),
    "UpdatesFirst": (X, W),
    "Unused": (X, W, V),
    "Bags": (B, np.array([[0, 1, 1], [2, 2, 4]])),
    "Scaled": (X, B[:3]),
    "Distances": (X, draw.normal(size=(4, 3))),
    "Channels": (draw.normal(size=(2, 3, 4, 3)), B[:3]),
}

CASES: list[tuple[type[Any], str, str]] = [
    (faulty.RowsAssigned, "x", "contributions overwritten"),
    (faulty.RowsAddedWithRepeats, "x", "contributions overwritten"),
    (faulty.RowsAssignedInALoop, "x", "contributions overwritten"),
    (faulty.WindowsAssigned, "x", "contributions overwritten"),
    (faulty.WindowsAssignedBackwards, "x", "contributions overwritten"),
    (faulty.CorrelateAssigned, "x", "contributions overwritten"),
    (faulty.DifferencesAssigned, "x", "contributions overwritten"),
    (faulty.ScoresOfTheLast, "y", "only the last of a loop"),
    (faulty.ScoresOfTheLastByIndex, "y", "only the last of a loop"),
    (faulty.ScoresOfTheFirst, "y", "only the first of a loop"),
    (faulty.ScoresTransposed, "x", "transposed operand"),
    (faulty.CorrelateFlipped, "x", "rotated operand"),
    (faulty.SoftmaxDiagonal, "x", "only the diagonal"),
    (faulty.LogSoftmaxWithoutTheSum, "x", "only the diagonal"),
    (faulty.SoftmaxOverTheBatch, "x", "another axis than forward"),
    (faulty.LayerNormOverTheBatch, "x", "another axis than forward"),
    (faulty.SoftmaxOfOneSample, "x", "one sample's derivative for all"),
    (faulty.SoftmaxLeftOverFromALoop, "x", "one sample's derivative for all"),
    (faulty.TanhOfOneSample, "x", "one sample's derivative for all"),
    (faulty.TanhAveraged, "x", "mixed over the batch"),
    (faulty.NormWithoutVariance, "x", "a use is missing"),
    (faulty.NormWithoutMean, "x", "a use is missing"),
    (faulty.NormWithoutStatistics, "x", "statistics taken for constants"),
    (faulty.ResidualWithoutSkip, "x", "a use is missing"),
    (faulty.StepBiasWithoutTanh, "z", "local derivative left out"),
    (faulty.StepWeightsWithoutTanh, "y", "local derivative left out"),
    (faulty.StepInputWithoutTanh, "x", "local derivative left out"),
    (faulty.StepTanhTwice, "x", "local derivative twice"),
    (faulty.DenseReluWithoutMask, "x", "mask left out"),
    (faulty.DropoutWithoutMask, "x", "mask left out"),
    (faulty.DropoutWithoutScale, "x", "a factor keep_prob"),
    (faulty.DropoutDrawnAgain, "x", "draws again"),
    (faulty.SigmoidOfX, "x", "x where out belongs"),
    (faulty.TanhOfX, "x", "x where out belongs"),
    (faulty.SigmoidOfTheOutput, "x", "derivative at out"),
    (faulty.SigmoidPassedOn, "x", "local derivative left out"),
    (faulty.SigmoidValue, "x", "value for derivative"),
    (faulty.LogMultiplied, "x", "divides by the derivative"),
    (faulty.MeanSquaresHalf, "x", "half"),
    (faulty.MeanSquaresSum, "x", "sum for mean"),
    (faulty.MeanSquaresOverTheBatch, "x", "sum for mean"),
    (faulty.CubeWithoutItsThree, "x", "constant factor"),
    (faulty.CubeWithAFour, "x", "constant factor"),
    (faulty.Scores1WithoutRoot, "x", "root of a size"),
    (faulty.LeakyWithout, "x", "a factor alpha"),
    (faulty.LeakyTwice, "x", "a factor alpha"),
    (faulty.PenalisedHalf, "x", "a multiple of an input is missing"),
    (faulty.PenalisedNot, "x", "a multiple of an input is missing"),
    (faulty.BiasForgotten, "y", "forward ignores an input"),
    (faulty.BiasSummedOverFeatures, "y", "sum over the wrong axis"),
    (faulty.UpdatesFirst, "x", "parameter changed before it is used"),
    (faulty.SavedAndOverwritten, "x", "saved array overwritten"),
    (faulty.Unused, "y", "computed and not used"),
    (faulty.BagsAssigned, "x", "contributions overwritten"),
    (faulty.ScaledWithoutGamma, "x", "a factor y"),
    (faulty.RowMeansByTheWrongSize, "x", "divided by the wrong size"),
    (faulty.DistancesNotDivided, "x", "a factor out"),
    (faulty.EluWithoutAlpha, "x", "a factor alpha"),
    (faulty.ChannelsSummedOverOthers, "y", "sum over the wrong axis"),
    (faulty.ChannelsFlattenedWrongly, "y", "sum over the wrong axis"),
    (faulty.ChannelsAveraged, "y", "mean for sum"),
    (faulty.UnitRowsWithoutNorm, "x", "a use is missing"),
    (faulty.DoubledOneOfFour, "x", "one of many used"),
    (faulty.SumOfCubesSpread, "x", "local derivative left out"),
]


def found_on(layer: type[Any]) -> list[Finding]:
    base = next(it.__name__ for it in layer.__mro__ if it.__name__ in INPUTS or it is object)
    return failures(subject_with_options(layer, *INPUTS.get(base, (X,))))


@pytest.mark.parametrize(
    ("layer", "name", "mistake"), first_of_each(itemgetter(2), CASES), ids=lambda it: getattr(it, "__name__", it)
)
def test_a_mistake_is_called_by_its_name(layer: type[Any], name: str, mistake: str) -> None:
    assert mistake in [it.mistake for it in found_on(layer) if it.input == name]


@pytest.mark.parametrize("layer", one_in(3, faulty.RIGHT), ids=lambda it: it.__name__)
def test_what_is_right_is_not_accused(layer: type[Any]) -> None:
    assert found_on(layer) == []


def test_a_part_that_is_not_multiplied_by_dout_is_no_factor() -> None:
    (found,) = [it for it in found_on(faulty.ClippedAssigned) if it.rule == "gradient"]
    assert found.mistake == "a part without dout"


def test_a_last_loss_that_takes_a_dout_of_1_for_granted_is_named_after_what_is_wrong_there() -> None:
    loss = replace(subject_with_options(faulty.BookLossNotDivided, X, IDX[:4], names="xt"), is_last=True)
    (found,) = failures(loss)
    assert (found.input, found.mistake) == ("x", "sum for mean")


def test_a_mistake_in_a_loss_of_probabilities_is_confirmed_with_probabilities() -> None:
    made = subject_with_options(faulty.ClippedLossNotDivided, draw.uniform(0.2, 0.8, (4, 3)), IDX[:4], names="pt")
    (found,) = failures(replace(made, is_last=True))
    assert (found.input, found.mistake) == ("p", "sum for mean")


def test_a_batch_is_made_larger_with_targets_that_are_still_some() -> None:
    targets = np.eye(3)[IDX[:4] % 3]
    made = subject_with_options(faulty.SoftTargetLossNotDivided, draw.normal(size=(4, 3)), targets, names="xt")
    (found,) = failures(replace(made, is_last=True, takes_gradient=(True, False)))
    assert (found.input, found.mistake) == ("x", "sum for mean")


def test_a_skip_connection_is_not_claimed_of_a_forward_that_has_none() -> None:
    class Begun:
        def forward(self, x: Any) -> Any:
            self.x = x
            return x**3

        def backward(self, dout: Any) -> Any:
            dx = dout.copy()
            dx += dout * 3 * self.x**2
            return dx

    (found,) = failures(subject_with_options(Begun, draw.normal(size=(4, 3))))
    assert found.mistake == "a use too many"
    assert "forward has no skip connection" in (found.advice or "")


def test_a_loss_of_probabilities_in_the_middle_is_looked_at_with_probabilities() -> None:
    probabilities, targets = draw.uniform(0.1, 0.9, (4, 3)), np.eye(3, dtype=int)[IDX[:4] % 3]
    assert failures(subject_with_options(faulty.ClippedElementLoss, probabilities, targets, names="pt")) == []


def test_a_layer_that_takes_logarithms_of_probabilities_is_a_loss_whatever_its_targets_are_called() -> None:
    class Clipped:
        def forward(self, truth: Any, p: Any) -> Any:
            self.truth, self.p = truth, np.clip(p, 1e-8, 1 - 1e-8)
            return -np.mean(self.truth * np.log(self.p) + (1 - self.truth) * np.log(1 - self.p), axis=1)

        def backward(self, dout: Any) -> Any:
            each = (1 - self.truth) / (1 - self.p) - self.truth / self.p
            return None, dout[:, None] * each / each.shape[1]

    made = subject_with_options(Clipped, np.eye(4)[:3], draw.uniform(0.2, 0.8, (3, 4)), names="tp")
    it = replace(made, takes_gradient=(False, True), functions=(Clipped.forward, Clipped.backward))
    assert failures(it) == []


def test_a_mistake_beside_an_empty_input_is_named() -> None:
    class Triple:
        def forward(self, x: Any, y: Any) -> Any:
            return 5 * y + x.sum()

        def backward(self, dout: Any) -> Any:
            return np.zeros((0, 3)), dout * 15

    (found,) = failures(subject_with_options(Triple, np.zeros((0, 3)), B[:3]))
    assert (found.input, found.mistake) == ("y", "constant factor")
