"""A function of the user's as a tree that can be changed, and the code that it runs while it is.

Only the code of the function is exchanged, so all who have a reference to it, a method, a closure or another module,
see the change, and see it go.
"""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType

from bptui.checking.function_source import tree_of

FUTURE = 0x1FF0000
"""The flags of a code object that stand for ``from __future__ import``."""


@dataclass(frozen=True, eq=False)
class UserFunction:
    """A function of a module or a class, and the part of its tree that ran: itself, or a function within it."""

    function: FunctionType
    tree: ast.FunctionDef
    inner: ast.FunctionDef

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.function.__code__.co_filename

    def compiled(self) -> CodeType:
        """Return the code of the tree as it is now. Raises SyntaxError or ValueError where it is none."""
        old = self.function.__code__
        *classes, name = self.function.__qualname__.split(".")
        bare = ast.copy_location(ast.FunctionDef(name, self.tree.args, self.tree.body, [], None), self.tree)
        statement: ast.stmt = bare
        for owner in reversed(classes):
            statement = ast.copy_location(ast.ClassDef(owner, [], [], [statement], []), self.tree)
        code = compile(
            ast.Module([statement], []), old.co_filename, "exec", flags=old.co_flags & FUTURE, dont_inherit=True
        )
        for part in (*classes, name):
            code = next(it for it in code.co_consts if isinstance(it, CodeType) and it.co_name == part)
        if code.co_freevars != old.co_freevars:
            raise ValueError("a function of other surroundings")
        return code


@dataclass(frozen=True, eq=False)
class Change:
    """A part of a function's tree that is exchanged: what a field of a node holds, or an item of the list there."""

    owner: UserFunction
    parent: ast.AST
    field: str
    index: int | None
    new: ast.AST


@contextmanager
def edited(changes: Sequence[Change]) -> Iterator[None]:
    """Let functions run as if they had been written otherwise. Raises SyntaxError or ValueError if they can't be."""
    with with_changes(changes), ExitStack() as undo:
        owners = {id(it.owner.function): it.owner for it in changes}.values()
        codes = [(it.function, it.compiled()) for it in owners]
        for function, code in codes:
            undo.callback(setattr, function, "__code__", function.__code__)
            function.__code__ = code
        yield


@contextmanager
def with_changes(changes: Sequence[Change]) -> Iterator[None]:
    """Let trees be as they are with some changes, without any effect on what runs."""
    with ExitStack() as undo:
        for change in changes:
            undo.callback(setattr, change.parent, change.field, exchange(change))
        yield


def exchange(change: Change) -> object:
    """Make a change, and return what the field held before."""
    ast.fix_missing_locations(change.new)
    before = getattr(change.parent, change.field)
    if change.index is None:
        setattr(change.parent, change.field, change.new)
    else:
        setattr(change.parent, change.field, [*before[: change.index], change.new, *before[change.index + 1 :]])
    return before


def functions_of(codes: Sequence[CodeType]) -> list[UserFunction]:
    """Return the functions that ran, as far as their source can be read and they are no other function's business."""
    files = {code.co_filename for code in codes}
    known = functions_of_modules(files)
    if not all(any(contains_code(it.__code__, code) for it in known) for code in codes):
        alive = [it for it in gc.get_objects() if type(it) is FunctionType and it.__code__.co_filename in files]
        known = [it for it in alive if "<locals>" not in it.__qualname__]
    found = (user_function(code, known) for code in codes)
    return [it for it in found if it is not None]


def functions_of_modules(files: Collection[str]) -> list[FunctionType]:
    """Return the functions and the methods of the modules of some files: to go through all objects takes longer."""
    modules = [it for it in list(sys.modules.values()) if getattr(it, "__file__", None) in files]
    held = [it for module in modules for it in vars(module).values()]
    held += [it for kind in held if isinstance(kind, type) for it in vars(kind).values()]
    return [it for it in held if type(it) is FunctionType and it.__code__.co_filename in files]


def user_function(code: CodeType, functions: Sequence[FunctionType]) -> UserFunction | None:
    """Return the function that a code object is the code of, or that makes such functions; None if there is none."""
    owner = next((it for it in functions if contains_code(it.__code__, code)), None)
    tree = tree_of(owner.__code__) if owner else None
    if owner is None or tree is None:
        return None
    inner = next((it for it in ast.walk(tree) if isinstance(it, ast.FunctionDef) and is_of(it, code)), None)
    return UserFunction(owner, tree, inner) if inner else None


def contains_code(outer: CodeType, inner: CodeType) -> bool:
    """Return whether a code object is another, or has it among the functions that it makes."""
    return outer is inner or any(isinstance(it, CodeType) and contains_code(it, inner) for it in outer.co_consts)


def is_of(tree: ast.FunctionDef, code: CodeType) -> bool:
    """Return whether a tree is that of a code object."""
    first = min([tree.lineno, *(it.lineno for it in tree.decorator_list)])
    return tree.name == code.co_name and first == code.co_firstlineno
