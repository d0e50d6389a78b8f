"""Local derivatives that are left out, taken twice, taken at the wrong place, or not multiplied by dout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations

import numpy as np

from bptui.checking.compare_arrays import summed_to
from bptui.checking.diagnosis.evidence import Evidence, numbers_of
from bptui.checking.diagnosis.factors import CHANGE, powers_of
from bptui.checking.diagnosis.jacobians import Jacobians
from bptui.checking.diagnosis.mistake import Mistake
from layers import Array

BY_VALUE: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("tanh's 1 - out²", lambda y: 1 - y**2),
    ("sigmoid's out × (1 - out)", lambda y: y * (1 - y)),
    ("the square root's 1 / (2 out)", lambda y: 1 / (2 * y)),
)
"""Derivatives that a layer often works out from its own value."""

LEFT_OUT = "local derivative left out"


def dout_alone(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise dout without the local derivative, passed on or summed."""
    if evidence.agrees(evidence.dout):
        yield Mistake(LEFT_OUT, "Backward passes dout on as it is; it must multiply it by ∂out/∂x.")
    elif any(evidence.agrees(it) for it in spread_to(evidence.dout, evidence.x.shape)):
        yield Mistake(LEFT_OUT, "Backward spreads dout as it is; it must multiply it by ∂out/∂x.")
    elif evidence.x.size < evidence.dout.size and evidence.agrees(summed_to(evidence.dout, evidence.x.shape)):
        told = f"Backward sums dout as it is; it must multiply it by the local derivative first{named(evidence)}."
        yield Mistake(LEFT_OUT, told)


def spread_to(dout: Array, shape: tuple[int, ...]) -> Iterator[Array]:
    """Yield dout repeated along the axes that a sum over them has taken from a shape."""
    count = len(shape) - dout.ndim
    for axes in combinations(range(len(shape)), count) if count > 0 else ():
        spread = np.expand_dims(dout, axes)
        if all(size in {1, wanted} for size, wanted in zip(spread.shape, shape, strict=True)):
            yield np.broadcast_to(spread, shape)


def named(evidence: Evidence) -> str:
    """Return which local derivative it is, where the layer's value gives it away."""
    jacobians = evidence.jacobians
    factors = None if jacobians is None else row_factors(jacobians.forward, jacobians.backward)
    return "" if factors is None else derivative_name(factors, evidence.out)


def by_row(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise backward's rows that are right but for a factor each: a derivative by the value, or a mask."""
    jacobians = evidence.jacobians
    if jacobians is None or evidence.out.size < 2:
        return
    surplus = row_factors(jacobians.backward, jacobians.forward)
    missing = row_factors(jacobians.forward, jacobians.backward)
    if surplus is not None and not is_one(surplus):
        if told := derivative_name(surplus, evidence.out):
            yield Mistake(
                "local derivative twice", f"Backward multiplies by the local derivative once too often{told}."
            )
        for name in factor_names(evidence, surplus):
            told = f"Backward multiplies by {name} once too often, or a division by {name} is missing."
            yield Mistake(f"a factor {name}", told)
    if missing is None or is_one(missing):
        return
    yield from option_in_part(evidence, missing)
    if not (is_wide(jacobians) or is_telling(evidence, missing)):
        return
    for name in factor_names(evidence, missing):
        yield Mistake(f"a factor {name}", f"Backward leaves out a factor {name}, which forward multiplies by.")
    yield from left_out(evidence, missing)


def option_in_part(evidence: Evidence, factors: Array) -> Iterator[Mistake]:
    """Recognise an option that some elements of the value are multiplied by, and backward's are not; it is changed."""
    for name, value in numbers_of(evidence.subject.options).items():
        count = times_in_part(factors, value)
        if value in {0, 1} or not count:
            continue
        changed = evidence.with_option(name, value * CHANGE)
        jacobians = changed.jacobians if changed else None
        others = row_factors(jacobians.forward, jacobians.backward) if jacobians else None
        if others is not None and times_in_part(others, value * CHANGE):
            told = f"In {count} of {factors.size} elements of the value a factor {name} is left out."
            yield Mistake(f"a factor {name}", told)


def times_in_part(factors: Array, value: float) -> int:
    """Return how many factors are a number, where all others are 1, and some are; otherwise 0."""
    known = factors[np.isfinite(factors)]
    is_it = np.isclose(known, value, rtol=1e-3)
    is_all = bool((is_it | np.isclose(known, 1, rtol=1e-3)).all())
    return int(is_it.sum()) if is_all and 0 < is_it.sum() < known.size else 0


def is_wide(jacobians: Jacobians) -> bool:
    """Return whether rows have several entries, so that one factor for each of them is no matter of course."""
    return bool((jacobians.is_given.sum(axis=1) > 1).any())


def factor_names(evidence: Evidence, factors: Array) -> Iterator[str]:
    """Yield what the factors are by which outputs are off: another input, or the layer's value itself."""
    known = np.isfinite(factors)
    for position, x in enumerate(evidence.inputs):
        if x.dtype.kind == "f" and position != evidence.position and is_broadcast(x, evidence.out.shape):
            values = np.broadcast_to(x, evidence.out.shape).reshape(-1)[known]
            if np.allclose(values, factors[known], rtol=1e-3):
                yield evidence.subject.called(position)
    if known.sum() > 1 and np.allclose(evidence.out.reshape(-1)[known], factors[known], rtol=1e-3):
        yield "out"


def is_broadcast(x: Array, shape: tuple[int, ...]) -> bool:
    """Return whether an array can be stretched to a shape."""
    try:
        return np.broadcast_shapes(x.shape, shape) == shape
    except ValueError:
        return False


def is_telling(evidence: Evidence, factors: Array) -> bool:
    """Return whether factors are no matter of course: a mask, or a derivative that goes by the value."""
    known = factors[np.isfinite(factors)]
    opened = known[np.abs(known) > 1e-6]
    closed = known.size - opened.size
    if closed and opened.size > 1 and np.allclose(opened, opened[0], rtol=1e-3):
        return closed > 1 or bool(option_in(evidence, float(opened[0])))
    is_varied = len(np.unique(np.round(known, 4))) > 2
    return is_varied and bool(derivative_name(factors, evidence.out) or next(factor_names(evidence, factors), ""))


def row_factors(wanted: Array, got: Array) -> Array | None:
    """Return what each row of ``got`` has to be multiplied by to be that of ``wanted``; None if that does not do."""
    square = np.sum(got * got, axis=1)
    with np.errstate(all="ignore"):
        factors = np.where(square > 0, np.sum(wanted * got, axis=1) / square, np.nan)
    made = np.where(np.isnan(factors), 0, factors)[:, np.newaxis] * got
    scale = float(np.abs(wanted).max(initial=0))
    return factors if scale and np.allclose(made, wanted, rtol=1e-3, atol=1e-6 * scale) else None


def is_one(factors: Array) -> bool:
    """Return whether all factors are the same."""
    known = factors[np.isfinite(factors)]
    return known.size < 2 or bool(np.allclose(known, known[0], rtol=1e-3))


def left_out(evidence: Evidence, factors: Array) -> Iterator[Mistake]:
    """Yield the mistake of a factor for each output that is left out."""
    known = factors[np.isfinite(factors)]
    closed = np.abs(known) < 1e-6
    opened = known[~closed]
    if closed.any() and opened.size and np.allclose(opened, opened[0], rtol=1e-3):
        scale = float(opened[0])
        if np.isclose(scale, 1, rtol=1e-3):
            yield Mistake("mask left out", "Backward lets through what forward holds back: the mask is missing.")
            return
        option = option_in(evidence, scale)
        told = f"Backward leaves out the mask that forward multiplies by, and with it {option or f'{scale:.6g} ×'}."
        yield Mistake("mask left out", told)
        return
    if told := derivative_name(factors, evidence.out):
        yield Mistake(LEFT_OUT, f"Backward leaves out a factor for each element of the value{told}.")
    elif not closed.any():
        told = "All that leads to one element of the value is off by one factor, and each element has another: "
        yield Mistake("a factor for each output", told + "a scale, or the derivative of what comes last, is wrong.")


def option_in(evidence: Evidence, scale: float) -> str:
    """Return the option that a scale is, in words."""
    for name, value in numbers_of(evidence.subject.options).items():
        for made, words in powers_of(value):
            if np.isclose(made, scale, rtol=1e-3):
                return f"the factor {words.format(name)}"
    return ""


def derivative_name(factors: Array, out: Array) -> str:
    """Return which derivative the factors are, going by the layer's value."""
    known = np.isfinite(factors)
    for words, derivative in BY_VALUE:
        with np.errstate(all="ignore"):
            made = derivative(out.reshape(-1))[known]
        if np.isfinite(made).all() and np.allclose(made, factors[known], rtol=1e-3, atol=1e-6):
            return f" ({words})"
    return ""


def of_x_for_out(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a derivative worked out from the input with the formula that takes the value, or the other way."""
    jacobians = evidence.jacobians
    if jacobians is None or not jacobians.is_square:
        return
    forward, backward = np.diagonal(jacobians.forward), np.diagonal(jacobians.backward)
    if (jacobians.backward - np.diag(backward)).any():
        return
    out, x = evidence.out.reshape(-1), evidence.x.reshape(-1)
    for words, derivative in BY_VALUE[:2]:
        if np.allclose(derivative(out), forward, rtol=1e-3) and np.allclose(derivative(x), backward, rtol=1e-3):
            told = f"Backward puts the input into the formula that takes the value: {words}, with out and not x."
            yield Mistake("x where out belongs", told)
    if evidence.out.size > 1 and np.allclose(out, backward, rtol=1e-3) and not np.allclose(out, forward, rtol=1e-2):
        yield Mistake("value for derivative", "Backward multiplies dout by the layer's value, not by its derivative.")
    with np.errstate(all="ignore"):
        inverse = 1 / forward
    if evidence.out.size > 1 and np.allclose(inverse, backward, rtol=1e-3) and not np.allclose(np.abs(forward), 1):
        yield Mistake("divides by the derivative", "Backward divides dout by the local derivative; it must multiply.")


def one_for_all(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise one sample's local derivative used for all samples."""
    jacobians = evidence.jacobians
    if jacobians is None or not (jacobians.shape and jacobians.out_shape):
        return
    rows = jacobians.shape[0]
    if rows < 2 or jacobians.out_shape[0] != rows:
        return
    forward, backward = (blocks(it, rows) for it in (jacobians.forward, jacobians.backward))
    if forward is None or backward is None:
        return
    used = partial(np.allclose, backward[0], rtol=1e-3, atol=1e-6 * jacobians.scale)
    if not all(used(it) for it in backward):
        return
    for sample, block in enumerate(forward):
        if used(block):
            told = f"The local derivative of sample {sample} is used for every sample: "
            yield Mistake("one sample's derivative for all", told + "an index, or a variable left over from a loop.")
            return
    if used(np.mean(forward, axis=0)):
        yield Mistake("one derivative for all", "The mean of the samples' local derivatives is used for each of them.")


def blocks(jacobian: Array, rows: int) -> list[Array] | None:
    """Return the derivatives of each sample by itself, None where samples depend on each other."""
    cut = jacobian.reshape(rows, -1, rows, jacobian.shape[1] // rows)
    apart = [(one, two) for one in range(rows) for two in range(rows) if one != two]
    limit = 1e-6 * float(np.abs(jacobian).max(initial=0))
    if any(np.abs(cut[one, :, two]).max(initial=0) > limit for one, two in apart):
        return None
    return [cut[row, :, row] for row in range(rows)]


def one_of_another(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient for which one sample of another input, or their mean, stands for all samples."""
    for position, x in enumerate(evidence.inputs):
        if position == evidence.position or x.dtype.kind != "f" or x.ndim < 2 or len(x) < 2:
            continue
        name = evidence.subject.called(position)
        for one, which in ((x[0], "the first sample"), (x[-1], "the last sample"), (x.mean(axis=0), "the mean")):
            alike = np.array(np.broadcast_to(one, x.shape))
            if evidence.is_slope_at(evidence.with_input(evidence.inputs, alike, position)):
                told = f"Backward uses {which} of {name} where each sample's own belongs."
                yield Mistake("one sample's derivative for all", told)


def batch_spread(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that is summed or averaged over samples and then given to each of them."""
    numeric = evidence.numeric
    if numeric.ndim < 1 or len(numeric) < 2 or not np.isfinite(numeric).all():
        return
    for made, what in ((numeric.mean(axis=0), "the mean"), (numeric.sum(axis=0), "the sum")):
        if evidence.agrees(np.broadcast_to(made, numeric.shape)):
            told = f"Every sample gets {what} of all samples' gradients; each has its own."
            yield Mistake("mixed over the batch", told)


def local_alone(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise the local derivative without dout."""
    if evidence.dout.shape == evidence.analytic.shape:
        with np.errstate(all="ignore"):
            local = evidence.numeric / evidence.dout
        if evidence.agrees(local):
            yield Mistake("ignores dout", "Backward returns the local derivative alone; it must multiply it by dout.")


def factor_swapped(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise dout times one input where another belongs."""
    for position, x in enumerate(evidence.inputs):
        if x.dtype.kind != "f" or evidence.dout.shape != np.shape(evidence.out):
            continue
        with np.errstate(all="ignore"):
            try:
                wrong = evidence.dout * x
            except ValueError:
                continue
        if evidence.agrees(wrong):
            name = evidence.subject.called(position)
            told = f"Backward multiplies dout by {name}, and that is the wrong factor here."
            yield Mistake("x where y belongs", told)
