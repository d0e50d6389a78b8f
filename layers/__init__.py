"""Every layer by name: a class in any file of this folder is found by itself.

To read them as a book: layer (what a layer is), arithmetic, elementary, activation, linear, loss; then comparison,
reduction and shape. After that, in any order: smooth_activation, normalization, dropout, probability_loss, linear_loss,
cumulative, einsum and what else there is. ``options`` and ``targets`` are how they read what was written for them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from layers.layer import Array, Layer, Shape

__all__ = ["Array", "Layer", "Shape", "library"]


def find_layers() -> dict[str, type[Layer]]:
    """Return the layer classes defined in this package's modules, by class name and by alias."""
    found: dict[str, type[Layer]] = {}
    for module_info in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = importlib.import_module(module_info.name)
        for name, member in vars(module).items():
            if inspect.isclass(member) and issubclass(member, Layer) and not inspect.isabstract(member):
                found |= dict.fromkeys((name, *member.aliases), member)
    return found


library = find_layers()


def __getattr__(name: str) -> type[Layer]:
    if name in library:
        return library[name]
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
