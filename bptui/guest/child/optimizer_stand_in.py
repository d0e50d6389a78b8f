"""In the child: what is handed to layers that make their weights in ``initialize(optimizer)`` and update them backward.

It takes no step, so that nothing changes between two calls, and remembers each gradient that it is given.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

METHOD = "initialize"
PARAMETER = "optimizer"


class OptimizerStandIn:
    """An optimizer whose ``update(weights, gradient)`` leaves the weights as they are; layers keep copies of it."""

    def __init__(self) -> None:
        self.weights: Any = None
        self.gradient: Any = None

    def update(self, weights: Any, gradient: Any) -> Any:
        """Remember a gradient, and return the weights."""
        self.weights, self.gradient = weights, gradient
        return weights


def initialize_layer(layer: Any, inputs: Sequence[Any]) -> None:
    """Call a layer's ``initialize(optimizer)``, where it has such a method and needs nothing else for it.

    Where it has a ``set_input_shape``, too, and no shape yet, it is told that of the first input, without the batch.
    """
    method = getattr(layer, METHOD, None)
    if not inspect.ismethod(method):
        return
    needed = [it for it in inspect.signature(method).parameters.values() if it.default is it.empty]
    if [it.name for it in needed] != [PARAMETER]:
        return
    set_shape = getattr(layer, "set_input_shape", None)
    if inspect.ismethod(set_shape) and inputs and getattr(layer, "input_shape", None) is None:
        set_shape(np.shape(inputs[0])[1:])
    method(OptimizerStandIn())
