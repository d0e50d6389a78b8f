"""In the child: what the user's layers draw at random comes from the scenario's seed, whichever way they draw it.

NumPy's global numbers, Python's, generators that a module keeps, and those made without a seed of their own.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from bptui.guest.child.generator_search import generators_within
from bptui.guest.child.generators import (
    Generator,
    generator_state,
    is_generator,
    restart_generator,
    set_generator_state,
    torch_generators,
)
from bptui.guest.child.user_path import user_folders

fresh_generator = np.random.default_rng
"""NumPy's own, which draws its seed from the system where it is given none."""


class Randomness:
    """Draws that can be repeated: ``seed_all`` starts all of them anew."""

    def __init__(self) -> None:
        self.seed: Sequence[int] = (0,)
        self.made = 0
        self.kept: list[Generator] = []
        np.random.default_rng = self.default_rng  # one without a seed gets one

    def default_rng(self, seed: Any = None) -> np.random.Generator:
        """Construct a Generator, as NumPy does; one without a seed is seeded from the scenario's."""
        if seed is not None:
            return fresh_generator(seed)
        self.made += 1
        return fresh_generator([*self.seed, self.made])

    def know(self, modules: Iterable[ModuleType]) -> None:
        """Take notice of the generators that modules keep, and those below the user's folders that they import."""
        beside = [it for it in list(sys.modules.values()) if isinstance(it, ModuleType) and is_user_file(it)]
        names = [it for module in (*modules, *beside) for it in list(vars(module).values())]
        found = [*filter(is_generator, names), *generators_within(names)]
        self.kept = [*{id(it): it for it in found}.values(), *torch_generators()]

    def seed_all(self, seed: Sequence[int]) -> None:
        """Start all random numbers from a seed."""
        self.seed, self.made = tuple(seed), 0
        random.seed(str(list(seed)))
        np.random.seed(list(seed))  # noqa: NPY002  (it is what the book's layers draw from)
        for at, generator in enumerate(self.kept):
            restart_generator(generator, [*seed, at])

    @contextmanager
    def from_the_start(self, seed: Sequence[int]) -> Iterator[None]:
        """Draw from a seed inside, and go on afterwards as if nothing had been drawn."""
        before = self.seed, self.made, random.getstate(), np.random.get_state()  # noqa: NPY002
        states = [generator_state(generator) for generator in self.kept]
        self.seed_all(seed)
        try:
            yield
        finally:
            self.seed, self.made = before[:2]
            random.setstate(before[2])
            np.random.set_state(before[3])  # noqa: NPY002
            for generator, state in zip(self.kept, states, strict=True):
                set_generator_state(generator, state)


def is_user_file(module: ModuleType) -> bool:
    """Return whether a module's file is one of the user's project."""
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and user_folders.holds(file)
