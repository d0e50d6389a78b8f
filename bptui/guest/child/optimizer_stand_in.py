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
SET_SHAPE = "set_input_shape"


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
    """Tell a layer what its network would: the shape of its input, without the batch, and the optimizer.

    That is for layers with ``set_input_shape(shape)`` that have none yet, and for those with ``initialize(optimizer)``.
    """
    if takes_only(layer, SET_SHAPE) and inputs and getattr(layer, "input_shape", None) is None:
        getattr(layer, SET_SHAPE)(np.shape(inputs[0])[1:])
    if takes_only(layer, METHOD, PARAMETER):
        getattr(layer, METHOD)(OptimizerStandIn())


def takes_only(layer: Any, name: str, parameter: str | None = None) -> bool:
    """Return whether a layer has a method that needs one argument and no more, and calls it so."""
    method = getattr(layer, name, None)
    if not inspect.ismethod(method):
        return False
    needed = [it.name for it in inspect.signature(method).parameters.values() if it.default is it.empty]
    return len(needed) == 1 and parameter in (None, needed[0])
