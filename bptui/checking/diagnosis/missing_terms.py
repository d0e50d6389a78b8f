"""Terms that a gradient has too many or too few: a multiple of an input, dout itself, the way through a mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from bptui.checking.diagnosis.contributions import coupled
from bptui.checking.diagnosis.evidence import Evidence, numbers_of
from bptui.checking.diagnosis.factors import CHANGE, PLACES, is_close
from bptui.checking.diagnosis.jacobians import Jacobians
from bptui.checking.diagnosis.mistake import Mistake
from bptui.checking.probe import Probe
from bptui.core import text
from layers import Array


def multiple_of_an_input(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a penalty's slope with the wrong factor: what is missing is a multiple of an input."""
    if int(evidence.seen.sum()) < 3:
        return
    for position, x in enumerate(evidence.inputs):
        if x.dtype.kind == "f" and x.shape == evidence.analytic.shape:
            factor = multiple(evidence.deviation, x, evidence)
            if factor is not None:
                yield told_multiple(evidence, position, factor)


def multiple(deviation: Array, x: Array, evidence: Evidence) -> float | None:
    """Return how many times an input the deviation is, per unit of dout; None where it is not a multiple of it."""
    seen = evidence.seen
    d, values = deviation[seen], x[seen]
    square = float(values @ values)
    if len(np.unique(values)) < 3 or not square:
        return None
    factor = float(d @ values) / square
    if not factor or not np.allclose(d, factor * values, rtol=1e-3, atol=1e-3 * float(np.abs(d).max())):
        return None
    return factor / float(evidence.dout.reshape(-1)[0]) if evidence.dout.size == 1 else factor


def told_multiple(evidence: Evidence, position: int, factor: float) -> Mistake:
    """Return the mistake of a term that is a multiple of an input, by the option that it goes with if there is one."""
    name = evidence.subject.called(position)
    amount = option_words(evidence, position, factor) or text.number(abs(factor), 6)
    if factor < 0:
        told = f"What is missing is {amount} × {name}, in every element."
        return Mistake("a multiple of an input is missing", told + penalty_hint(evidence, position), (factor,))
    told = f"What is too much is {amount} × {name}, in every element."
    return Mistake("a multiple of an input too much", told + penalty_hint(evidence, position), (factor,))


def penalty_hint(evidence: Evidence, position: int) -> str:
    """Return what is most often behind it."""
    return (
        " The slope of c × W² is 2 × c × W, and that of c / 2 × W² is c × W." if position == evidence.position else ""
    )


def option_words(evidence: Evidence, position: int, factor: float) -> str:
    """Return the option that a multiple goes with, in words; it is changed to be sure."""
    for name, value in numbers_of(evidence.subject.options).items():
        for times, words in ((1, name), (2, f"2 × {name}"), (0.5, f"{name} / 2")):
            if value and is_close(abs(factor), abs(times * value)):
                changed = multiple_with_option(evidence, position, name, value * CHANGE)
                if changed is not None and is_close(changed, factor * CHANGE):
                    return words
    return ""


def multiple_with_option(evidence: Evidence, position: int, name: str, value: float) -> float | None:
    """Return what the multiple is when an option is changed, None where the layer refuses or it is none."""
    remade = evidence.subject.remade
    if remade is None:
        return None
    subject = replace(evidence.subject, make=lambda: remade({name: value}))
    probe = Probe(subject, is_frozen=evidence.probe.is_frozen)
    places = np.unique(np.linspace(0, evidence.x.size - 1, min(evidence.x.size, PLACES)).astype(np.intp))
    gradient = evidence.gradient(probe, evidence.inputs, evidence.dout)
    measured = evidence.measured(probe, evidence.inputs, evidence.dout, places)
    if gradient is None or measured is None:
        return None
    numeric = np.full(evidence.x.shape, np.nan)
    numeric.reshape(-1)[places] = measured
    changed = replace(evidence, probe=probe, analytic=gradient, numeric=numeric)
    return multiple(changed.deviation, evidence.inputs[position], changed)


def dout_missing(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a skip connection that one of the two passes does not know."""
    if evidence.dout.shape != evidence.analytic.shape or evidence.dout.size < 2:
        return
    seen = evidence.seen
    if np.allclose(evidence.deviation[seen], -evidence.dout[seen], rtol=1e-3, atol=1e-6):
        told = "What is missing is dout itself: the input also reaches the value by a skip connection."
        yield Mistake("a use is missing", told)
    if np.allclose(evidence.deviation[seen], evidence.dout[seen], rtol=1e-3, atol=1e-6):
        told = "What is too much is dout itself: forward has no skip connection that passes the input on as it is."
        yield Mistake("a use too many", told)


def statistics(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a normalisation whose mean, or variance, is taken for a constant by backward."""
    jacobians = evidence.jacobians
    if jacobians is None or not jacobians.is_square:
        return
    axes = coupled(jacobians, jacobians.is_there)
    if not axes:
        return
    missing = jacobians.forward - jacobians.backward
    if is_by(missing, evidence.x.reshape(-1), evidence, axes):
        told = "The way through the norm, or a mean of squares, is missing: it moves with every element."
        yield Mistake("a use is missing", told)
    elif not coupled(jacobians, jacobians.is_given) and not (missing == 0).all() and is_statistic(evidence, jacobians):
        told = "Backward takes the mean and the variance for constants; both move with every element."
        yield Mistake("statistics taken for constants", told)
    elif is_by(missing, np.ones(evidence.x.size), evidence, axes):
        yield Mistake("a use is missing", "The way through the mean, or a sum, is missing.")
    elif is_by(missing, centred(evidence, axes), evidence, axes):
        yield Mistake("a use is missing", "The way through the variance is missing: it moves with every element.")


def is_statistic(evidence: Evidence, jacobians: Jacobians) -> bool:
    """Return whether what is missing is what a mean and a variance bring: a constant and the distance from the mean."""
    axes = coupled(jacobians, jacobians.is_there)
    missing = jacobians.forward - jacobians.backward
    basis = [np.ones(evidence.x.size), centred(evidence, axes)]
    return all(spanned(row, basis, group) for row, group in rows_with_groups(missing, evidence, axes))


def centred(evidence: Evidence, axes: frozenset[int]) -> Array:
    """Return the input's distance from its mean along some axes, flat."""
    return np.asarray(evidence.x - evidence.x.mean(axis=tuple(axes), keepdims=True)).reshape(-1)


def is_by(missing: Array, direction: Array, evidence: Evidence, axes: frozenset[int]) -> bool:
    """Return whether each row of what is missing is a multiple of a direction, within the row's own group."""
    if not np.abs(missing).max(initial=0) > 1e-6:
        return False
    return all(spanned(row, [direction], group) for row, group in rows_with_groups(missing, evidence, axes))


def rows_with_groups(missing: Array, evidence: Evidence, axes: frozenset[int]) -> Iterator[tuple[Array, Array]]:
    """Yield each row of a Jacobian, and which elements are normalised together with its own."""
    indices = np.unravel_index(np.arange(evidence.x.size), evidence.x.shape)
    fixed = [index for axis, index in enumerate(indices) if axis not in axes]
    for place, row in enumerate(missing):
        group = np.ones(evidence.x.size, np.bool_)
        for index in fixed:
            group &= index == index[place]
        yield row, group


def spanned(row: Array, basis: list[Array], group: Array) -> bool:
    """Return whether a row is a combination of some directions within its group, and nothing outside; 3 at least."""
    if group.sum() < len(basis) + 2 or np.abs(row[~group]).max(initial=0) > 1e-6 * np.abs(row).max(initial=0):
        return False
    matrix = np.stack([it[group] for it in basis], axis=1)
    solution, *_ = np.linalg.lstsq(matrix, row[group], rcond=None)
    return bool(np.allclose(matrix @ solution, row[group], rtol=1e-3, atol=1e-5 * float(np.abs(row).max(initial=0))))
