"""A known mistake: its short name, and what to say to the person who made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from bptui.checking.diagnosis.evidence import Evidence


class Mistake(NamedTuple):
    """A mistake by name, and what to do about it. ``numbers`` are those in the claim, which hold elsewhere, too."""

    name: str
    advice: str
    numbers: tuple[float, ...] = ()

    def is_confirmed_by(self, other: Mistake) -> bool:
        """Return whether the same was seen with other values."""
        is_same = self.name == other.name and len(self.numbers) == len(other.numbers)
        return is_same and bool(np.allclose(self.numbers, other.numbers, rtol=1e-2))


Finder: TypeAlias = "Callable[[Evidence], Iterator[Mistake]]"
"""What looks at evidence and yields the mistakes of its kind that explain the numbers."""
