"""The gradients of what the person's code did between layers: of a part, a sum, a join and the like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bptui.programs.array_views import Derived, parse_index
from bptui.programs.scaled_sums import scaled
from layers import Array
from layers.layer import unbroadcast


def derived_gradients(derived: Derived, dout: Array) -> Sequence[Array]:
    """Return the gradient of each source, where ``dout`` arrives at the value. Raises ValueError where it cannot be."""
    sources = [source.array for source in derived.sources]
    match derived.layer:
        case "Slice":
            gradient = np.zeros(sources[0].shape, dout.dtype)
            gradient[parse_index(derived.options["index"])] = dout
            return [gradient]
        case "Reshape":
            return [dout.reshape(sources[0].shape)]
        case "Transpose":
            return [dout.transpose(np.argsort(derived.options["axes"]))]
        case "Concat":
            axis = derived.options["axis"]
            ends = np.cumsum([source.shape[axis] for source in sources])[:-1]
            return np.split(dout, ends, axis)
        case "Stack":
            return [dout.take(at, derived.options["axis"]) for at in range(len(sources))]
        case "Scale" | "ScaledSum":
            dout = scaled(dout, derived.options)
    gradients = [unbroadcast(dout, source.shape) if derived.layer == "Add" else dout for source in sources]
    pairs = zip(gradients, sources, strict=True)
    return [it.astype(source.dtype) if source.dtype.kind == "f" else it for it, source in pairs]
