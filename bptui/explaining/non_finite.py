"""Where NaN and infinity come from: the step that makes them, the element, and the numbers that it made them of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, ForwardStep, Step, UpdateStep
from bptui.explaining.equations import douts_by_own_name, inputs_by_own_name, outputs_by_own_name, rule_at
from bptui.explaining.formula_words import is_arithmetic, put_numbers, word, words_of
from bptui.explaining.value_state import before_update
from layers import Array

MOST_SEARCHED = 100_000
"""As many elements of an array as are looked through at every key."""

OF_TWO = re.compile(rf"({word.pattern}) ([×/]) ({word.pattern})")
"""A rule whose two numbers can be told by name: ``dout / x``."""


Mask: TypeAlias = NDArray[np.bool_]


class MadeArray(NamedTuple):
    """An array that a step made: whose it is, and the layer's rule for it, of ``arrays`` by its own names for them."""

    name: str
    what: str
    array: Array
    rule: str = ""
    arrays: Mapping[str, Array] = {}
    names: Mapping[str, str] = {}

    @property
    def operands(self) -> dict[str, Array] | None:
        """What goes into each element, by the rule's names; None where the rule is no such arithmetic."""
        used = {own: it for own, it in self.arrays.items() if own in word.findall(self.rule)}
        if not used or " · " in self.rule or not is_arithmetic(self.rule, used):
            return None
        try:
            return {own: np.broadcast_to(it, self.array.shape) for own, it in used.items()}
        except ValueError:
            return None

    def element(self, index: tuple[int, ...]) -> str:
        """Return how messages write an element: ``w[2]``."""
        return f"{text.visible(self.name, limit=40)}{text.index(index)}"


def non_finite_origin(moment: Moment) -> str:
    """Return in words what NaN or infinity begins with the step that has just run; empty where none does."""
    return next(beginnings(moment), "")


def beginnings(moment: Moment) -> Iterator[str]:
    """Yield what begins in each array that the step made, with the numbers of the first element in which it does."""
    if moment.step is None or not any(map(non_finite, results(moment.step))):
        return
    is_given = any(map(non_finite, given_arrays(moment)))
    for made in made_arrays(moment):
        kind = non_finite(made.array)
        operands = made.operands if kind else None
        if operands is not None:
            has_begun = is_kind(made.array, kind) & ~any_kind(operands, kind)
            if has_begun.any():
                yield origin_words(made, kind, operands, first(has_begun))
        elif kind and not is_given:
            yield f"{kind} starts here, in {made.what}{made.element(first(is_kind(made.array, kind)))}"


def results(step: Step) -> Iterator[Array]:
    """Yield the arrays that a step made."""
    match step:
        case ForwardStep():
            yield from step.outs
        case BackwardStep():
            yield from (gradient for gradient in step.gradients if gradient is not None)
        case UpdateStep():
            yield step.after


def is_kind(array: Array, kind: str) -> Mask:
    """Return which elements are NaN or, where that is not the kind, not finite at all."""
    return np.asarray(np.isnan(array) if kind == "NaN" else ~np.isfinite(array))


def any_kind(operands: Mapping[str, Array], kind: str) -> Mask:
    """Return where any of some operands is NaN, or not finite."""
    return np.logical_or.reduce([is_kind(it, kind) for it in operands.values()])


def first(mask: Mask) -> tuple[int, ...]:
    """Return the index of the first element that holds."""
    return tuple(int(place) for place in np.unravel_index(int(np.argmax(mask)), mask.shape))


def given_arrays(moment: Moment) -> Iterator[Array]:
    """Yield what the step that has just run was given."""
    match moment.step:
        case ForwardStep() as step:
            found = [moment.value(name) for name in step.node.inputs]
        case BackwardStep() as step:
            found = [*step.douts, *(moment.value(name) for name in (*step.node.outputs, *step.node.inputs))]
        case UpdateStep() as step:
            found = [step.gradient, step.before]
        case None:
            found = []
    return (it for it in found if it is not None)


def made_arrays(moment: Moment) -> Iterator[MadeArray]:
    """Yield what the step that has just run made."""
    match moment.step:
        case ForwardStep() as step:
            words = words_of(moment.tape, step.node)
            names = dict(zip(words.inputs, step.node.inputs, strict=False))
            inputs = inputs_by_own_name(moment, step.node, words)
            for place, (name, out) in enumerate(zip(step.node.outputs, step.outs, strict=True)):
                yield MadeArray(name, "", out, words.formula_of(place), inputs, names)
        case BackwardStep() as step:
            yield from made_gradients(moment, step)
        case UpdateStep() as step:
            yield MadeArray(step.name, "the updated ", step.after)


def made_gradients(moment: Moment, step: BackwardStep) -> Iterator[MadeArray]:
    """Yield the gradients that a node's backward made."""
    words = words_of(moment.tape, step.node)
    arrays = inputs_by_own_name(moment, step.node, words) | douts_by_own_name(step, words)
    arrays |= outputs_by_own_name(moment, step.node, words)
    names = dict(zip(words.inputs, step.node.inputs, strict=False)) | {"out": step.name}
    for position, gradient in enumerate(step.gradients):
        if gradient is not None:
            own = words.inputs[position] if position < len(words.inputs) else ""
            rule = words.rules.get(own, "")
            rule = rule_at(moment, step.node, position, rule, arrays) if rule else ""
            yield MadeArray(step.node.inputs[position], "the gradient of ", gradient, rule, arrays, names)


def origin_words(made: MadeArray, kind: str, operands: Mapping[str, Array], index: tuple[int, ...]) -> str:
    """Return which numbers made an element what it is: ``Infinity starts here: dout 3 / p[2] = 0``."""
    numbers = {own: spelled_number(it[index]) for own, it in operands.items()}
    if not all(np.isfinite(it[index]) for it in operands.values()):
        return f"{kind}: {put_numbers(made.rule, numbers)} at {made.element(index)}"
    found = OF_TWO.fullmatch(made.rule)
    if found is None:
        return f"{kind} starts here: {put_numbers(made.rule, numbers)} at {made.element(index)}"
    one, sign, other = found.groups()
    return f"{kind} starts here: {operand(made, one, numbers, index)} {sign} {operand(made, other, numbers, index)}"


def operand(made: MadeArray, own: str, numbers: Mapping[str, str], index: tuple[int, ...]) -> str:
    """Return an operand with its name and its number: ``dout 3``, ``p[2] = 0``."""
    if own == "dout":
        return f"dout {numbers[own]}"
    if made.names[own] == numbers[own]:
        return numbers[own]  # a constant is named as it is written
    place = text.index(index) if made.arrays[own].shape == made.array.shape else ""
    return f"{text.visible(made.names[own], limit=40)}{place} = {numbers[own]}"


def spelled_number(value: float) -> str:
    """Return a number as these messages write it, infinity in full."""
    return text.number(float(value)).replace("Inf", "Infinity")


def trouble(moment: Moment, name: str) -> list[str]:
    """Return in words where NaN or infinity comes into a value or its gradient, what backward did first."""
    if any(it is not None and it.size > MOST_SEARCHED for it in arrays_around(moment, name)):
        return []
    value, gradient = moment.value(name), moment.gradient(name)
    found = [begun_at(moment, name, Pass.BACKWARD)]
    if not found[0] and gradient is not None and (kind := non_finite(gradient)):
        found = [f"{kind} in the gradient"]
    if value is not None and (kind := non_finite(value)):
        found.append(origin(before_update(moment), name, kind))
    return list(filter(None, found))


def arrays_around(moment: Moment, name: str) -> Iterator[Array | None]:
    """Yield what is searched at a value: it, and the inputs of its node."""
    node = moment.graph.node(name)
    return map(moment.value, (name, *(node.inputs if node else ())))


def begun_at(moment: Moment, name: str, pass_: Pass) -> str:
    """Return what begins at a node's step in a pass; empty where nothing does, or it has not run."""
    step = moment.step_of(name, pass_) if moment.graph.node(name) else None
    return non_finite_origin(moment.tape.at(step.number)) if step else ""


def origin(moment: Moment, name: str, kind: str) -> str:
    """Return where a value that is not finite has it from."""
    node = moment.graph.node(name)
    if node is None:
        return f"{kind} in the value: it was given so"
    if begun := begun_at(moment, name, Pass.FORWARD):
        return begun
    sources = (it for it in node.inputs if (value := moment.value(it)) is not None and non_finite(value))
    return next((f"{kind} in the value: it comes in with {text.visible(it)}" for it in sources), f"{kind} in the value")


def given_so(moment: Moment, name: str) -> str:
    """Return what of a leaf's own numbers is not finite, in words."""
    value = moment.value(name)
    kind = "" if value is None else non_finite(value)
    return f"{text.visible(name, limit=40)} has {kind} in it to begin with" if kind else ""


def non_finite(array: Array) -> str:
    """Return ``NaN`` or ``Infinity`` where one of them is in an array."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return ""
    return "NaN" if np.isnan(array).any() else "Infinity"
