"""In the child: what a guest has returned, as a message, be it an array or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptui.guest.wire import Message, is_sendable


def described(value: Any) -> Message:
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


def kind_words(value: Any) -> str:
    """Return in words what a value is that is neither an array nor a number."""
    if value is None:
        return "None"
    kind = type(value).__name__[:60]
    if isinstance(value, list | tuple):
        return f"a {kind} of {len(value)}"
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
