"""What the person's code does between layers, done with other values: a part, a sum, a join and the like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from bptui.programs.array_views import Derived, parse_index
from bptui.programs.scaled_sums import scaled
from layers import Array


def derived_value(derived: Derived, sources: Sequence[Array]) -> Array:
    """Return what is derived from ``sources``. Raises ValueError or IndexError where their shapes do not fit."""
    options = derived.options
    match derived.layer:
        case "Concat":
            return np.concatenate(sources, options["axis"])
        case "Stack":
            return np.stack(sources, options["axis"])
        case "Add":
            return np.asarray(reduce(np.add, sources))
        case "Scale" | "ScaledSum":
            return scaled(reduce(np.add, sources), options)
    return rearranged_value(derived, sources[0])


def rearranged_value(derived: Derived, source: Array) -> Array:
    """Return what is derived from one value: a part of it, or all of it, in another shape, order or dtype."""
    options = derived.options
    match derived.layer:
        case "Slice":
            return np.array(source[parse_index(options["index"])])
        case "Reshape":
            return source.reshape(options["shape"])
        case "Transpose":
            return source.transpose(options["axes"])
        case "Cast":
            return source.astype(options["dtype"])
    return np.array(source)
