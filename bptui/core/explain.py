"""What happened at a node, in equations and sentences: the arithmetic of a step with its names and numbers in it.

Pure functions of a moment and a name, shared by the screen and the reports; they style nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from bptui.core import text
from bptui.core.engine import Run
from bptui.core.graph import Node, Use
from bptui.core.moment import Moment
from bptui.core.optimizer import SGD, AdaGrad, Adam, Momentum, Optimizer, RMSProp
from bptui.core.schedule import Pass
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.core.tape import Tape
from bptui.core.wording import (
    Words,
    brief,
    inline,
    is_arithmetic,
    name_inputs,
    put,
    put_numbers,
    put_shapes,
    word,
    words_of,
)
from layers import Array

MOST_SEARCHED = 100_000
"""As many elements as are looked through for NaN at every key."""

MOST_LOCAL = 30
"""As many elements as a node's arrays may have for its local derivatives to be worth a look, number by number."""

OPTIMIZER_RULES: Mapping[type[Optimizer | None], str] = {
    SGD: "{W} - lr × d{W}",
    Momentum: "{W} + v",
    AdaGrad: "{W} - lr × d{W} / (√h + eps)",
    RMSProp: "{W} - lr × d{W} / (√h + eps)",
    Adam: "{W} - lr × m̂ / (√v̂ + eps)",
}


@dataclass(frozen=True, slots=True)
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
    def parts(self) -> tuple[str, ...]:
        """What stands between the equals signs after ``left``, nothing twice in a row."""
        parts: list[str] = []
        for part in (self.rule, self.numbers, self.result):
            if part and part not in parts[-1:]:
                parts.append(part)
        return tuple(parts)

    def __str__(self) -> str:
        shapes = "" if self.result else f"   {self.shapes}"
        return f"{self.left} {self.sign} {' = '.join(self.parts)}{shapes}"


def forward_equation(moment: Moment, name: str) -> Equation | None:
    """Return how a node's value comes from its inputs; None for a leaf, or before the node has gone forward."""
    node, out = moment.graph.node(name), moment.value(name)
    if node is None or out is None:
        return None
    words = words_of(moment.tape, node)
    arrays = inputs_by_own_name(moment, node, words)
    return Equation(
        text.visible(name),
        node_formula(moment, name),
        with_numbers(words.formula, arrays, words),
        inline(out) or "",
        with_shapes(words.formula, arrays, out),
    )


def node_formula(moment: Moment, name: str) -> str:
    """Return a node's formula in the names of its values: ``price.1 × tax``."""
    node = moment.graph.node(name)
    assert node is not None
    words = words_of(moment.tape, node)
    if words.formula:
        return put(words.formula, name_inputs(words, node))
    return f"{text.visible(node.layer)}({', '.join(map(text.visible, node.inputs))})"


def gradient_equations(moment: Moment, name: str) -> tuple[Equation, ...]:
    """Return what a node's backward gives to each input that takes a gradient; nothing before it has run."""
    step = moment.step_of(name, Pass.BACKWARD)
    if not isinstance(step, BackwardStep) or step.dout is None:
        return ()
    words = words_of(moment.tape, step.node)
    arrays = inputs_by_own_name(moment, step.node, words) | {"dout": step.dout}
    if (out := moment.value(name)) is not None:
        arrays["out"] = out
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
    rule, note = words.rules.get(own, ""), ""
    if rule and "Σ" not in rule and is_stretched(moment, step.node, name):
        rule, note = f"Σ {rule}", f"summed back to {text.shape(gradient)}, which broadcasting had repeated"
    names = name_inputs(words, step.node) | {own: text.visible(name), "out": text.visible(step.name)}
    return Equation(
        f"d {text.visible(name)}",
        put(rule, names) or f"{text.visible(step.node.layer)}.backward(dout)",
        with_numbers(rule, arrays, words),
        inline(gradient) or "",
        with_shapes(rule, arrays, gradient),
        note,
    )


def local_equations(moment: Moment, name: str) -> tuple[tuple[Equation, Array | None], ...]:
    """Return a node's local derivatives, what ``dout`` is multiplied by for each input, where its rules tell that.

    Each has its array, or None where that is no more than an input named in the equation, or too large to look at.
    """
    node, out = moment.graph.node(name), moment.value(name)
    if node is None or out is None:
        return ()
    words = words_of(moment.tape, node)
    arrays = inputs_by_own_name(moment, node, words) | {"out": out}
    names = name_inputs(words, node) | {"out": text.visible(name)}
    is_small = all(np.size(array) <= MOST_LOCAL for array in arrays.values())
    locals_ = moment.local(name) if is_small else (None,) * len(node.inputs)
    equations = []
    for own, value, local in zip(words.inputs, node.inputs, locals_, strict=False):
        rule = without_dout(words.rules.get(own, ""))
        if rule and value not in moment.graph.constants and (local is not None or not is_small):
            left = f"∂{text.visible(name)}/∂{text.visible(value)}"
            result = inline(local) if local is not None else None
            equation = Equation(left, put(rule, names), with_numbers(rule, arrays, words), result or "")
            equations.append((equation, None if rule.rstrip("ᵀ") in arrays else local))
    return tuple(equations)


def without_dout(rule: str) -> str:
    """Return what a rule multiplies ``dout`` by; empty where it does more than that."""
    for product in ("dout × ", "dout · "):
        if rule.removeprefix("-").startswith(product):
            return rule.replace(product, "", 1)
    if rule.endswith(" · dout"):
        return rule.removesuffix(" · dout")
    return "" if "Σ" in rule or "(dout" in rule else rule.replace("dout", "1")


def rules(moment: Moment, name: str) -> tuple[Equation, ...]:
    """Return how a node's backward will work, before it has: its rules in the names of its values."""
    node = moment.graph.node(name)
    if node is None:
        return ()
    words = words_of(moment.tape, node)
    names = name_inputs(words, node) | {"out": text.visible(name)}
    return tuple(
        Equation(f"d {text.visible(value)}", put(words.rules[own], names | {own: text.visible(value)}), "", "")
        for own, value in zip(words.inputs, node.inputs, strict=False)
        if own in words.rules and takes_gradient(moment, value)
    )


def dout_equation(moment: Moment, name: str) -> Equation:
    """Return the gradient that arrives at a node, as a sum where it has several uses; something must have arrived."""
    gradient = moment.gradient(name)
    assert gradient is not None
    if (total := sum_equation(moment, name)) is not None:
        return replace(total, left="dout")
    return Equation("dout", "", "", inline(gradient) or "", text.shape(gradient))


def dout_origin(moment: Moment, name: str) -> str:
    """Return in words where the gradient that arrives at a node comes from."""
    uses = gradient_uses(moment, name)
    if name == moment.graph.output:
        return "dout as given at the output"
    return f"dout from {source(moment, uses[0])}" if len(uses) == 1 else ""


def arrivals(moment: Moment, name: str) -> tuple[Equation, ...]:
    """Return the contributions to a value's gradient that have arrived, each as the node that makes it works it out."""
    uses = gradient_uses(moment, name)
    equations = ((use, contribution_equation(moment, use)) for use in uses)
    arrived = [(source(moment, use), it) for use, it in equations if it is not None]
    if len(uses) == 1:
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
    uses = gradient_uses(moment, name)
    arrived = [(use, it) for use in uses if (it := moment.contribution(use)) is not None]
    total = moment.gradient(name)
    if len(uses) < 2 or not arrived or total is None:
        return None
    terms = [inline(it) for _, it in arrived]
    missing = len(uses) - len(arrived) if moment.awaits_gradient(name) else 0
    numbers = " + ".join(
        f"({it})" if it.startswith("-") and place else it for place, it in enumerate(filter(None, terms))
    )
    return Equation(
        f"d {text.visible(name)}",
        " + ".join(f"via {source(moment, use)}" for use, _ in arrived),
        numbers if None not in terms else "",
        inline(total) or "",
        note=f"{len(arrived)} of {len(uses)} contributions so far" if missing else "",
    )


def gradient_uses(moment: Moment, name: str) -> tuple[Use, ...]:
    """Return the uses of a value that the output depends on, in the order in which backward comes by."""
    orders = moment.schedule.backward_orders
    needed = [use for use in moment.graph.uses[moment.graph.slots[name]] if orders[use.node] is not None]
    return tuple(sorted(needed, key=lambda use: (-use.node, use.position)))


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
    if step.gradient is None:
        return Equation(name, name, "", brief(step.after), note="no gradient reaches it: it stays as it is", sign="←")
    rule = optimizer_of(moment.tape)
    formula = OPTIMIZER_RULES.get(type(rule), "{W} + change").replace("{W}", name)
    return Equation(
        name, formula, update_numbers(step, rule), inline(step.after) or "", f"→ {text.shape(step.after)}", sign="←"
    )


def update_numbers(step: UpdateStep, rule: Optimizer | None) -> str:
    """Return an update with its numbers in it: by ``lr × dW`` where the rule is no more than that."""
    before, name = inline(step.before), text.visible(step.parameter)
    if before is None or step.gradient is None:
        return f"{name} - {text.number(rule.lr)} × d{name}" if isinstance(rule, SGD) else ""
    if isinstance(rule, SGD):
        return put_numbers("W - lr × dW", {"W": before, "lr": text.number(rule.lr), "dW": brief(step.gradient)})
    return put_numbers("W + change", {"W": before, "change": brief(step.after - step.before)})


def optimizer_of(tape: Tape) -> Optimizer | None:
    """Return the rule of a run that trains; a replayed tape does not know it."""
    train = tape.scenario.train if isinstance(tape, Run) else None
    return train.optimizer if train else None


def waiting(moment: Moment, name: str) -> str:
    """Return in words what a value has still to wait for in this iteration; empty where there is nothing."""
    schedule, iteration = moment.schedule, moment.progress.iteration
    if moment.value(name) is None:
        return f"not reached yet: goes forward at step {schedule.step_number(iteration, Pass.FORWARD, name)}"
    if not takes_gradient(moment, name):
        return "a constant takes no gradient" if name in moment.graph.constants else "labels take no gradient"
    if not moment.awaits_gradient(name):
        return "" if moment.gradient(name) is not None else "no gradient reaches it"
    last = iteration * schedule.length + schedule.forward + 1
    if name != moment.graph.output:
        last += schedule.arrivals[moment.graph.slots[name]].orders[-1]
    if moment.gradient(name) is None:
        return f"no gradient yet: it is complete at step {last}"
    uses = gradient_uses(moment, name)
    arrived = sum(moment.contribution(use) is not None for use in uses)
    return f"{arrived} of {len(uses)} contributions so far, complete at step {last}"


def takes_gradient(moment: Moment, name: str) -> bool:
    """Return whether a gradient can arrive at a value: it is neither a constant nor integers nor labels only."""
    graph = moment.graph
    if name in graph.constants:
        return False
    if (value := moment.value(name)) is not None and value.dtype.kind != "f":
        return False
    uses = graph.uses[graph.slots[name]]
    return not uses or any(not is_target(moment.tape, use) for use in uses)


def is_target(tape: Tape, use: Use) -> bool:
    """Return whether a use of a value takes it for labels."""
    words = words_of(tape, tape.graph.nodes[use.node])
    return use.position < len(words.inputs) and words.inputs[use.position] in words.targets


def inputs_by_own_name(moment: Moment, node: Node, words: Words) -> dict[str, Array]:
    """Return a node's input values, as it worked with them, by the names that its layer's forward has for them."""
    values = map(before_update(moment).value, node.inputs)
    return {own: it for own, it in zip(words.inputs, values, strict=False) if it is not None}


def before_update(moment: Moment) -> Moment:
    """Return the last moment of this iteration at which the parameters were those that its nodes worked with."""
    return moment.tape.at(moment.position - moment.progress.update)


def with_numbers(rule: str, arrays: Mapping[str, Array], words: Words) -> str:
    """Return ``rule`` with numbers for its words; empty where it is more than arithmetic, or one would not fit."""
    used = {name: inline(arrays[name]) for name in set(word.findall(rule)) & arrays.keys()}
    numbers = words.numbers | {name: it for name, it in used.items() if it is not None}
    return put_numbers(rule, numbers) if None not in used.values() and is_arithmetic(rule, numbers) else ""


def with_shapes(rule: str, arrays: Mapping[str, Array], result: Array) -> str:
    """Return ``rule`` in shapes where it is simple enough to follow; empty where there are none but scalars."""
    used = set(word.findall(rule)) & arrays.keys()
    if not np.ndim(result) and not any(np.ndim(arrays[name]) for name in used):
        return ""
    is_simple = used and "(" not in rule and " where " not in rule
    return f"{put_shapes(rule, arrays) if is_simple else ''} → {text.shape(result)}".lstrip()


def is_stretched(moment: Moment, node: Node, name: str) -> bool:
    """Return whether broadcasting has stretched an input to its node's shape."""
    shapes = [np.shape(it) for it in map(moment.value, node.inputs) if it is not None]
    own, out = np.shape(moment.value(name)), np.shape(moment.value(node.name))  # type: ignore[arg-type]
    try:
        return own != out == np.broadcast_shapes(*shapes)
    except ValueError:
        return False


def trouble(moment: Moment, name: str) -> str:
    """Return in words where NaN or infinity comes into a value or a gradient; empty where all is finite."""
    value, gradient = moment.value(name), moment.gradient(name)
    if value is not None and (what := not_finite(value)):
        return f"{what} in the value: {origin(before_update(moment), name)}"
    if gradient is not None and (what := not_finite(gradient)):
        return f"{what} in the gradient"
    step = moment.step_of(name, Pass.BACKWARD) if moment.graph.node(name) else None
    if isinstance(step, BackwardStep) and (what := next(filter(None, map(not_finite, present(step.gradients))), "")):
        return f"{what} leaves here in the backward pass: what arrives, dout, is finite"
    return ""


def origin(moment: Moment, name: str) -> str:
    """Return where a value that is not finite has it from."""
    node = moment.graph.node(name)
    if node is None:
        return "it was given so"
    for source_name in node.inputs:
        if (value := moment.value(source_name)) is not None and not_finite(value):
            return f"it comes in with {text.visible(source_name)}"
    return "it starts here, every input is finite"


def not_finite(array: Array) -> str:
    """Return ``NaN`` or ``Infinity`` where there is one; a large array is not searched, for it would take too long."""
    if np.size(array) > MOST_SEARCHED or np.isfinite(array).all():
        return ""
    return "NaN" if np.isnan(array).any() else "Infinity"


def present(arrays: Iterable[Array | None]) -> Iterator[Array]:
    """Yield those that there are."""
    return (array for array in arrays if array is not None)


def headline(moment: Moment) -> str:
    """Return what the step that has just run did, in one plain sentence."""
    match moment.step:
        case None:
            return f"Nothing has run yet: the first step computes {text.visible(moment.schedule[1].name)}."
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
            adds = len(gradient_uses(moment, step.node.inputs[position])) > 1
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
