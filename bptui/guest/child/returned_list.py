"""In the child: a list in which a backward returns its gradients, where a tuple was to be."""

from __future__ import annotations

from typing import Any

import numpy as np


def holds_gradients(found: list[Any], wanted: int) -> bool:
    """Return whether a list has a gradient for each of so many inputs, or arrays for the first of them.

    A list that has anything else may itself be the gradient of one input.
    """
    if len(found) == wanted > 1:
        return all(map(is_gradient, found))
    return 0 < len(found) <= wanted and all(isinstance(it, np.ndarray) for it in found)


def is_gradient(part: Any) -> bool:
    """Return whether something is an array, a number, or None for an input that takes no gradient."""
    return part is None or isinstance(part, np.ndarray | np.generic | float | int)
