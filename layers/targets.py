"""What a classifier should have answered, as labels or as distributions: here both become a weight for each class."""

from __future__ import annotations

from math import prod

import numpy as np

from layers.layer import Array, Shape


def require_targets(x: Shape, t: Shape, *, name: str = "x") -> None:
    """Raise ValueError where ``t`` is the shape neither of labels nor of distributions for ``x``, (..., classes)."""
    if not x:
        raise ValueError(f"{name} must have an axis of classes, and a scalar has none")
    if t not in {x, x[:-1]}:
        labels, distributions = f"labels {x[:-1]}", f"distributions {x}"
        raise ValueError(f"t of shape {t} is neither {labels} nor {distributions} for {name} of shape {x}")


def read_targets(t: Array, x: Array, *, ignore_index: int | None = None) -> tuple[Array, int]:
    """Return ``t`` as distributions of x's shape and dtype, all 0 for ignored samples, and how many count.

    Raises ValueError for targets that do not fit x.
    """
    batch = x.shape[:-1]
    if t.shape == x.shape and ignore_index is None:
        return t.astype(x.dtype), prod(batch)
    if t.shape == batch and t.dtype.kind in "iu":
        return one_hot(t, x, ignore_index=ignore_index)
    if t.shape == batch:
        raise ValueError(f"labels must be integers, and t is {t.dtype}")
    raise ValueError(f"ignore_index needs labels of shape {batch}, and t of shape {t.shape} is distributions")


def one_hot(labels: Array, x: Array, *, ignore_index: int | None = None) -> tuple[Array, int]:
    """Return a 1 at each label's class, of x's shape and dtype, and how many labels are not to be ignored.

    Raises ValueError for a label outside the classes; its row counts from 0.
    """
    classes = x.shape[-1]
    counted = np.ones(labels.shape, dtype=bool) if ignore_index is None else labels != ignore_index
    outside = np.argwhere(counted & ((labels < 0) | (labels >= classes)))
    if len(outside):
        place = tuple(outside[0].tolist())
        raise ValueError(f"label {labels[place]}{in_row(place)} is outside the {classes} classes")
    hot = (labels[..., np.newaxis] == np.arange(classes)) & counted[..., np.newaxis]
    return hot.astype(x.dtype), int(counted.sum())


def require_yes_or_no(t: Array) -> None:
    """Raise ValueError for a target that is not between no, 0, and yes, 1; its row counts from 0."""
    outside = np.argwhere((t < 0) | (t > 1))
    if len(outside):
        place = tuple(outside[0].tolist())
        raise ValueError(f"target {t[place]}{in_row(place)} is outside 0 to 1")


def require_same_shape(x: Shape, t: Shape, *, names: str) -> None:
    """Raise ValueError where a prediction and its target differ in shape."""
    if x != t:
        raise ValueError(f"{names} must have the same shape, not {x} and {t}")


def in_row(place: tuple[int, ...]) -> str:
    """Return where in the batch ``place`` is, as text: nothing for a single sample."""
    return f" in row {', '.join(map(str, place))}" if place else ""
