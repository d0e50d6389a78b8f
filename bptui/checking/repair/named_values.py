"""What the names of the user's functions stand for while they run: shapes and ranges, so that no nonsense is tried."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from bptui.checking.line_watch import attributes_of, is_users
from bptui.checking.repair.user_function import UserFunction


class NumberKind(NamedTuple):
    """The shape of what a name stands for, NumPy's letter for its kind of numbers, "" for others, and their range.

    A gradient goes by dout, which nothing does that is saved for backward.
    """

    shape: tuple[int, ...] = ()
    letter: str = ""
    low: float = 0.5
    high: float = 0.5
    is_gradient: bool = False


NamedKinds: TypeAlias = Mapping[str, NumberKind]
FunctionKey: TypeAlias = tuple[str, int]


def named_kinds(work: Callable[[], object], other_dout: Callable[[], object]) -> Mapping[FunctionKey, NamedKinds]:
    """Return by function what its names stand for at its end, as ``x`` or ``self.x``, for one dout and for another."""
    one, two = kinds_during(work), kinds_during(other_dout)
    return {
        key: {name: it._replace(is_gradient=it != two.get(key, {}).get(name, it)) for name, it in kinds.items()}
        for key, kinds in one.items()
    }


def kinds_during(work: Callable[[], object]) -> dict[FunctionKey, dict[str, NumberKind]]:
    """Return by function what its names stand for at its end while ``work`` is done."""
    found: dict[FunctionKey, dict[str, NumberKind]] = {}

    def on_profile(frame: FrameType, event: str, argument: object) -> None:  # noqa: ARG001
        if event == "return" and is_users(frame.f_code.co_filename):
            found.setdefault(key_of_code(frame.f_code), {}).update(kinds_in(frame.f_locals))

    outer = sys.getprofile()
    sys.setprofile(on_profile)
    try:
        work()
    finally:
        sys.setprofile(outer)
    return found


def key_of_code(code: CodeType) -> FunctionKey:
    """Return where a piece of code stands."""
    return code.co_filename, code.co_firstlineno


def key_of_function(owner: UserFunction) -> FunctionKey:
    """Return where a function of the user's stands, as its code has it."""
    return owner.path, min([owner.inner.lineno, *(it.lineno for it in owner.inner.decorator_list)])


def kinds_in(names: Mapping[str, Any]) -> dict[str, NumberKind]:
    """Return what local names stand for, and the attributes of ``self``."""
    own = {f"self.{name}": value for name, value in attributes_of(names.get("self")).items()}
    return {name: number_kind(value) for name, value in {**names, **own}.items()}


def number_kind(value: Any) -> NumberKind:
    """Return the kind of a number or an array of numbers."""
    if not isinstance(value, np.ndarray | np.generic | float | int):
        return NumberKind()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or not array.size:
        return NumberKind(array.shape, array.dtype.kind)
    return NumberKind(array.shape, array.dtype.kind, float(array.min()), float(array.max()))
