"""A mistake that an edit of the user's lines undoes is named after it, with the line; the lines stay as they were."""

from __future__ import annotations

import ast
import inspect
from contextlib import suppress
from operator import itemgetter
from typing import Any

import numpy as np
import pytest

import mendable_layers as layers
from bptui.checking import Finding
from bptui.checking.diagnosis import Evidence
from bptui.checking.probe import Probe
from bptui.checking.repair.edit import Edit, places
from bptui.checking.repair.edits_of_factors import is_changeable
from bptui.checking.repair.edits_of_operands import edits_of_operands
from bptui.checking.repair.edits_of_sums import edits_of_sums
from bptui.checking.repair.named_values import NumberKind, key_of_code, named_kinds
from bptui.checking.repair.sensitivity import Sensitivity
from bptui.checking.repair.tries import LEAST, Tries
from bptui.checking.repair.user_function import edited, functions_of
from checked import failures, subject
from sampled import first_of_each, one_in

draw = np.random.default_rng(11)
SQUARE = draw.normal(size=(3, 3))
SEQUENCE = draw.normal(size=(2, 4, 3)), draw.normal(size=(3, 2)), draw.normal(size=(2, 2)), draw.normal(size=2)

INPUTS: dict[type[Any], tuple[Any, ...]] = {
    layers.Encoder: SEQUENCE,
    layers.Lookup: (draw.normal(size=(4, 3)), np.array([2, 0, 2, 1, 2])),
    layers.Centred: (SQUARE,),
    layers.Linear: (draw.normal(size=(4, 3)), draw.normal(size=(3, 2))),
    layers.Engine: (0.7, -0.4),
    layers.Tied: (draw.normal(size=(4, 3)), draw.normal(size=(3, 3))),
    layers.Rows: (draw.normal(size=(4, 3)),),
    layers.Standard: (draw.normal(size=(5, 3)),),
    layers.Cell: (draw.normal(size=(4, 3)),),
    layers.Masked: (draw.normal(size=(4, 3)),),
    layers.Gates: (draw.normal(size=(2, 3)), draw.normal(size=(3, 6))),
    layers.Padded: (draw.normal(size=(3, 4)),),
    layers.Instances: (draw.normal(size=(2, 2, 3, 2)), draw.normal(size=2)),
    layers.Groups: (draw.normal(size=(2, 4, 2, 2)),),
    layers.Shifted: (draw.normal(size=(2, 5)),),
    layers.Turned: (draw.normal(size=(2, 4)), draw.normal(size=(2, 2, 2))),
    layers.Exchanged: (draw.normal(size=(2, 3, 3)),),
    layers.Cached: (draw.normal(size=(2, 3)), draw.normal(size=(2, 3))),
    layers.Cropped: (draw.normal(size=(4, 5)),),
    layers.Channels: (draw.normal(size=(2, 2, 2)),),
    layers.SharesOfEverything: (draw.normal(size=(2, 4)),),
    layers.Shares: (draw.normal(size=(2, 4)),),
    layers.Neuron: (draw.normal(size=(4, 3)), draw.normal(size=(3, 2))),
    layers.RootMeanSquare: (draw.normal(size=(3, 4)),),
    layers.Leaky: (draw.normal(size=(3, 4)),),
    layers.Weighted: (draw.normal(size=(2, 3, 4)), draw.normal(size=(2, 3))),
    layers.Length: (draw.normal(size=(2, 3)),),
    layers.Running: (draw.normal(size=(2, 4)),),
    layers.Rest: (draw.normal(size=(4, 3)), draw.normal(size=(3, 3))),
    layers.RestOfADot: (draw.normal(size=(4, 2)), draw.normal(size=(2, 2))),
    layers.Kept: (draw.normal(size=(2, 3)),),
    layers.Peaks: (draw.normal(size=(3, 6)),),
    layers.States: (draw.normal(size=(2, 3)),),
    layers.CroppedByOne: (draw.normal(size=(2, 6)),),
    layers.EdgesRepeated: (draw.normal(size=(3, 3)),),
}

CASES = [
    (layers.EncoderWithoutCarry, "x", "a use is missing", ""),
    (layers.EncoderWithoutCarry, "b", "a use is missing", ""),
    (layers.EncoderOneWrong, "Wx", "only the last of a loop", "dWx = self.xs[:, t].T @ da"),
    (layers.EncoderOneWrong, "Wh", "an index off by one", "dWh += self.hs[:, t + 1].T @ da"),
    (layers.EncoderOneWrong, "b", "local derivative left out", "db += (dhs[:, t] + dh).sum(axis=0)"),
    (layers.EncoderForwardInTime, "x", "loop in the wrong direction", "for t in range(dhs.shape[1]):"),
    (layers.LookupAssigned, "x", "contributions overwritten", "dW[self.idx] = dout"),
    (layers.LookupResetInTheLoop, "x", "contributions overwritten", "dW[row] = dout[place]"),
    (layers.CentredWithoutKeepdims, "x", "keepdims missing", "return dout - dout.mean(axis=1)"),
    (layers.CentredForwardWithoutKeepdims, "x", "keepdims missing", "return x - x.mean(axis=1)"),
    (layers.CentredOtherAxis, "x", "another axis than forward", "return dout - dout.mean(axis=0, keepdims=True)"),
    (layers.LinearReboundFirst, "x", "parameter changed before it is used", "self.W = self.W - 0.1 * dW"),
    (layers.EngineAssigned, "x", "contributions overwritten", "self.grad = other.data * out.grad"),
    (layers.TiedOnce, "Wx", "a use is missing", ""),
    (layers.TiedTransposed, "x", "transposed operand", "dh = (dout @ self.W.T) * (self.h > 0)"),
    (layers.RowsOfTheFirst, "x", "one sample's derivative for all", "dx[i] = dout[i] * (1 - self.y[0] ** 2)"),
    (layers.RowsEndedTooSoon, "x", "only the first of a loop", "return dx"),
    (layers.RowsOneShort, "x", "a round of a loop is missing", "for i in range(1, len(dout)):"),
    (layers.RowsWithoutDerivative, "x", "local derivative left out", ""),
    (layers.MaskedNot, "x", "mask left out", "return dout"),
    (layers.WeightedWithoutValues, "Wx", "a factor self.hs", "dweights = np.sum(dt, axis=2)"),
    (layers.StandardNotHalved, "x", "twice", ""),
    (layers.StandardNotDivided, "x", "a factor n", ""),
    (layers.CellWithoutTanh, "x", "local derivative left out", "dc = dout + dout * self.x"),
    (layers.EncoderOfTheLast, "Wh", "only the last of a loop", "dWh = self.hs[:, t].T @ da"),
    (layers.EncoderAddedUp, "b", "added where it replaces", "dh += da @ self.Wh.T"),
    (layers.GatesJoinedOtherwise, "x", "parts in the wrong order", ""),
    (layers.GatesStoredOtherwise, "x", "parts in the wrong order", "da[:, 2 * n :] = dout * self.f"),
    (layers.PaddedCutAtTheEnd, "x", "wrong part of an array", ""),
    (layers.PaddedCutAtTheSize, "x", "wrong part of an array", "return dout[:h, :w]"),
    (layers.InstancesOverTheBatch, "x", "another axis than forward", "mean = d.mean(axis=(0, 2, 3), keepdims=True)"),
    (layers.GroupsOverImages, "x", "another axis than forward", ""),
    (layers.ShiftedTheSameWay, "x", "wrong part of an array", "dx[:, 1:] = dout[:, :-1]"),
    (layers.TurnedLaidOutOtherwise, "x", "reshaped in another order", "dx = dout @ self.k.reshape(2, -1)"),
    (layers.ExchangedNot, "x", "transposed operand", ""),
    (layers.CachedInAnotherOrder, "x", "parts in the wrong order", "cubes, squares, scale = self.cache"),
    (layers.CroppedAtTheCorner, "x", "wrong part of an array", "dx[:-2, :-2] = dout"),
    (layers.ChannelsTheSameWay, "x", "transposed operand", "return dout.transpose(2, 0, 1)"),
    (layers.SharesOfEverything, "x", "an axis is missing", "return self.p * (dout - np.sum(dout * self.p))"),
    (layers.SharesOfNothing, "x", "a factor self.p", "return dx - dx.sum(axis=1, keepdims=True)"),
    (layers.NeuronAsSigmoid, "x", "another activation's derivative", "da = dout * self.y * (1 - self.y)"),
    (layers.NeuronAsRelu, "x", "another activation's derivative", "da[self.y <= 0] = 0"),
    (layers.NeuronOfAnotherFunction, "x", "another activation's derivative", ""),
    (layers.RootMeanSquareWithoutEps, "x", "eps left out", ""),
    (layers.RootMeanSquareWithoutRoot, "x", "square root left out", ""),
    (layers.RootMeanSquareWithoutEither, "x", "eps left out", ""),
    (layers.LengthWithoutEps, "x", "eps left out", ""),
    (layers.RunningTheSameWay, "x", "loop in the wrong direction", "return np.cumsum(dout, axis=1)"),
    (layers.RestTwiceWrong, "x", "wrong sign, and transposed operand", ""),
    (layers.RestOfADot, "x", "wrong sign, and transposed operand", ""),
    (layers.Kept, "x", "saved array overwritten", 'self.kept = {"sine": sine, "x": x}'),
    (layers.PeaksPut, "x", "contributions overwritten", "np.put_along_axis(dx, self.where, dout, axis=1)"),
    (layers.StatesOverwritten, "x", "saved array overwritten", "self.states.append(state)"),
    (layers.CroppedByOne, "x", "wrong part of an array", "dx[:, 2:5] = dout"),
    (layers.EdgesRepeated, "x", "contributions left out", ""),
    (layers.LeakyTheOtherWayRound, "x", "wrong mask", "return np.where(self.x < 0, dout, 0.1 * dout)"),
]


def found_on(layer: type[Any]) -> list[Finding]:
    base = next(it for it in layer.__mro__ if it in INPUTS)
    names = ("x", "Wx", "Wh", "b")
    it = subject(layer, *INPUTS[base], names=names)  # type: ignore[arg-type]
    return failures(it)


@pytest.mark.parametrize(
    ("layer", "name", "mistake", "line"),
    first_of_each(itemgetter(2), CASES),
    ids=lambda it: getattr(it, "__name__", ""),
)
def test_what_an_edit_undoes_is_named_with_its_line(layer: type[Any], name: str, mistake: str, line: str) -> None:
    (found,) = [it for it in found_on(layer) if it.input == name and it.rule == "gradient"]
    assert found.mistake == mistake
    assert found.where is not None
    written = inspect.getsource(layers).splitlines()[(found.where.line or 0) - 1].strip()
    assert not line or written == line


@pytest.mark.parametrize("layer", one_in(3, layers.RIGHT), ids=lambda it: it.__name__)
def test_what_is_right_is_not_accused(layer: type[Any]) -> None:
    assert found_on(layer) == []


def test_a_mask_that_is_left_out_is_put_in_as_it_is() -> None:
    (found,) = found_on(layers.MaskedNot)
    assert "with `return dout * (1 - self.mask)`" in (found.advice or "")


def test_of_a_line_that_is_too_long_what_is_new_is_shown() -> None:
    new = Edit("transposed operand", "Swapped.", 7, (), lambda: "dx[:, i, j] = " + "a + " * 40, lambda: "k[j, i]")
    assert new.advice == "Swapped. Tried: with `k[j, i]` in line 7 the gradient is right."


def test_a_guess_is_made_where_it_changes_what_is_wrong_and_nothing_that_is_right() -> None:
    layer: type[Any] = layers.WeightedWithoutValues
    inputs = INPUTS[layers.Weighted]
    probe = Probe(subject(layer, *inputs, names=("hs", "weights")))  # type: ignore[arg-type]
    made = layer()
    out = made.forward(*inputs)
    dout = draw.normal(size=out.shape)
    dhs, dweights = made.backward(dout)
    measured = np.einsum("nh,nth->nt", dout, inputs[0])
    evidence = Evidence(probe, inputs, 1, dweights, measured, {0: dhs}, dout, out)
    known = [it for it in places(functions_of([layer.backward.__code__])) if is_changeable(it)]
    written = [ast.unparse(it.node) for it in Sensitivity().promising(known, evidence, Tries(1_000))]
    assert "np.sum(dt, axis=2)" in written
    assert "dc" not in written  # it makes dhs, too


def test_what_goes_by_dout_is_told_from_what_is_saved() -> None:
    def backward(dout: Any) -> Any:
        x, count, shape = np.array([0.5, -0.25]), 2, (2,)
        dx = dout * x
        return dx, count, shape

    found = named_kinds(lambda: backward(np.ones(2)), lambda: backward(np.full(2, 0.7)))
    kinds = found[key_of_code(backward.__code__)]
    assert {name for name, it in kinds.items() if it.is_gradient} == {"dout", "dx"}
    assert kinds["x"] == NumberKind((2,), "f", -0.25, 0.5)
    assert (kinds["count"].letter, kinds["shape"].letter) == ("i", "")


BREAKS_DOWN = (UnboundLocalError, ValueError, TypeError, IndexError)
"""What an edit may come to that makes no sense."""


def test_what_follows_from_a_parameter_that_is_changed_first_is_not_told_again() -> None:
    assert {it.rule for it in found_on(layers.LinearReboundFirst)} == {"gradient"}


class Base:
    def backward(self, dout: Any) -> Any:
        return dout


class Private(Base):
    __scale = 3.0

    def backward(self, dout: Any) -> Any:
        total = np.zeros(2)
        for row in super().backward(dout):
            total = row * self.__scale
        return total.T


def test_an_edited_function_runs_edited_and_afterwards_as_it_was() -> None:
    code, dout = Private.backward.__code__, np.ones((3, 2))
    known = places(functions_of([code]))
    sums = []
    for edit in (*edits_of_sums(known), *edits_of_operands(known)):
        with suppress(*BREAKS_DOWN), edited(edit.changes):
            sums.append(Private().backward(dout)[0])
        assert Private.backward.__code__ is code
    assert 9.0 in sums
    assert Private().backward(dout)[0] == 3.0


class Counting(Base):
    def backward(self, dout: Any) -> Any:
        i, dx = 0, np.zeros_like(dout)
        while i < len(dout):
            dx[i] = dout[i]
            i = i + 1
        return dx


def test_no_edit_touches_what_steers_a_while_loop() -> None:
    known = places(functions_of([Counting.backward.__code__]))
    lines, first = inspect.getsourcelines(Counting.backward)
    touched = {lines[place.line - first].strip() for place in known}
    assert "dx[i] = dout[i]" in touched
    assert "i = i + 1" not in touched


def test_edits_are_tried_a_number_of_times_whatever_a_clock_says() -> None:
    for most, number in ((LEAST + 5, LEAST + 5), (0, LEAST)):
        tries = Tries(most)
        assert sum(tries.take() for _ in range(1_000)) == number
