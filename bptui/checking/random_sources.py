"""Everything that draws at random around a layer, held still while the layer is checked, and put back afterwards.

That is Python's ``random``, NumPy's global state, and every generator found on the object, its class, or in the
module that it comes from, however deep inside of what is kept there. A generator that is made without a seed while a
check goes on gets one.
"""

from __future__ import annotations

import inspect
import pickle
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from bptui.guest.child.generator_search import generators_within
from bptui.guest.child.generators import Generator, generator_state, restart_generator, torch_generators

SEED = 20160924
"""Where everything that draws at random starts before each forward of a layer that draws."""


class RandomSources:
    """The generators that a layer can reach, and the global ones.

    ``shared`` are those that it has in common with others of its kind, as ``shared_generators`` finds them.
    """

    def __init__(self, instance: object, shared: Iterable[Generator] = ()) -> None:
        own = generators_within([instance])
        self.generators = [*{id(it): it for it in (*own, *shared)}.values(), *torch_generators()]

    def hold(self) -> None:
        """Set all of them to where a forward is to find them."""
        random.seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002  (the book's Dropout draws from there, so that is what stands still)
        for generator in self.generators:
            restart_generator(generator, SEED)

    def draw(self) -> None:
        """Draw a number from each, so that whoever draws next gets others."""
        random.random()  # noqa: S311  (no secret)
        np.random.random()  # noqa: NPY002
        for generator in self.generators:
            generator.random()

    def state(self) -> bytes:
        """Return what tells whether anything has been drawn."""
        numbers = np.random.get_state()  # noqa: NPY002
        return pickle.dumps((random.getstate(), numbers, [generator_state(it) for it in self.generators]))


def shared_generators(kind: type, functions: Sequence[Callable[..., Any]]) -> list[Generator]:
    """Return the generators of a class, of the modules of its methods and of some functions, and what is in those."""
    classes = [dict(vars(it)) for it in kind.__mro__[:-1]]
    methods = [it for names in classes for it in names.values()]
    modules = {id(it): it for it in map(globals_of, (*methods, *functions))}
    return list(generators_within([*classes, *functions, *modules.values()]))


def globals_of(method: Any) -> dict[str, Any]:
    """Return the names of the module that a function sees; none of what is not a function written in Python."""
    function = inspect.unwrap(getattr(method, "__func__", method)) if callable(method) else None
    return function.__globals__ if inspect.isfunction(function) else {}


@contextmanager
def borrowed_random_state() -> Iterator[None]:
    """Put the global random numbers back where they were, afterwards; generators made meanwhile have a seed."""
    numbers, python = np.random.get_state(), random.getstate()  # noqa: NPY002
    made = np.random.default_rng, np.random.RandomState
    np.random.default_rng = seeded(np.random.default_rng)
    try:
        yield
    finally:
        np.random.default_rng = made[0]
        np.random.set_state(numbers)  # noqa: NPY002
        random.setstate(python)


def seeded(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a maker of generators that uses our seed where it is given none."""

    def make_seeded(seed: Any = None) -> Any:
        return make(SEED if seed is None else seed)

    return make_seeded
