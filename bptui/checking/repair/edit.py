"""An edit: changes of a function that undo one kind of mistake, and what is said if they make the gradient right."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bptui.checking.repair.user_function import Change, UserFunction
from bptui.core.text import visible

LONGEST_CODE = 90

TRIED = "Tried:"
"""How the sentence begins that tells of an edit."""


@dataclass(frozen=True, eq=False)
class Edit:
    """Changes, the mistake that they undo with a sentence about it, and the line that they begin in.

    ``write_line`` gives the line as it should be, where that can be written down, and ``write_part`` what is new in it,
    for lines that are too long. Hundreds of edits are tried for each that is told, so only that one's is written.
    """

    mistake: str
    told: str
    line: int
    changes: tuple[Change, ...]
    write_line: Callable[[], str] = str
    write_part: Callable[[], str] = str

    @property
    def advice(self) -> str:
        """What to say of a mistake that this has mended."""
        line, part = self.write_line(), self.write_part()
        code = visible(part if part and len(line) > LONGEST_CODE else line, limit=LONGEST_CODE)
        return f"{self.told} {TRIED} with `{code}` in line {self.line} the gradient is right." if code else self.told


@dataclass(frozen=True, eq=False)
class CodePlace:
    """Where an expression or a statement stands in a function, and what it stands in, the loops outermost first."""

    owner: UserFunction
    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    loops: tuple[ast.For, ...]

    def change(self, new: ast.AST) -> Change:
        """Return the change that puts something else there."""
        return Change(self.owner, self.parent, self.field, self.index, new)

    def shown(self, new: ast.AST) -> str:
        """Return the whole line with something else there."""
        return written(self.statement, self.node, new)

    @property
    def line(self) -> int:
        """The line of the user's file."""
        return getattr(self.node, "lineno", self.statement.lineno)


def edit(place: CodePlace, mistake: str, told: str, new: ast.expr) -> Edit:
    """Return the edit that puts an expression in a place."""
    return Edit(mistake, told, place.line, (place.change(new),), partial(place.shown, new), partial(ast.unparse, new))


def places(functions: Sequence[UserFunction]) -> list[CodePlace]:
    """Return all statements and expressions of the functions that ran, in the order of their lines."""
    return [place for it in functions for place in places_in(it, it.inner, (), it.inner)]


def places_in(
    owner: UserFunction,
    parent: ast.AST,
    loops: tuple[ast.For, ...],
    statement: ast.stmt,
    steering: frozenset[str] = frozenset(),
) -> Iterator[CodePlace]:
    """Yield what stands in a node, and in that; functions within a function are others.

    What is ``steering`` a while loop is left alone: changed, it might never end.
    """
    for field, value in ast.iter_fields(parent):
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.expr | ast.stmt) or isinstance(node, ast.FunctionDef):
                continue
            if (isinstance(parent, ast.While) and field == "test") or steering & stored_in(node):
                continue
            within = node if isinstance(node, ast.stmt) else statement
            yield CodePlace(owner, parent, field, index, node, within, loops)
            deeper = (*loops, node) if isinstance(node, ast.For) else loops
            more = names_of(node.test) if isinstance(node, ast.While) else frozenset()
            yield from places_in(owner, node, deeper, within, steering | more)


def names_of(node: ast.AST) -> frozenset[str]:
    """Return the names in a piece of code."""
    return frozenset(it.id for it in ast.walk(node) if isinstance(it, ast.Name))


def stored_in(node: ast.AST) -> frozenset[str]:
    """Return the names that an assignment gives a value to; none for any other code, and none for parts of arrays."""
    match node:
        case ast.Assign(targets=targets):
            return frozenset(it.id for it in targets if isinstance(it, ast.Name))
        case ast.AugAssign(target=ast.Name(id=name)):
            return frozenset({name})
    return frozenset()


def written(statement: ast.stmt, node: ast.AST, new: ast.AST) -> str:
    """Return the first line of a statement in which something stands instead of a node."""

    class Exchange(ast.NodeTransformer):
        """Puts the new in the place of the old; the tree itself is left alone, which is why it is copied."""

        def visit(self, it: ast.AST) -> ast.AST:
            if it is node:
                return new
            fields = {name: self.renewed(value) for name, value in ast.iter_fields(it)}
            return ast.copy_location(type(it)(**fields), it)

        def renewed(self, value: object) -> object:
            if isinstance(value, list):
                return [self.renewed(it) for it in value]
            return self.visit(value) if isinstance(value, ast.AST) else value

    return ast.unparse(ast.fix_missing_locations(Exchange().visit(statement))).split("\n", 1)[0]


def round_names(place: CodePlace) -> list[str]:
    """Return the names that loops around a place give to their rounds."""
    return [it.id for loop in place.loops for it in ast.walk(loop.target) if isinstance(it, ast.Name)]


def attribute(value: ast.expr, name: str) -> ast.Attribute:
    """Return an attribute of an expression."""
    return ast.Attribute(value, name, ast.Load())


def call(function: ast.expr, *arguments: ast.expr) -> ast.Call:
    """Return a call."""
    return ast.Call(function, list(arguments), [])


def numpy() -> ast.expr:
    """Return an expression for NumPy that holds in any module."""
    return call(ast.Name("__import__", ast.Load()), ast.Constant("numpy"))


def integer_of(node: ast.AST) -> int | None:
    """Return the integer that an expression is, None if it is something else."""
    try:
        value = ast.literal_eval(node) if isinstance(node, ast.expr) else None
    except ValueError:
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
