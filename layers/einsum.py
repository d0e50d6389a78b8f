"""Einstein summation: any product of arrays with some axes summed, written with a letter for each axis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_letters
from typing import NamedTuple

import numpy as np

from layers.layer import Array, Layer, Shape, floating, unbroadcast

EQUATION = re.compile(r"(?P<inputs>[A-Za-z.,]*)(->(?P<out>[A-Za-z.]*))?")


class Einsum(Layer):
    """Sum of products, as ``equation`` says: ``Einsum(x, y, equation="ij,jk->ik")`` is the matrix product.

    Each input's axes have a letter; out has those behind the arrow, and all others are summed. Without an arrow out
    has, in alphabetical order, those that occur once. ``...`` stands for any further axes, which broadcast. A letter
    that occurs twice in one input takes its diagonal.

    With respect to each input the sum is linear, so its gradient is an Einstein sum too: ``dout`` in the place of out,
    the other inputs, and the input's own letters behind the arrow. The local derivative is not a single array. Raises
    ValueError for an equation that is not one, and for shapes that do not fit it.
    """

    symbol = "einsum"
    formula = "Σ of products"
    rules = {"x": "Σ of dout × the other inputs"}

    def __init__(self, *, equation: str) -> None:
        if not isinstance(equation, str) or not EQUATION.fullmatch(equation.replace(" ", "")):
            raise ValueError(f"equation must be like 'ij,jk->ik', not {equation!r}")
        self.equation = equation.replace(" ", "")

    def out_shape(self, *xs: Shape) -> Shape:
        return read_letters(self.equation, xs).out_shape

    def forward(self, *xs: Array) -> Array:
        arrays = [floating(x) for x in xs]
        self.shapes = [x.shape for x in arrays]
        self.letters = letters = read_letters(self.equation, self.shapes)
        self.xs = [np.broadcast_to(x, letters.sizes_of(own)) for x, own in zip(arrays, letters.inputs, strict=True)]
        return summed(letters.inputs, self.xs, letters.out)

    def backward(self, dout: Array) -> tuple[Array, ...]:
        gradients = [self.gradient(dout, place) for place in range(len(self.xs))]
        return tuple([unbroadcast(dx, shape) for dx, shape in zip(gradients, self.shapes, strict=True)])

    def gradient(self, dout: Array, place: int) -> Array:
        """Return the gradient of the input at ``place``, in the shape to which its ellipsis broadcasts."""
        letters, own = self.letters, self.letters.inputs[place]
        axes = "".join(dict.fromkeys(own))
        ones = [np.ones(letters.sizes[letter], dtype=dout.dtype) for letter in axes]  # of letters summed here alone
        others = [x for at, x in enumerate(self.xs) if at != place]
        other_letters = [it for at, it in enumerate(letters.inputs) if at != place]
        gradient = summed([letters.out, *other_letters, *axes], [dout, *others, *ones], axes)
        if axes == own:
            return gradient
        dx = np.zeros(letters.sizes_of(own), dtype=gradient.dtype)
        np.einsum(f"{own}->{axes}", dx)[...] = gradient  # a view of the diagonal
        return dx

    def local(self) -> tuple[None, ...]:
        return (None,) * len(self.xs)


class Letters(NamedTuple):
    """An equation without ``...``: the letters of each input and of out, and each letter's size."""

    inputs: tuple[str, ...]
    out: str
    sizes: dict[str, int]

    @property
    def out_shape(self) -> Shape:
        """The shape of the sum."""
        return self.sizes_of(self.out)

    def sizes_of(self, letters: str) -> Shape:
        """Return the sizes of some letters."""
        return tuple([self.sizes[letter] for letter in letters])


def read_letters(equation: str, shapes: Sequence[Shape]) -> Letters:
    """Return what an equation says of inputs of these ``shapes``. Raises ValueError where they do not fit it."""
    inputs, arrow, out = equation.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"{equation!r} is for {len(terms)} inputs, got {len(shapes)}")
    spare = [letter for letter in ascii_letters if letter not in equation]
    own = tuple([spelled_out(term, len(shape), spare) for term, shape in zip(terms, shapes, strict=True)])
    longest = max(
        [len(full) - len(term) + 3 for full, term in zip(own, terms, strict=True) if "..." in term], default=0
    )
    rest = "".join(spare[:longest][::-1])
    if not arrow:
        once = [letter for letter in sorted(set("".join(terms)) - {"."}) if "".join(terms).count(letter) == 1]
        out = ("..." if "..." in inputs else "") + "".join(once)
    out = out.replace("...", rest)
    sizes = sizes_by_letter(own, shapes, rest)
    if "." in out or len(set(out)) < len(out) or not set(out) <= sizes.keys():
        raise ValueError(f"{equation!r} does not say what its output is")
    return Letters(own, out, sizes)


def spelled_out(term: str, axes: int, spare: Sequence[str]) -> str:
    """Return the letters of one input of so many ``axes``, those of ``spare`` for its ellipsis.

    Raises ValueError where they are not as many.
    """
    before, dots, after = term.partition("...")
    missing = axes - len(before + after)
    if "." in before + after or missing < 0 or (missing and not dots):
        raise ValueError(f"{term!r} does not fit an input of {axes} axes")
    return before + "".join(spare[:missing][::-1]) + after


def sizes_by_letter(inputs: Sequence[str], shapes: Sequence[Shape], rest: str) -> dict[str, int]:
    """Return each letter's size; of those of ``rest``, 1 broadcasts. Raises ValueError for a letter of two sizes."""
    sizes: dict[str, int] = {}
    for letters, shape in zip(inputs, shapes, strict=True):
        for letter, size in zip(letters, shape, strict=True):
            known = sizes.setdefault(letter, size)
            if letter in rest and 1 in {known, size}:
                sizes[letter] = size if known == 1 else known
            elif known != size:
                name = "..." if letter in rest else letter
                raise ValueError(f"{name!r} is {known} long in one place and {size} in another")
    return sizes


def summed(inputs: Sequence[str], arrays: Sequence[Array], out: str) -> Array:
    """Return the Einstein sum, from small products to large ones where there are more than two."""
    equation = f"{','.join(inputs)}->{out}"
    return np.asarray(np.einsum(equation, *arrays, optimize=len(arrays) > 2)).copy()[()]
