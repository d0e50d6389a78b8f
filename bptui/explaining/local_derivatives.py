"""A node's rules for its gradients, and what they multiply ``dout`` by: its local derivatives."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np

from bptui.core import text
from bptui.core.graph import Node
from bptui.core.moment import Moment
from bptui.explaining.equations import Equation, inputs_by_own_name, rule_at, with_numbers
from bptui.explaining.formula_words import inline, is_arithmetic, is_built_in, name_inputs, put, unbracketed, words_of
from bptui.explaining.value_state import gradient_can_arrive
from layers import Array

ONES = ("1", "-1")
"""Local derivatives that are the same for every element, whatever its shape."""

MOST_LOCAL = 30
"""As many elements as a node's arrays may have for its local derivatives to be worth a look, number by number."""


def local_equations(moment: Moment, name: str) -> tuple[tuple[Equation, Array | None], ...]:
    """Return a node's local derivatives, what ``dout`` is multiplied by for each input, where its rules tell that.

    Each has its array, or None where that is only an input named in the equation, or too large to look at.
    """
    node, out = moment.graph.node(name), moment.value(name)
    if node is None or out is None or len(node.outputs) > 1:
        return ()
    words = words_of(moment.tape, node)
    if not is_built_in(moment.tape, node):
        return tuple(own_equations(moment, node, out))
    arrays = inputs_by_own_name(moment, node, words) | {"out": out}
    names = name_inputs(words, node) | {"out": text.visible(name)}
    is_small = all(np.size(it) <= MOST_LOCAL for it in arrays.values())
    locals_ = moment.local(name) if is_small else (None,) * len(node.inputs)
    equations = []
    for own, value, local in zip(words.inputs, node.inputs, locals_, strict=False):
        rule = without_dout(words.rules.get(own, ""))
        is_told = local is not None or (not is_small and is_readable(words.rules.get(own, ""), names))
        if rule and value not in moment.graph.constants and is_told:
            left = f"∂{text.visible(name)}/∂{text.visible(value)}"
            shown = None if local is None or rule in ONES else inline(local)
            equation = Equation(left, put(rule, names), with_numbers(rule, arrays, words, out), shown or "")
            equations.append((equation, None if rule in ONES or rule.rstrip("ᵀ") in arrays else local))
    return tuple(equations)


def is_readable(rule: str, names: Container[str]) -> bool:
    """Return whether a rule tells a local derivative that nobody has looked at: as a factor of dout, or arithmetic."""
    plain = rule.removeprefix("-")
    is_factor = plain.startswith(("dout × ", "dout · ")) or plain.endswith(" · dout")
    return is_factor or is_arithmetic(rule.replace("dout", "1"), names)


def own_equations(moment: Moment, node: Node, out: Array) -> Iterator[tuple[Equation, Array | None]]:
    """Yield the local derivatives of a layer of the user's own, which has no rules: as it gives them, or recorded."""
    values = [it for name in node.inputs if (it := moment.value(name)) is not None]
    if any(np.size(it) > MOST_LOCAL for it in (*values, out)):
        return
    for value, local in zip(node.inputs, moment.local(node.name), strict=True):
        if local is not None and value not in moment.graph.constants:
            left = f"∂{text.visible(node.name)}/∂{text.visible(value)}"
            yield Equation(left, "", "", inline(local) or ""), local


def without_dout(rule: str) -> str:
    """Return what a rule multiplies ``dout`` by; empty where it does more than that."""
    for product in ("dout × ", "dout · "):
        if rule.removeprefix("-").startswith(product):
            return unwrapped(rule.replace(product, "", 1))
    if rule.endswith(" · dout"):
        return rule.removesuffix(" · dout")
    if "Σ" in rule or "(dout" in rule:
        return ""
    return rule.replace("dout × ", "").replace(" × dout", "").replace("dout", "1")


def unwrapped(rule: str) -> str:
    """Return a rule without parentheses around all of it."""
    return rule[1:-1] if rule.startswith("(") and "(" not in unbracketed(rule[1:-1]) and not unbracketed(rule) else rule


def rules(moment: Moment, name: str) -> tuple[Equation, ...]:
    """Return how a node's backward will work, before it has: its rules in the names of its values."""
    node, out = moment.graph.node(name), moment.value(name)
    if node is None or out is None:
        return ()
    words = words_of(moment.tape, node)
    arrays = inputs_by_own_name(moment, node, words) | {"out": out, "dout": out}
    names = name_inputs(words, node) | {"out": text.visible(name)}
    return tuple(
        Equation(
            f"d {text.visible(value)}",
            put(rule_at(moment, node, position, words.rules[own], arrays), names | {own: text.visible(value)}),
            "",
            "",
        )
        for position, (own, value) in enumerate(zip(words.inputs, node.inputs, strict=False))
        if own in words.rules and gradient_can_arrive(moment, value)
    )
