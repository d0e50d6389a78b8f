"""The right numbers in the wrong place, or of the wrong operand: transposed, flipped, rotated, swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from bptui.checking.diagnosis.contributions import axes_in_words
from bptui.checking.diagnosis.evidence import Evidence, is_measured
from bptui.checking.diagnosis.mistake import Mistake
from layers import Array

TURNS: tuple[tuple[str, str, Callable[[Array], Array]], ...] = (
    ("transposed", "with its last two axes swapped", lambda x: np.swapaxes(x, -1, -2)),
    ("rotated", "rotated by 180°", lambda x: x[..., ::-1, ::-1]),
    ("flipped", "flipped along its last axis", lambda x: x[..., ::-1]),
    ("flipped", "flipped along its last axis but one", lambda x: x[..., ::-1, :]),
    ("flipped", "flipped along its first axis", lambda x: x[::-1]),
    ("transposed", "with its first two axes swapped", lambda x: np.swapaxes(x, 0, 1)),
    ("rotated", "rotated by 90°", lambda x: np.rot90(x, 1, (-2, -1))),
    ("rotated", "rotated by -90°", lambda x: np.rot90(x, -1, (-2, -1))),
)
"""What may have been done to an array: the mistake's name, what to say, and how to do it."""


def turned(x: Array) -> Iterator[tuple[str, str, Array]]:
    """Yield an array turned in every way that keeps its shape and changes it."""
    for name, words, turn in TURNS:
        if x.ndim > 1 or words == "flipped along its last axis":
            made = turn(x) if x.ndim else x
            if made.shape == x.shape and not np.array_equal(made, x):
                yield name, words, made


def result_turned(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that is right but for the order of its elements."""
    for name, words, made in turned(evidence.numeric):
        if evidence.agrees(made):
            told = f"The numbers are right, but in the wrong places: this is the gradient {words}."
            yield Mistake(name, told + transposed_hint(name))


def transposed_hint(name: str) -> str:
    """Return what is most often behind a transposed result."""
    return " A .T is missing, or the factors' order is turned round." if name == "transposed" else ""


def operand_turned(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that would be right if another input were turned."""
    for position, x in enumerate(evidence.inputs):
        if position == evidence.position or x.dtype.kind != "f":
            continue
        for name, words, made in turned(x):
            if evidence.is_slope_at(evidence.with_input(evidence.inputs, made, position)):
                other = evidence.subject.called(position)
                told = f"This would be right if {other} were {words}: backward uses {other} the wrong way round."
                yield Mistake(f"{name} operand", told)


def summed_along_others(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise dout summed over other axes than those along which forward repeats an input."""
    if not 0 < evidence.x.size < evidence.dout.size:
        return
    sums = dict(sums_to(evidence.dout, evidence.x.shape))
    right = next((axes for axes, made in sums.items() if is_measured(made, evidence.numeric)), None)
    wrong = next((axes for axes, made in sums.items() if axes != right and evidence.agrees(made)), None)
    if right is not None and wrong is not None:
        told = f"Backward sums dout over {axes_in_words(wrong)}, and forward repeats {evidence.name} along "
        yield Mistake("sum over the wrong axis", f"{told}{axes_in_words(right)}.")


def sums_to(dout: Array, shape: tuple[int, ...]) -> Iterator[tuple[frozenset[int], Array]]:
    """Yield the axes over which dout can be summed to have a shape, and the sums; axes of length 1 do not count."""
    wanted = [size for size in shape if size != 1]
    for kept in combinations(range(dout.ndim), len(wanted)):
        if [dout.shape[axis] for axis in kept] == wanted:
            summed = tuple(axis for axis in range(dout.ndim) if axis not in kept)
            yield frozenset(summed), dout.sum(axis=summed).reshape(shape)


def dout_turned(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that would be right for dout turned, or summed over the other axis."""
    for name, words, made in turned(evidence.dout):
        if evidence.is_slope_at(evidence.inputs, made):
            if name == "transposed" and evidence.x.ndim < evidence.dout.ndim:
                yield Mistake("sum over the wrong axis", "Backward sums dout over another axis than forward does.")
            else:
                yield Mistake(f"{name} operand", f"This would be right if dout were {words}.")


def another_s(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise the gradient that belongs to another input."""
    for position, other in evidence.others.items():
        if evidence.agrees(other) and position not in evidence.right_already:
            name = evidence.subject.called(position)
            yield Mistake("another input's gradient", f"This is the gradient of {name}: are the returns swapped?")


def changed_input(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a derivative that is taken at another input's values, or at the layer's own output."""
    x = evidence.x
    if evidence.out.shape != x.shape or set(np.unique(np.abs(evidence.analytic / evidence.dout))) <= {0.0, 1.0}:
        return
    if evidence.is_slope_at(evidence.with_input(evidence.inputs, evidence.out)):
        told = "This is the derivative at out, the layer's own value, where it should be taken at the input: "
        yield Mistake("derivative at out", told + "the function is applied twice.")
