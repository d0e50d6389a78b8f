"""Convolution: a small kernel slides over an image, and wherever it stands, its weights meet the pixels under it.

What deep learning calls so is a cross-correlation: forward does not turn the kernel round. Backward does.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from layers.layer import Array, Layer, Shape, floating
from layers.options import whole, wholes

Pixels: TypeAlias = "int | Sequence[int]"
"""A number of pixels: one for all axes of an image, or a list of one for each."""


class SpatialConvolution(Layer):
    """What convolutions have in common, whatever the number of an image's axes.

    With the patches under the kernel as columns, one for each position, a convolution is a matrix product,
    ``out = W · patches + b`` (Saito, ch. 7.4.3, where they are rows). So ``dW = dout · patchesᵀ``, summed over the
    batch; ``db`` is the sum of ``dout`` over batch and positions; and the patches get ``Wᵀ · dout``, which col2im adds
    up at their pixels. That sum is a convolution of ``dout`` with the kernels turned by 180°.

    With several ``groups``, channels and kernels are dealt out, in order, to so many convolutions side by side.
    """

    formula = "W ⋆ x + b"
    rules = {
        "x": "dout convolved with the turned kernels of W",
        "W": "Σ dout × the patches of x under the kernels",
        "b": "Σ dout over the batch and all positions",
    }

    def __init__(self, *, stride: Pixels = 1, pad: Pixels = 0, dilation: Pixels = 1, groups: int = 1) -> None:
        self.stride = per_axis("stride", stride, self.image_axes, least=1)
        self.pad = per_axis("pad", pad, self.image_axes, least=0)
        self.dilation = per_axis("dilation", dilation, self.image_axes, least=1)
        self.groups = whole("groups", groups)
        if self.groups < 1:
            raise ValueError(f"groups must be at least 1, not {groups!r}")

    @property
    @abstractmethod
    def image_axes(self) -> int:
        """How many axes an image has."""

    def out_shape(self, x: Shape, W: Shape, b: Shape | None = None) -> Shape:
        axes = 2 + self.image_axes
        if len(x) != axes or len(W) != axes:
            raise ValueError(f"x and W must have {axes} axes, batch or kernels and channels first, not {x} and {W}")
        if x[1] != W[1] * self.groups:
            raise ValueError(f"x of shape {x} has {x[1]} channels, and W of shape {W} takes {W[1] * self.groups}")
        if W[0] % self.groups:
            raise ValueError(f"W of shape {W} has {W[0]} kernels, which do not divide into {self.groups} groups")
        if b is not None and b != W[:1]:
            raise ValueError(f"b of shape {b} does not fit W of shape {W}, which has {W[0]} kernels")
        return x[0], W[0], *self.window(W).positions(x[2:])

    def inner_shapes(self, x: Shape, W: Shape, b: Shape | None = None) -> tuple[Shape, ...]:  # noqa: ARG002
        return self.window(W).inner_shapes(x)

    def forward(self, x: Array, W: Array, b: Array | None = None) -> Array:
        x, W, b = floating(x), floating(W), None if b is None else floating(b)
        N, F, *positions = out_shape = self.out_shape(x.shape, W.shape, None if b is None else b.shape)
        self.x, self.W, self.b = x, W, b
        patches = im2col(x, self.window(W.shape))
        self.patches = patches.reshape(N, self.groups, prod(W.shape[1:]), prod(positions))
        self.kernels = W.reshape(self.groups, F // self.groups, prod(W.shape[1:]))
        out = (self.kernels @ self.patches).reshape(out_shape)
        return out if b is None else out + b.reshape(F, *[1] * self.image_axes)

    def backward(self, dout: Array) -> tuple[Array, ...]:
        N, F, *positions = dout.shape
        douts = dout.reshape(N, self.groups, F // self.groups, prod(positions))
        dW = (douts @ self.patches.mT).sum(axis=0).reshape(self.W.shape)
        dpatches = (self.kernels.mT @ douts).reshape(*self.x.shape[:2], *self.W.shape[2:], *positions)
        dx = col2im(dpatches, self.window(self.W.shape), self.x.shape[2:])
        return (dx, dW) if self.b is None else (dx, dW, dout.sum(axis=(0, *range(2, dout.ndim))))

    def local(self) -> tuple[None, ...]:
        return (None, None) if self.b is None else (None, None, None)

    def expansion(self, x: Shape, W: Shape, b: Shape | None = None) -> Mapping[str, str]:
        N, F, *positions = self.out_shape(x, W, b)
        taps, G = prod(W[1:]), [self.groups] if self.groups > 1 else []
        steps = {"patches": self.unfolding(x, W)}
        if G:
            steps = {
                "columns": steps["patches"],
                "patches": f"Reshape(columns, shape={[N, *G, taps, prod(positions)]})",
            }
        steps |= {
            "kernels": f"Reshape(W, shape={[*G, F // self.groups, taps]})",
            "product": f"Reshape(kernels @ patches, shape={[N, F, *positions]})",
        }
        shift = f"Reshape(b, shape={[F, *[1] * self.image_axes]})"
        return steps if b is None else steps | {"out": f"product + {shift}"}

    def unfolding(self, x: Shape, W: Shape) -> str:
        """Return a formula of the patches under the kernel; what has but one axis becomes an image of one row."""
        rows = [1] * (2 - self.image_axes)
        image = f"Reshape(x, shape={[*x[:2], *rows, *x[2:]]})" if rows else "x"
        size, stride, dilation = ([*rows, *it] for it in (W[2:], self.stride, self.dilation))
        pad = [*[0] * len(rows), *self.pad]
        return f"Unfold({image}, size={size}, stride={stride}, pad={pad}, dilation={dilation})"

    def window(self, W: Shape) -> SlidingWindow:
        """Return the window through which kernels of shape ``W`` look."""
        return SlidingWindow(W[2:], self.stride, self.pad, self.dilation)


class Conv1d(SpatialConvolution):
    """Convolution along one axis, ``out = W ⋆ x + b``. Shapes: x (N, C, L), W (F, C / groups, K), b (F,) → (N, F, L').

    Each output is the sum, over the channels and a kernel's K places, of weight times what lies under it. The kernel
    moves on by ``stride``, over x with ``pad`` zeros more at each end, its weights ``dilation`` apart; b may be left
    out. The gradients are Conv2d's. Raises ValueError where shapes do not fit.
    """

    symbol = "conv"
    image_axes = 1


class Conv2d(SpatialConvolution):
    """Convolution of images, ``out = W ⋆ x + b``, each output being the sum of weight times the pixel under it.

    Shapes: x (N, C, H, W), W (F, C / groups, KH, KW), b (F,) → (N, F, H', W'), H' being
    ``(H + 2 pad - dilation (KH - 1) - 1) // stride + 1`` (Saito, ch. 7.2.4). The sum is over the channels and all
    places in a kernel. It moves on by ``stride`` pixels, over images with ``pad`` zeros more at each side, its weights
    ``dilation`` pixels apart: one number, or [down, across]. b may be left out.

    A pixel gets from each window that held it ``dout`` times the weight that it met there: ``dx`` is ``dout`` convolved
    with the kernels turned by 180°. Raises ValueError where shapes do not fit.
    """

    symbol = "conv"
    aliases = ("Convolution",)
    image_axes = 2


class Unfold(Layer):
    """The patches of images under a sliding window, one column for each position: im2col (Saito, ch. 7.4.3).

    Shapes: x (N, C, H, W) → (N, C × KH × KW, positions), both in reading order, for a window of ``size`` KH × KW that
    moves as a kernel of Conv2d does. A pixel gets the sum of what its copies in all patches get: col2im.
    Raises ValueError where the window does not fit in.
    """

    symbol = "im2col"
    formula = "the patches of x as columns"
    rules = {"x": "Σ dout at the copies of each pixel"}
    aliases = ("Im2col",)

    def __init__(self, *, size: Pixels, stride: Pixels = 1, pad: Pixels = 0, dilation: Pixels = 1) -> None:
        self.window = SlidingWindow(
            per_axis("size", size, 2, least=1),
            per_axis("stride", stride, 2, least=1),
            per_axis("pad", pad, 2, least=0),
            per_axis("dilation", dilation, 2, least=1),
        )

    def out_shape(self, x: Shape) -> Shape:
        if len(x) != 4:
            raise ValueError(f"x must be images [N, C, H, W], not of shape {x}")
        return x[0], x[1] * prod(self.window.size), prod(self.window.positions(x[2:]))

    def inner_shapes(self, x: Shape) -> tuple[Shape, ...]:
        return self.window.inner_shapes(x)

    def forward(self, x: Array) -> Array:
        self.x = x = floating(x)
        out_shape = self.out_shape(x.shape)
        patches = im2col(x, self.window)
        self.patches_shape = patches.shape
        return patches.reshape(out_shape)

    def backward(self, dout: Array) -> Array:
        return col2im(np.reshape(dout, self.patches_shape), self.window, self.x.shape[2:])


@dataclass(frozen=True)
class SlidingWindow:
    """A window that slides over an image: its ``size`` along each axis, and how it moves.

    It moves on by ``stride`` pixels, over an image with ``pad`` pixels more at each end, and looks at every
    ``dilation``-th pixel.
    """

    size: Shape
    stride: Shape
    pad: Shape
    dilation: Shape

    def positions(self, image: Shape) -> Shape:
        """Return how many positions the window has in an ``image``, along each axis.

        Raises ValueError where it does not fit in.
        """
        if not all(self.size):
            raise ValueError(f"a window of {self.size} has no pixels")
        reach = [dilation * (size - 1) + 1 for size, dilation in zip(self.size, self.dilation, strict=True)]
        room = [size + 2 * pad for size, pad in zip(image, self.pad, strict=True)]
        if any(wanted > available for wanted, available in zip(reach, room, strict=True)):
            padded = f", which is {tuple(room)} with its padding" if any(self.pad) else ""
            raise ValueError(f"a window of {tuple(reach)} does not fit in an image of {image}{padded}")
        return tuple([(room[i] - reach[i]) // stride + 1 for i, stride in enumerate(self.stride)])

    def inner_shapes(self, x: Shape) -> tuple[Shape, ...]:
        """Return the shapes of the padded images and of their patches, for images of shape ``x``."""
        padded = tuple([size + 2 * pad for size, pad in zip(x[2:], self.pad, strict=True)])
        return (*x[:2], *padded), (*x[:2], *self.size, *self.positions(x[2:]))

    def pixels_at(self, place: Shape, positions: Shape) -> tuple[slice, ...]:
        """Return which pixels of a padded image come to lie at one ``place`` in the window, one at each position."""
        return tuple(
            [
                slice(dilation * index, dilation * index + stride * (count - 1) + 1, stride)
                for index, count, stride, dilation in zip(place, positions, self.stride, self.dilation, strict=True)
            ]
        )


def im2col(x: Array, window: SlidingWindow, *, fill: float = 0) -> Array:
    """Return the patches of ``x`` that a window shows. Shapes: x (N, C, image) → (N, C, window size, positions).

    At each place of the window they are a shifted copy of the image, whose padding is ``fill``. Raises ValueError
    where the window does not fit in.
    """
    positions = window.positions(x.shape[2:])
    margins = [(pad, pad) for pad in (0, 0, *window.pad)]
    padded = np.pad(x, margins, constant_values=fill) if any(window.pad) else x
    patches = np.empty((*x.shape[:2], *window.size, *positions), dtype=x.dtype)
    for place in np.ndindex(window.size):
        patches[:, :, *place] = padded[:, :, *window.pixels_at(place, positions)]
    return patches


def col2im(patches: Array, window: SlidingWindow, image: Shape) -> Array:
    """Return an image of the sums, at each pixel, of all that stands there in ``patches``: what im2col does, turned.

    Shapes: patches (N, C, window size, positions) → (N, C, image).
    """
    positions = window.positions(image)
    room = [size + 2 * pad for size, pad in zip(image, window.pad, strict=True)]
    padded = np.zeros((*patches.shape[:2], *room), dtype=patches.dtype)
    for place in np.ndindex(window.size):
        padded[:, :, *window.pixels_at(place, positions)] += patches[:, :, *place]
    return padded[:, :, *[slice(pad, pad + size) for size, pad in zip(image, window.pad, strict=True)]]


def per_axis(name: str, value: Pixels, axes: int, *, least: int) -> Shape:
    """Return an option that is one whole number for all ``axes`` of an image, or a list of one for each.

    Raises ValueError for anything else, and for a number below ``least``.
    """
    numbers = wholes(name, value) if isinstance(value, list | tuple) else (whole(name, value),) * axes
    if len(numbers) != axes:
        raise ValueError(f"{name} must be one whole number or a list of {axes}, not {value!r}")
    if min(numbers) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return numbers
