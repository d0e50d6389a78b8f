"""What a function of the user's own returns, as far as its source tells."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any


def returns_a_value(function: Callable[..., Any]) -> bool:
    """Return whether any return statement of a function has a value; True where its source is not known."""
    statements = return_statements(function)
    return statements is None or any(it.value is not None for it in statements)


def does_nothing(function: Callable[..., Any]) -> bool:
    """Return whether a function is there for others to write: it passes, or does nothing but raise."""
    definition = definition_of(function)
    body = definition.body if isinstance(definition, ast.FunctionDef) else [definition]
    return all(isinstance(it, ast.Pass | ast.Raise) or is_docstring(it) for it in body)


def is_docstring(statement: ast.stmt | None) -> bool:
    """Return whether a statement is but a text."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def returns_tuples(function: Callable[..., Any]) -> bool:
    """Return whether all that a function returns are tuples; False where its source is not known."""
    statements = return_statements(function)
    return bool(statements) and len(returned_tuples(function)) == len(statements or ())


def returned_tuples(function: Callable[..., Any]) -> list[ast.Tuple]:
    """Return the tuples that a function returns, written there or under a name that it has for one."""
    definition = definition_of(function)
    stored = [it for it in ast.walk(definition) if isinstance(it, ast.Assign)] if definition else []
    named = {target.id: it.value for it in stored for target in it.targets if isinstance(target, ast.Name)}
    values = [it.value for it in return_statements(function) or ()]
    written = [named.get(it.id) if isinstance(it, ast.Name) else it for it in values]
    return [it for it in written if isinstance(it, ast.Tuple)]


def returned_names(function: Callable[..., Any]) -> list[str]:
    """Return the names of what a function returns as a tuple, "" for what has none; nothing where that is not one."""
    tuples = returned_tuples(function)
    named = [[part.id if isinstance(part, ast.Name) else "" for part in it.elts] for it in tuples]
    return named[0] if named and all(it == named[0] for it in named) else []


def assigned_attributes(method: Callable[..., Any]) -> list[str]:
    """Return the attributes that a method assigns to its own object, in the order of its lines."""
    definition = definition_of(method)
    if not isinstance(definition, ast.FunctionDef) or not definition.args.args:
        return []
    own = definition.args.args[0].arg
    stored = [it for it in ast.walk(definition) if isinstance(it, ast.Attribute) and isinstance(it.ctx, ast.Store)]
    named = [it for it in stored if isinstance(it.value, ast.Name) and it.value.id == own]
    return [it.attr for it in sorted(named, key=lambda it: (it.lineno, it.col_offset))]


def return_statements(function: Callable[..., Any]) -> list[ast.Return] | None:
    """Return a function's own return statements, not those of functions inside it; None where it has no source."""
    definition = definition_of(function)
    return None if definition is None else list(statements_in(definition))


def definition_of(function: Callable[..., Any]) -> ast.stmt | None:
    """Return the statement that defines a function; None where it has no source."""
    try:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    return definition


def statements_in(node: ast.AST) -> Iterator[ast.Return]:
    """Yield the return statements under a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Return):
            yield child
        elif not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from statements_in(child)
