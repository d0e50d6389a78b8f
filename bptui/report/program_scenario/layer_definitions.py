"""The part of a program that defines its layers, without what it does when it runs: a file that a scenario can name."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Collection, Iterator, Mapping


def defines_only(text: str) -> bool:
    """Return whether a file does nothing when it is imported, as far as its outermost statements tell."""
    return all(is_definition(it) or is_constant_assignment(it) or is_main_block(it) for it in ast.parse(text).body)


def layer_definitions(text: str, wanted: Collection[str]) -> str:
    """Return the definitions of a file that have the ``wanted`` names, and all that these need of it, as they stand."""
    body = ast.parse(text).body
    lines = text.splitlines()
    needed = needed_statements(body, wanted)
    pieces = [(it, "\n".join(lines[first_line(it, lines) : it.end_lineno])) for it in body if it in needed]
    return "".join(spaced_apart(pieces))


def spaced_apart(pieces: list[tuple[ast.stmt, str]]) -> Iterator[str]:
    """Yield pieces of source with as many empty lines before each as one is used to."""
    before: ast.stmt | None = None
    for statement, piece in pieces:
        if before is not None:
            is_large = isinstance(statement, LARGE) or isinstance(before, LARGE)
            is_other = isinstance(statement, IMPORT) != isinstance(before, IMPORT)
            yield "\n" * (2 if is_large else int(is_other))
        yield f"{piece}\n"
        before = statement


LARGE = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
IMPORT = (ast.Import, ast.ImportFrom)


def is_definition(it: ast.stmt) -> bool:
    """Return whether a statement defines or imports something."""
    return isinstance(it, (*LARGE, *IMPORT))


def is_constant_assignment(it: ast.stmt) -> bool:
    """Return whether a statement gives a name to a constant, or is a docstring."""
    value = it.value if isinstance(it, ast.Assign | ast.AnnAssign | ast.Expr) else None
    return value is not None and not any(isinstance(part, ast.Call) for part in ast.walk(value))


def is_main_block(it: ast.stmt) -> bool:
    """Return whether a statement is what runs only in a program: ``if __name__ == "__main__":``."""
    return isinstance(it, ast.If) and any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(it))


def needed_statements(body: list[ast.stmt], wanted: Collection[str]) -> set[ast.stmt]:
    """Return the statements that give the ``wanted`` names a meaning, and those whose names these use in turn."""
    meanings = statements_by_name(body)
    waiting, needed = list(wanted), set[ast.stmt]()
    while waiting:
        for statement in meanings.get(waiting.pop(), ()):
            if statement not in needed:
                needed.add(statement)
                waiting += outer_names(statement)
    stars = (it for it in body if isinstance(it, ast.ImportFrom) and it.names[0].name == "*")
    return needed | set(stars) | {it for it in body if isinstance(it, ast.ImportFrom) and it.module == "__future__"}


def outer_names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement takes from around it: not those that a function in it has for itself."""
    table = symtable.symtable(ast.unparse(statement), "", "exec")
    yield from (it.get_name() for it in table.get_symbols() if it.is_referenced())
    inner = list(table.get_children())
    while inner:
        table = inner.pop()
        yield from (it.get_name() for it in table.get_symbols() if it.is_global())
        inner += table.get_children()


def statements_by_name(body: list[ast.stmt]) -> Mapping[str, list[ast.stmt]]:
    """Return by name the outermost statements that give it a meaning."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in body:
        for name in names_bound(statement):
            found.setdefault(name, []).append(statement)
    return found


def names_bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that an outermost statement gives a meaning to; those of an import in a ``try``, too."""
    match statement:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((it.asname or it.name).partition(".")[0] for it in names)
        case ast.Assign(targets=targets):
            yield from (it.id for target in targets for it in ast.walk(target) if isinstance(it, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Try(body=body, handlers=handlers):
            for it in (*body, *(it for handler in handlers for it in handler.body)):
                yield from names_bound(it)


def first_line(statement: ast.stmt, lines: list[str]) -> int:
    """Return the line, from 0, at which a statement begins, with its decorators and the comment above it."""
    decorators = getattr(statement, "decorator_list", ())
    line = min([statement.lineno, *(it.lineno for it in decorators)]) - 1
    while line and lines[line - 1].startswith("#"):
        line -= 1
    return line


def top_level_functions(text: str) -> list[str]:
    """Return the names of a file's outermost functions."""
    return [it.name for it in ast.parse(text).body if isinstance(it, ast.FunctionDef)]
