"""Numbers and constants as TOML and formulas write them; large arrays go into a file beside the scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layers import Array

MOST_INLINE = 64
"""Elements of an array that is written into the scenario itself."""

LONGEST_LINE = 100
"""Characters of numbers that stand in one line; of more, each row has a line of its own."""


@dataclass(eq=False)
class LeafWriter:
    """Writes the values of leaves; ``arrays`` collects those for the ``file``, by their names there."""

    file: str
    arrays: dict[str, Array] = field(default_factory=dict)

    def text(self, name: str, value: Array, *, keeps_integers: bool) -> str:
        """Return a value as it stands behind ``name =``."""
        dtype = whole_dtype(value) if keeps_integers else ""
        if value.size <= MOST_INLINE and value.size and np.isfinite(value).all():
            numbers = exact_numbers(value if dtype else value.astype(np.float64))
            return f'{{ value = {numbers}, dtype = "{dtype}" }}' if dtype else numbers
        self.arrays[name] = value
        place = f"file = {json.dumps(self.file)}, key = {json.dumps(name, ensure_ascii=False)}"
        return f'{{ {place}, dtype = "{dtype}" }}' if dtype else f"{{ {place} }}"


def whole_dtype(value: Array) -> str:
    """Return the dtype that a value of integers or truth values keeps in a scenario, "" for floats."""
    return {"i": "int64", "u": "int64", "b": "bool"}.get(value.dtype.kind, "")


def exact_numbers(value: Array) -> str:
    """Return an array as nested lists, exactly."""
    text = json.dumps(value.tolist()) if value.dtype.kind == "b" else repr(value.tolist())
    if len(text) <= LONGEST_LINE or value.ndim < 2:
        return text
    rows = "".join(f"    {exact_numbers(row)},\n" for row in value) if value.ndim == 2 else f"    {text[1:-1]}\n"
    return f"[\n{rows}]"


def constant_text(it: Any) -> str:
    """Return a constant as a formula writes it."""
    match it:
        case str():
            return json.dumps(it, ensure_ascii=False)
        case list() | tuple():
            return f"[{', '.join(map(constant_text, it))}]"
        case dict():
            return f"{{{', '.join(f'{json.dumps(key)}: {constant_text(part)}' for key, part in it.items())}}}"
        case _:
            return repr(it)


def call_text(layer: str, inputs: Sequence[str], options: Mapping[str, Any]) -> str:
    """Return a formula that is one layer."""
    named = [f"{name}={constant_text(it)}" for name, it in options.items()]
    return f"{layer}({', '.join([*inputs, *named])})"
