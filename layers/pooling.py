"""Pooling: each window of an image becomes one number, its largest pixel or their mean, channel by channel.

Shapes: x (N, C, H, W) → (N, C, H', W') with H' = (H + 2 pad - size) // stride + 1. ``size``, ``stride`` and ``pad`` are
one number or [down, across]; without a stride, windows stand side by side. All raise ValueError for a window that does
not fit in, or that padding could fill.
"""

from __future__ import annotations

from math import prod

import numpy as np

from layers.convolution import Pixels, SlidingWindow, col2im, im2col, per_axis
from layers.layer import Array, Layer, Shape, floating
from layers.options import flag


class SpatialPooling(Layer):
    """What both have in common: their window, and how many positions it has."""

    def __init__(self, *, size: Pixels, stride: Pixels | None = None, pad: Pixels = 0) -> None:
        sizes, pads = per_axis("size", size, 2, least=1), per_axis("pad", pad, 2, least=0)
        strides = sizes if stride is None else per_axis("stride", stride, 2, least=1)
        if any(margin >= length for margin, length in zip(pads, sizes, strict=True)):
            raise ValueError(f"pad must be below size, or a window could see padding alone: {pad!r} and {size!r}")
        self.window = SlidingWindow(sizes, strides, pads, (1, 1))

    def out_shape(self, x: Shape) -> Shape:
        if len(x) != 4 or not all(x[2:]):
            raise ValueError(f"x must be images [N, C, H, W] of at least one pixel, not of shape {x}")
        return *x[:2], *self.window.positions(x[2:])

    def inner_shapes(self, x: Shape) -> tuple[Shape, ...]:
        return self.window.inner_shapes(x)


class MaxPool2d(SpatialPooling):
    """Maximum of each window, ``out = max x`` over a window's pixels (Saito, ch. 7.3).

    Shapes: x (N, C, H, W) → (N, C, rows, columns), one for each position of a window of ``size`` that moves by
    ``stride``, by default its size, over the image with a margin of ``pad``. Raises ValueError where none fits in.

    The largest pixel gets the ``dout`` of its window, the first in reading order where several are equal, as in
    PyTorch; where windows overlap, a pixel can win in several, and its gradients add up. Padding never wins.
    """

    symbol = "max pool"
    formula = "max x in each window"
    rules = {"x": "dout at the largest pixel of each window, the first of equals"}
    aliases = ("MaxPooling", "Pooling")

    def forward(self, x: Array) -> Array:
        self.x = x = floating(x)
        N, C, H, W = self.out_shape(x.shape)
        pixels = im2col(x, self.window, fill=-np.inf).reshape(N, C, prod(self.window.size), H, W)
        self.winner = pixels.argmax(axis=2, keepdims=True)
        return np.take_along_axis(pixels, self.winner, axis=2).reshape(N, C, H, W)

    def backward(self, dout: Array) -> Array:
        N, C, H, W = dout.shape
        places = np.arange(prod(self.window.size)).reshape(-1, 1, 1)
        dpixels = np.where(places == self.winner, dout[:, :, np.newaxis], 0)
        return col2im(dpixels.reshape(N, C, *self.window.size, H, W), self.window, self.x.shape[2:])


class AvgPool2d(SpatialPooling):
    """Mean of each window, ``out = Σ x / n`` over a window's n pixels; each pixel gets ``dout / n`` from each.

    Shapes: x (N, C, H, W) → (N, C, rows, columns), as MaxPool2d has them. Raises ValueError where no window fits in.
    The zeros of padding count, as in PyTorch; without ``count_include_pad``, n is the number of true pixels.
    """

    symbol = "avg pool"
    formula = "Σ x / n in each window"
    rules = {"x": "Σ dout / n over the windows that hold a pixel"}

    def __init__(
        self, *, size: Pixels, stride: Pixels | None = None, pad: Pixels = 0, count_include_pad: bool = True
    ) -> None:
        super().__init__(size=size, stride=stride, pad=pad)
        self.count_include_pad = flag("count_include_pad", count_include_pad)

    def inner_shapes(self, x: Shape) -> tuple[Shape, ...]:
        return *super().inner_shapes(x), *self.window.inner_shapes((1, 1, *x[2:]))  # there may be no images

    def forward(self, x: Array) -> Array:
        self.x = x = floating(x)
        self.out_shape(x.shape)
        true_pixels = np.ones((1, 1, *x.shape[2:]), dtype=x.dtype)
        counted = im2col(true_pixels, self.window, fill=float(self.count_include_pad))
        self.n = counted.sum(axis=(2, 3))
        return im2col(x, self.window).sum(axis=(2, 3)) / self.n

    def backward(self, dout: Array) -> Array:
        N, C, H, W = dout.shape
        dpixels = np.broadcast_to((dout / self.n)[:, :, np.newaxis, np.newaxis], (N, C, *self.window.size, H, W))
        return col2im(dpixels, self.window, self.x.shape[2:])
