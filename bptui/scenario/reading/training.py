"""``[train]``: the optimizer, its options and the number of steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bptui.core.optimizer import Optimizer, optimizers
from bptui.core.text import visible
from bptui.errors import reason_of
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.table_keys import check_keys, real_number, table, whole_number
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.scenario import Train
from bptui.scenario.toml import Document


def read_train(document: Document, problems: Problems) -> Train | None:
    """Return what ``[train]`` asks for, None where there is no such table."""
    written = table(document, "train", problems)
    if "train" not in document.data:
        return None
    with problems.collecting():
        rule = optimizer_class(document, written.get("optimizer", "SGD"))
        check_keys(document, ("train",), written, ("optimizer", "steps", *rule.options()), problems)
        optimizer = rule(**options(document, rule, written, problems))
        return Train(optimizer, whole_number(document, ("train", "steps"), written.get("steps", 1), least=1))
    return None


def optimizer_class(document: Document, written: object) -> type[Optimizer]:
    """Return the optimizer that ``[train]`` names. Raises ScenarioError where there is none of that name."""
    place = ("train", "optimizer")
    if not isinstance(written, str):
        raise document.error(f"optimizer: got {toml_kind(written)}, wanted a name in quotes", *place)
    if written not in optimizers:
        hint = nearest(written, optimizers) or f"there are {', '.join(optimizers)}"
        raise document.error(f"no optimizer is called {visible(written)}", *place, hint=hint)
    return optimizers[written]


def options(
    document: Document, rule: type[Optimizer], written: Mapping[str, Any], problems: Problems
) -> dict[str, float]:
    """Return the options of ``rule`` that are written, each of them within its range."""
    chosen = {}
    for key in rule.options():
        if key in written:
            with problems.collecting():
                chosen[key] = option(document, rule, key, written[key])
    return chosen


def option(document: Document, rule: type[Optimizer], key: str, written: object) -> float:
    """Return one option of ``rule``. Raises ScenarioError for what it cannot be."""
    value = real_number(document, ("train", key), written)
    try:
        rule(**{key: value})
    except ValueError as error:
        raise document.error(reason_of(error), "train", key) from None
    return value
