"""What a person has called the functions of a layer: sentences and headings name what stands in the person's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

DERIVATIVE = "derivative"
"""The third word, where there is one."""


class PassFunctions(NamedTuple):
    """The functions of the two passes: ``Affine.forward`` and ``Affine.backward``, or ``affine_backward``.

    Where the second ``is_derivative``, dout is multiplied by what it returns. Of a loss that returns its gradient
    beside its value both are the same function.
    """

    forward: str
    backward: str
    is_derivative: bool = False

    @property
    def is_one(self) -> bool:
        """Whether one function goes both ways."""
        return self.forward == self.backward

    @property
    def words(self) -> tuple[str, ...]:
        """All of it in words, as records have it."""
        return (self.forward, self.backward, *([DERIVATIVE] * self.is_derivative))


def functions_of_words(words: Sequence[str]) -> PassFunctions | None:
    """Return what the words of a record say; None where there are none."""
    return PassFunctions(words[0], words[1], DERIVATIVE in words[2:]) if len(words) > 1 else None


def name_of_function(layer: str, qualified: str) -> str:
    """Return what a person calls a function: ``affine_backward``, or a method by its ``layer``, ``Affine.backward``.

    ``qualified`` is its name as Python has it: ``Base.backward``, ``main.<locals>.affine_backward``.
    """
    where, _, name = qualified.rpartition("<locals>.")[2].rpartition(".")
    return f"{layer}.{name}" if where else name
