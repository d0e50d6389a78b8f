"""What a program's code made between its layers, as formulas of built-in layers: sums, joins, slices, other shapes."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.programs.array_views import Derived, parse_index
from bptui.report.program_scenario.toml_numbers import call_text

SAME = frozenset({"Copy", "Cast"})
"""What a scenario needs no node for: the value is the same, in a scenario's one dtype."""


def derived_formula(derived: Derived, inputs: Sequence[str]) -> str | None:
    """Return the formula of what was derived from ``inputs``, None where the built-in layers cannot say it."""
    match derived.layer:
        case "Add":
            return " + ".join(inputs)
        case "Scale" | "ScaledSum":
            total = f"({' + '.join(inputs)})" if len(inputs) > 1 else inputs[0]
            number = next(iter(derived.options.items()))
            return f"{total} / {number[1]!r}" if number[0] == "divisor" else f"{total} * {number[1]!r}"
        case "Slice":
            return slice_formula(derived, inputs[0])
        case "Concat" | "Stack" | "Transpose" | "Reshape":
            return call_text(derived.layer, inputs, derived.options)
    return None


def slice_formula(derived: Derived, source: str) -> str | None:
    """Return the formula of a part of an array: a slice along each axis that is not whole, None for one with steps."""
    shape, text, kept = derived.sources[0].array.shape, source, []
    for axis, part in enumerate(parse_index(str(derived.options["index"]))):
        if isinstance(part, int):
            text = call_text("Slice", [text], {"axis": axis, "start": part, "stop": part + 1})
            continue
        start, stop, step = part.indices(shape[axis])
        if step != 1:
            return None
        kept.append(stop - start)
        if (start, stop) != (0, shape[axis]):
            text = call_text("Slice", [text], {"axis": axis, "start": start, "stop": stop})
    return text if len(kept) == len(shape) else call_text("Reshape", [text], {"shape": kept})
