"""Gradients that are right but for one factor: a sign, a size, an option. Each is tried where it would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from math import sqrt

import numpy as np

from bptui.checking.diagnosis.evidence import CLOSE, Evidence, numbers_of
from bptui.checking.diagnosis.mistake import Mistake
from bptui.checking.fault import FaultError
from bptui.checking.probe import Probe
from bptui.core import text
from layers import Array

PLACES = 12
"""Elements that are measured anew to see a factor change."""

CHANGE = 0.75
"""What an option is multiplied by to see whether a factor goes with it."""


def wrong_sign(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that is turned round."""
    if evidence.agrees(-evidence.numeric):
        yield Mistake(
            "wrong sign", "Every number is right but for its sign: a minus is missing, or there is one too many."
        )


def one_factor(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that is right but for one factor, and say where that comes from."""
    factor = factor_of(evidence.analytic, evidence.numeric)
    seen = evidence.seen
    if factor is None or not evidence.agrees(factor * evidence.numeric):
        return
    if int(seen.sum()) < 2 and evidence.analytic.size > 1:
        return
    yield from an_option(evidence, factor)
    yield from a_size(evidence, factor)
    yield from a_root(evidence, factor)
    yield from another_size(evidence, factor)
    if is_close(factor, 0.5):
        told = "Every number is half of what it should be: a factor 2, or the second use of the input, is missing."
        yield Mistake("half", told)
    elif is_close(factor, 2):
        told = "Every number is twice what it should be: a factor 2 too many, or a contribution that is added twice."
        yield Mistake("twice", told)
    elif evidence.numeric.size > 1 or is_close(factor, round(factor)):
        yield Mistake("constant factor", f"Every number is {text.number(factor)} times what it should be.", (factor,))


def factor_of(analytic: Array, numeric: Array) -> float | None:
    """Return the factor between two gradients that fits best, None where there is none."""
    seen = np.isfinite(numeric) & np.isfinite(analytic)
    a, n = analytic[seen], numeric[seen]
    square = float(n @ n)
    factor = float(a @ n) / square if square else 0.0
    return factor or None


def is_close(one: float, other: float) -> bool:
    """Return whether two factors are the same, as far as can be measured."""
    return bool(np.isclose(one, other, rtol=CLOSE))


def an_option(evidence: Evidence, factor: float) -> Iterator[Mistake]:
    """Recognise an option of the layer that is left out, or used once too often: it is changed to be sure."""
    options = numbers_of(evidence.subject.options)
    for name, value in options.items():
        for made, words in powers_of(value):
            if is_close(factor, made):
                changed = factor_with_option(evidence, name, value * CHANGE)
                goes_with = [it for it, _ in powers_of(value * CHANGE) if changed is not None and is_close(changed, it)]
                if goes_with and not is_close(changed or 0, factor):
                    yield Mistake(f"a factor {name}", f"Every number is {words.format(name)} times what it should be.")


def powers_of(value: float) -> Iterator[tuple[float, str]]:
    """Yield what an option may stand for in a factor, with the words for it; nothing that makes no difference."""
    kinds = [(value, "{}"), (2 * value, "2 {}"), (value / 2, "{} / 2"), (1 - value, "1 - {}"), (value**2, "{0} × {0}")]
    for made, words in kinds:
        if made not in {0, 1, -1}:
            yield made, words
            yield 1 / made, f"1 / ({words})" if " " in words else f"1 / {words}"


def factor_with_option(evidence: Evidence, name: str, value: float) -> float | None:
    """Return what the factor is when an option is changed, None where the layer refuses."""
    remade = evidence.subject.remade
    if remade is None:
        return None
    subject = replace(evidence.subject, make=lambda: remade({name: value}))
    return factor_at(evidence, Probe(subject, is_frozen=evidence.probe.is_frozen), evidence.inputs, evidence.dout)


def factor_at(evidence: Evidence, probe: Probe, inputs: tuple[Array, ...], dout: Array) -> float | None:
    """Return the factor between backward and forward elsewhere, None where there is not one factor."""
    try:
        out = probe.forward(inputs)
    except FaultError:
        return None
    if out.shape != dout.shape:
        return None
    size = inputs[evidence.position].size
    places = np.unique(np.linspace(0, size - 1, min(size, PLACES)).astype(np.intp))
    gradient = evidence.gradient(probe, inputs, dout)
    measured = evidence.measured(probe, inputs, dout, places)
    if gradient is None or measured is None or gradient.shape != inputs[evidence.position].shape:
        return None
    at = gradient.reshape(-1)[places]
    factor = factor_of(at, measured)
    is_one = factor is not None and np.allclose(at, factor * measured, rtol=CLOSE, atol=CLOSE * np.abs(at).max())
    return factor if is_one else None


def a_size(evidence: Evidence, factor: float) -> Iterator[Mistake]:
    """Recognise a mean for a sum, or the other way round; the arrays are made larger to see whether a size counts."""
    for size in sizes(evidence):
        is_large = is_close(factor, size)
        if not (is_large or is_close(factor, 1 / size)):
            continue
        counted = what_counts(evidence, factor, size)
        if counted is None:
            continue
        if is_large:
            told = f"Every number is {size} times too large: a division by {counted} is missing."
            yield Mistake("sum for mean", told)
        else:
            told = f"Every number is {size} times too small: it is divided by {counted}, once too often."
            yield Mistake("mean for sum", told)


def sizes(evidence: Evidence) -> list[int]:
    """Return the sizes by which a mean may divide: of single axes, then of whole arrays, then of all axes but one."""
    shapes = [evidence.out.shape, *(x.shape for x in evidence.inputs)]
    single = {size for shape in shapes for size in shape}
    whole = {int(np.prod(shape)) for shape in shapes} - single
    but_one = {int(np.prod(shape)) // size for shape in shapes for size in shape if size} - single - whole
    return [size for it in (single, whole, but_one) for size in sorted(it, reverse=True) if size > 1]


def what_counts(evidence: Evidence, factor: float, size: int) -> str | None:
    """Return what a size counts by which a factor goes, None where it is not seen to go by that with other sizes."""
    for axis, inputs in enlarged(evidence, size):
        out = forward_value(evidence, inputs)
        if out is None:
            continue
        changed = factor_at(evidence, evidence.probe, inputs, evidence.dout_like(out))
        if changed is not None and not is_close(changed, factor):
            return f"the batch size, {size}" if axis == 0 and single_axis(evidence, size) else f"n = {size}"
    return None


def single_axis(evidence: Evidence, size: int) -> bool:
    """Return whether a size is that of an input's first axis."""
    return any(x.ndim and x.shape[0] == size for x in evidence.inputs)


def enlarged(evidence: Evidence, size: int) -> Iterator[tuple[int, tuple[Array, ...]]]:
    """Yield an axis and inputs that are longer by one along it, those first that are all longer that can be."""
    inputs = evidence.inputs
    times = [1.25 if at == evidence.position else 1.0 for at in range(len(inputs))]  # a target of 0 and 1 stays one
    for axis in range(3):
        lengths = {x.shape[axis] for x in inputs if x.ndim > axis and x.shape[axis] > 1 and size % x.shape[axis] == 0}
        for length in sorted(lengths, reverse=True):
            holders = [at for at, x in enumerate(inputs) if x.ndim > axis and x.shape[axis] == length]
            for count in range(len(holders), 0, -1):
                for chosen in combinations(holders, count):
                    yield (
                        axis,
                        tuple([longer(x, axis, times[at]) if at in chosen else x for at, x in enumerate(inputs)]),
                    )


def longer(x: Array, axis: int, times: float) -> Array:
    """Return an array with one slice more along an axis: its first, times a number unless they are integers."""
    first = np.take(x, [0], axis=axis)
    return np.concatenate([x, first * times if x.dtype.kind == "f" else first], axis=axis)


def forward_value(evidence: Evidence, inputs: tuple[Array, ...]) -> Array | None:
    """Return forward's value, None where it refuses or is not finite."""
    try:
        out = evidence.probe.forward(inputs)
    except FaultError:
        return None
    return out if np.isfinite(out).all() else None


def a_root(evidence: Evidence, factor: float) -> Iterator[Mistake]:
    """Recognise the root of a size, as attention and some initialisers divide by it."""
    for size in sizes(evidence):
        for value, words in ((sqrt(size), f"√{size}"), (1 / sqrt(size), f"1/√{size}")):
            if is_close(factor, value) and (counted := what_counts(evidence, factor, size)):
                told = f"Every number is {words} times what it should be, and goes with {counted}."
                yield Mistake("root of a size", told)


def another_size(evidence: Evidence, factor: float) -> Iterator[Mistake]:
    """Recognise a division by the wrong size: by the features where the samples are counted, or the other way."""
    known = sizes(evidence)
    for right in known:
        for wrong in known:
            if right != wrong and right % wrong and wrong % right and is_close(factor, right / wrong):
                seen = [is_seen_to_go(evidence, factor, size) for size in (right, wrong)]
                if any(seen):
                    told = (
                        f"Every number is {right}/{wrong} times what it should be: divided by {wrong}, not by {right}."
                    )
                    yield Mistake("divided by the wrong size", told)
                    return


def is_seen_to_go(evidence: Evidence, factor: float, size: int) -> bool:
    """Return whether a factor changes with a size, tried with larger arrays."""
    for _, inputs in enlarged(evidence, size):
        out = forward_value(evidence, inputs)
        if out is None:
            continue
        changed = factor_at(evidence, evidence.probe, inputs, evidence.dout_like(out))
        if changed is not None and not is_close(changed, factor):
            return True
    return False
