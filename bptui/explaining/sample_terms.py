"""The terms of a loss: what each sample adds to it, as the loss of that sample alone times the same factor for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.explaining.recorded_layers import is_asked
from bptui.explaining.term import Element, Factor, Term, Unit, element_label, term_of
from layers import Array, library

MOST_SAMPLES = 1_024
"""Samples of which each is given to the layer by itself."""


def sample_terms(moment: Moment, node: Node, unit: Unit) -> Iterator[Term]:
    """Yield what each sample adds to the value of a built-in layer that is one number; nothing of another layer.

    That they sum to the value is for the caller to see: a layer that mixes its samples has no such terms.
    """
    inputs = [moment.value(it) for it in node.inputs]
    number = moment.value(node.name)
    arrays = [np.asarray(it) for it in inputs if it is not None]
    samples = {it.shape[0] if it.ndim else 0 for it in arrays}
    if number is None or np.ndim(number) or len(arrays) < len(inputs) or not is_asked(moment.tape, node):
        return
    if len(samples) != 1 or not 1 < (count := samples.pop()) <= MOST_SAMPLES:
        return
    alone = [loss_of_sample(node, arrays, sample) for sample in range(count)]
    share = share_of_each(float(number), alone)
    if share is None:
        return
    slopes = unit(node, 0, 0, ())
    for sample, loss in enumerate(alone):
        of = ", ".join(element_label(name, (sample,)) for name in node.inputs)
        factors = [Factor(f"{node.layer}({of})", loss)]
        if share != 1.0:
            factors.append(Factor(f"1/{round(1 / share)}", share))
        yield term_of(factors, steepest(node.inputs[0], arrays[0], slopes, sample))


def loss_of_sample(node: Node, arrays: Sequence[Array], sample: int) -> float:
    """Return the value that a layer gives of one sample alone; 0 where there is none, as of one that is ignored."""
    with np.errstate(all="ignore"):
        alone = float(library[node.layer](**node.options).forward(*[it[sample : sample + 1] for it in arrays]))
    return alone if np.isfinite(alone) else 0.0


def share_of_each(number: float, alone: Sequence[float]) -> float | None:
    """Return what the values of the samples alone are multiplied by to sum to a number: 1, or 1 over how many count.

    None where it is neither, and the number is not made of them so.
    """
    total = sum(alone)
    if not number or number == total:
        return 1.0
    over = round(total / number) if np.isfinite(total / number) else 0
    return 1 / over if 1 <= over <= len(alone) and abs(total / number - over) < 1e-9 * over else None


def steepest(name: str, array: Array, slopes: Array | None, sample: int) -> Element:
    """Return the element of a sample that moves the value most, to go on to."""
    row = np.abs(array[sample] if slopes is None else slopes[sample])
    inside = np.unravel_index(int(np.argmax(row)), row.shape) if row.size else ()
    return Element(name, (sample, *map(int, inside)))
