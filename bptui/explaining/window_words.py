"""Formulas and rules of layers that look at images through a window: how large it is, and how it moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

STILL: Mapping[str, int] = {"stride": 1, "pad": 0, "dilation": 1, "groups": 1}
"""What a convolution's options are where nothing need be said of them."""


def convolved(options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return the words of a convolution, which may have no bias."""
    rules = {"x": "dout convolved with the turned kernels of W", "W": "Σ dout × the patches of x under the kernels"}
    if "b" in options:
        return f"W ⋆ x{moving(options)}", rules
    return f"W ⋆ x + b{moving(options)}", rules | {"b": "Σ dout over the batch and all positions"}


def moving(options: Mapping[str, Any]) -> str:
    """Return how a kernel moves, where that need be said: ``, stride 2, pad 1``."""
    told = {name: it for name, it in options.items() if name in STILL and it not in (STILL[name], [STILL[name]] * 2)}
    return "".join(f", {name} {it}" for name, it in told.items())


def largest_in_window(options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return the words of max pooling."""
    return f"max x in {windows(options)}", {"x": "dout at the largest pixel of each window, the first of equals"}


def mean_of_window(options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return the words of average pooling."""
    true_pixels = "" if options["count_include_pad"] or not options["pad"] else ", n being its pixels without padding"
    return f"Σ x / n in {windows(options)}{true_pixels}", {"x": "Σ dout / n over the windows that hold a pixel"}


def windows(options: Mapping[str, Any]) -> str:
    """Return the windows of a pooling in words: ``each window of 2 × 2, stride 1``."""
    down, across = as_pair(options["size"])
    stride, pad = options["stride"], options["pad"]
    told = f", stride {stride}" if stride is not None and as_pair(stride) != (down, across) else ""
    return f"each window of {down} × {across}{told}{f', pad {pad}' if pad else ''}"


def as_pair(option: Any) -> tuple[Any, Any]:
    """Return an option that is one number or a list of two as both."""
    return (option[0], option[-1]) if isinstance(option, list | tuple) else (option, option)


def patches_as_columns(options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return the words of im2col."""
    down, across = as_pair(options["size"])
    return f"the patches of x as columns, {down} × {across}{moving(options)}", {
        "x": "Σ dout at the copies of each pixel"
    }


WINDOWS: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, Mapping[str, str]]]] = {
    "AvgPool2d": mean_of_window,
    "Conv1d": convolved,
    "Conv2d": convolved,
    "MaxPool2d": largest_in_window,
    "Unfold": patches_as_columns,
}
