"""In the child: the name under which the person's own code holds an object: a key, an attribute, a variable."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple

from bptui.guest.child.object_arrays import NEIGHBOURS, PLAIN, attribute_dict, plain_name
from bptui.programs.child.call_source import name_in_source, passing_names, syntax_tree

DEEPEST = 4
"""How far inside the objects that a function knows another is looked for."""

MOST_OBJECTS = 2_000

GENERIC = frozenset({"self", "cls", "params", "grads", "layers", "cache", "_"})
"""What tells nothing of the one object that is held."""


class HeldName(NamedTuple):
    """The ``text`` by which an object is held, and what the object is called that holds it, "" for a function.

    ``place`` is that object, and the key or attribute.
    """

    text: str
    holder: str = ""
    place: tuple[Any, str] | None = None


def name_in_call(owner: Any, receiver: ast.expr | None, frame: FrameType | None) -> HeldName | None:
    """Return the name of an object that stands before the method in a call, None where it is one of many in turn.

    A variable that is called itself, as a decorator calls what it has wrapped, may be the function, and not the object.
    """
    if receiver is None or frame is None or not (text := name_in_source(receiver)):
        return None
    if isinstance(receiver, ast.Name):
        is_owner = frame.f_locals.get(text, frame.f_globals.get(text)) is owner
        return HeldName(text) if is_owner and text not in passing_names(frame.f_code) else None
    inner = receiver.value if isinstance(receiver, ast.Attribute | ast.Subscript) else None
    holder = name_in_source(inner) if inner is not None else ""
    return HeldName(text, "" if holder in GENERIC else holder)


def held_name(
    it: Any, frame: FrameType | None, is_own: Callable[[str], bool], *, within: Any = None
) -> HeldName | None:
    """Return the name under which the functions that are running hold an object, the innermost first.

    What an object ``within`` has for it itself does not count.
    """
    while frame is not None:
        if is_own(frame.f_code.co_filename) and (found := next(holders_of(it, frame, within), None)):
            return found
        frame = frame.f_back
    return None


def holders_of(it: Any, frame: FrameType, within: Any) -> Iterator[HeldName]:
    """Yield the names of an object among the variables of a function, and inside the objects that those are."""
    passing = passing_names(frame.f_code)
    known = {key: value for key, value in frame.f_locals.items() if key not in passing}
    waiting: list[tuple[Any, str, int]] = [(known, "", 0), (frame.f_locals.get("self"), "", 1)]
    seen: set[int] = {id(within)}
    while waiting and len(seen) < MOST_OBJECTS:
        holder, name, depth = waiting.pop(0)
        if id(holder) in seen or depth > DEEPEST or isinstance(holder, PLAIN):
            continue
        seen.add(id(holder))
        for key, value in held_members(holder):
            if isinstance(key, str) and plain_name(key) in NEIGHBOURS:
                continue
            if value is it and isinstance(key, str) and key not in GENERIC:
                yield HeldName(key, name, None if holder is known else (holder, key))
            inner = key if isinstance(key, str) else f"{name}{key}"
            waiting.append((value, "" if inner in GENERIC else inner, depth + 1))


def held_at(place: tuple[Any, str]) -> Any:
    """Return what an object holds at a key or attribute, None where it holds nothing there."""
    holder, key = place
    return holder.get(key) if isinstance(holder, Mapping) else (attribute_dict(holder) or {}).get(key)


def held_members(holder: Any) -> list[tuple[Any, Any]]:
    """Return what an object holds, by key, index or attribute."""
    if isinstance(holder, Mapping):
        return list(holder.items())
    if isinstance(holder, list | tuple):
        return list(enumerate(holder))[:MOST_OBJECTS]
    return list((attribute_dict(holder) or {}).items())


def unpacked_name(cls: type, container: str, place: int) -> str:
    """Return the variable that a class unpacks an item of its own list into, as in ``W, b = self.params``; or ""."""
    for method in vars(cls).values():
        code = getattr(method, "__code__", None)
        for targets in unpackings(code).get(container, ()) if code else ():
            if place < len(targets):
                return targets[place]
    return ""


@lru_cache(maxsize=4096)
def unpackings(code: CodeType) -> Mapping[str, list[list[str]]]:
    """Return for each attribute that a method unpacks the variables that it is unpacked into."""
    found: dict[str, list[list[str]]] = {}
    for statement in ast.walk(function_of(code) or ast.Module([], [])):
        match statement:
            case ast.Assign(
                targets=[ast.Tuple(elts=parts)], value=ast.Attribute(value=ast.Name(id="self"), attr=container)
            ) if all(isinstance(part, ast.Name) for part in parts):
                found.setdefault(container, []).append([part.id for part in parts if isinstance(part, ast.Name)])
    return found


def function_of(code: CodeType) -> ast.AST | None:
    """Return the source of a function, None where it has none."""
    tree = syntax_tree(code.co_filename)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name and starts_at(node, code.co_firstlineno):
            return node
    return None


def starts_at(node: ast.FunctionDef, line: int) -> bool:
    """Return whether a function begins at a line, its decorators included."""
    return line in (node.lineno, *(it.lineno for it in node.decorator_list))


def reachable(owner: Any) -> dict[int, Any]:
    """Return the objects that an object holds, on it, in its lists and dictionaries and on what is in those, by id."""
    found: dict[int, Any] = {}
    waiting = [owner]
    while waiting and len(found) < MOST_OBJECTS:
        holder = waiting.pop()
        if id(holder) in found or isinstance(holder, PLAIN):
            continue
        found[id(holder)] = holder
        waiting += [value for _, value in held_members(holder)]
    return found
