"""Formulas and rules of layers that work on sequences, where they follow options and inputs that may be left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


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


SEQUENCES: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, Mapping[str, str]]]] = {"Attention": attended}
