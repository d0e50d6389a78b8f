"""Formulas and rules that follow a node's options: summed over which axis, divided by what, taken from where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bptui.core import text
from bptui.explaining.loss_words import CLASS_LOSSES, LOSSES, OptionValues, Spelt
from bptui.explaining.sequence_words import SEQUENCES
from bptui.explaining.window_words import WINDOWS


def sliced(options: OptionValues) -> Spelt:
    """Return the words of a slice: ``x[:, 0:2]``."""
    start, stop = ("" if options[key] is None else str(options[key]) for key in ("start", "stop"))
    axis = options["axis"]
    window = f"{start}:{stop}"
    place = ", ".join([*[":"] * axis, window] if axis >= 0 else ["...", window, *[":"] * (-axis - 1)])
    return f"x[{place}]", {"x": f"dout within [{place}], else 0"}


def gathered(options: OptionValues) -> Spelt:
    """Return the words of a gather, with its rows where they are an option."""
    if options["indices"] is None:
        return "x[rows]", {"x": "dout, added up where it was taken"}
    rows = text.visible(str(options["indices"]), limit=40)
    return f"x[{rows}]", {
        "x": f"dout, added up at {'row' if isinstance(options['indices'], int) else 'the rows'} {rows}"
    }


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


def joined_inputs(options: OptionValues) -> Spelt:
    """Return the words of a concatenation."""
    return f"all inputs, joined along axis {options['axis']}", {"x": "the part of dout that x filled"}


def stacked_inputs(options: OptionValues) -> Spelt:
    """Return the words of a stack."""
    return f"all inputs, side by side along axis {options['axis']}", {"x": "the part of dout that x filled"}


def split_parts(options: OptionValues) -> Spelt:
    """Return the words of a split: which part each output is."""
    parts, axis = options["parts"], options["axis"]
    count = len(parts) if isinstance(parts, list | tuple) else parts
    if count == 1:
        return "x", {"x": "dout"}
    formulas = [f"part{place} = part {place} of {count} of x along axis {axis}" for place in range(1, count + 1)]
    shown = [f"dpart{place}" for place in range(1, min(count, MOST_PARTS) + 1)]
    last = "so on" if count > MOST_PARTS else shown.pop()
    return "; ".join(formulas), {"x": f"{', '.join(shown)} and {last}, joined along axis {axis}"}


def margin_words(options: OptionValues) -> Spelt:
    """Return the words of a margin, with its widths and what it is filled with."""
    margin = f"a margin of {text.visible(str(options['widths']), limit=40)}"
    return f"x with {margin}, filled with {text.number(options['value'])}", {
        "x": f"dout without the {margin.removeprefix('a ')}"
    }


def running_sum(options: OptionValues) -> Spelt:
    """Return the words of a running sum."""
    axis = options["axis"]
    return f"running Σ x along axis {axis}", {"x": f"running Σ dout along axis {axis}, from its end"}


def einsum_words(options: OptionValues) -> Spelt:
    """Return the words of an Einstein sum; an axis that is called x by itself would be taken for an input."""
    equation = text.visible(options["equation"], limit=40)
    others = options["equation"].partition("->")[0].count(",")
    factors = f"Σ of dout × the other input{'s' * (others > 1)}"
    rules = {"x": factors if others else "the dout of the sum that each element went into"}
    summands = "Σ of the products of all inputs" if others else "Σ of all inputs"
    return summands if re.search(r"\bx\b", equation) else f'{summands} by "{equation}"', rules


def gaussian_unit(options: OptionValues) -> Spelt:
    """Return the words of GELU, exact or approximate."""
    if options["approximate"] in {True, "tanh"}:
        share = "(1 + tanh(√(2/π) × (x + 0.044715 × x³))) / 2"
        return f"x × {share}", {"x": "dout × (Φ(x) + x × φ(x)), Φ and φ by tanh"}
    return "x × (1 + erf(x / √2)) / 2", {"x": "dout × (Φ(x) + x × φ(x))"}


def dropped_out(options: OptionValues) -> Spelt:
    """Return the words of a dropout, which does nothing after training."""
    if not options["train"]:
        return "x", {"x": "dout"}
    return "x × mask / (1 - ratio)", {"x": "dout × mask / (1 - ratio)"}


def placed(rule: str, where: str) -> str:
    """Return a rule with the axes where they belong: behind what is chosen, before a condition, or at its end."""
    for rest in (", shared", " where "):
        if rest in rule:
            return rule.replace(rest, f"{where}{rest}")
    return f"{rule}{where}"


def as_list(option: Any) -> list[int]:
    """Return an option that is one number or a list of them as a list."""
    return list(option) if isinstance(option, list | tuple) else [option]


SPELT: Mapping[str, Callable[[OptionValues], Spelt]] = {
    "Slice": sliced,
    "Gather": gathered,
    "Clip": clipped,
    "Transpose": transposed,
    "Reshape": reshape_words,
    "BroadcastTo": repeated,
    "Concat": joined_inputs,
    "Stack": stacked_inputs,
    "Pad": margin_words,
    "CumSum": running_sum,
    "Split": split_parts,
    "Dropout": dropped_out,
    "Einsum": einsum_words,
    "Gelu": gaussian_unit,
    **LOSSES,
    **WINDOWS,
    **SEQUENCES,
}
"""The layers whose formula has their options in it."""

ALONG_AXES = frozenset({"Sum", "Mean", "Var", "Norm", "Prod", "Max", "Min", "Softmax", "LogSoftmax"})


MOST_PARTS = 4
"""Parts whose gradients a rule names."""

SAID = frozenset({"axis", "axes", "groups"})
"""Options that are numbers and still are said behind the formula: they are no part of its arithmetic."""

ITS_OWN = 3
"""As many inputs as a batch normalisation has that works out mean and variance itself."""


def follow_options(
    layer: str, spelt: Spelt, options: OptionValues, defaults: OptionValues, *, has_labels: bool, inputs: int
) -> Spelt:
    """Return the words of a layer with these options and so many ``inputs``.

    An option that no word tells of is said behind the formula.
    """
    formula, rules = spelt
    if layer == "BatchNorm" and inputs > ITS_OWN:
        rules = {**rules, "x": "dout × gamma / √(var + eps)"}
    if layer in CLASS_LOSSES:
        return CLASS_LOSSES[layer](options, has_labels=has_labels)
    if layer in SPELT:
        return SPELT[layer](options)
    others = {key: it for key, it in options.items() if it != defaults.get(key) and key not in formula.split()}
    if layer in ALONG_AXES:
        others.pop("keepdims", None)
        if (axis := others.pop("axis", None)) is not None:
            where = f" over axis {axis}" if isinstance(axis, int) else f" over the axes {as_list(axis)}"
            formula, rules = f"{formula}{where}", {name: placed(rule, where) for name, rule in rules.items()}
    others = {key: it for key, it in others.items() if isinstance(it, str | list) or it is None or key in SAID}
    told = ", ".join(f"{key} = {text.visible(str(it), limit=40)}" for key, it in others.items())
    return (f"{formula}, {told}" if formula and told else formula), rules
