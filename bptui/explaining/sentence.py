"""A step in one plain sentence."""

from __future__ import annotations

from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.explaining.equations import forward_equation, inputs_by_own_name, is_stretched, update_equation
from bptui.explaining.formula_words import brief, inline, name_inputs, put, words_of
from bptui.explaining.value_state import use_count


def headline(moment: Moment) -> str:
    """Return what the step that has just run did, in one plain sentence."""
    match moment.step:
        case None:
            return f"Nothing has run yet: the first step computes {text.visible(moment.order[1].name)}."
        case ForwardStep(node=node):
            return f"{text.visible(node.layer)} computes {forward_equation(moment, node.name)}."
        case BackwardStep(dout=None) as step:
            return f"No gradient reaches {text.visible(step.name)}, so it passes none on."
        case BackwardStep() as step:
            return backward_sentence(moment, step)
        case UpdateStep() as step:
            return f"{text.visible(step.name)} is updated: {update_equation(moment, step.name)}."


def backward_sentence(moment: Moment, step: BackwardStep) -> str:
    """Return what a node's backward did with its dout, input by input."""
    assert step.dout is not None
    arrives = f"dout {brief(step.dout)} arrives at {text.visible(step.name)}"
    clauses = []
    for position, gradient in enumerate(step.gradients):
        if gradient is not None:
            name = text.visible(step.node.inputs[position])
            adds = use_count(moment, step.node.inputs[position]) > 1
            gives = (
                f"adds {brief(gradient)} to {name}'s gradient"
                if adds
                else f"gives {name} its gradient {brief(gradient)}"
            )
            clauses.append(f"{deed(moment, step, position)} {gives}")
    return (
        f"{arrives}; {', and '.join(clauses)}." if clauses else f"{arrives} and ends there: no input takes a gradient."
    )


def deed(moment: Moment, step: BackwardStep, position: int) -> str:
    """Return what is done to dout on its way to an input: ``multiplied by count = 2 it``."""
    words = words_of(moment.tape, step.node)
    rule = words.rules.get(words.inputs[position], "") if position < len(words.inputs) else ""
    if "Σ" not in rule and is_stretched(moment, step.node, step.node.inputs[position]):
        rule = f"Σ {rule}"
    named = name_inputs(words, step.node)
    match rule.split(" × "):
        case ["dout"]:
            return "passed on unchanged it"
        case ["-dout"]:
            return "with its sign turned it"
        case ["dout", own] if own in named:
            value = inline(inputs_by_own_name(moment, step.node, words)[own])
            return f"multiplied by {named[own]}{f' = {value}' if value and value != named[own] else ''} it"
        case [""]:
            return f"{text.visible(step.node.layer)}.backward"
    return put(rule, named | {"out": text.visible(step.name)})
