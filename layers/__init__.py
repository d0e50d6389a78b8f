"""Every layer by name: a class in any file of this folder is found by itself.

To read them as a book: layer (what a layer is), arithmetic, elementary, activation, linear, loss; then comparison,
reduction and shape. After that, in any order: smooth_activation, normalization, dropout, probability_loss, linear_loss,
cumulative, einsum and what else there is. ``options`` and ``targets`` are how they read what was written for them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping

from layers.layer import Array, Layer, Shape

__all__ = ["Array", "Layer", "Shape", "library"]

FIRST = ("arithmetic", "elementary", "activation", "linear", "loss", "smooth_activation")
"""Where most networks find all of their layers."""


class Library(Mapping[str, type[Layer]]):
    """The layer classes defined in this package's modules, by class name and by alias.

    A module is loaded once a name is looked for that those before it do not have: most programs need a few of them.
    """

    def __init__(self, modules: list[str]) -> None:
        self.found: dict[str, type[Layer]] = {}
        self.waiting = modules

    def load_next(self) -> None:
        """Load the next module that has not been."""
        module = importlib.import_module(self.waiting[0])
        for name, member in vars(module).items():
            if inspect.isclass(member) and issubclass(member, Layer) and not inspect.isabstract(member):
                self.found |= dict.fromkeys((name, *member.aliases), member)
        del self.waiting[0]

    def load_all(self) -> dict[str, type[Layer]]:
        """Load what is left, and return all there is."""
        while self.waiting:
            self.load_next()
        return self.found

    def __getitem__(self, name: str) -> type[Layer]:
        while name not in self.found and self.waiting:
            self.load_next()
        return self.found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.load_all())

    def __len__(self) -> int:
        return len(self.load_all())


def module_names() -> list[str]:
    """Return the names of this package's modules, those first that most networks need."""
    there = [module_info.name for module_info in pkgutil.iter_modules(__path__)]
    return [f"{__name__}.{name}" for name in dict.fromkeys((*FIRST, *there))]


library = Library(module_names())


def __getattr__(name: str) -> type[Layer]:
    if name in library:
        return library[name]
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
