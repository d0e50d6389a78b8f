"""What happened at a node, in equations: the arithmetic of a step with its names and numbers in it.

Pure functions of a moment and a name, shared by the screen and the reports; they style nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import numpy as np

from bptui.core import text
from bptui.core.graph import UNNAMED, Node, Use
from bptui.core.moment import Moment
from bptui.core.optimizer import SGD, AdaGrad, Adam, Momentum, Optimizer, RMSProp
from bptui.core.order import Pass
from bptui.core.step import BackwardStep, UpdateStep
from bptui.deferred_dataclass import dataclass
from bptui.explaining.formula_words import (
    Words,
    as_product,
    brief,
    inline,
    is_arithmetic,
    name_inputs,
    names_of_rule,
    put,
    put_numbers,
    put_shapes,
    unbracketed,
    words_of,
)
from bptui.explaining.function_words import backward_call, maker_of
from bptui.explaining.printed_arithmetic import adds_up
from bptui.explaining.value_state import arrived_count, before_update, gradient_uses, use_count
from layers import Array

MOST_TERMS = 6
"""Contributions that are written out; a value may be used a hundred thousand times."""

ALL_INPUTS, MOST_NAMED = "all inputs", 4
"""What a formula calls the inputs of a layer that takes any number of them, and as many as are named instead."""

OPTIMIZER_RULES: Mapping[type[Optimizer | None], str] = {
    SGD: "{W} - lr × d{W}",
    Momentum: "{W} + v",
    AdaGrad: "{W} - lr × d{W} / (√h + eps)",
    RMSProp: "{W} - lr × d{W} / (√h + eps)",
    Adam: "{W} - lr × m̂ / (√v̂ + eps)",
}


@dataclass(frozen=True)
class Equation:
    """``left = rule = numbers = result``, each as text; the last two are empty where numbers would not fit in a line.

    ``shapes`` is the rule in shapes, for arrays: ``[2, 3] · [3, 2] → [2, 2]``; ``note`` is for the reader.
    """

    left: str
    rule: str
    numbers: str
    result: str
    shapes: str = ""
    note: str = ""
    sign: str = "="

    @property
    def last_sign(self) -> str:
        """What stands before the result: ≈ where the numbers as they are printed do not make it."""
        return "=" if adds_up(self.numbers, self.result) else "≈"

    @property
    def parts(self) -> tuple[str, ...]:
        """What stands between the equals signs after ``left``, nothing twice in a row."""
        parts: list[str] = []
        for part in (self.rule, self.numbers, self.result):
            if part and part not in parts[-1:]:
                parts.append(part)
        return tuple(parts)

    def __str__(self) -> str:
        shapes = "" if self.result or not self.shapes else f"   {self.shapes}"
        return f"{self.left}{''.join(f' {sign} {part}' for sign, part in self.signed_parts)}{shapes}"

    @property
    def signed_parts(self) -> tuple[tuple[str, str], ...]:
        """The parts, each with the sign before it."""
        parts = self.parts
        signs = [self.sign, *["="] * (len(parts) - 1)]
        if self.result and len(parts) > 1:
            signs[-1] = self.last_sign
        return tuple(zip(signs, parts, strict=False))


def forward_equation(moment: Moment, name: str) -> Equation | None:
    """Return how a node's value comes from its inputs; None for a leaf, or before the node has gone forward.

    Of several outputs whose layer does not say how each comes about, the equation is about all of them.
    """
    node, out = moment.graph.node(name), moment.value(name)
    if node is None or out is None:
        return None
    words = words_of(moment.tape, node)
    formula = words.formula_of(node.outputs.index(name))
    if len(node.outputs) > 1 and not formula:
        return Equation(output_names(node), node_formula(moment, name), "", "")
    arrays = inputs_by_own_name(moment, node, words) | outputs_by_own_name(moment, node, words)
    return Equation(
        text.visible(name),
        node_formula(moment, name),
        with_numbers(formula, arrays, words, out),
        inline(out) or "",
        with_shapes(as_product(formula, arrays), arrays, out),
    )


def output_names(node: Node) -> str:
    """Return the names of a node's outputs as a scenario writes them: ``h, c``."""
    return ", ".join("_" if UNNAMED in name else text.visible(name) for name in node.outputs)


def node_formula(moment: Moment, name: str) -> str:
    """Return the formula of a node's output in the names of its values: ``price.1 × tax``."""
    node = moment.graph.node(name)
    assert node is not None
    words = words_of(moment.tape, node)
    if formula := words.formula_of(node.outputs.index(name)):
        return put(formula, name_inputs(words, node)).replace(ALL_INPUTS, input_names(node))
    given = [f"{option}={text.number(it)}" for option, it in node.options.items() if type(it) in (int, float)]
    return f"{maker_of(node)}({', '.join([*map(text.visible, node.inputs), *given])})"


def input_names(node: Node) -> str:
    """Return the names of a node's inputs where they are few: ``a, b and c``; otherwise that all are meant."""
    return ALL_INPUTS if len(node.inputs) > MOST_NAMED else text.enumeration([*map(text.visible, node.inputs)])


def gradient_equations(moment: Moment, name: str) -> tuple[Equation, ...]:
    """Return what a node's backward gives to each input that takes a gradient; nothing before it has run."""
    step = moment.step_of(name, Pass.BACKWARD)
    if not isinstance(step, BackwardStep) or step.dout is None:
        return ()
    words = words_of(moment.tape, step.node)
    arrays = inputs_by_own_name(moment, step.node, words) | douts_by_own_name(step, words)
    arrays |= outputs_by_own_name(moment, step.node, words)
    return tuple(
        gradient_equation(moment, step, position, words, arrays)
        for position, gradient in enumerate(step.gradients)
        if gradient is not None
    )


def gradient_equation(
    moment: Moment, step: BackwardStep, position: int, words: Words, arrays: Mapping[str, Array]
) -> Equation:
    """Return what a node's backward gives to its input at ``position``."""
    gradient = step.gradients[position]
    assert gradient is not None
    name = step.node.inputs[position]
    own = words.inputs[position] if position < len(words.inputs) else ""
    rule = words.rules.get(own, "")
    note = summing_note(moment, step.node, position, rule)
    rule = rule_at(moment, step.node, position, rule, arrays)
    name = text.visible(name)
    names = name_inputs(words, step.node) | {own: name, "out": text.visible(step.name)}
    return Equation(
        f"d {name}",
        put(rule, names) or backward_call(step.node),
        with_numbers(rule, arrays, words, gradient),
        inline(gradient) or "",
        with_shapes(rule, arrays, gradient),
        note,
    )


def rule_at(moment: Moment, node: Node, position: int, rule: str, arrays: Mapping[str, Array]) -> str:
    """Return the rule of a node's input as it is for arrays of these shapes: summed back, or of vectors."""
    name = node.inputs[position]
    if is_summed_back(moment, node, name, rule):
        return sum_of_rule(rule)
    value, dout = moment.value(name), arrays.get("dout")
    is_sum = rule.startswith("Σ dout over") or rule.endswith(" over the batch")
    if is_sum and value is not None and dout is not None and dout.shape == value.shape:
        return rule.removeprefix("Σ ").partition(" over ")[0]  # there is nothing to sum over
    product = as_product(rule, arrays)
    return sum_of_rule(product) if lacks_batch(moment, node, name, rule) else product


def summing_note(moment: Moment, node: Node, position: int, rule: str) -> str:
    """Return over what the gradient of an input is summed, where its layer's rule does not say so."""
    name = node.inputs[position]
    if is_summed_back(moment, node, name, rule):
        value = moment.value(name)
        back = text.shape(value) if np.ndim(value) else "a scalar"  # type: ignore[arg-type]
        return f"summed back to {back}, which broadcasting had repeated"
    return "summed over the batch" if lacks_batch(moment, node, name, rule) else ""


def sum_of_rule(rule: str) -> str:
    """Return a rule's sum, its sign before it, and in parentheses where the Σ would not be taken to hold for all."""
    if rule.startswith("-"):
        return f"-{sum_of_rule(rule[1:])}"
    is_several = any(sign in unbracketed(rule) for sign in (" where ", " + ", " - "))
    return f"Σ ({rule})" if is_several else f"Σ {rule}"


def is_summed_back(moment: Moment, node: Node, name: str, rule: str) -> bool:
    """Return whether the gradient of an input is summed over what broadcasting had repeated, and no rule says so."""
    return bool(rule) and "Σ" not in rule and "repeated" not in rule and is_stretched(moment, node, name)


def dout_equation(moment: Moment, name: str) -> Equation:
    """Return the gradient that arrives at a node, as a sum where it has several uses; something must have arrived."""
    gradient = moment.gradient(name)
    assert gradient is not None
    if (total := sum_equation(moment, name)) is not None:
        return replace(total, left="dout")
    return Equation("dout", "", "", inline(gradient) or "", text.shape(gradient))


def dout_origin(moment: Moment, name: str) -> str:
    """Return in words where the gradient that arrives at a node comes from."""
    if name == moment.graph.output:
        return "dout as given at the output"
    return f"dout from {source(moment, next(gradient_uses(moment, name)))}" if use_count(moment, name) == 1 else ""


def arrivals(moment: Moment, name: str) -> tuple[Equation, ...]:
    """Return the contributions to a value's gradient that have arrived, each as the node that makes it works it out."""
    uses = [use for use, _ in arrived_contributions(moment, name)]
    arrived = [(source(moment, use), it) for use in uses if (it := contribution_equation(moment, use)) is not None]
    if use_count(moment, name) == 1:
        return tuple(replace(it, note=it.note or f"from {origin}") for origin, it in arrived)
    return tuple(replace(it, left=f"via {origin}") for origin, it in arrived)


def contribution_equation(moment: Moment, use: Use) -> Equation | None:
    """Return what one use of a value gives to its gradient, or None before it has."""
    step = moment.step_of(moment.graph.nodes[use.node].name, Pass.BACKWARD)
    if not isinstance(step, BackwardStep) or step.gradients[use.position] is None:
        return None
    present_before = sum(it is not None for it in step.gradients[: use.position])
    return gradient_equations(moment, step.name)[present_before]


def sum_equation(moment: Moment, name: str) -> Equation | None:
    """Return how a value's gradient adds up over its uses; None where it has one use, or nothing has arrived."""
    arrived, count, total = arrived_count(moment, name), use_count(moment, name), moment.gradient(name)
    contributions = arrived_contributions(moment, name)
    if count < 2 or not contributions or total is None:
        return None
    more = [f"… {arrived - MOST_TERMS:,} more"] if arrived > MOST_TERMS else []
    terms = [inline(it) for _, it in contributions]
    numbers = [f"({it})" if it.startswith("-") and place else it for place, it in enumerate(filter(None, terms))]
    return Equation(
        f"d {text.visible(name)}",
        " + ".join([*(f"via {source(moment, use)}" for use, _ in contributions), *more]),
        " + ".join([*numbers, *("…" for _ in more)]) if None not in terms else "",
        inline(total) or "",
        note=f"{arrived:,} of {count:,} contributions so far" if moment.awaits_gradient(name) else "",
    )


def arrived_contributions(moment: Moment, name: str) -> list[tuple[Use, Array]]:
    """Return the first contributions to a value's gradient that have arrived, in order of arrival, with their uses."""
    uses = islice(gradient_uses(moment, name), min(MOST_TERMS, arrived_count(moment, name)))
    return [(use, it) for use in uses if (it := moment.contribution(use)) is not None]


def source(moment: Moment, use: Use) -> str:
    """Return the name of the node that uses a value, and as which input where it takes that value twice."""
    node = moment.graph.nodes[use.node]
    twice = node.inputs.count(node.inputs[use.position]) > 1
    return text.visible(node.name) + (f" (input {use.position + 1})" if twice else "")


def update_equation(moment: Moment, parameter: str) -> Equation | None:
    """Return a parameter's update, ``W ← W - lr × dW``; None before it has run."""
    step = moment.step_of(parameter, Pass.UPDATE)
    if not isinstance(step, UpdateStep):
        return None
    name = text.visible(parameter)
    if step.gradient is None and np.array_equal(step.before, step.after, equal_nan=True):
        return Equation(name, name, "", brief(step.after), note="no gradient reaches it: it stays as it is", sign="←")
    rule = moment.tape.optimizer
    formula = OPTIMIZER_RULES.get(type(rule), "{W} + change").replace("{W}", name)
    is_unknown = rule is None and any(node.call for node in moment.graph.nodes)
    changed = ", ".join(["changed by your code"] * is_unknown + [str(step.call)] * (step.call is not None))
    numbers, shapes = update_numbers(step, rule), f"→ {text.shape(step.after)}"
    return Equation(name, formula, numbers, inline(step.after) or "", shapes, note=changed, sign="←")


def update_numbers(step: UpdateStep, rule: Optimizer | None) -> str:
    """Return an update with its numbers in it: by ``lr × dW`` where the rule is only that."""
    before, name = inline(step.before), text.visible(step.parameter)
    if before is None or step.gradient is None:
        return f"{name} - {text.number(rule.lr)} × d{name}" if isinstance(rule, SGD) else ""
    if isinstance(rule, SGD):
        return put_numbers("W - lr × dW", {"W": before, "lr": text.number(rule.lr), "dW": brief(step.gradient)})
    return put_numbers("W + change", {"W": before, "change": brief(step.after - step.before)})


def inputs_by_own_name(moment: Moment, node: Node, words: Words) -> dict[str, Array]:
    """Return a node's input values, as it worked with them, by the names that its layer's forward has for them."""
    values = map(before_update(moment).value, node.inputs)
    return {own: it for own, it in zip(words.inputs, values, strict=False) if it is not None}


def outputs_by_own_name(moment: Moment, node: Node, words: Words) -> dict[str, Array]:
    """Return a node's outputs by the names that its layer has for them: ``out`` where it has but one."""
    names = words.outputs or ("out",)
    return {own: it for own, it in zip(names, map(moment.value, node.outputs), strict=False) if it is not None}


def douts_by_own_name(step: BackwardStep, words: Words) -> dict[str, Array]:
    """Return what arrives at a node by the names that its layer's rules have for it: ``dout``, or ``dh`` and ``dc``."""
    names = [f"d{name}" for name in words.outputs] or ["dout"]
    return {own: it for own, it in zip(names, step.douts, strict=False) if it is not None}


def with_numbers(rule: str, arrays: Mapping[str, Array], words: Words, result: Array) -> str:
    """Return ``rule`` with numbers for its words; empty where it is more than arithmetic, or one would not fit."""
    used = {name: arrays[name] for name in names_of_rule(rule) if name in arrays}
    is_reduced = not np.ndim(result) and any(np.ndim(array) for array in used.values()) and " · " not in rule
    short = {name: inline(array) for name, array in used.items()}
    numbers = words.numbers | {name: it for name, it in short.items() if it is not None}
    if is_reduced or None in short.values() or not is_arithmetic(rule, numbers):
        return ""
    return put_numbers(rule, numbers)


def with_shapes(rule: str, arrays: Mapping[str, Array], result: Array) -> str:
    """Return ``rule`` in shapes where it is nothing but operators; empty where there are none but scalars."""
    names = names_of_rule(rule)
    if not np.ndim(result) and not any(np.ndim(arrays[name]) for name in names if name in arrays):
        return ""
    is_simple = len(names) > 1 and arrays.keys() >= set(names) and not {"(", "["} & set(rule)
    return f"{put_shapes(rule, arrays) if is_simple else ''} → {text.shape(result)}".lstrip()


def lacks_batch(moment: Moment, node: Node, name: str, rule: str) -> bool:
    """Return whether an input of a matrix product is the same for a whole batch, all of which its gradient sums."""
    if " · " not in rule or "Σ" in rule or len(node.outputs) > 1:
        return False
    batches = {each: np.shape(it)[:-2] for each in node.inputs if (it := moment.value(each)) is not None}
    try:
        return batches.get(name) != np.broadcast_shapes(*batches.values())
    except ValueError:
        return False


def is_stretched(moment: Moment, node: Node, name: str) -> bool:
    """Return whether broadcasting has stretched an input to its node's shape."""
    if len(node.outputs) > 1 or node.inputs == (name,):
        return False
    own, out = np.shape(moment.value(name)), np.shape(moment.value(node.name))  # type: ignore[arg-type]
    if own == out:
        return False
    shapes = [np.shape(it) for it in map(moment.value, node.inputs) if it is not None]
    try:
        return out == np.broadcast_shapes(*shapes)
    except ValueError:
        return False
