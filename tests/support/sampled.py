"""Cases of which the default run tries a few: the others are marked ``long``, and CI tries them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest


def first_of_each(kind: Callable[[Any], object], cases: Iterable[tuple[Any, ...]]) -> Sequence[Any]:
    """Return cases as parameters: the first of each kind for every run, the others for a long one."""
    seen: set[object] = set()
    params = []
    for case in cases:
        params.append(pytest.param(*case, marks=[pytest.mark.long] if kind(case) in seen else []))
        seen.add(kind(case))
    return params


def one_in(count: int, cases: Iterable[Any]) -> Sequence[Any]:
    """Return cases as parameters: the first of each ``count`` for every run, the others for a long one."""
    return [
        pytest.param(*(it if isinstance(it, tuple) else (it,)), marks=[pytest.mark.long] if at % count else [])
        for at, it in enumerate(cases)
    ]
