"""Formulas and rules of layers that work on sequences, where they follow options and inputs that may be left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from layers import library


def attended(options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return the words of attention, some of whose scores may not count."""
    masked = "" if "mask" in options else " where mask is 1"
    causal = ", looking at no later key" if options["causal"] else ""
    rules = {
        "q": "dscores · k / √d, where dscores is what softmax makes of dout · vᵀ",
        "k": "dscoresᵀ · q / √d, where dscores is what softmax makes of dout · vᵀ",
        "v": "weightsᵀ · dout, where weights is what softmax has made",
    }
    return f"softmax(q · kᵀ / √d{masked}) · v{causal}", rules


def gated_step(options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return the words of a GRU's step, whose reset gate stands outside the product with Wh or inside."""
    layer = library["GRUStep"]
    if options["reset"] == "after":
        return layer.formula, layer.rules
    candidate = "tanh(x · Wx + bx + (r × h) · Wh + bh)"
    rules = {
        "h": "dout × z, and dsums · Whᵀ, n's share of it multiplied by r",
        "Wh": "hᵀ · dsums, n's with r × h in h's place",
        "bh": "Σ dsums over the batch",
    }
    return layer.formula.replace("tanh(x · Wx + bx + r × (h · Wh + bh))", candidate), {**layer.rules, **rules}


def gated(options: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return the words of a GRU over time."""
    layer = library["GRU"]
    if options["reset"] == "after":
        return layer.formula, layer.rules
    rules = {
        "Wh": "Σ hᵀ · dsums, n's with r × h in h's place, over the steps",
        "bh": "Σ dsums over the batch and the steps",
    }
    return f"{layer.formula}, r resetting h before the product with Wh", {**layer.rules, **rules}


SEQUENCES: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, Mapping[str, str]]]] = {
    "Attention": attended,
    "GRU": gated,
    "GRUStep": gated_step,
}
