"""In the child: what a layer keeps on itself, by attribute: arrays as they are, up to a size, and all else in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from bptui.guest.child.encode_value import described
from bptui.guest.wire import Message

MOST_ATTRIBUTES = 100
MOST_KEPT = 1 << 22
"""Bytes of an attribute that is shown as an array."""


def described_attributes(instance: Any) -> Message:
    """Return what an object keeps on itself: arrays as they are, up to a size, and all else in words."""
    names, words, arrays = [], [], []
    for name, it in list(getattr(instance, "__dict__", {}).items())[:MOST_ATTRIBUTES]:
        is_array = isinstance(it, np.ndarray | np.generic) and it.nbytes <= MOST_KEPT
        shown = described(it) if is_array else {"arrays": [None]}
        names.append(str(name)[:100])
        arrays.append(shown["arrays"][0])
        words.append("" if shown["arrays"][0] is not None else attribute_words(it))
    return {"names": names, "words": words, "arrays": arrays}


def attribute_words(it: Any) -> str:
    """Return a value as Python writes it, or what kind of thing it is where that fails."""
    if isinstance(it, np.ndarray):
        return f"{it.dtype} array of shape {list(it.shape)}"
    try:
        return repr(it)[:200]
    except Exception:  # noqa: BLE001  (the fence around the user's code)
        return f"a {type(it).__name__}"
