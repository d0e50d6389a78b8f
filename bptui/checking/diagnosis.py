"""Known mistakes: what the wrong numbers look like, and what to say to the person who made them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bptui.checking.subject import Subject
from bptui.core import text
from layers import Array

CLOSE = 1e-3


class Mistake(NamedTuple):
    """A mistake by name, and what to do about it."""

    name: str
    advice: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """Two gradients of one input that disagree, NaN in ``numeric`` where nothing was measured.

    ``others`` has what was measured for the other inputs, by position; ``dout`` is what went into backward.
    """

    subject: Subject
    position: int
    analytic: Array
    numeric: Array
    others: dict[int, Array]
    dout: Array
    out: Array

    def agrees(self, wrong: Array) -> bool:
        """Return whether what backward gave is ``wrong``, as far as can be seen."""
        if np.shape(wrong) != self.analytic.shape:
            return False
        seen = np.isfinite(self.numeric) & np.isfinite(wrong)
        a, b = self.analytic[seen], np.asarray(wrong)[seen]
        scale = float(np.abs(b).max(initial=0))
        return bool(seen.any()) and scale > 0 and bool(np.allclose(a, b, rtol=CLOSE, atol=CLOSE * scale))


def recognise(evidence: Evidence) -> Mistake | None:
    """Return the known mistake that explains the numbers, if one does."""
    return next((mistake for find in FINDERS for mistake in find(evidence)), None)


def no_number(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise NaN or infinity where there is a slope."""
    if not np.isfinite(evidence.analytic[np.isfinite(evidence.numeric)]).all():
        yield Mistake("not finite", "Backward divides by zero or overflows where the value itself does not.")


def zero(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a backward that gives nothing back."""
    if not evidence.analytic.any():
        yield Mistake("nothing goes back", "Backward returns only zeros, though the value moves with this input.")


def wrong_sign(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that is turned round."""
    if evidence.agrees(-evidence.numeric):
        yield Mistake(
            "wrong sign", "Every number is right but for its sign: a minus is missing, or there is one too many."
        )


def transposed(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a square matrix the wrong way round."""
    if evidence.analytic.ndim > 1 and evidence.agrees(np.swapaxes(evidence.numeric, -1, -2)):
        yield Mistake(
            "transposed", "Rows and columns are swapped: a .T is missing, or the factors' order is turned round."
        )


def another_s(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise the gradient that belongs to another input."""
    for position, other in evidence.others.items():
        if evidence.agrees(other):
            name = evidence.subject.called(position)
            yield Mistake("another input's gradient", f"This is the gradient of {name}: are the returns swapped?")


def passed_on(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise dout without the local derivative."""
    if evidence.agrees(evidence.dout):
        yield Mistake("local derivative left out", "Backward passes dout on as it is; it must multiply it by ∂out/∂x.")


def local_alone(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise the local derivative without dout."""
    if evidence.dout.shape == evidence.analytic.shape:
        with np.errstate(all="ignore"):
            local = evidence.numeric / evidence.dout
        if evidence.agrees(local):
            yield Mistake("ignores dout", "Backward returns the local derivative alone; it must multiply it by dout.")


def ratio(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that is right but for one factor."""
    seen = np.isfinite(evidence.numeric)
    a, n = evidence.analytic[seen], evidence.numeric[seen]
    square = float(n @ n)
    if not square or (len(n) < 2 and evidence.analytic.size > 1):
        return
    factor = float(a @ n) / square
    if not factor or not evidence.agrees(factor * evidence.numeric):
        return
    for size, what in sizes(evidence):
        if np.isclose(factor, size, rtol=CLOSE):
            yield Mistake("sum for mean", f"Every number is {size} times too large: a division by {what} is missing.")
        if np.isclose(factor, 1 / size, rtol=CLOSE):
            yield Mistake(
                "mean for sum", f"Every number is {size} times too small: it is divided by {what}, once too often."
            )
    if np.isclose(factor, 0.5, rtol=CLOSE):
        yield Mistake(
            "half", "Every number is half of what it should be: a factor 2, or the second use of the input, is missing."
        )
    if len(a) > 1 or np.isclose(factor, round(factor), rtol=CLOSE):
        yield Mistake("constant factor", f"Every number is {text.number(factor)} times what it should be.")


def sizes(evidence: Evidence) -> Iterator[tuple[int, str]]:
    """Yield the sizes by which a mean may divide, largest first, with what they count."""
    shape = evidence.analytic.shape
    if shape and shape[0] > 1:
        yield shape[0], f"the batch size, {shape[0]}"
    for size in sorted(
        {*shape, *evidence.dout.shape, *evidence.out.shape, evidence.analytic.size} - {0, 1}, reverse=True
    ):
        yield size, f"n = {size}"
    for x in evidence.subject.inputs:
        for size in sorted({x.size, *x.shape} - {0, 1}, reverse=True):
            yield size, f"n = {size}"


def factor_swapped(evidence: Evidence) -> Iterator[Mistake]:
    """Dout times one input where another belongs."""
    subject = evidence.subject
    for position, x in enumerate(subject.inputs):
        if x.dtype.kind != "f" or evidence.dout.shape != np.shape(evidence.out):
            continue
        with np.errstate(all="ignore"):
            try:
                wrong = evidence.dout * x
            except ValueError:
                continue
        if evidence.agrees(wrong):
            name = subject.called(position)
            yield Mistake(
                "x where y belongs", f"Backward multiplies dout by {name}, and that is the wrong factor here."
            )


def added_inside_log(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise the book's cross entropy: 1e-7 inside the logarithm of forward, and none in backward."""
    others = [i for i in range(len(evidence.subject.inputs)) if i != evidence.position]
    x = evidence.subject.inputs[evidence.position]
    if len(others) != 1 or not x.ndim or evidence.out.size != 1:
        return
    y = np.exp(x - x.max(axis=-1, keepdims=True))
    y = y / y.sum(axis=-1, keepdims=True)
    t = one_hot(evidence.subject.inputs[others[0]], x)
    if t is None:
        return
    plain, shifted = (cross_entropy_slope(y, t, extra) * evidence.dout for extra in (0.0, 1e-7))
    for rows in (x[..., 0].size, 1):
        seen = np.isfinite(evidence.numeric)
        if evidence.agrees(plain / rows) and np.allclose(
            evidence.numeric[seen], (shifted / rows)[seen], rtol=1e-3, atol=1e-9
        ):
            told = "Forward takes log(y + 1e-7), as the book's cross_entropy_error does, and backward is (y - t) / n, "
            told += "the slope of log(y): they differ where y is as small as here. Log-softmax needs no 1e-7."
            yield Mistake("1e-7 inside the log", told)


def one_hot(t: Array, x: Array) -> Array | None:
    """Return targets as distributions of x's shape, None if they are none."""
    if t.shape == x.shape:
        return t.astype(np.float64)
    if t.shape == x.shape[:-1] and t.dtype.kind in "iu":
        return (t[..., np.newaxis] == np.arange(x.shape[-1])).astype(np.float64)
    return None


def cross_entropy_slope(y: Array, t: Array, extra: float) -> Array:
    """Return the slope of ``-Σ t log(y + extra)`` in the softmax's inputs."""
    with np.errstate(all="ignore"):
        dy = np.where(t == 0, 0, -t / (y + extra))
    return np.asarray(y * (dy - (dy * y).sum(axis=-1, keepdims=True)))


def wrong_mask(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise elements that get nothing where they should get something, or the other way round."""
    seen = np.isfinite(evidence.numeric)
    a, n = evidence.analytic[seen], evidence.numeric[seen]
    scale = float(np.abs(n).max(initial=0))
    off = ~np.isclose(a, n, rtol=CLOSE, atol=CLOSE * scale)
    if not off.any():
        return
    lost, leaked = off & (a == 0), off & (np.abs(n) <= 1e-9 * scale)
    if ((lost | leaked)[off].all() and (~off).any()) or (lost.any() and leaked.any() and (lost | leaked)[off].all()):
        counts = (
            f"{int(lost.sum())} that should get some get none, and {int(leaked.sum())} that should get none get some"
        )
        yield Mistake("wrong mask", f"Gradient reaches the wrong elements: {counts}.")


FINDERS: tuple[Callable[[Evidence], Iterator[Mistake]], ...] = (
    no_number,
    zero,
    added_inside_log,
    wrong_sign,
    transposed,
    another_s,
    passed_on,
    local_alone,
    ratio,
    factor_swapped,
    wrong_mask,
)
"""Tried in this order; the first that fits is told."""
