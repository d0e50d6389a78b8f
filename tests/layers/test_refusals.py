"""What a layer does not take, and that it says so: options when it is made, shapes and labels when it runs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from layers import Layer, library
from layers.activation import Softmax
from layers.arithmetic import Add
from layers.cumulative import CumSum
from layers.einsum import Einsum
from layers.linear import Affine, MatMul
from layers.linear_loss import L1Loss, MulticlassHinge
from layers.loss import MeanSquaredError, SigmoidWithLoss, SoftmaxWithLoss
from layers.probability_loss import NegativeLogLikelihood
from layers.reduction import Max, Sum
from layers.shape import BroadcastTo, Concat, Flatten, Gather, Pad, Reshape, Slice, Stack, Transpose


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        ("LeakyRelu", {"slope": "steep"}, "slope must be a finite number, not 'steep'"),
        ("LeakyRelu", {"slope": float("nan")}, "slope must be a finite number, not nan"),
        ("LeakyRelu", {"slope": True}, "slope must be a finite number, not True"),
        ("Clip", {}, "Clip needs min, max or both"),
        ("Clip", {"min": 2, "max": 1}, "min must not exceed max: 2 > 1"),
        ("Softmax", {"axis": 0.5}, "axis must be a whole number, not 0.5"),
        ("Sum", {"axis": "rows"}, "axis must be a whole number, not 'rows'"),
        ("Sum", {"axis": [0, 1.5]}, "each number of axis must be a whole number, not 1.5"),
        ("Sum", {"keepdims": 1}, "keepdims must be true or false, not 1"),
        ("Reshape", {"shape": [-1, -1]}, "shape must be sizes, of which one may be -1, not [-1, -1]"),
        ("BroadcastTo", {"shape": [-1]}, "shape must be sizes, not [-1]"),
        ("Gather", {"indices": [0.5]}, "indices must be whole numbers, not [0.5]"),
        ("Gather", {"indices": [[0], [1, 2]]}, "indices must be a list of equally long lists, not [[0], [1, 2]]"),
        ("SoftmaxWithLoss", {"reduction": "avg"}, "reduction must be 'mean' or 'sum' or 'none', not 'avg'"),
        ("SoftmaxWithLoss", {"ignore_index": 1.0}, "ignore_index must be a whole number, not 1.0"),
        ("Softplus", {"beta": 0}, "beta must be above 0, not 0"),
        ("Huber", {"delta": -1.0}, "delta must be above 0, not -1.0"),
        ("Gelu", {"approximate": "yes"}, "approximate must be false or true or 'none' or 'tanh', not 'yes'"),
        ("Gelu", {"approximate": 1}, "approximate must be false or true or 'none' or 'tanh', not 1"),
        ("Pad", {"widths": -1}, "widths must be one or two numbers from 0 up, not -1"),
        ("Pad", {"widths": [[1, 2, 3]]}, "widths must be one or two numbers from 0 up, not [1, 2, 3]"),
        ("Einsum", {"equation": "ij->->"}, "equation must be like 'ij,jk->ik', not 'ij->->'"),
        ("KLDivergence", {"reduction": "avg"}, "reduction must be 'mean' or 'batchmean' or 'sum' or 'none', not 'avg'"),
        ("MeanSquaredError", {"reduction": None}, "reduction must be 'mean' or 'sum' or 'half_sum', not None"),
    ],
)
def test_bad_options(layer: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        library[layer](**options)


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (Add(), ((2, 3), (4,)), "(2,3) (4,)"),
        (MatMul(), ((2, 3), (2, 3)), "shapes (2, 3) and (2, 3) do not fit: 3 columns, 2 rows"),
        (MatMul(), ((3,), (2,)), "shapes (3,) and (2,) do not fit"),
        (MatMul(), ((), (2, 2)), "a matrix product takes no scalars: shapes () and (2, 2)"),
        (Affine(), ((2, 3), (4, 5), (5,)), "x of shape (2, 3) does not fit W of shape (4, 5), which takes 4 features"),
        (Affine(), ((2, 3), (3, 5), (3,)), "b of shape (3,) does not fit W of shape (3, 5), which gives 5 features"),
        (Affine(), ((3,), (3, 5), (1, 5)), "b of shape (1, 5) does not fit"),
        (Affine(), ((), (3, 5), (5,)), "x of shape () does not fit"),
        (Affine(), ((2, 3), (3,), (3,)), "W must be a matrix, not of shape (3,)"),
        (Softmax(axis=2), ((2, 3),), "axis 2 does not exist in the shape (2, 3)"),
        (Sum(axis=-3), ((2, 3),), "axis -3 does not exist in the shape (2, 3)"),
        (Sum(axis=[1, -1]), ((2, 3),), "axes [1, -1] name one axis of the shape (2, 3) twice"),
        (Max(axis=0), ((0, 3),), "x of shape (0, 3) has no elements along the axes [0]"),
        (Transpose(axes=[0]), ((2, 3),), "axes [0] are not all axes of the shape (2, 3)"),
        (Reshape(shape=[4]), ((2, 3),), "x of shape (2, 3) has 6 elements, which do not fill [4]"),
        (Reshape(shape=[4, -1]), ((2, 3),), "x of shape (2, 3) has 6 elements, which do not fill [4, -1]"),
        (BroadcastTo(shape=[2]), ((3,),), "x of shape (3,) does not broadcast to [2]"),
        (BroadcastTo(shape=[3]), ((1, 3),), "x of shape (1, 3) does not broadcast to [3]"),
        (Slice(), ((),), "axis 0 does not exist in the shape ()"),
        (Concat(), (), "Concat takes at least one input"),
        (Concat(), ((2, 3), (2, 4)), "shapes (2, 3), (2, 4) differ by more than axis 0"),
        (Concat(), ((2,), (2, 1)), "shapes (2,), (2, 1) differ by more than axis 0"),
        (Stack(), (), "Stack takes at least one input"),
        (Stack(), ((2,), (3,)), "shapes (2,), (3,) are not all alike"),
        (Stack(axis=2), ((2,), (2,)), "axis 2 does not exist in the shape (2, 2)"),
        (Pad(widths=[[1, 1]]), ((2, 3),), "widths for 1 axes do not fit the shape (2, 3)"),
        (Flatten(), ((),), "Flatten keeps the batch axis, and a scalar has none"),
        (CumSum(), ((),), "axis 0 does not exist in the shape ()"),
        (Einsum(equation="ij,jk->ik"), ((2, 3), (4, 5)), "'j' is 3 long in one place and 4 in another"),
        (Einsum(equation="ij,jk->ik"), ((2, 3),), "'ij,jk->ik' is for 2 inputs, got 1"),
        (Einsum(equation="ij->i"), ((2,),), "'ij' does not fit an input of 1 axes"),
        (Einsum(equation="ij->ik"), ((2, 3),), "'ij->ik' does not say what its output is"),
        (L1Loss(), ((3, 1), (3,)), "y and t must have the same shape, not (3, 1) and (3,)"),
        (MulticlassHinge(), ((2, 3), (3,)), "t of shape (3,) is not labels (2,) for x of shape (2, 3)"),
        (NegativeLogLikelihood(), ((2, 3), (3,)), "t of shape (3,) is neither labels (2,) nor distributions (2, 3)"),
        (Gather(indices=[0, 3]), ((3, 2),), "index 3 is outside the 3 rows of x, of shape (3, 2)"),
        (Gather(indices=[-4]), ((3,),), "index -4 is outside the 3 rows of x, of shape (3,)"),
        (MeanSquaredError(), ((3, 1), (3,)), "y and t must have the same shape, not (3, 1) and (3,)"),
        (SigmoidWithLoss(), ((3, 1), (3,)), "x and t must have the same shape, not (3, 1) and (3,)"),
    ],
)
def test_shapes_that_do_not_fit(layer: Layer, inputs: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.forward(*map(np.ones, inputs))


@pytest.mark.parametrize(
    ("x", "t", "message"),
    [
        (np.ones((3, 3)), [0, 1, 7], "label 7 in row 2 is outside the 3 classes"),
        (np.ones((3, 3)), [0, -1, 2], "label -1 in row 1 is outside the 3 classes"),
        (np.ones((2, 2, 3)), [[0, 1], [3, 2]], "label 3 in row 1, 0 is outside the 3 classes"),
        (np.ones(3), 3, "label 3 is outside the 3 classes"),
        (np.ones((2, 3)), [0.0, 1.0], "labels must be integers, and t is float64"),
        (np.ones((2, 3)), [[0], [1]], "t of shape (2, 1) is neither labels (2,) nor distributions (2, 3)"),
        (np.ones((2, 3)), [0, 1, 2], "t of shape (3,) is neither labels (2,) nor distributions (2, 3)"),
        (np.float64(1), 0, "x must have an axis of classes, and a scalar has none"),
    ],
)
def test_targets_that_do_not_fit(x: Any, t: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        SoftmaxWithLoss().forward(x, np.array(t))


def test_only_labels_can_be_ignored() -> None:
    with pytest.raises(ValueError, match=re.escape("ignore_index needs labels of shape (1,)")):
        SoftmaxWithLoss(ignore_index=0).forward(np.ones((1, 2)), np.ones((1, 2)))


@pytest.mark.parametrize(("t", "message"), [([0, 2], "target 2 in row 1"), ([-0.5, 1.0], "target -0.5 in row 0")])
def test_answers_to_yes_or_no_lie_between_0_and_1(t: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=f"{message} is outside 0 to 1"):
        SigmoidWithLoss().forward(np.ones(2), np.array(t))
