"""What a layer is: ``forward`` and ``backward``, as the book writes them, and the words the debugger shows with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""An array of any shape, or a NumPy scalar: layers take both and give both."""

Shape: TypeAlias = "tuple[int, ...]"

Gradients: TypeAlias = "Array | tuple[Array | None, ...]"
"""What ``backward`` returns: one gradient, or one per input, None where an input takes none."""

quiet = np.errstate(all="ignore")
"""NaN and infinity are values to show, not warnings to print."""


class Layer(ABC):
    """One node's arithmetic. A node keeps one instance, so ``forward`` may leave on ``self`` what ``backward`` needs.

    A layer never writes into an array that it was given, and never keeps one that it will write into. Options are
    keyword-only arguments of ``__init__``. Values that do not fit raise a ValueError that names their shapes.

    An input that may be left out is None by default in ``forward`` and ``out_shape``; where there are several, they are
    given or left out together. A layer that is made of simpler ones tells its ``expansion``.

    A layer with several values names them in ``outputs``, and returns a tuple of them from ``forward`` and a tuple of
    their shapes from ``out_shape``. Its ``backward`` takes one gradient for each, ``backward(self, dh, dc)``, of which
    one is zeros where nobody has used that value. The formula says what each is, ``h = o × tanh(c); c = f × c0 + g``,
    and the rules speak of ``dh`` and ``dc``. What an input's gradient is made of comes from all of them, so ``local``
    stays None there.
    """

    symbol: ClassVar[str] = ""
    """The sign a person writes for it (``×``), where there is one."""

    formula: ClassVar[str]
    """Its value in terms of its inputs' names, as text: ``x × y``."""

    rules: ClassVar[Mapping[str, str]]
    """For each input that takes a gradient, how it comes from ``dout``, as text: ``{"x": "dout × y"}``.

    The inputs are named as ``forward`` names them; where it takes any number, ``*xs``, "x" is each of them.
    """

    targets: ClassVar[frozenset[str]] = frozenset()
    """Inputs that are labels or a condition: integers stay integers there, and no gradient leaves through them."""

    outputs: tuple[str, ...] = ("out",)
    """Its values' names; a layer sets it in ``__init__`` where options decide how many there are."""

    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names a formula may call it by."""

    def __init_subclass__(cls) -> None:
        """Let NumPy compute without warnings in every layer."""
        super().__init_subclass__()
        for method in {"forward", "backward", "local"} & vars(cls).keys():
            setattr(cls, method, quiet(vars(cls)[method]))

    @abstractmethod
    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Return the value at ``inputs``, a tuple where there are several, and keep what ``backward`` will need."""

    @abstractmethod
    def backward(self, *douts: Any, **options: Any) -> Gradients:
        """Return the gradient of each input, given ``dout``, the gradient of the value of the last ``forward``."""

    def out_shapes(self, *shapes: Shape) -> tuple[Shape, ...]:
        """Return the shape of each value at inputs of these ``shapes``. Raises ValueError where they do not fit."""
        shape = self.out_shape(*shapes)
        return shape if len(self.outputs) > 1 else (shape,)

    def out_shape(self, *shapes: Any, **options: Any) -> Any:  # noqa: ARG002  (any override fits this signature)
        """Return the shape of the value at inputs of these ``shapes``, computing no number.

        Here that is the shape to which they broadcast. Raises ValueError where they do not fit.
        """
        return broadcast(*shapes)

    def inner_shapes(self, *shapes: Any) -> tuple[Shape, ...]:  # noqa: ARG002  (any override fits this signature)
        """Return the shapes of arrays that the passes make on their way and that no input or value has; here none.

        So that it is known at inputs of these ``shapes`` how much memory they take, before anything is computed.
        """
        return ()

    def expansion(self, *shapes: Any) -> Mapping[str, str]:  # noqa: ARG002  (any override fits this signature)
        """Return formulas of simpler layers that together compute the same value; none where it is simple itself.

        They are written in the language of scenarios, by name and in order, for inputs of these ``shapes``. Each may
        use forward's names of the inputs, and the values before it; ``"h, c"`` names those of a layer with several. The
        last value is the layer's own; one with several has them under the names in its ``outputs``. ``bptui run
        --expand y`` runs them in the place of the node y, as ``y.mean``, ``y.var`` and so on; the layer's own values
        keep their names. Raises ValueError where for these shapes there is none.
        """
        return {}

    def local(self) -> tuple[Array | None, ...]:
        """Return per input what ``backward`` multiplies ``dout`` by, or None where that is not a single array."""
        return (None,) * (len(self.rules) + len(self.targets))


def floating(x: Any) -> Array:
    """Return ``x`` itself where it is of a floating dtype, and otherwise its value as float64.

    A Python number becomes a NumPy scalar, so that the result always has a shape and a dtype, and divides by zero.
    """
    if x.__class__ is np.float64 or (hasattr(x, "dtype") and x.dtype.kind == "f"):
        return x
    return np.asarray(x, dtype=np.float64)[()]


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape to which NumPy broadcasts arrays of these ``shapes``. Raises ValueError where it does not."""
    sizes = [{size for size in along if size != 1} or {1} for along in zip_longest(*map(reversed, shapes), fillvalue=1)]
    if any(len(along) > 1 for along in sizes):
        raise ValueError(f"shapes {' and '.join(map(str, shapes))} do not broadcast")
    return tuple([along.pop() for along in reversed(sizes)])


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Sum ``gradient`` back to ``shape``, from which NumPy broadcasting had stretched its input.

    Broadcasting repeats an input's elements; each repeat is one more use of it, so their gradients add up.
    """
    if getattr(gradient, "shape", ()) == shape:  # a Python number has no axes
        return gradient
    added = np.ndim(gradient) - len(shape)
    stretched = tuple(added + axis for axis, size in enumerate(shape) if size == 1)
    summed = gradient.sum(axis=(*range(added), *stretched), keepdims=True)
    return summed.reshape(shape)[()]
