"""The parts of a scenario around its network: its settings, ``[run]``, ``[train]`` and ``[expect]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bptui.core.document import Document
from bptui.core.formula import normal
from bptui.core.leaves import array_at, refuse_unknown, whole_number
from bptui.core.optimizer import Optimizer, optimizers
from bptui.core.problems import Problems, nearest
from bptui.core.scenario import Expect, Train
from bptui.core.text import shape as shape_text
from bptui.core.text import visible
from bptui.core.values import kind_of, read_only
from layers import Array

KEYS = ("title", "about", "dtype", "seed", "layers", "bptui", "inputs", "parameters", "nodes", "run", "train", "expect")
SECTIONS = ("inputs", "parameters", "nodes", "run", "train", "expect")
FORMAT = 1
"""The version of the file format; a scenario may say ``bptui = 1``."""

DTYPES = ("float64", "float32")


def check_keys(document: Document, problems: Problems) -> None:
    """Find keys that there are not, sections that are no tables, and a newer format."""
    for key in document.data:
        with problems.collecting():
            if key not in KEYS:
                raise document.key_error(
                    f"no key {visible(key)} here", key, hint=nearest(key, KEYS) or f"there are {', '.join(KEYS)}"
                )
    with problems.collecting():
        if whole_number(document, ("bptui",), document.data.get("bptui", FORMAT), least=1) > FORMAT:
            raise document.error("made by a newer bptui", "bptui", hint=f"this one reads format {FORMAT}")


def section(document: Document, name: str, problems: Problems) -> Mapping[str, Any]:
    """Return the table ``name``, empty where there is none."""
    with problems.collecting():
        table = document.data.get(name, {})
        if isinstance(table, dict):
            return table
        raise document.key_error(f"{name}: got {kind_of(table)}, wanted a table", name, hint=f"[{name}]")
    return {}


def text(document: Document, key: str, default: str, problems: Problems) -> str:
    """Return the text at the top-level ``key``."""
    with problems.collecting():
        written = document.data.get(key, default)
        if isinstance(written, str):
            return written
        raise document.error(f"{key}: got {kind_of(written)}, wanted text in quotes", key)
    return default


def dtype(document: Document, problems: Problems) -> np.dtype[Any]:
    """Return the dtype of every value that is no label."""
    name = text(document, "dtype", "float64", problems)
    with problems.collecting():
        if name in DTYPES:
            return np.dtype(name)
        raise document.error(
            f"no dtype {visible(name)} here", "dtype", hint=nearest(name, DTYPES) or f"there are {' and '.join(DTYPES)}"
        )
    return np.dtype(np.float64)


def seed(document: Document, problems: Problems) -> int:
    """Return the number that all random draws come from."""
    with problems.collecting():
        return whole_number(document, ("seed",), document.data.get("seed", 0), least=0)
    return 0


def train(document: Document, problems: Problems) -> Train | None:
    """Return what ``[train]`` asks for, None where there is no such table."""
    table = section(document, "train", problems)
    if "train" not in document.data:
        return None
    with problems.collecting():
        rule = optimizer_class(document, table.get("optimizer", "SGD"))
        options = rule.options()
        for key in table:
            with problems.collecting():
                refuse_unknown(document, ("train",), {key: None}, ("optimizer", "steps", *options))
        chosen = {}
        for key in options:
            if key in table:
                with problems.collecting():
                    chosen[key] = real_number(document, "train", key, table[key])
        steps = whole_number(document, ("train", "steps"), table.get("steps", 1), least=1)
        return Train(optimizer(document, rule, chosen), steps)
    return None


def optimizer_class(document: Document, written: object) -> type[Optimizer]:
    """Return the optimizer that ``[train]`` names."""
    if not isinstance(written, str):
        raise document.error(f"optimizer: got {kind_of(written)}, wanted a name in quotes", "train", "optimizer")
    if written not in optimizers:
        raise document.error(
            f"no optimizer is called {visible(written)}",
            "train",
            "optimizer",
            hint=nearest(written, optimizers) or f"there are {', '.join(optimizers)}",
        )
    return optimizers[written]


def optimizer(document: Document, rule: type[Optimizer], options: Mapping[str, float]) -> Optimizer:
    """Return the optimizer with its options; one out of its range is an error at its place."""
    for key, value in options.items():
        try:
            rule(**{key: value})
        except ValueError as error:
            raise document.error(str(error), "train", key) from None
    return rule(**options)


def real_number(document: Document, table: str, key: str, written: object) -> float:
    """Return the finite number at ``table.key``."""
    if type(written) not in {int, float}:
        raise document.error(f"{key}: got {kind_of(written)}, wanted a number", table, key)
    value = float(str(written)) if isinstance(written, int) and abs(written) < 2**53 else written
    if not isinstance(value, float) or not np.isfinite(value):
        raise document.error(f"{key}: wanted a finite number", table, key)
    return value


def expect(document: Document, known: Mapping[str, Any], problems: Problems) -> Expect | None:
    """Return what ``[expect]`` knows of the values and gradients of ``known`` names; None without such a table."""
    table = section(document, "expect", problems)
    if "expect" not in document.data:
        return None
    tolerances = {}
    for key, default in (("rtol", 1e-7), ("atol", 1e-9)):
        with problems.collecting():
            tolerances[key] = real_number(document, "expect", key, table.get(key, default))
            if tolerances[key] < 0:
                raise document.error(f"{key}: a tolerance is not negative", "expect", key)
    for key in table:
        with problems.collecting():
            refuse_unknown(document, ("expect",), {key: None}, ("rtol", "atol", "values", "gradients"))
    arrays = {
        kind: dict(expected(document, kind, table.get(kind, {}), known, problems)) for kind in ("values", "gradients")
    }
    return Expect(values=arrays["values"], gradients=arrays["gradients"], **tolerances)


def expected(
    document: Document, kind: str, table: object, known: Mapping[str, Any], problems: Problems
) -> Iterator[tuple[str, Array]]:
    """Yield the arrays in one table of ``[expect]`` by name."""
    with problems.collecting():
        if not isinstance(table, dict):
            raise document.error(f"{kind}: got {kind_of(table)}, wanted a table", "expect", kind)
    for key, written in table.items() if isinstance(table, dict) else ():
        name = normal(key)
        with problems.collecting():
            path = ("expect", kind, key)
            if name not in known:
                raise document.key_error(f"nothing is called {visible(name)}", *path, hint=nearest(name, known))
            if isinstance(written, dict):
                raise document.key_error(
                    f"{visible(name)}: got a table, wanted numbers", *path, hint=f'a dot needs quotes: "{name}.1" = 1.0'
                )
            yield name, array_at(document, path, written, np.dtype(np.float64))


def check_expected_shapes(
    document: Document, expectations: Expect | None, shapes: Mapping[str, tuple[int, ...]], problems: Problems
) -> None:
    """Find numbers in ``[expect]`` that are not of the shape of what they are compared with."""
    if expectations is None:
        return
    for kind, arrays in (("values", expectations.values), ("gradients", expectations.gradients)):
        table = document.data["expect"].get(kind, {})
        for key in table:
            name = normal(key)
            with problems.collecting():
                if name in shapes and arrays[name].shape != shapes[name]:
                    got, wanted = shape_text(arrays[name]), shape_text(np.empty(shapes[name]))
                    raise document.error(f"{visible(name)}: expected {got}, but it is {wanted}", "expect", kind, key)


def dout(document: Document, output: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> Array:
    """Return the gradient that enters at the output: ones, or what ``[run] dout`` writes; a number goes everywhere."""
    if "dout" not in document.data.get("run", {}):
        return read_only(np.ones(shape, dtype=kind))
    written = array_at(document, ("run", "dout"), document.data["run"]["dout"], kind)
    if written.shape == shape:
        return written
    if not written.shape:
        return read_only(np.full(shape, written, dtype=kind))
    raise document.error(
        f"dout is {shape_text(written)}, but {visible(output)} is {shape_text(np.broadcast_to(np.int8(0), shape))}",
        "run",
        "dout",
    )
