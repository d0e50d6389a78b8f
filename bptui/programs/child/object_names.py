"""In the child: the name under which the person's own code holds an object: a key, an attribute, a variable."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple

from bptui.guest.child.object_arrays import PLAIN, attribute_dict
from bptui.programs.child.call_source import calls_in, short_name

DEEPEST = 4
"""How far inside the objects that a function knows another is looked for."""

MOST_OBJECTS = 2_000

GENERIC = frozenset({"self", "cls", "params", "grads", "layers", "cache", "_"})
"""What tells nothing of the one object that is held."""


class Name(NamedTuple):
    """The ``text`` by which an object is held, and what the object is called that holds it, "" for a function."""

    text: str
    holder: str = ""


def name_in_call(receiver: ast.expr | None, frame: FrameType | None) -> Name | None:
    """Return the name that stands before the method in a call, None where it is one of many in turn."""
    if receiver is None or frame is None or not (text := short_name(receiver)):
        return None
    if isinstance(receiver, ast.Name):
        return None if text in passing_names(frame.f_code) else Name(text)
    inner = receiver.value if isinstance(receiver, ast.Attribute | ast.Subscript) else None
    holder = short_name(inner) if inner is not None else ""
    return Name(text, "" if holder in GENERIC else holder)


def held_name(it: Any, frame: FrameType | None, is_own: Callable[[str], bool]) -> Name | None:
    """Return the name under which the functions that are running hold an object, the innermost first."""
    while frame is not None:
        if is_own(frame.f_code.co_filename):
            known = {key: value for key, value in frame.f_locals.items() if key not in passing_names(frame.f_code)}
            if found := next(places_of(it, known, frame), None):
                return found
        frame = frame.f_back
    return None


def places_of(it: Any, known: Mapping[str, Any], frame: FrameType) -> Iterator[Name]:
    """Yield the names of an object among the variables of a function, and inside the objects that those are."""
    waiting: list[tuple[Any, str, int]] = [(known, "", 0), (frame.f_locals.get("self"), "", 1)]
    seen: set[int] = set()
    while waiting and len(seen) < MOST_OBJECTS:
        holder, name, depth = waiting.pop(0)
        if id(holder) in seen or depth > DEEPEST or isinstance(holder, PLAIN):
            continue
        seen.add(id(holder))
        for key, value in members(holder):
            if value is it and isinstance(key, str) and key not in GENERIC:
                yield Name(key, name)
            inner = key if isinstance(key, str) else f"{name}{key}"
            waiting.append((value, "" if inner in GENERIC else inner, depth + 1))


def members(holder: Any) -> list[tuple[Any, Any]]:
    """Return what an object holds, by key, index or attribute."""
    if isinstance(holder, Mapping):
        return list(holder.items())
    if isinstance(holder, list | tuple):
        return list(enumerate(holder))[:MOST_OBJECTS]
    return list((attribute_dict(holder) or {}).items())


@lru_cache(maxsize=4096)
def passing_names(code: CodeType) -> frozenset[str]:
    """Return the variables of a function that mean one thing after the other: its parameters, and those of loops."""
    count = code.co_argcount + code.co_kwonlyargcount
    looping = {
        target
        for it in calls_in(code.co_filename).values()
        if getattr(it.function, "name", "<module>") == code.co_name
        for target in loop_targets(it.function)
    }
    return frozenset(code.co_varnames[:count]) | looping


@lru_cache(maxsize=4096)
def loop_targets(function: ast.AST) -> frozenset[str]:
    """Return the variables that loops and comprehensions in a function go through."""
    loops = (node for node in ast.walk(function) if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension))
    return frozenset(node.id for loop in loops for node in ast.walk(loop.target) if isinstance(node, ast.Name))
