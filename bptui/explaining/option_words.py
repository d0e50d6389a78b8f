"""Formulas and rules that follow a node's options: summed over which axis, divided by what, taken from where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from bptui.core import text
from bptui.explaining.sequence_words import SEQUENCES
from bptui.explaining.window_words import WINDOWS

Spelt: TypeAlias = "tuple[str, Mapping[str, str]]"
"""A formula, and a rule for each input that takes a gradient."""

OptionValues: TypeAlias = Mapping[str, Any]


def softmax_loss(options: OptionValues, *, has_labels: bool) -> Spelt:
    """Return the words of softmax with cross-entropy: targets are labels or distributions, samples averaged or not."""
    cost = "log softmax(x)[t]" if has_labels else "t × log softmax(x)"
    slope = "(softmax(x) - one_hot(t))" if has_labels else "(softmax(x) × Σt - t)"
    match options["reduction"]:
        case "mean":
            return f"-Σ {cost} / samples", {"x": f"dout × {slope} / samples"}
        case "sum":
            return f"-Σ {cost}", {"x": f"dout × {slope}"}
    return f"-{cost}" if has_labels else f"-Σ {cost} of each sample", {"x": f"dout × {slope}"}


def squared_error(options: OptionValues) -> Spelt:
    """Return the words of the squared error."""
    divisor, factor, tail = {"mean": (" / n", "2 × ", " / n"), "sum": ("", "2 × ", ""), "half_sum": (" / 2", "", "")}[
        options["reduction"]
    ]
    rules = {"y": f"dout × {factor}(y - t){tail}", "t": f"-dout × {factor}(y - t){tail}"}
    return f"Σ (y - t)²{divisor}", rules


def sliced(options: OptionValues) -> Spelt:
    """Return the words of a slice: ``x[:, 0:2]``."""
    start, stop = ("" if options[key] is None else str(options[key]) for key in ("start", "stop"))
    axis = options["axis"]
    window = f"{start}:{stop}"
    place = ", ".join([*[":"] * axis, window] if axis >= 0 else ["...", window, *[":"] * (-axis - 1)])
    return f"x[{place}]", {"x": f"dout within [{place}], else 0"}


def gathered(options: OptionValues) -> Spelt:
    """Return the words of a gather, with its rows."""
    rows = text.visible(str(as_list(options["indices"])), limit=40)
    return f"x[{rows}]", {"x": f"dout, added up at the rows {rows}"}


def clipped(options: OptionValues) -> Spelt:
    """Return the words of a clip, whose bounds may be missing."""
    low, high = options["min"] is not None, options["max"] is not None
    if low and high:
        return "min(max(x, min), max)", {"x": "dout where min <= x <= max, else 0"}
    if low:
        return "max(x, min)", {"x": "dout where min <= x, else 0"}
    return ("min(x, max)", {"x": "dout where x <= max, else 0"}) if high else ("x", {"x": "dout"})


def transposed(options: OptionValues) -> Spelt:
    """Return the words of a transpose; of given axes, in their order."""
    if options["axes"] is None:
        return "xᵀ", {"x": "doutᵀ"}
    axes = as_list(options["axes"])
    back = sorted(range(len(axes)), key=lambda axis: axes[axis] % len(axes))
    return f"x with its axes in the order {axes}", {"x": f"dout with its axes in the order {back}"}


def reshape_words(options: OptionValues) -> Spelt:
    """Return the words of a reshape."""
    return f"x in the shape {as_list(options['shape'])}", {"x": "dout in x's shape"}


def repeated(options: OptionValues) -> Spelt:
    """Return the words of an explicit broadcast."""
    return f"x, repeated to the shape {as_list(options['shape'])}", {"x": "Σ dout over the repeats"}


def sigmoid_loss(options: OptionValues) -> Spelt:  # noqa: ARG001  (it has none)
    """Return the words of sigmoid with binary cross-entropy, the mean over all elements."""
    return "-Σ (t × log σ(x) + (1 - t) × log(1 - σ(x))) / n", {"x": "dout × (σ(x) - t) / n"}


def joined_inputs(options: OptionValues) -> Spelt:
    """Return the words of a concatenation."""
    return f"all inputs, joined along axis {options['axis']}", {"x": "the part of dout that x filled"}


def placed(rule: str, where: str) -> str:
    """Return a rule with the axes where they belong: behind what is chosen, or at its end."""
    chosen, comma, rest = rule.partition(",")
    return f"{chosen}{where}{comma}{rest}" if chosen.startswith("dout for the") else f"{rule}{where}"


def as_list(option: Any) -> list[int]:
    """Return an option that is one number or a list of them as a list."""
    return list(option) if isinstance(option, list | tuple) else [option]


SPELT: Mapping[str, Callable[[OptionValues], Spelt]] = {
    "MeanSquaredError": squared_error,
    "SigmoidWithLoss": sigmoid_loss,
    "Slice": sliced,
    "Gather": gathered,
    "Clip": clipped,
    "Transpose": transposed,
    "Reshape": reshape_words,
    "BroadcastTo": repeated,
    "Concat": joined_inputs,
    **WINDOWS,
    **SEQUENCES,
}
"""The layers whose formula has their options in it."""

ALONG_AXES = frozenset({"Sum", "Mean", "Var", "Max", "Min", "Softmax", "LogSoftmax"})


def follow_options(
    layer: str, spelt: Spelt, options: OptionValues, defaults: OptionValues, *, has_labels: bool
) -> Spelt:
    """Return the words of a layer with these options; one that no word tells of is said behind the formula."""
    formula, rules = spelt
    if layer == "SoftmaxWithLoss":
        return softmax_loss(options, has_labels=has_labels)
    if layer in SPELT:
        return SPELT[layer](options)
    others = {key: it for key, it in options.items() if it != defaults.get(key) and key not in formula.split()}
    if layer in ALONG_AXES:
        others.pop("keepdims", None)
        if (axis := others.pop("axis", None)) is not None:
            where = f" over axis {axis}" if isinstance(axis, int) else f" over the axes {as_list(axis)}"
            formula, rules = f"{formula}{where}", {name: placed(rule, where) for name, rule in rules.items()}
    others = {key: it for key, it in others.items() if isinstance(it, str | list) or it is None or key == "axis"}
    told = ", ".join(f"{key} = {text.visible(str(it), limit=40)}" for key, it in others.items())
    return (f"{formula}, {told}" if formula and told else formula), rules
