"""The generators of random numbers that are kept somewhere: on an object, in a module, by a function."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from types import FunctionType, MemberDescriptorType, MethodType, ModuleType

import numpy as np

from bptui.guest.child.generators import Generator, is_generator

MOST = 2_000
"""Things that are looked into, the nearest first."""

PLAIN = (str, bytes, int, float, complex, np.ndarray, np.generic, type(None), ModuleType)
"""What has nothing inside that could draw; of modules, those are looked into that the search begins with."""


def generators_within(roots: Iterable[object]) -> Iterator[Generator]:
    """Yield each generator once that is among the roots, or inside of what they hold."""
    waiting = deque(roots)
    seen: set[int] = set()
    while waiting and len(seen) < MOST:
        it = waiting.popleft()
        if isinstance(it, PLAIN) or id(it) in seen:
            continue
        seen.add(id(it))
        if is_generator(it):
            yield it
        else:
            waiting.extend(held_by(it))


def held_by(it: object) -> Iterable[object]:
    """Return what a thing has inside: a container's items, what a function keeps, an object's attributes."""
    match it:
        case dict():
            return list(it.values())
        case list() | tuple() | set() | frozenset() | deque():
            return it
        case FunctionType():
            return kept_by(it)
    return [*wrapped_by(it), *attributes(it), *slots(it)]


def wrapped_by(it: object) -> Iterable[object]:
    """Return what something that can be called calls, and what it gives to that."""
    match it:
        case MethodType():
            return it.__self__, it.__func__
        case partial():
            return it.func, *it.args, *it.keywords.values()
        case staticmethod() | classmethod():
            return (it.__func__,)
        case property():
            return (it.fget,)
    return ()


def kept_by(function: FunctionType) -> Iterator[object]:
    """Yield what a function keeps: its defaults, what surrounds it, and what it wraps."""
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield from vars(function).values()
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # it is not filled yet
            continue


def attributes(it: object) -> Iterable[object]:
    """Return what an object, or a class, has by name."""
    try:
        return list(vars(it).values())
    except TypeError:
        return ()


def slots(it: object) -> Iterator[object]:
    """Yield what an object has in its slots."""
    for kind in type(it).__mro__[:-1]:
        for slot in vars(kind).values():
            if isinstance(slot, MemberDescriptorType):
                try:
                    yield slot.__get__(it)
                except (AttributeError, TypeError):  # nothing is in it yet, or it is not this object's
                    continue
