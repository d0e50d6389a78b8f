"""Normalisation: numbers brought to mean 0 and variance 1, then scaled by gamma and shifted by beta, which are learnt.

The four differ in what they average over: the batch, the features of one sample, or a group of channels. Where the
average is over x itself, every element moves it, so the gradient of x has two terms more than a division would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from layers.layer import Array, Layer, Shape, floating, unbroadcast
from layers.options import axes_of, real, stretches, whole, wholes


class BatchNorm(Layer):
    """Batch normalisation, ``out = gamma × (x - mean) / √(var + eps) + beta`` (Saito, ch. 6.3; Ioffe and Szegedy 2015).

    Shapes: x (batch, channels, ...), gamma and beta (channels,). ``axis`` names the axes that are averaged over: all
    but 1 if not said, which for (batch, features) is axis 0. gamma and beta have the axes that are left. The variance
    is that of the population. With two more inputs, ``mean`` and ``var`` of gamma's shape, it uses those, as a network
    does once it is trained; they take a gradient like any input.

    With x̂ = (x - mean) / √(var + eps), dx = gamma / √(var + eps) × (dout - Σ dout / n - x̂ × Σ dout × x̂ / n), sums and n
    over ``axis``. Raises ValueError where the shapes do not fit.
    """

    symbol = "batch norm"
    formula = "gamma × (x - mean) / √(var + eps) + beta"
    rules = {
        "x": "gamma / √(var + eps) × (dout - its mean - normalised × the mean of dout × normalised)",
        "gamma": "Σ dout × normalised",
        "beta": "Σ dout",
        "mean": "-Σ dout × gamma / √(var + eps)",
        "var": "-Σ dout × gamma × normalised / (2 × (var + eps))",
    }

    def __init__(self, *, eps: float = 1e-5, axis: int | Sequence[int] | None = None) -> None:
        self.eps = real("eps", eps)
        self.axis = None if axis is None else wholes("axis", axis)

    def out_shape(
        self, x: Shape, gamma: Shape, beta: Shape, mean: Shape | None = None, var: Shape | None = None
    ) -> Shape:
        axes = self.averaged(x)
        for name, shape in (("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var)):
            if shape is not None:
                parameter_shape(x, shape, axes, name=name)
        if (mean is None) != (var is None):
            raise ValueError("mean and var come together or not at all")
        return x

    def averaged(self, x: Shape) -> tuple[int, ...]:
        """Return the axes of x that are averaged over. Raises ValueError where it lacks one."""
        if self.axis is None:
            return tuple([axis for axis in range(len(x)) if axis != 1])
        return axes_of(x, self.axis)

    def forward(
        self, x: Array, gamma: Array, beta: Array, mean: Array | None = None, var: Array | None = None
    ) -> Array:
        x = floating(x)
        self.x_shape, self.axes = x.shape, self.averaged(x.shape)
        given = [floating(it) for it in (gamma, beta, mean, var) if it is not None]
        self.out_shape(x.shape, *[it.shape for it in given])
        self.shapes = [it.shape for it in given]
        self.gamma, b, *statistics = [it.reshape(parameter_shape(x.shape, it.shape, self.axes)) for it in given]
        m, v = statistics or mean_and_variance(x, self.axes)
        self.std = np.sqrt(v + self.eps)
        self.x_hat = (x - m) / self.std
        return self.gamma * self.x_hat + b

    def backward(self, dout: Array) -> tuple[Array, ...]:
        dx_hat = dout * self.gamma
        gradients = [dx_hat / self.std, dout * self.x_hat, dout]
        if len(self.shapes) == 4:
            gradients += [-gradients[0], -gradients[0] * self.x_hat / (2 * self.std)]
        else:
            gradients[0] = through_statistics(dx_hat, self.x_hat, self.axes) / self.std
        return tuple(map(self.summed, gradients, [self.x_shape, *self.shapes]))

    def summed(self, gradient: Array, shape: Shape) -> Array:
        """Return a gradient of x's shape summed back to that of its input."""
        if shape == self.x_shape:
            return gradient
        return unbroadcast(gradient, parameter_shape(self.x_shape, shape, self.axes)).reshape(shape)[()]

    def local(self) -> tuple[Array | None, ...]:
        one = np.ones_like(self.x_hat)
        if len(self.shapes) == 2:
            return None, self.x_hat, one
        slope = self.gamma / self.std * one
        return slope, self.x_hat, one, -slope, -slope * self.x_hat / (2 * self.std)

    def expansion(self, x: Shape, *others: Shape) -> Mapping[str, str]:
        axes = self.averaged(x)
        names = ("gamma", "beta", "mean", "var")
        gamma, beta, *given = [parameter_formula(name, it, x, axes) for name, it in zip(names, others, strict=False)]
        if given:
            steps = {"centred": f"x - {given[0]}", "std": f"Sqrt({given[1]} + {self.eps})"}
        else:
            steps = statistics_of("x", list(axes), self.eps)
        return steps | {"normal": "centred / std", "scaled": f"{gamma} * normal", "out": f"scaled + {beta}"}


class LayerNorm(Layer):
    """Layer normalisation, ``out = gamma × (x - mean) / √(var + eps) + beta``, of each sample by itself.

    Shapes: x (..., features), gamma and beta (features,). Mean and population variance are over the last ``axes`` axes,
    one if not said, which gamma and beta have too (Ba et al. 2016). The gradient of x is that of ``BatchNorm``.
    Raises ValueError where the shapes do not fit.
    """

    symbol = "layer norm"
    formula = "gamma × (x - mean) / √(var + eps) + beta"
    rules = {
        "x": "(dout × gamma - its mean - normalised × the mean of dout × gamma × normalised) / √(var + eps)",
        "gamma": "dout × normalised",
        "beta": "dout",
    }

    def __init__(self, *, eps: float = 1e-5, axes: int = 1) -> None:
        self.eps = real("eps", eps)
        self.count = whole("axes", axes)
        if self.count < 1:
            raise ValueError(f"axes must be a number from 1 up, not {axes!r}")

    def out_shape(self, x: Shape, gamma: Shape, beta: Shape) -> Shape:
        if len(x) < self.count:
            raise ValueError(f"x of shape {x} does not have {self.count} axes to average over")
        for name, shape in (("gamma", gamma), ("beta", beta)):
            if not stretches(shape, x[-self.count :]):
                raise ValueError(f"{name} of shape {shape} does not fit the last axes of x, {x[-self.count :]}")
        return x

    def forward(self, x: Array, gamma: Array, beta: Array) -> Array:
        x, self.gamma, self.beta = floating(x), floating(gamma), floating(beta)
        self.out_shape(x.shape, self.gamma.shape, self.beta.shape)
        self.axes = tuple(range(-self.count, 0))
        mean, var = mean_and_variance(x, self.axes)
        self.std = np.sqrt(var + self.eps)
        self.x_hat = (x - mean) / self.std
        return self.gamma * self.x_hat + self.beta

    def backward(self, dout: Array) -> tuple[Array, Array, Array]:
        dx = through_statistics(dout * self.gamma, self.x_hat, self.axes) / self.std
        return dx, unbroadcast(dout * self.x_hat, self.gamma.shape), unbroadcast(dout, self.beta.shape)

    def local(self) -> tuple[None, Array, Array]:
        return None, self.x_hat, np.ones_like(self.x_hat)

    def expansion(self, *shapes: Shape) -> Mapping[str, str]:  # noqa: ARG002  (it is the same for all)
        steps = statistics_of("x", list(range(-self.count, 0)), self.eps)
        return steps | {"normal": "centred / std", "scaled": "gamma * normal", "out": "scaled + beta"}


class RMSNorm(Layer):
    """Division by the root mean square, ``out = gamma × x / √(Σ x² / n + eps)`` (Zhang and Sennrich 2019).

    Shapes: x (..., features), gamma (features,); the mean is over the last axis. With x̂ = x / √(Σ x² / n + eps) and
    g = dout × gamma, ``dx = (g - x̂ × Σ g × x̂ / n) / √(Σ x² / n + eps)``. Raises ValueError where the shapes do not fit.
    """

    symbol = "rms norm"
    formula = "gamma × x / √(Σ x² / n + eps)"
    rules = {
        "x": "(dout × gamma - normalised × the mean of dout × gamma × normalised) / √(Σ x² / n + eps)",
        "gamma": "dout × normalised",
    }

    def __init__(self, *, eps: float = 1e-5) -> None:
        self.eps = real("eps", eps)

    def out_shape(self, x: Shape, gamma: Shape) -> Shape:
        if not x or not stretches(gamma, x[-1:]):
            raise ValueError(f"gamma of shape {gamma} does not fit the last axis of x, of shape {x}")
        return x

    def forward(self, x: Array, gamma: Array) -> Array:
        x, self.gamma = floating(x), floating(gamma)
        self.out_shape(x.shape, self.gamma.shape)
        self.rms = np.sqrt((x * x).sum(axis=-1, keepdims=True) / x.shape[-1] + self.eps)
        self.x_hat = x / self.rms
        return self.gamma * self.x_hat

    def backward(self, dout: Array) -> tuple[Array, Array]:
        dx_hat = dout * self.gamma
        share = (dx_hat * self.x_hat).sum(axis=-1, keepdims=True) / self.x_hat.shape[-1]
        return (dx_hat - self.x_hat * share) / self.rms, unbroadcast(dout * self.x_hat, self.gamma.shape)

    def local(self) -> tuple[None, Array]:
        return None, self.x_hat

    def expansion(self, *shapes: Shape) -> Mapping[str, str]:  # noqa: ARG002  (it is the same for all)
        return {
            "mean": "Mean(Square(x), axis=-1, keepdims=true)",
            "rms": f"Sqrt(mean + {self.eps})",
            "normal": "x / rms",
            "out": "gamma * normal",
        }


class GroupNorm(Layer):
    """Group normalisation, ``out = gamma × (x - mean) / √(var + eps) + beta``, of each sample's groups of channels.

    Shapes: x (batch, channels, ...), gamma and beta (channels,). The channels are cut into so many ``groups`` of equal
    size, and mean and population variance are over a group and all axes after the channels (Wu and He 2018); the
    gradient of x is that of ``BatchNorm`` over them. Raises ValueError where the shapes do not fit.
    """

    symbol = "group norm"
    formula = "gamma × (x - mean) / √(var + eps) + beta"
    rules = {
        "x": "(dout × gamma - its mean - normalised × the mean of dout × gamma × normalised) / √(var + eps)",
        "gamma": "Σ dout × normalised",
        "beta": "Σ dout",
    }

    def __init__(self, *, groups: int, eps: float = 1e-5) -> None:
        self.groups = whole("groups", groups)
        self.eps = real("eps", eps)
        if self.groups < 1:
            raise ValueError(f"groups must be a number from 1 up, not {groups!r}")

    def out_shape(self, x: Shape, gamma: Shape, beta: Shape) -> Shape:
        if len(x) < 2:
            raise ValueError(f"x of shape {x} lacks the axis of channels, which is the second")
        if x[1] % self.groups:
            raise ValueError(f"{x[1]} channels do not make {self.groups} groups")
        for name, shape in (("gamma", gamma), ("beta", beta)):
            parameter_shape(x, shape, not_channels(x), name=name)
        return x

    def grouped(self, x: Shape) -> Shape:
        """Return x's shape with a group in each row: (batch, groups, all its elements)."""
        return (x[0], self.groups, x[1] // self.groups * prod(x[2:]))

    def forward(self, x: Array, gamma: Array, beta: Array) -> Array:
        x, gamma, beta = floating(x), floating(gamma), floating(beta)
        self.out_shape(x.shape, gamma.shape, beta.shape)
        self.shapes = (gamma.shape, beta.shape)
        self.gamma, b = [it.reshape(parameter_shape(x.shape, it.shape, not_channels(x.shape))) for it in (gamma, beta)]
        groups = x.reshape(self.grouped(x.shape))
        mean, var = mean_and_variance(groups, (2,))
        self.std = np.sqrt(var + self.eps)
        self.x_hat = ((groups - mean) / self.std).reshape(x.shape)
        return self.gamma * self.x_hat + b

    def backward(self, dout: Array) -> tuple[Array, Array, Array]:
        shape, (gamma, beta) = self.x_hat.shape, self.shapes
        rows = self.grouped(shape)
        dx_hat, x_hat = (dout * self.gamma).reshape(rows), self.x_hat.reshape(rows)
        dx = (through_statistics(dx_hat, x_hat, (2,)) / self.std).reshape(shape)
        others = not_channels(shape)
        dgamma = unbroadcast(dout * self.x_hat, parameter_shape(shape, gamma, others)).reshape(gamma)[()]
        return dx, dgamma, unbroadcast(dout, parameter_shape(shape, beta, others)).reshape(beta)[()]

    def local(self) -> tuple[None, Array, Array]:
        return None, self.x_hat, np.ones_like(self.x_hat)

    def expansion(self, x: Shape, gamma: Shape, beta: Shape) -> Mapping[str, str]:
        scale, shift = [
            parameter_formula(name, it, x, not_channels(x)) for name, it in (("gamma", gamma), ("beta", beta))
        ]
        steps = {"grouped": f"Reshape(x, shape={list(self.grouped(x))})"} | statistics_of("grouped", [2], self.eps)
        return steps | {
            "normal": f"Reshape(centred / std, shape={list(x)})",
            "scaled": f"{scale} * normal",
            "out": f"scaled + {shift}",
        }


def mean_and_variance(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Return mean and population variance over ``axes``, which stay with size 1."""
    n = prod([x.shape[axis] for axis in axes])
    mean = x.sum(axis=axes, keepdims=True) / n
    deviation = x - mean
    return mean, (deviation * deviation).sum(axis=axes, keepdims=True) / n


def through_statistics(dx_hat: Array, x_hat: Array, axes: tuple[int, ...]) -> Array:
    """Return the gradient of x, times the standard deviation, given that of x̂ = (x - mean) / std.

    Each x moves the mean and the variance too: what all of them have in common, and along x̂, does not count.
    """
    n = prod([x_hat.shape[axis] for axis in axes])
    common = dx_hat.sum(axis=axes, keepdims=True) / n
    along = (dx_hat * x_hat).sum(axis=axes, keepdims=True) / n
    return dx_hat - common - x_hat * along


def not_channels(x: Shape) -> tuple[int, ...]:
    """Return all axes but the second, which has the channels."""
    return tuple([axis for axis in range(len(x)) if axis != 1])


def parameter_shape(x: Shape, own: Shape, averaged: tuple[int, ...], *, name: str = "gamma") -> Shape:
    """Return the shape in which an array of shape ``own``, of the axes of x that are not ``averaged``, goes with x.

    Raises ValueError where it does not fit these axes.
    """
    kept = [axis for axis in range(len(x)) if axis not in averaged]
    sizes = tuple([x[axis] for axis in kept])
    if stretches(own, sizes):
        padded = dict(zip(reversed(kept), reversed(own), strict=False))
        return tuple([padded.get(axis, 1) for axis in range(len(x))])
    if len(own) == len(x) and stretches(own, tuple([x[axis] if axis in kept else 1 for axis in range(len(x))])):
        return own
    raise ValueError(f"{name} of shape {own} does not fit x of shape {x}, which needs {sizes}")


def parameter_formula(name: str, own: Shape, x: Shape, averaged: tuple[int, ...]) -> str:
    """Return in a formula what goes with x: ``name`` itself, or its reshaping where broadcasting would misplace it."""
    wanted = parameter_shape(x, own, averaged)
    return name if (1,) * (len(x) - len(own)) + own == wanted else f"Reshape({name}, shape={list(wanted)})"


def statistics_of(x: str, axes: list[int], eps: float) -> dict[str, str]:
    """Return the formulas of mean, deviation, variance and standard deviation over ``axes``."""
    return {
        "mean": f"Mean({x}, axis={axes}, keepdims=true)",
        "centred": f"{x} - mean",
        "var": f"Mean(Square(centred), axis={axes}, keepdims=true)",
        "std": f"Sqrt(var + {eps})",
    }
