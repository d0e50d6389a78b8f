"""Calls a layer that may do anything, and turns whatever it does wrong into one fault with a name.

This is the fence around a layer: nothing that it raises goes further.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bptui.checking.subject import Checked, Subject
from bptui.core.text import visible
from bptui.errors import LayerError
from layers import Array

T = TypeVar("T")

SEED = 20160924
"""Where NumPy's global random numbers start before each forward of a layer that draws from them."""


ROOMS = tuple(str(Path(__file__).parents[1] / room) for room in ("checking", "core", "guest"))
NOT_THE_USER_S = ("site-packages", "<__array_function__", "<frozen", *ROOMS)
"""In the names of files whose lines are of no help to whoever wrote a layer."""


class FaultError(Exception):
    """What a layer may not do: the ``rule`` that it broke and, where it is about one, the input's position."""

    def __init__(self, rule: str, reason: str, position: int | None = None, mistake: str | None = None) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason
        self.position = position
        self.mistake = mistake


@dataclass(frozen=True, eq=False)
class Visit:
    """A forward and the layer that made it: ``given`` are the very arrays that it got, and ``out`` is a copy."""

    layer: Checked
    given: tuple[Array, ...]
    handed: Any
    out: Array


class Probe:
    """Runs a subject's layer. ``is_frozen`` makes NumPy's global random numbers the same for every forward."""

    def __init__(self, subject: Subject, *, is_frozen: bool = False) -> None:
        self.subject = subject
        self.is_frozen = is_frozen

    def fresh(self) -> Checked:
        """Return a new instance."""
        return called(self.subject.make, "making the layer")

    def forward(self, inputs: tuple[Array, ...]) -> Array:
        """Return a fresh instance's value at ``inputs``, as an array of float64."""
        return self.visit(inputs).out

    def visit(self, inputs: tuple[Array, ...], layer: Checked | None = None) -> Visit:
        """Send ``inputs`` forward through a fresh instance, or through ``layer``."""
        layer = layer or self.fresh()
        given = tuple([x[()] for x in inputs])
        if self.is_frozen:
            np.random.seed(SEED)  # noqa: NPY002  (the book's Dropout draws from there, so that is what stands still)
        handed = called(lambda: layer.forward(*given), "forward")
        return Visit(layer, given, handed, as_number(handed))

    def backward(self, layer: Checked, dout: Array) -> tuple[Any, ...]:
        """Return what backward hands back, one for each input, as it is."""
        handed = called(lambda: layer.backward(dout[()]), "backward")
        return self.one_each(handed)

    def one_each(self, handed: Any) -> tuple[Any, ...]:
        """Return gradients as a tuple with one for each input; those left out at the end must need none."""
        if isinstance(handed, list):
            reason = "backward returns a list; several gradients are a tuple, and one is an array"
            raise FaultError("gradients", reason, mistake="list instead of array")
        gradients = handed if isinstance(handed, tuple) else (handed,)
        takes = enumerate(self.subject.takes_gradient)
        missing = [flag and not self.subject.is_spared(at) for at, flag in takes if at >= len(gradients)]
        if len(gradients) > len(self.subject.inputs) or any(missing):
            reason = (
                f"backward returns {count(len(gradients), 'gradient')} for {count(len(self.subject.inputs), 'input')}"
            )
            raise FaultError("gradients", reason, mistake="wrong number of gradients")
        return (*gradients, *[None] * len(missing))


def called(work: Callable[[], T], what: str) -> T:
    """Return what ``work`` returns; whatever it raises is a fault."""
    try:
        with np.errstate(all="ignore"):
            return work()
    except LayerError as error:
        place = f" ({error.where})" if error.where else ""
        raise FaultError("raises", f"{what}: {visible(error.message, limit=500)}{place}") from None
    except Exception as error:  # noqa: BLE001  (the fence: a layer may raise anything)
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise FaultError("raises", f"{what} raises {visible(told, limit=500)}{where(error)}") from None


def where(error: Exception) -> str:
    """Return the line that raised, as text."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [it for it in frames if not any(part in it.filename for part in NOT_THE_USER_S)]
    return f" ({visible(own[-1].filename)}:{own[-1].lineno})" if own else ""


def as_number(handed: Any) -> Array:
    """Return a value as an array of float64, a copy."""
    try:
        array = np.asarray(handed)
    except ValueError:
        array = np.empty((), object)
    if array.dtype.kind not in "fiub" or isinstance(handed, list | tuple):
        kind = "nothing" if handed is None else f"a {type(handed).__name__}"
        raise FaultError("value", f"forward returns {kind}, not an array of numbers")
    return array.astype(np.float64)


def count(number: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{number} {noun}{'s' * (number != 1)}"


@contextmanager
def borrowed_random_state() -> Iterator[None]:
    """Put NumPy's global random numbers back where they were, afterwards."""
    state = np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
