"""In the child: what the objects of a program were made with, so that a formula can make them again."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any, TypeAlias

import numpy as np

from bptui.guest.child.object_arrays import Spot, spots_in
from bptui.programs.child.kept_call import KeptCall
from bptui.programs.child.value_store import ValueStore

JOB = "bptui.programs.child.constructions:given_to_calls"
ARRAYS = "bptui.programs.child.constructions:arrays_kept"
"""What the parent calls the jobs."""

MOST_PARTS = 100
"""Of a list or a dictionary that is written in a formula."""

Given: TypeAlias = Mapping[str, Any]
"""What an argument was: ``{"constant": 3}``, ``{"token": 7}`` for an array, ``{"spot": "W"}`` for where an object has
put one, or ``{"type": "Generator"}``."""


class Constructions:
    """By object the arguments that its ``__init__`` was given, by name. No object is kept alive by it."""

    def __init__(self, values: ValueStore) -> None:
        self.values = values
        self.arguments: dict[int, Mapping[str, Given]] = {}

    def note(self, frame: FrameType) -> None:
        """Take note of a call of ``__init__``; that of a base class, which comes after it, tells nothing new."""
        if not frame.f_code.co_argcount:
            return
        owner, given = init_arguments(frame)
        token = self.values.token(owner)
        if token not in self.arguments:
            self.arguments[token] = {name: self.described(it) for name, it in given}

    def described(self, it: Any) -> Given:
        """Return what an argument was."""
        if isinstance(it, np.ndarray):
            return {"token": self.values.token(it)}
        return described_constant(it)

    def spotted(self, owner: Any, spots: Mapping[str, Spot]) -> Mapping[str, Given]:
        """Return what an object was made with, arrays by where it has kept them first, whatever is there later."""
        token = self.values.token(owner)
        found = self.arguments.get(token, {})
        if not any("token" in it for it in found.values()):
            return found
        kept = {self.values.token(spot.array): name for name, spot in spots.items()}
        found = {name: {"spot": kept[it["token"]]} if it.get("token") in kept else it for name, it in found.items()}
        self.arguments[token] = found
        return found


def init_arguments(frame: FrameType) -> tuple[Any, Iterator[tuple[str, Any]]]:
    """Return the object of a call of ``__init__``, and what it was given, by name."""
    code, given = frame.f_code, frame.f_locals
    count = code.co_argcount + code.co_kwonlyargcount
    first, *names = code.co_varnames[:count]
    pairs = [(name, given[name]) for name in names]
    if code.co_flags & inspect.CO_VARARGS:
        pairs += [(f"*{at}", it) for at, it in enumerate(given[code.co_varnames[count]])]
        count += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        pairs += given[code.co_varnames[count]].items()
    return given[first], iter(pairs)


def described_constant(it: Any) -> Given:
    """Return what an argument was that is not an array: a constant as a formula writes it, or its type."""
    plain = it.item() if isinstance(it, np.generic) else it
    return {"constant": plain} if is_constant(plain) else {"type": type(it).__name__}


def is_constant(it: Any) -> bool:
    """Return whether a formula can write it: a number, text, a truth value, None, and lists and tables of these."""
    if isinstance(it, list | tuple):
        return len(it) <= MOST_PARTS and all(map(is_constant, it))
    if isinstance(it, dict):
        return len(it) <= MOST_PARTS and all(isinstance(key, str) and is_constant(part) for key, part in it.items())
    return it is None or type(it) in {bool, int, float, str}


def given_to_calls(calls: Mapping[int, KeptCall], _: Sequence[Any], *, forwards: Sequence[int]) -> dict[str, Any]:
    """Return for each of some forwards what its object was made with, but for defaults, and its own constants."""
    return {"given": [given_to_call(calls[it]) if it in calls else {} for it in forwards], "arrays": []}


def given_to_call(kept: KeptCall) -> dict[str, Any]:
    """Return what the object of a forward was made with, and those of the forward's arguments that are constants."""
    owner, arguments = kept.forward_copy() if kept.is_copied else (None, {})
    defaults = init_defaults(type(owner)) if owner is not None else {}
    built = {name: it for name, it in kept.built.items() if not is_default(it, name, defaults)}
    described = {name: described_constant(it) for name, it in arguments.items() if name not in kept.inputs}
    return {"built": built, "constants": {name: it["constant"] for name, it in described.items() if "constant" in it}}


def arrays_kept(
    calls: Mapping[int, KeptCall], _: Sequence[Any], *, places: Sequence[tuple[int, str]]
) -> dict[str, Any]:
    """Return the arrays that the objects of some forwards kept before these, each by the forward and its spot."""
    return {"arrays": [spots_in(calls[forward].forward_copy()[0])[spot].array for forward, spot in places]}


def init_defaults(cls: type) -> Mapping[str, Any]:
    """Return the defaults of a class's ``__init__``, by parameter."""
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (ValueError, TypeError):
        return {}
    return {it.name: it.default for it in parameters if it.default is not inspect.Parameter.empty}


def is_default(given: Given, name: str, defaults: Mapping[str, Any]) -> bool:
    """Return whether an argument was a parameter's default, so that it need not be written."""
    if name not in defaults:
        return False
    default = defaults[name]
    return given == described_constant(default) if "constant" in given else given.get("type") == type(default).__name__
