"""Recipes for arrays, ``{ shape = [2, 3], init = "he" }``: what each is called, what it takes, what it makes.

A random recipe draws from a generator of its own, seeded by the scenario's seed and the value's name, so that a value
keeps its numbers when another is added: ``numpy.random.default_rng([seed, crc32(name)])``. With a ``seed`` of its own
it is ``numpy.random.default_rng(seed)``, which anybody can repeat in plain NumPy.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from bptui.deferred_dataclass import dataclass
from layers import Array

Shape: TypeAlias = "tuple[int, ...]"
Generator: TypeAlias = "np.random.Generator"

MOST_ELEMENTS = 50_000_000
"""400 MB of float64."""


@dataclass(frozen=True, slots=True)
class Initializer:
    """A recipe: ``make(shape, generator, **options)``; ``options`` has their defaults, None where one must be given.

    What is made of whole numbers comes as integers, for those who want labels.
    """

    make: Callable[..., Array]
    options: Mapping[str, float | None]
    is_random: bool = False


def zeros(shape: Shape, _: Generator) -> Array:
    """0 everywhere."""
    return np.zeros(shape, dtype=np.int64)


def ones(shape: Shape, _: Generator) -> Array:
    """1 everywhere."""
    return np.ones(shape, dtype=np.int64)


def fill_constant(shape: Shape, _: Generator, value: float) -> Array:
    """``value`` everywhere."""
    return np.full(shape, value)


def arange(shape: Shape, _: Generator, start: float, step: float) -> Array:
    """``start``, ``start + step``, ... row by row."""
    return (start + step * np.arange(math.prod(shape))).reshape(shape)


def normal(shape: Shape, generator: Generator, mean: float, std: float) -> Array:
    """Draw from the normal distribution."""
    return generator.normal(mean, std, shape)


def uniform(shape: Shape, generator: Generator, low: float, high: float) -> Array:
    """Draw from [low, high), each number as likely."""
    return generator.uniform(low, high, shape)


def he(shape: Shape, generator: Generator) -> Array:
    """Draw with mean 0 and standard deviation √(2/n), n being the fan-in (He et al. 2015; Saito, ch. 6.2.3)."""
    return generator.normal(0.0, math.sqrt(2 / fan_in(shape)), shape)


def xavier(shape: Shape, generator: Generator) -> Array:
    """Draw with mean 0 and standard deviation √(1/n), n being the fan-in, as in Saito, ch. 6.2.2.

    Glorot and Bengio 2010 divide 2 by the sum of fan-in and fan-out; for a square matrix that is the same.
    """
    return generator.normal(0.0, math.sqrt(1 / fan_in(shape)), shape)


def fan_in(shape: Shape) -> int:
    """Return how many values one output sums: the rows of W in x·W, and channels × height × width of a filter.

    An axis of no elements counts as one, and so does a scalar.
    """
    count = math.prod(shape[1:]) if len(shape) > 2 else math.prod(shape[:1])
    return max(count, 1)


initializers: Mapping[str, Initializer] = {
    "zeros": Initializer(zeros, {}),
    "ones": Initializer(ones, {}),
    "constant": Initializer(fill_constant, {"value": None}),
    "arange": Initializer(arange, {"start": 0, "step": 1}),
    "normal": Initializer(normal, {"mean": 0.0, "std": 1.0}, is_random=True),
    "uniform": Initializer(uniform, {"low": 0.0, "high": 1.0}, is_random=True),
    "he": Initializer(he, {}, is_random=True),
    "xavier": Initializer(xavier, {}, is_random=True),
}
"""The recipes by the name that ``init`` calls them."""


def generator_for(name: str, scenario_seed: int, *, own_seed: int | None) -> Generator:
    """Return the generator that the value ``name`` draws from."""
    if own_seed is not None:
        return np.random.default_rng(own_seed)
    return np.random.default_rng([scenario_seed, zlib.crc32(name.encode())])
