"""The source of the built-in layers as plain NumPy, with nothing of bptui: what forward and backward need, and no more.

It is taken from the layers' own source, so the numbers are the same. Annotations, checks of shapes and the words that
the debugger shows are left out.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import NamedTuple

from layers import Layer

KEPT_METHODS = ("__init__", "forward", "backward")
"""What is called from outside; what these call is kept with them."""

ROOM = "layers"
"""The package that the layers lie in."""


def plain_source(classes: Sequence[type[Layer]]) -> PlainSource:
    """Return the source of some layers and of all that they need, in an order in which it runs."""
    collected = Collected()
    for layer in classes:
        collected.need(layer)
    for layer in classes:
        collected.add_layer(layer)
    return PlainSource(frozenset(collected.imports), "\n\n\n".join(collected.pieces))


class PlainSource(NamedTuple):
    """Source in NumPy alone, and the ``imports`` that it needs, each a line."""

    imports: frozenset[str]
    text: str


def import_lines(imports: Iterable[str]) -> str:
    """Return imports as they stand at the top of a file: those of Python, and below them NumPy and others."""
    outside = {it for it in imports if it.split()[1].partition(".")[0] in {"numpy", "pytest"}}
    groups = (set(imports) - outside, outside)
    return "\n\n".join("\n".join(sorted(it, key=lambda line: (line[0] != "i", line))) for it in groups if it)


@dataclass(eq=False)
class Collected:
    """What has been taken so far: the ``imports``, and the ``pieces`` of source in order."""

    imports: set[str] = field(default_factory=set)
    pieces: list[str] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)
    has_base: bool = False
    needed: dict[type, frozenset[str]] = field(default_factory=dict)

    def need(self, layer: type[Layer]) -> None:
        """Note what a class needs of those that it is made from: several classes may be made from one."""
        bases = classes_of(layer)
        methods = needed_methods(bases)
        for base in bases:
            self.needed[base] = self.needed.get(base, frozenset()) | methods

    def add_layer(self, layer: type[Layer]) -> None:
        """Add a class, and before it those that it is made from."""
        self.need(layer)
        for base in classes_of(layer):
            self.add_class(base, self.needed[base])

    def add_class(self, cls: type, methods: frozenset[str]) -> None:
        """Add the part of a class that is needed."""
        if (cls.__module__, cls.__name__) in self.known:
            return
        self.known.add((cls.__module__, cls.__name__))
        module = sys.modules[cls.__module__]
        tree = next(it for it in definitions(module)[cls.__name__] if isinstance(it, ast.ClassDef))
        body = list(needed_parts(tree, methods))
        bases = [it for it in tree.bases if isinstance(it, ast.Name) and it.id != "ABC"]
        if cls is Layer:
            body = [it for it in body if not isinstance(it, ast.Expr)]
            self.has_base = bool(body)
        if cls is Layer and not body:
            return
        if not self.has_base:
            bases = [it for it in bases if it.id != Layer.__name__]
        reduced = ast.ClassDef(tree.name, list[ast.expr](bases), [], body or [ast.Pass()], [])
        self.add_definition(reduced, module)

    def add_definition(self, tree: ast.stmt, module: ModuleType) -> None:
        """Add a definition of a module, and before it what it names."""
        plain = ast.fix_missing_locations(WithoutAnnotations().visit(tree))
        for name in named_in(plain):
            self.add_name(name, module)
        self.pieces.append(ast.unparse(plain))

    def add_name(self, name: str, module: ModuleType) -> None:
        """Add what a name stands for in a module: a definition there or in another, or an import."""
        if (module.__name__, name) in self.known or hasattr(builtins, name):
            return
        self.known.add((module.__name__, name))
        for statement in definitions(module).get(name, ()):
            match statement:
                case ast.ImportFrom(module=str(source)) if source.partition(".")[0] == ROOM:
                    self.add_name(name, sys.modules[source])
                case ast.Import() | ast.ImportFrom():
                    self.imports.add(import_line(statement, name))
                case ast.ClassDef() if issubclass(cls := getattr(module, name), Layer):
                    self.known.discard((module.__name__, name))
                    self.add_layer(cls)
                case _:
                    self.add_definition(copied_tree(statement), module)


@cache
def definitions(module: ModuleType) -> dict[str, list[ast.stmt]]:
    """Return by name the statements of a module that give it a meaning."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in ast.parse(inspect.getsource(module)).body:
        for name in names_given(statement):
            found.setdefault(name, []).append(statement)
    return found


def names_given(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement of a module gives a meaning to."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (it.asname or it.name for it in names)
        case ast.Assign(targets=targets):
            yield from (it.id for target in targets for it in ast.walk(target) if isinstance(it, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            yield name


def import_line(statement: ast.Import | ast.ImportFrom, name: str) -> str:
    """Return an import of one name alone."""
    alias = next(it for it in statement.names if (it.asname or it.name) == name)
    if isinstance(statement, ast.Import):
        return ast.unparse(ast.Import([alias]))
    return ast.unparse(ast.ImportFrom(statement.module, [alias], statement.level))


def classes_of(layer: type[Layer]) -> list[type]:
    """Return the classes of ours that a class is made from, itself last."""
    return [it for it in reversed(inspect.getmro(layer)) if it.__module__.partition(".")[0] == ROOM]


def needed_methods(bases: Sequence[type]) -> frozenset[str]:
    """Return the names of the methods and attributes that forward and backward of a class come to."""
    methods: dict[str, list[ast.FunctionDef]] = {}
    for it in (part for base in bases for part in class_tree(base).body):
        if isinstance(it, ast.FunctionDef):
            methods.setdefault(it.name, []).append(it)
    waiting, needed = list(KEPT_METHODS), set(KEPT_METHODS)
    while waiting:
        found = [plain_method(it) for it in reached(methods.get(waiting.pop(), []))]
        for attribute in {it.attr for tree in found for it in ast.walk(tree) if isinstance(it, ast.Attribute)}:
            if attribute not in needed:
                needed.add(attribute)
                waiting.append(attribute)
    return frozenset(needed)


def reached(definitions: Sequence[ast.FunctionDef]) -> Iterator[ast.FunctionDef]:
    """Yield of a method's definitions, the class's own last, those that a call comes to: more where it calls super."""
    for it in reversed(definitions):
        yield it
        if not any(isinstance(part, ast.Name) and part.id == "super" for part in ast.walk(it)):
            return


def class_tree(cls: type) -> ast.ClassDef:
    """Return the tree of a class."""
    trees = definitions(sys.modules[cls.__module__])[cls.__name__]
    return next(it for it in trees if isinstance(it, ast.ClassDef))


def needed_parts(tree: ast.ClassDef, methods: frozenset[str]) -> Iterator[ast.stmt]:
    """Yield of a class its docstring, the needed methods, and the attributes that those use."""
    for at, part in enumerate(tree.body):
        match part:
            case ast.Expr(value=ast.Constant(value=str())) if not at:
                yield part
            case ast.FunctionDef(name=name) if name in methods and not is_abstract(part):
                yield plain_method(part)
            case ast.Assign(targets=[ast.Name(id=name)]) if name in methods:
                yield part
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr(), simple=1) if name in methods:
                yield part


def is_abstract(function: ast.FunctionDef) -> bool:
    """Return whether a method has to be written by whoever makes a class of this one."""
    return any(isinstance(it, ast.Name) and it.id == "abstractmethod" for it in function.decorator_list)


def plain_method(function: ast.FunctionDef) -> ast.FunctionDef:
    """Return a method without what only checks shapes."""
    copy = copied_tree(function)
    assert isinstance(copy, ast.FunctionDef)
    copy.body = [it for it in copy.body if not is_check_of_shapes(it)] or [ast.Pass()]
    return copy


def is_check_of_shapes(statement: ast.stmt) -> bool:
    """Return whether a statement only calls ``self.out_shape``, for the error that it raises."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr="out_shape"))):
            return True
    return False


def copied_tree(tree: ast.stmt) -> ast.stmt:
    """Return a copy of a tree, to be changed."""
    return ast.parse(ast.unparse(tree)).body[0]


def named_in(tree: ast.stmt) -> list[str]:
    """Return the names that a tree reads, in order."""
    found = (it.id for it in ast.walk(tree) if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Load))
    return list(dict.fromkeys(found))


class WithoutAnnotations(ast.NodeTransformer):
    """Takes the annotations out of a tree; where the fields of a class are declared by them, any object will do."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for part in node.body:
            if isinstance(part, ast.AnnAssign):
                part.annotation = ast.Name("object", ast.Load())
        node.body = [part if isinstance(part, ast.AnnAssign) else self.visit(part) for part in node.body]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        if node.value is None:
            return None
        return ast.Assign([node.target], node.value)
