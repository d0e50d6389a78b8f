"""Generators of random numbers, whichever of the three kinds they are: to begin again from a seed, or where one was."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeGuard

import numpy as np

Generator: TypeAlias = "np.random.Generator | np.random.RandomState | random.Random"


def is_generator(it: object) -> TypeGuard[Generator]:
    """Return whether something is a random generator."""
    return isinstance(it, np.random.Generator | np.random.RandomState | random.Random)


def restart_generator(generator: Generator, seed: int | Sequence[int]) -> None:
    """Let a generator begin again from a seed."""
    match generator:
        case np.random.Generator():
            generator.bit_generator.state = type(generator.bit_generator)(seed).state
        case np.random.RandomState():
            generator.seed(seed)
        case _:
            generator.seed(str(seed))


def generator_state(generator: Generator) -> Any:
    """Return where a generator is in its numbers."""
    match generator:
        case np.random.Generator():
            return generator.bit_generator.state
        case np.random.RandomState():
            return generator.get_state()
    return generator.getstate()


def set_generator_state(generator: Generator, state: Any) -> None:
    """Put a generator where it was when ``generator_state`` returned ``state``."""
    match generator:
        case np.random.Generator():
            generator.bit_generator.state = state
        case np.random.RandomState():
            generator.set_state(state)
        case _:
            generator.setstate(state)
