"""``[expect]``: known numbers, by the names of the values and gradients that they are held against."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from bptui.core.text import shape_in_words, visible
from bptui.scenario.formula import normal_form
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.table_keys import check_keys, numbers, real_number, table
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.scenario import Expect
from bptui.scenario.toml import Document, Path
from layers import Array, Shape

KINDS = ("values", "gradients")
TOLERANCES = {"rtol": 1e-7, "atol": 1e-9}


def read_expect(document: Document, names: Collection[str], problems: Problems) -> Expect | None:
    """Return what ``[expect]`` knows, None where there is no such table."""
    written = table(document, "expect", problems)
    if "expect" not in document.data:
        return None
    check_keys(document, ("expect",), written, (*TOLERANCES, *KINDS), problems)
    tolerances = {}
    for key, default in TOLERANCES.items():
        with problems.collecting():
            tolerances[key] = tolerance(document, key, written.get(key, default))
    values, gradients = (dict(read_numbers(document, kind, names, problems)) for kind in KINDS)
    return Expect(values=values, gradients=gradients, **tolerances)


def tolerance(document: Document, key: str, written: object) -> float:
    """Return how far from the expected a number may be. Raises ScenarioError for a negative number."""
    value = real_number(document, ("expect", key), written)
    if value < 0:
        raise document.error(f"{key}: a tolerance is not negative", "expect", key)
    return value


def read_numbers(
    document: Document, kind: str, names: Collection[str], problems: Problems
) -> Iterator[tuple[str, Array]]:
    """Yield the expected values, or gradients, by name; mistakes go to ``problems``."""
    written = document.data["expect"].get(kind, {}) if isinstance(document.data["expect"], dict) else {}
    with problems.collecting():
        if not isinstance(written, dict):
            raise document.error(f"{kind}: got {toml_kind(written)}, wanted a table", "expect", kind)
        for key, one in written_table(document, kind).items():
            with problems.collecting():
                yield normal_form(key), read_expected(document, ("expect", kind, key), one, names)


def written_table(document: Document, kind: str) -> dict[str, object]:
    """Return what ``[expect]`` says of values, or of gradients; nothing where it is not a table."""
    expect = document.data["expect"]
    written = expect.get(kind) if isinstance(expect, dict) else None
    return written if isinstance(written, dict) else {}


def read_expected(document: Document, path: Path, written: object, names: Collection[str]) -> Array:
    """Return the numbers that are expected of one name. Raises ScenarioError for a name that nothing has."""
    name = normal_form(str(path[-1]))
    if name not in names:
        raise document.key_error(f"nothing is called {visible(name)}", *path, hint=nearest(name, names))
    if isinstance(written, dict):
        hint = f'a dot needs quotes: "{name}.1" = 1.0'
        raise document.key_error(f"{visible(name)}: got a table, wanted numbers", *path, hint=hint)
    return numbers(document, path, written, np.dtype(np.float64))


def check_shapes(document: Document, expect: Expect, shapes: Mapping[str, Shape], problems: Problems) -> None:
    """Find expected numbers that are not of the shape of what they are held against."""
    for kind, known in zip(KINDS, (expect.values, expect.gradients), strict=True):
        for key in written_table(document, kind):
            name = normal_form(key)
            if name in shapes and name in known and known[name].shape != shapes[name]:
                with problems.collecting():
                    wanted = f"wanted {shape_in_words(shapes[name])}, got {shape_in_words(known[name].shape)}"
                    raise document.error(f"{visible(name)}: {wanted}", "expect", kind, key)
