"""A step in one or two plain sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from bptui.core import text
from bptui.core.graph import UNNAMED
from bptui.core.moment import Moment
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.explaining.equations import (
    douts_by_own_name,
    forward_equation,
    inputs_by_own_name,
    node_formula,
    rule_at,
    update_equation,
)
from bptui.explaining.formula_words import inline, name_inputs, put, unbracketed, words_of
from bptui.explaining.function_words import backward_phrase, giver_of, maker_of
from bptui.explaining.value_state import arrived_count, use_count
from layers import Array

SUBORDINATE, PROSE = re.compile(","), re.compile(r"[a-z]+ [a-z]+ [a-z]|'s shape")
"""What in a rule would be taken to go on in a shape or in numbers behind it: these stand before it, then."""


def headline(moment: Moment) -> str:
    """Return what the step that has just run did, in plain sentences."""
    match moment.step:
        case None:
            return f"Nothing has run yet: the first step computes {text.visible(moment.order[1].name)}."
        case ForwardStep() as step:
            return forward_sentence(moment, step)
        case BackwardStep(dout=None) as step:
            return f"No gradient reaches {text.visible(step.name)}, so it passes none on."
        case BackwardStep() as step:
            return f"{arrival_sentence(moment, step)} {departure_sentence(moment, step)}"
        case UpdateStep() as step:
            return update_sentence(moment, step)


def forward_sentence(moment: Moment, step: ForwardStep) -> str:
    """Return what a node has made of its inputs: ``Mul computes a: x × y, which is 2 × 3 = 6``."""
    name, inputs = text.visible(step.name), text.enumeration([*map(text.visible, step.node.inputs)])
    if len(step.outs) > 1:
        return several_sentence(step, inputs)
    layer, result = maker_of(step.node), inline(step.out)
    equation = forward_equation(moment, step.name)
    if not words_of(moment.tape, step.node).formula:
        made = f"{layer} makes {name} of {inputs}"
        return f"{made}: {result}." if result else f"{made}: an array of shape {text.shape(step.out)}."
    formula = node_formula(moment, step.name)
    if not result:
        shape = text.shape(step.out)
        return f"{layer} computes {name}{f', of shape {shape}' if shape not in formula else ''}: {formula}."
    worked = f"{equation.numbers} {equation.last_sign} " if equation and equation.numbers not in {"", result} else ""
    return f"{layer} computes {name}: {formula}, which is {worked}{result}."


def several_sentence(step: ForwardStep, inputs: str) -> str:
    """Return which outputs a node has made: ``Split makes a = 1 and b, of shape [2], of x``."""
    made = [
        f"{text.visible(name)} = {numbers}" if (numbers := inline(out)) else f"{text.visible(name)} {text.shape(out)}"
        for name, out in zip(step.node.outputs, step.outs, strict=True)
        if UNNAMED not in name
    ]
    return f"{maker_of(step.node)} makes {text.enumeration(made)} of {inputs}."


def several_douts_sentence(step: BackwardStep) -> str:
    """Return which gradients arrive at a node with several outputs, and which of those nobody uses."""
    arrived, zeros = [], []
    for name, dout in zip(step.node.outputs, step.douts, strict=True):
        if dout is None or not dout.any():
            zeros.append(f"d {text.visible(name)}")
        else:
            numbers = inline(dout)
            arrived.append(f"d {text.visible(name)}{f' = {numbers}' if numbers else ''}")
    if not arrived:
        return f"Only zeros arrive at {text.visible(step.name)}."
    verb = "arrives" if len(arrived) == 1 else "arrive"
    rest = f", and {text.enumeration(zeros)} {'is' if len(zeros) == 1 else 'are'} zero" if zeros else ""
    return f"{text.enumeration(arrived)} {verb} at {text.visible(step.name)}{rest}."


def arrival_sentence(moment: Moment, step: BackwardStep) -> str:
    """Return which gradient arrives at a node; at the first step of the pass also what a gradient is."""
    assert step.dout is not None
    if len(step.douts) > 1:
        begun = "The backward pass starts here. " if moment.progress.backward == 1 else ""
        return f"{begun}{several_douts_sentence(step)}"
    name, output = text.visible(step.name), text.visible(moment.graph.output)
    numbers, shape = inline(step.dout), text.shape(step.dout)
    dout = f"dout = {numbers}" if numbers else f"dout, of shape {shape}"
    if moment.progress.backward > 1:
        return f"{dout}{'' if numbers else ','} arrives at {name}."
    if (step.dout == 1).all():
        start = "dout = 1" if step.dout.ndim == 0 else f"a dout of ones, of shape {shape}"
    else:
        start = f"the given {dout}"
    target = dout_target(step.dout, output)
    return f"The backward pass starts at {name} with {start}: dout says how fast {target} with a node's value."


def dout_target(dout: Array, output: str) -> str:
    """Return what a gradient is the derivative of: the output, or what the ``dout`` given there makes of it."""
    if (dout == 1).all():
        return f"{output} changes" if dout.ndim == 0 else f"the sum of {output}'s elements changes"
    return f"{text.number(float(dout))} × {output} changes" if dout.ndim == 0 else f"Σ {output} × this dout changes"


def departure_sentence(moment: Moment, step: BackwardStep) -> str:
    """Return what a node's inputs get of its dout."""
    if not words_of(moment.tape, step.node).rules and len(step.node.inputs) > 1:
        return own_departure_sentence(moment, step)
    clauses = [*input_clauses(moment, step)]
    if not clauses:
        return "It ends there: no input takes a gradient."
    told = "; ".join(clauses)
    return f"{told}."


def own_departure_sentence(moment: Moment, step: BackwardStep) -> str:
    """Return what the inputs of a layer get that does not say how: ``Mul.backward gives x 2 and y [1, 2]``."""
    shares = [
        f"{text.visible(step.node.inputs[place])} {inline(it) or f'a gradient of shape {text.shape(it)}'}{turn}"
        for place, it, turn in contributions_with_turns(moment, step)
    ]
    listed = text.enumeration(shares) if shares else "no gradient to any input"
    return f"{giver_of(step.node)} gives {listed}."


def input_clauses(moment: Moment, step: BackwardStep) -> Iterator[str]:
    """Yield for each input that takes a gradient what it gets, and of how many contributions that is one."""
    for place, gradient, turn in contributions_with_turns(moment, step):
        yield f"{text.visible(step.node.inputs[place])} gets {share(moment, step, place, gradient)}{turn}"


def contributions_with_turns(moment: Moment, step: BackwardStep) -> Iterator[tuple[int, Array, str]]:
    """Yield the place of each input that takes a gradient, that, and which of its value's contributions it is.

    Where a node takes a value several times, the last of them says it for all.
    """
    sources = [source for source, it in zip(step.node.inputs, step.gradients, strict=True) if it is not None]
    for place, gradient in enumerate(step.gradients):
        if gradient is None:
            continue
        source = sources.pop(0)
        yield place, gradient, "" if source in sources else one_of_several(moment, source, use_count(moment, source))


def one_of_several(moment: Moment, source: str, count: int) -> str:
    """Return how many of a value's contributions have come, where it is used several times."""
    if count < 2:
        return ""
    return f" (contribution {arrived_count(moment, source):,} of {count:,})"


def share(moment: Moment, step: BackwardStep, position: int, gradient: Array) -> str:
    """Return what one input gets: ``dout times count = 2, which is 2.2``."""
    words = words_of(moment.tape, step.node)
    arrays = inputs_by_own_name(moment, step.node, words) | douts_by_own_name(step, words)
    own = words.inputs[position] if position < len(words.inputs) else ""
    rule = rule_at(moment, step.node, position, words.rules.get(own, ""), arrays)
    numbers, shape = inline(gradient), text.shape(gradient)
    result = f"which is {numbers}" if numbers else f"of shape {shape}"
    named = name_inputs(words, step.node) | {own: text.visible(step.node.inputs[position])}
    match rule.split(" × "):
        case ["dout"]:
            return f"dout unchanged{f', {inline(gradient)}' if np.ndim(gradient) == 0 else ''}"
        case ["-dout"]:
            return f"dout with the opposite sign, {result}"
        case ["dout", factor] if factor in words.inputs:
            value = inline(arrays[factor]) if factor in arrays else None
            named |= dict(zip(words.inputs, map(text.visible, step.node.inputs), strict=False))
            amount = f" = {value}" if value and value != named[factor] else ""
            return f"dout times {named[factor]}{amount}, {result}"
    told = put(rule, named | {"out": text.visible(step.name)}) or backward_phrase(step.node)
    if SUBORDINATE.search(unbracketed(told)) or (not numbers and PROSE.search(told)):
        return f"{numbers or f'a gradient of shape {shape}'}: {told}"
    return f"{told}, {result}"


def update_sentence(moment: Moment, step: UpdateStep) -> str:
    """Return how a parameter moves."""
    name, equation = text.visible(step.name), update_equation(moment, step.name)
    if step.gradient is None or equation is None:
        return f"No gradient reaches {name}, so it stays as it is."
    if not equation.result:
        return f"{name}, of shape {text.shape(step.after)}, becomes {equation.rule}."
    worked = f"{equation.numbers} {equation.last_sign} " if equation.numbers else ""
    return f"{name} becomes {equation.rule}, which is {worked}{equation.result}."
