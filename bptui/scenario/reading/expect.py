"""``[expect]``: known numbers, by the names of the values and gradients that they are held against."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from bptui.core.region import Independence, Region, read_region
from bptui.core.text import shape_in_words, visible
from bptui.errors import BptuiError, CommandError, ScenarioError
from bptui.scenario.formula import normal_form
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.table_keys import check_keys, numbers, real_number, table
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.scenario import Expect
from bptui.scenario.toml import Document, Path
from layers import Array, Shape

KINDS = ("values", "gradients")
INDEPENDENT = "independent"
TOLERANCES = {"rtol": 1e-7, "atol": 1e-9}


def read_expect(document: Document, names: Collection[str], problems: Problems) -> Expect | None:
    """Return what ``[expect]`` knows, None where there is no such table."""
    written = table(document, "expect", problems)
    if "expect" not in document.data:
        return None
    check_keys(document, ("expect",), written, (*TOLERANCES, *KINDS, INDEPENDENT), problems)
    tolerances = {}
    for key, default in TOLERANCES.items():
        with problems.collecting():
            tolerances[key] = tolerance(document, key, written.get(key, default))
    values, gradients = (dict(read_numbers(document, kind, names, problems)) for kind in KINDS)
    independent = tuple(pair for pair, _ in read_independent(document, names, problems))
    return Expect(values=values, gradients=gradients, **tolerances, independent=independent)


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


def read_independent(
    document: Document, names: Collection[str], problems: Problems
) -> Iterator[tuple[Independence, tuple[Path, Path]]]:
    """Yield what is not to depend on what, and where both are written; mistakes go to ``problems``.

    ``"y[0]" = ["x[1]", "x[2]"]`` says that no element of ``y[0]`` depends on one of ``x[1]`` or ``x[2]``.
    """
    table: Path = ("expect", INDEPENDENT)
    with problems.collecting():
        expect = document.data["expect"]
        if isinstance(expect, dict) and not isinstance(written := expect.get(INDEPENDENT, {}), dict):
            raise document.error(f"{INDEPENDENT}: got {toml_kind(written)}, wanted a table", *table)
    for key, written in written_table(document, INDEPENDENT).items():
        with problems.collecting():
            of = region_at(document, (*table, key), key, names)
            several = enumerate(written) if isinstance(written, list) else [(None, written)]
            for place, one in several:
                path: Path = (*table, key) if place is None else (*table, key, place)
                with problems.collecting():
                    yield Independence(of, region_in(document, path, one, names)), ((*table, key), path)


def region_at(document: Document, path: Path, key: str, names: Collection[str]) -> Region:
    """Return the elements that a key means. Raises ScenarioError, about the very character."""
    try:
        return known_region(key, names)
    except CommandError as error:
        where = document.where_key_character(path, error.position)
        raise ScenarioError(error.message, hint=error.hint, where=where) from None


def region_in(document: Document, path: Path, written: object, names: Collection[str]) -> Region:
    """Return the elements that a string means. Raises ScenarioError, about the very character."""
    if not isinstance(written, str):
        what = f'got {toml_kind(written)}, wanted an element such as "x[1, 0]", or a list of them'
        raise document.error(what, *path)
    try:
        return known_region(written, names)
    except CommandError as error:
        where = document.where_character(path, error.position)
        raise ScenarioError(error.message, hint=error.hint, where=where) from None


def known_region(written: str, names: Collection[str]) -> Region:
    """Return the elements that a text means. Raises CommandError, also for a name that nothing has."""
    region = read_region(written)
    name = normal_form(region.name)
    if name not in names:
        raise CommandError(f"nothing is called {visible(name)}", written, 0, hint=nearest(name, names))
    return Region(name, region.index)


def check_regions(document: Document, names: Collection[str], shapes: Mapping[str, Shape], problems: Problems) -> None:
    """Find indices of elements that there are not, among those that are not to depend on each other."""
    for pair, paths in read_independent(document, names, Problems()):
        for region, path in zip((pair.of, pair.on), paths, strict=True):
            if region.name in shapes:
                with problems.collecting():
                    refuse_outside(document, path, region, shapes[region.name])


def refuse_outside(document: Document, path: Path, region: Region, shape: Shape) -> None:
    """Raise a ScenarioError unless a value of a shape has the elements of a region."""
    try:
        region.mask(shape)
    except BptuiError as error:
        raise document.key_error(error.message, *path) from None


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
    check_regions(document, shapes, shapes, problems)
