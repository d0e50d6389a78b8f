"""Formulas and rules of losses: what one element or sample costs, and whether the costs are averaged or added up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Spelt: TypeAlias = "tuple[str, Mapping[str, str]]"
"""A formula, and a rule for each input that takes a gradient."""

OptionValues: TypeAlias = Mapping[str, Any]


def softmax_loss(options: OptionValues, *, has_labels: bool) -> Spelt:
    """Return the words of softmax with cross-entropy."""
    slope = "(softmax(x) - one_hot(t))" if has_labels else "(softmax(x) × Σt - t)"
    cost = "log softmax(x)[t]" if has_labels else "t × log softmax(x)"
    return per_sample(options, cost, {"x": f"dout × {slope}"}, has_labels=has_labels)


def negative_log_likelihood(options: OptionValues, *, has_labels: bool) -> Spelt:
    """Return the words of the negative log-likelihood."""
    cost, weight = ("logp[t]", "one_hot(t)") if has_labels else ("t × logp", "t")
    return per_sample(options, cost, {"logp": f"-dout × {weight}"}, has_labels=has_labels)


def cross_entropy(options: OptionValues, *, has_labels: bool) -> Spelt:
    """Return the words of the cross-entropy of probabilities, to which nothing is added where eps is 0."""
    more = " + eps" if options["eps"] else ""
    cost = f"log(p[t]{more})" if has_labels else f"t × log(p{more})"
    weight, divisor = "one_hot(t)" if has_labels else "t", f"(p{more})" if more else "p"
    return per_sample(options, cost, {"p": f"-dout × {weight} / {divisor}"}, has_labels=has_labels)


def per_sample(options: OptionValues, cost: str, rules: Mapping[str, str], *, has_labels: bool) -> Spelt:
    """Return the words of a loss of distributions, of whose classes a label leaves one."""
    match options["reduction"]:
        case "mean":
            formula, rules = f"-Σ {cost} / samples", {name: f"{rule} / samples" for name, rule in rules.items()}
        case "sum":
            formula = f"-Σ {cost}"
        case _:
            formula = f"-{cost}" if has_labels else f"-Σ {cost} of each sample"
    if options.get("ignore_index") is None:
        return formula, rules
    left_out = "samples labelled ignore_index left out"
    return f"{formula}, {left_out}", {
        name: f"{rule} where t is not ignore_index, else 0" for name, rule in rules.items()
    }


def hinge(options: OptionValues, *, has_labels: bool) -> Spelt:  # noqa: ARG001  (there is nothing but labels)
    """Return the words of the multiclass hinge loss."""
    divisor = " / samples" if options["reduction"] == "mean" else ""
    rule = f"dout × (1 for each wrong class that costs, minus their count for the true one){divisor}"
    whose = " of each sample" if options["reduction"] == "none" else ""
    return f"Σ max(0, x - x[t] + margin) over the wrong classes{whose}{divisor}", {"x": rule}


def sigmoid_loss(options: OptionValues) -> Spelt:  # noqa: ARG001  (it has none)
    """Return the words of sigmoid with binary cross-entropy, the mean over all elements."""
    return "-Σ (t × log σ(x) + (1 - t) × log(1 - σ(x))) / n", {"x": "dout × (σ(x) - t) / n"}


def squared_error(options: OptionValues) -> Spelt:
    """Return the words of the squared error."""
    divisor, factor, tail = {"mean": (" / n", "2 × ", " / n"), "sum": ("", "2 × ", ""), "half_sum": (" / 2", "", "")}[
        options["reduction"]
    ]
    rules = {"y": f"dout × {factor}(y - t){tail}", "t": f"-dout × {factor}(y - t){tail}"}
    return f"Σ (y - t)²{divisor}", rules


def absolute_error(options: OptionValues) -> Spelt:
    """Return the words of the absolute error."""
    return per_element(options, "|y - t|", {"y": "dout × sign(y - t)", "t": "-dout × sign(y - t)"})


def huber_loss(options: OptionValues) -> Spelt:
    """Return the words of the Huber loss."""
    limited = "min(max(y - t, -delta), delta)"
    return per_element(options, "huber(y - t, delta)", {"y": f"dout × {limited}", "t": f"-dout × {limited}"})


def binary_cross_entropy(options: OptionValues) -> Spelt:
    """Return the words of the cross-entropy of yes-or-no answers."""
    formula, rules = per_element(
        options, "(t × log(p) + (1 - t) × log(1 - p))", {"p": "dout × (p - t) / (p × (1 - p))"}
    )
    return f"-{formula}", rules


def divergence(options: OptionValues) -> Spelt:
    """Return the words of the Kullback-Leibler divergence."""
    rules = {"logp": "-dout × q", "q": "dout × (log(q) + 1 - logp)"}
    return per_element(options, "q × (log(q) - logp)", rules)


def per_element(options: OptionValues, cost: str, rules: Mapping[str, str]) -> Spelt:
    """Return the words of a loss of single elements."""
    count = {"mean": "n", "batchmean": "samples"}.get(options["reduction"])
    if count:
        return f"Σ {cost} / {count}", {name: f"{rule} / {count}" for name, rule in rules.items()}
    return (cost if options["reduction"] == "none" else f"Σ {cost}"), rules


LOSSES: Mapping[str, Callable[[OptionValues], Spelt]] = {
    "BinaryCrossEntropy": binary_cross_entropy,
    "Huber": huber_loss,
    "KLDivergence": divergence,
    "L1Loss": absolute_error,
    "MeanSquaredError": squared_error,
    "SigmoidWithLoss": sigmoid_loss,
}
"""The losses of single elements."""

CLASS_LOSSES: Mapping[str, Callable[..., Spelt]] = {
    "CrossEntropy": cross_entropy,
    "MulticlassHinge": hinge,
    "NegativeLogLikelihood": negative_log_likelihood,
    "SoftmaxWithLoss": softmax_loss,
}
"""The losses of samples, whose targets are labels or distributions: ``has_labels`` tells which."""
