"""In the child: what a user's file gives, name by name, as messages: the style, what it takes, and the line."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from inspect import Parameter
from types import ModuleType
from typing import Any

from bptui.guest.child.styles import recognise_styles
from bptui.guest.child.styles.method_pair import PassNames
from bptui.guest.child.styles.recipe import Misfit, Recipe
from bptui.guest.wire import Message

MOST_NAMES = 2_000
MOST_TEXT = 300

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def describe(module: ModuleType, named: Mapping[str, PassNames]) -> tuple[dict[str, Recipe], list[Message]]:
    """Return the layers that a module gives, by name, and a description of each of its names, layers and others."""
    recipes, messages = {}, []
    for name, found in recognise_styles(vars(module), named):
        if isinstance(found, Recipe):
            recipes[name] = found
            messages.append(layer_message(found))
        elif len(messages) < MOST_NAMES:
            messages.append(misfit_message(name, found))
    return recipes, messages


def layer_message(recipe: Recipe) -> Message:
    """Return the description of a layer."""
    file, line = place_of(recipe.thing)
    return {
        "name": recipe.name,
        "style": recipe.style,
        "file": file,
        "line": line,
        "forward": method_message(recipe.forward, recipe.forward_skips),
        "backward": method_message(recipe.backward, recipe.backward_skips),
        "init": method_message(recipe.init, 1) if recipe.init else None,
        "taken": list(recipe.taken),
    }


def misfit_message(name: str, misfit: Misfit) -> Message:
    """Return the description of what is not a layer."""
    file, line = place_of(misfit.thing)
    return {
        "name": name,
        "misfit": misfit.words[:MOST_TEXT],
        "hint": misfit.hint[:MOST_TEXT],
        "file": file,
        "line": line,
    }


def method_message(function: Callable[..., Any], skips: int) -> Message:
    """Return what a function takes after its first ``skips`` parameters, as ``own_layers.Method`` has it.

    ``lacks`` tells how many of those it does not have.
    """
    file, line = place_of(function)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C, without a signature
        return {"file": file, "line": line, "any_input": True, "any_option": True}
    any_input = any(it.kind is Parameter.VAR_POSITIONAL for it in parameters)
    first = [it for it in parameters if it.kind in POSITIONAL]
    plain = first[skips:]
    keywords = [it for it in parameters if it.kind is Parameter.KEYWORD_ONLY]
    return {
        "called": str(getattr(function, "__qualname__", ""))[:MOST_TEXT],
        "file": file,
        "line": line,
        "required": [it.name for it in plain if it.default is it.empty],
        "optional": [it.name for it in plain if it.default is not it.empty],
        "named": [it.name for it in keywords],
        "named_required": [it.name for it in keywords if it.default is it.empty],
        "any_input": any_input,
        "any_option": any(it.kind is Parameter.VAR_KEYWORD for it in parameters),
        "lacks": 0 if any_input else max(0, skips - len(first)),
    }


def place_of(thing: Any) -> tuple[str, int | None]:
    """Return the file and the line at which a class or function is defined; no file where it is not in Python."""
    if inspect.isclass(thing):
        file = file_of(thing)
        return file, line_of_class(file, thing.__qualname__)
    code = getattr(inspect.unwrap(thing) if callable(thing) else None, "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else ("", None)


def file_of(cls: type) -> str:
    """Return the file of a class: that of its own methods, or else of its module."""
    codes = (getattr(inspect.unwrap(it), "__code__", None) for it in vars(cls).values() if inspect.isfunction(it))
    found = next((code.co_filename for code in codes if code), None)
    return found or str(getattr(sys.modules.get(cls.__module__), "__file__", None) or "")


def line_of_class(file: str, name: str) -> int | None:
    """Return the line at which a file defines a class, by its qualified name; the last one, as it is in Python."""
    return classes_in(file).get(name)


@lru_cache(maxsize=64)
def classes_in(file: str) -> Mapping[str, int]:
    """Return the lines of all classes that a file defines."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return dict(qualified(tree, ""))


def qualified(node: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
    """Yield the qualified name and the line of each class under a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield f"{prefix}{child.name}", child.lineno
            yield from qualified(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            yield from qualified(child, f"{prefix}{child.name}.<locals>.")
        else:
            yield from qualified(child, prefix)
