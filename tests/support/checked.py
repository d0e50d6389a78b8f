"""Layers and values as something to check."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bptui.checking import Finding, Verdict
from bptui.checking.check_node import check_node
from bptui.checking.subject import Subject
from layer_cases import Case


def subject(make: Callable[[], Any], *inputs: Any, names: str = "xyz", takes: Sequence[bool] | None = None) -> Subject:
    """Return a layer at some values; integers take no gradient."""
    arrays = tuple(np.asarray(x) for x in inputs)
    takes = takes or [array.dtype.kind == "f" for array in arrays]
    called = tuple(names[: len(arrays)])
    return Subject("node", "Layer", make, called, called, arrays, tuple(takes), np.dtype(np.float64))


def subject_of_case(case: Case, make: Callable[[], Any] | None = None) -> Subject:
    """Return an example case of a built-in layer as something to check."""
    names = tuple(f"{name}{at}" for at, name in enumerate(case.names))
    takes = tuple(name in case.layer.rules for name in case.names)
    inputs = tuple(np.array(x) for x in case.inputs)
    dtype = np.dtype(np.float64)
    return Subject("node", case.layer.__name__, make or case.make, names, case.names, inputs, takes, dtype)


def failures(it: Subject) -> list[Finding]:
    """Return what is wrong with a layer."""
    return [finding for finding in check_node(it) if finding.verdict is Verdict.FAIL]


def verdicts(it: Subject) -> dict[str, Verdict]:
    """Return the verdict on each input's gradient."""
    return {finding.input or "": finding.verdict for finding in check_node(it) if finding.rule == "gradient"}


def subject_with_options(layer: type[Any], *inputs: Any, names: str = "xyz") -> Subject:
    """Return a layer whose options, defaults of ``__init__``, can be changed."""
    parameters = inspect.signature(layer).parameters.values()
    options = {it.name: it.default for it in parameters if it.default is not it.empty}
    return replace(subject(layer, *inputs, names=names), options=options, remade=lambda changed: layer(**changed))
