"""Generators of random numbers, whichever of the three kinds they are: to begin again from a seed, or where one was."""

from __future__ import annotations

import random
import sys
import zlib
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeGuard

import numpy as np

Generator: TypeAlias = "np.random.Generator | np.random.RandomState | random.Random"

KINDS = (np.random.Generator, np.random.RandomState, random.Random)


class TorchNumbers(random.Random):
    """Torch's global random numbers, as a generator like Python's."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch

    def seed(self, a: Any = None, version: int = 2) -> None:  # noqa: ARG002  (Python's protocol)
        self.torch.manual_seed(zlib.crc32(str(a).encode()))

    def getstate(self) -> Any:
        return self.torch.get_rng_state().numpy().tobytes()

    def setstate(self, state: Any) -> None:
        self.torch.set_rng_state(self.torch.from_numpy(np.frombuffer(state, np.uint8).copy()))

    def random(self) -> float:
        return float(self.torch.rand(()))


def torch_generators() -> list[Generator]:
    """Return torch's global generator, if the user's files have imported torch."""
    torch = sys.modules.get("torch")
    return [TorchNumbers(torch)] if hasattr(torch, "get_rng_state") else []


def is_generator(it: object) -> TypeGuard[Generator]:
    """Return whether something is a random generator."""
    return isinstance(it, KINDS)


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
