"""Templates: one entry of ``[nodes]`` for many nodes, ``"s{t}" = { formula = "Step(x{t}, s{t-1})", t = [1, 5] }``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import NamedTuple

from bptui.core.text import visible
from bptui.errors import ScenarioError
from bptui.scenario.formula import is_name
from bptui.scenario.problems import nearest
from bptui.scenario.reading.table_keys import whole_number
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.toml import Document, Path

FORMULA = "formula"

MOST_NODES = 100_000
"""As many as one template makes."""

EXAMPLE = '"s{t}" = { formula = "RNNStep(x{t}, s{t-1}, Wx, Wh, b)", t = [1, 5] }'

placeholder = re.compile(r"\{ *(?P<name>[^\W\d]\w*) *(?:(?P<sign>[+-]) *(?P<shift>[0-9]{1,9}) *)?\}")


class Filled(NamedTuple):
    """A text with numbers in the place of its placeholders, and for each character where in the template it was."""

    text: str
    origins: tuple[int, ...]


class TemplateError(Exception):
    """A placeholder that stands for nothing, at the character ``at`` of its text."""

    def __init__(self, message: str, at: int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint


def read_ranges(document: Document, path: Path, written: Mapping[str, object]) -> dict[str, range]:
    """Return the numbers that each variable of a template runs through. Raises ScenarioError."""
    if FORMULA not in written:
        raise document.key_error("a template has no formula", *path, hint=EXAMPLE)
    ranges = {key: read_range(document, (*path, key), it) for key, it in written.items() if key != FORMULA}
    if not ranges:
        raise document.key_error("a template has no range: what stands for t?", *path, hint=EXAMPLE)
    if (count := prod(map(len, ranges.values()))) > MOST_NODES:
        last = list(ranges)[-1]
        raise document.error(f"{count:,} nodes, and a template makes {MOST_NODES:,} at most", *path, last)
    return ranges


def read_range(document: Document, path: Path, written: object) -> range:
    """Return the whole numbers from the first to the last of two. Raises ScenarioError."""
    name = str(path[-1])
    if not is_name(name):
        raise document.key_error(f"{visible(name)} cannot stand between braces", *path, hint="t = [1, 5]")
    if not isinstance(written, list) or len(written) != 2:
        raise document.error(
            f"{visible(name)}: got {toml_kind(written)}, wanted the first number and the last", *path, hint="[1, 5]"
        )
    first, last = (whole_number(document, (*path, at), it, least=0) for at, it in enumerate(written))
    if last < first:
        raise document.error(f"{visible(name)}: the last number, {last}, is before the first, {first}", *path)
    return range(first, last + 1)


def assignments(ranges: Mapping[str, range]) -> Iterator[dict[str, int]]:
    """Yield what the variables are in each node of a template, the last variable changing fastest."""
    yield from (dict(zip(ranges, numbers, strict=True)) for numbers in product(*ranges.values()))


def fill(template: str, numbers: Mapping[str, int]) -> Filled:
    """Return a template's text for ``numbers``. Raises TemplateError."""
    text: list[str] = []
    origins: list[int] = []
    at = 0
    for match in placeholder.finditer(template):
        number = str(number_for(match, numbers))
        text += template[at : match.start()], number
        origins += [*range(at, match.start()), *[match.start()] * len(number)]
        at = match.end()
    return Filled("".join([*text, template[at:]]), (*origins, *range(at, len(template) + 1)))


def number_for(match: re.Match[str], numbers: Mapping[str, int]) -> int:
    """Return what a placeholder stands for. Raises TemplateError where that is not known, or no part of a name."""
    name = match["name"]
    if name not in numbers:
        hint = nearest(name, numbers) or f"{visible(name)} = [1, 5] beside the formula"
        raise TemplateError(f"nothing says what {visible(name)} runs through", match.start(), hint)
    number = numbers[name] + int(f"{match['sign'] or '+'}{match['shift'] or 0}")
    if number < 0 and match.string[: match.start()][-1:].isalnum():
        told = f"{visible(match[0])} is {number} where {visible(name)} is {numbers[name]}: a name has no minus"
        raise TemplateError(told, match.start(), "let it begin later, and write the first node by itself")
    return number


def is_template(text: str) -> bool:
    """Return whether a text has placeholders."""
    return placeholder.search(text) is not None


def not_a_template(document: Document, path: Path, key: str) -> ScenarioError:
    """Return the error about a name with placeholders whose entry says nothing of them."""
    message = f"{visible(key, limit=40)} is a template, and nothing says what stands in its braces"
    return document.key_error(message, *path, hint=EXAMPLE)
