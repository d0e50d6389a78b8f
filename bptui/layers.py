"""The layers under bptui's own name, for those who have another package called ``layers`` in mind."""

from __future__ import annotations

import layers
from layers import Array, Layer, Shape, library

__all__ = ["Array", "Layer", "Shape", "library"]


def __getattr__(name: str) -> type[Layer]:
    return getattr(layers, name)
