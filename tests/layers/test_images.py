"""Convolution and pooling: what they are by definition, how their gradients find back, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import Array, Layer
from layers.convolution import Conv1d, Conv2d, SlidingWindow, Unfold, col2im, im2col
from layers.pooling import AvgPool2d, MaxPool2d

draw = np.random.default_rng(0)


def by_definition(x: Array, w: Array, *, stride: int, pad: int) -> Array:
    """Return a convolution as four nested loops, one output at a time."""
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    down, across = w.shape[2:]
    sizes = [(padded.shape[2 + axis] - w.shape[2 + axis]) // stride + 1 for axis in (0, 1)]
    out = np.zeros((len(x), len(w), *sizes))
    for n, f, i, j in np.ndindex(*out.shape):
        under = padded[n, :, i * stride : i * stride + down, j * stride : j * stride + across]
        out[n, f, i, j] = (w[f] * under).sum()
    return out


@pytest.mark.parametrize(("stride", "pad"), [(1, 0), (2, 0), (1, 2), (3, 1)])
def test_each_output_is_the_sum_of_weight_times_what_lies_under_it(stride: int, pad: int) -> None:
    x, w = draw.standard_normal((2, 3, 5, 6)), draw.standard_normal((4, 3, 2, 3))
    got = Conv2d(stride=stride, pad=pad).forward(x, w)
    np.testing.assert_allclose(got, by_definition(x, w, stride=stride, pad=pad), atol=1e-12)


def test_the_gradient_of_x_is_dout_convolved_with_the_turned_kernel() -> None:
    x, w = draw.standard_normal((1, 1, 5, 5)), draw.standard_normal((1, 1, 3, 3))
    conv = Conv2d()
    dout = draw.standard_normal(conv.forward(x, w).shape)
    dx, _ = conv.backward(dout)
    np.testing.assert_allclose(dx, by_definition(dout, w[:, :, ::-1, ::-1], stride=1, pad=2), atol=1e-12)


def test_a_group_sees_its_own_channels_alone() -> None:
    x, w = draw.standard_normal((2, 4, 3, 3)), draw.standard_normal((6, 2, 2, 2))
    halves = [by_definition(x[:, :2], w[:3], stride=1, pad=0), by_definition(x[:, 2:], w[3:], stride=1, pad=0)]
    np.testing.assert_allclose(Conv2d(groups=2).forward(x, w), np.concatenate(halves, axis=1), atol=1e-12)


def test_along_one_axis_a_convolution_is_that_of_an_image_one_pixel_high() -> None:
    x, w, b = draw.standard_normal((2, 3, 6)), draw.standard_normal((2, 3, 2)), draw.standard_normal(2)
    flat = Conv2d(stride=[1, 2], pad=[0, 1]).forward(x[:, :, np.newaxis], w[:, :, np.newaxis], b)
    np.testing.assert_allclose(Conv1d(stride=2, pad=1).forward(x, w, b), flat[:, :, 0], atol=1e-12)


sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(
    image=sizes, size=sizes, stride=sizes, pad=st.tuples(st.integers(2, 3), st.integers(2, 3)), dilation=st.just((1, 2))
)
def test_col2im_is_im2col_turned(image: Any, size: Any, stride: Any, pad: Any, dilation: Any) -> None:
    window = SlidingWindow(size, stride, pad, dilation)
    x = draw.standard_normal((2, 2, *image))
    patches = im2col(x, window)
    weights = draw.standard_normal(patches.shape)
    # a linear map A and its transpose are told by (A x) · y = x · (Aᵀ y)
    assert np.sum(patches * weights) == pytest.approx(np.sum(x * col2im(weights, window, image)))


def test_im2col_counts_a_pixel_once_for_each_window_that_holds_it() -> None:
    unfold = Unfold(size=2)
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    assert unfold.forward(x).tolist() == [[[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]]
    assert unfold.backward(np.ones((1, 4, 4))).tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


def test_the_first_of_equal_pixels_takes_all() -> None:
    pool = MaxPool2d(size=2)
    pool.forward(np.array([[[[3.0, 3.0], [3.0, 3.0]]]]))
    assert pool.backward(np.array([[[[10.0]]]])).tolist() == [[[[10, 0], [0, 0]]]]


def test_a_pixel_that_wins_in_several_windows_gets_the_gradients_of_all() -> None:
    pool = MaxPool2d(size=2, stride=1)
    assert pool.forward(np.array([[[[0.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 0.0]]]])).tolist() == [
        [[[9, 9], [9, 9]]]
    ]
    assert pool.backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]])).tolist() == [[[[0, 0, 0], [0, 10, 0], [0, 0, 0]]]]


def test_padding_never_wins() -> None:
    x = np.full((1, 1, 2, 2), -5.0)
    assert MaxPool2d(size=2, pad=1).forward(x).tolist() == [[[[-5, -5], [-5, -5]]]]


def test_what_is_no_number_is_the_maximum_of_its_window_alone() -> None:
    x = np.array([[[[1.0, np.nan, 3.0, 4.0]]]])
    assert np.array_equal(MaxPool2d(size=[1, 2]).forward(x), [[[[np.nan, 4.0]]]], equal_nan=True)


def test_the_zeros_of_padding_count_in_a_mean_unless_they_are_not_to() -> None:
    x = np.full((1, 1, 2, 2), 8.0)
    assert AvgPool2d(size=2, pad=1).forward(x).tolist() == [[[[2, 2], [2, 2]]]]
    assert AvgPool2d(size=2, pad=1, count_include_pad=False).forward(x).tolist() == [[[[8, 8], [8, 8]]]]


@pytest.mark.parametrize(
    ("layer", "inputs", "message"),
    [
        (Conv2d(), ((3, 3), (1, 1, 2, 2)), "x and W must have 4 axes, batch or kernels and channels first, not (3, 3)"),
        (Conv1d(), ((1, 1, 3), (1, 1, 2, 2)), "x and W must have 3 axes"),
        (Conv2d(), ((1, 2, 3, 3), (1, 3, 2, 2)), "has 2 channels"),
        (Conv2d(groups=2), ((1, 2, 3, 3), (3, 1, 2, 2)), "has 3 kernels, which do not divide into 2 groups"),
        (Conv2d(), ((1, 1, 3, 3), (2, 1, 2, 2), (3,)), "b of shape (3,) does not fit W of shape (2, 1, 2, 2)"),
        (Conv2d(), ((1, 1, 2, 3), (1, 1, 3, 3)), "a window of (3, 3) does not fit in an image of (2, 3)"),
        (
            Conv2d(dilation=2, pad=1),
            ((1, 1, 2, 2), (1, 1, 3, 3)),
            "an image of (2, 2), which is (4, 4) with its padding",
        ),
        (Conv2d(), ((1, 1, 2, 2), (1, 1, 0, 2)), "a window of (0, 2) has no pixels"),
        (
            MaxPool2d(size=2),
            ((1, 2, 2),),
            "x must be images [N, C, H, W] of at least one pixel, not of shape (1, 2, 2)",
        ),
        (
            MaxPool2d(size=2),
            ((1, 1, 0, 2),),
            "x must be images [N, C, H, W] of at least one pixel, not of shape (1, 1, 0, 2)",
        ),
        (AvgPool2d(size=3), ((1, 1, 2, 3),), "a window of (3, 3) does not fit in an image of (2, 3)"),
        (Unfold(size=2), ((2, 2),), "x must be images [N, C, H, W], not of shape (2, 2)"),
    ],
)
def test_shapes_that_do_not_fit(layer: Layer, inputs: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.forward(*map(np.ones, inputs))
    with pytest.raises(ValueError, match=re.escape(message)):
        layer.out_shape(*inputs)


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        (Conv2d, {"stride": 0}, "stride must be at least 1, not 0"),
        (Conv2d, {"pad": [1, 2, 3]}, "pad must be one whole number or a list of 2, not [1, 2, 3]"),
        (Conv2d, {"pad": -1}, "pad must be at least 0, not -1"),
        (Conv2d, {"dilation": 1.5}, "dilation must be a whole number, not 1.5"),
        (Conv2d, {"groups": 0}, "groups must be at least 1, not 0"),
        (Conv1d, {"stride": [1, 2]}, "stride must be one whole number or a list of 1, not [1, 2]"),
        (MaxPool2d, {"size": [2]}, "size must be one whole number or a list of 2, not [2]"),
        (MaxPool2d, {"size": 2, "pad": 2}, "pad must be below size, or a window could see padding alone: 2 and 2"),
        (AvgPool2d, {"size": 2, "count_include_pad": 1}, "count_include_pad must be true or false, not 1"),
    ],
)
def test_options_that_do_not_fit(layer: type[Layer], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        layer(**options)
