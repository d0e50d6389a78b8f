"""In the child: values as messages, be they arrays or not: what a guest has returned, and what it keeps on itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptui.guest.wire import Message, is_sendable

MOST_ATTRIBUTES = 100
MOST_KEPT = 1 << 22
"""Bytes of an attribute that is shown as an array."""


def encode_value(value: Any) -> Message:
    """Return a message with ``value`` as its array, or without one and with ``other``: what it is instead."""
    if isinstance(value, bool | int | float) and not isinstance(value, np.generic):
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
            return {"other": "an integer beyond 64 bits", "arrays": [None]}
        return {"kind": "number", "arrays": [np.asarray(value)]}
    if not isinstance(value, np.ndarray | np.generic):
        return {"other": kind_words(value), "arrays": [None]}
    if not is_sendable(value.dtype):
        return {"other": f"an array of dtype {str(value.dtype)[:60]}", "arrays": [None]}
    return {"arrays": [value]}


def encode_attributes(instance: Any) -> Message:
    """Return what an object keeps on itself: arrays as they are, up to a size, and all else in words."""
    names, words, arrays = [], [], []
    for name, it in list(getattr(instance, "__dict__", {}).items())[:MOST_ATTRIBUTES]:
        is_array = isinstance(it, np.ndarray | np.generic) and it.nbytes <= MOST_KEPT
        shown = encode_value(it) if is_array else {"arrays": [None]}
        names.append(str(name)[:100])
        arrays.append(shown["arrays"][0])
        words.append("" if shown["arrays"][0] is not None else attribute_words(it))
    return {"names": names, "words": words, "arrays": arrays}


def kind_words(value: Any) -> str:
    """Return in words what a value is that is neither an array nor a number."""
    if value is None:
        return "None"
    kind = type(value).__name__[:60]
    if isinstance(value, list | tuple):
        return f"a {kind} of {len(value)}"
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"


def attribute_words(it: Any) -> str:
    """Return a value as Python writes it, or what kind of thing it is where that fails."""
    if isinstance(it, np.ndarray):
        return f"{it.dtype} array of shape {list(it.shape)}"
    try:
        return repr(it)[:200]
    except Exception:  # noqa: BLE001  (the fence around the user's code)
        return f"a {type(it).__name__}"
