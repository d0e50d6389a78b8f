"""How ``[train]`` updates a parameter from its gradient: the rules of Saito, ch. 6.1, as their papers state them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np

from bptui.deferred_dataclass import dataclass
from layers import Array

Memory: TypeAlias = "dict[str, Any]"
"""What one parameter's updates remember from one iteration to the next, by name."""


Range: TypeAlias = "tuple[Callable[[float], bool], str]"
"""What an option may be, as a test and in words."""

RANGES: Mapping[str, Range] = {
    "lr": (lambda value: value > 0, "a positive number"),
    "eps": (lambda value: value >= 0, "a number from 0"),
}
BELOW_ONE: Range = (lambda value: 0 <= value < 1, "a number from 0 to below 1")
"""Of the options not named above: the share of a running mean that is kept."""


@dataclass(frozen=True)
class Optimizer(ABC):
    """A rule and its options. It holds no state, so one scenario may run many times; a run owns the memories.

    Raises ValueError for an option that its paper does not allow.
    """

    lr: float = 0.01

    def __post_init__(self) -> None:
        for option in self.options():
            value = getattr(self, option)
            allowed, what = RANGES.get(option, BELOW_ONE)
            if not allowed(value):
                message = f"{option}: wanted {what}"
                raise ValueError(message)

    @classmethod
    def options(cls) -> tuple[str, ...]:
        """Return the names of the rule's options."""
        return tuple(field.name for field in fields(cls))

    @abstractmethod
    def update(self, parameter: Array, gradient: Array, memory: Memory) -> Array:
        """Return the new value of ``parameter``, of its shape and dtype; ``memory`` starts empty."""


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent: ``W ← W - lr × dW``."""

    lr: float = 0.01

    def update(self, parameter: Array, gradient: Array, memory: Memory) -> Array:  # noqa: ARG002
        return parameter - self.lr * gradient


@dataclass(frozen=True)
class Momentum(Optimizer):
    """``v ← momentum × v - lr × dW``, then ``W ← W + v`` (Polyak 1964, as in Saito, ch. 6.1.4)."""

    lr: float = 0.01
    momentum: float = 0.9

    def update(self, parameter: Array, gradient: Array, memory: Memory) -> Array:
        memory["v"] = v = self.momentum * memory.get("v", 0.0) - self.lr * gradient
        return parameter + v


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """``h ← h + dW²``, then ``W ← W - lr × dW / (√h + eps)`` (Duchi et al. 2011)."""

    lr: float = 0.01
    eps: float = 1e-7

    def update(self, parameter: Array, gradient: Array, memory: Memory) -> Array:
        memory["h"] = h = memory.get("h", 0.0) + gradient * gradient
        return parameter - self.lr * gradient / (np.sqrt(h) + self.eps)


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """``h ← decay_rate × h + (1 - decay_rate) × dW²``, then as AdaGrad (Tieleman and Hinton 2012)."""

    lr: float = 0.01
    decay_rate: float = 0.99
    eps: float = 1e-7

    def update(self, parameter: Array, gradient: Array, memory: Memory) -> Array:
        d = self.decay_rate
        memory["h"] = h = d * memory.get("h", 0.0) + (1 - d) * gradient * gradient
        return parameter - self.lr * gradient / (np.sqrt(h) + self.eps)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Bias-corrected running means of the gradient and of its square (Kingma and Ba 2015, algorithm 1).

    ``m ← beta1 m + (1-beta1) dW``, ``v ← beta2 v + (1-beta2) dW²``, and after t updates
    ``W ← W - lr × (m / (1-beta1ᵗ)) / (√(v / (1-beta2ᵗ)) + eps)``.
    """

    lr: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def update(self, parameter: Array, gradient: Array, memory: Memory) -> Array:
        memory["t"] = t = memory.get("t", 0) + 1
        memory["m"] = m = self.beta1 * memory.get("m", 0.0) + (1 - self.beta1) * gradient
        memory["v"] = v = self.beta2 * memory.get("v", 0.0) + (1 - self.beta2) * gradient * gradient
        unbiased_m, unbiased_v = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        return parameter - self.lr * unbiased_m / (np.sqrt(unbiased_v) + self.eps)


optimizers: dict[str, type[Optimizer]] = {rule.__name__: rule for rule in Optimizer.__subclasses__()}
"""The rules by the name that ``[train] optimizer`` calls them."""
