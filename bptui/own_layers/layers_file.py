"""Reading a file with layers of the user's own, without running a line of it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence

from bptui.core.text import visible
from bptui.errors import ScenarioError, Where
from bptui.own_layers.own_layer import UNKNOWN, LayerFile, Method, OwnLayer


def read_layers(file: LayerFile) -> dict[str, OwnLayer | ScenarioError]:
    """Return the layers of a file by name; in place of a class that can be none, the reason why.

    Raises ScenarioError where the file is not Python. Nothing in it is run.
    """
    classes = {node.name: node for node in classes_in(parsed(file).body)}
    layers: dict[str, OwnLayer | ScenarioError] = {}
    for name, node in classes.items():
        if has_method(node, classes, "forward") or has_method(node, classes, "backward"):
            try:
                layers[name] = read_layer(node, classes, file)
            except ScenarioError as error:
                layers[name] = error
    return layers


def parsed(file: LayerFile) -> ast.Module:
    """Return a file as Python reads it."""
    try:
        with warnings.catch_warnings():  # "\d" in a string is the user's affair
            warnings.simplefilter("ignore")
            return ast.parse(file.text)
    except SyntaxError as error:
        place = Where(file.shown, error.lineno or 1, error.offset or None)
        raise ScenarioError(f"SyntaxError: {error.msg}", where=place) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ScenarioError(f"is not Python: {error or type(error).__name__}", where=Where(file.shown, 1)) from None


def classes_in(statements: Sequence[ast.stmt]) -> Iterator[ast.ClassDef]:
    """Yield the classes that a module defines, also those under an ``if`` or ``try``."""
    for statement in statements:
        if isinstance(statement, ast.ClassDef):
            yield statement
        for branch in ("body", "orelse", "finalbody"):
            if isinstance(statement, ast.If | ast.Try | ast.With):
                yield from classes_in(getattr(statement, branch, ()))


def has_method(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], name: str) -> bool:
    """Return whether a class has a method, or may have it from a base class that is imported."""
    return find_method(node, classes, name) is not None


def find_method(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], name: str) -> Method | None:
    """Return a class's method, its own or one of a base class's in the same file; None where there is none."""
    seen: set[str] = set()
    family = [node]
    while family:
        relative = family.pop(0)
        if relative.name in seen:
            continue
        seen.add(relative.name)
        if (method := own_method(relative, name)) is not None:
            return method
        for base in relative.bases:
            known = base.id if isinstance(base, ast.Name) else ""
            if known in classes:
                family.append(classes[known])
            elif known not in PLAIN_BASES:
                return UNKNOWN
    return None


PLAIN_BASES = frozenset({"object", "ABC", "Layer", "Protocol", "Generic"})
"""Base classes that lend no forward and no backward."""


def own_method(node: ast.ClassDef, name: str) -> Method | None:
    """Return the method that a class defines itself."""
    for statement in reversed(node.body):
        match statement:
            case ast.FunctionDef(name=defined) if defined == name:
                return read_method(statement)
            case ast.Assign(targets=[ast.Name(id=defined)]) if defined == name:
                return UNKNOWN
    return None


def read_method(function: ast.FunctionDef) -> Method:
    """Return what a method takes."""
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    first_default = len(names) - len(arguments.defaults)
    keywords = [argument.arg for argument in arguments.kwonlyargs]
    with_default = zip(keywords, arguments.kw_defaults, strict=True)
    is_static = any(isinstance(it, ast.Name) and it.id == "staticmethod" for it in function.decorator_list)
    return Method(
        line=function.lineno,
        required=tuple(names[not is_static : first_default]),
        optional=tuple(names[max(first_default, 1) :]) if arguments.defaults else (),
        named=tuple(keywords),
        named_required=tuple(name for name, default in with_default if default is None),
        takes_any_input=arguments.vararg is not None,
        takes_any_option=arguments.kwarg is not None,
    )


def read_layer(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], file: LayerFile) -> OwnLayer:
    """Return the layer that a class is. Raises ScenarioError."""
    methods = {name: find_method(node, classes, name) for name in ("forward", "backward", "__init__")}
    forward, backward = methods["forward"], methods["backward"]
    if forward is None or backward is None:
        missing = "forward" if forward is None else "backward"
        hint = "def forward(self, x): ..." if forward is None else "def backward(self, dout): ..."
        raise ScenarioError(f"{visible(node.name)} has no {missing}", hint=hint, where=Where(file.shown, node.lineno))
    layer = OwnLayer(node.name, file, node.lineno, forward, backward, methods["__init__"] or Method())
    check_methods(layer)
    return layer


def check_methods(layer: OwnLayer) -> None:
    """Refuse methods that cannot be called as forward and backward are."""
    where = Where(layer.file.shown, layer.backward.line)
    takes = layer.backward
    has_dout = takes.takes_any_input or takes.required or takes.optional
    if not has_dout or len(takes.required) > 1 or takes.named_required:
        message = f"{layer.name}.backward has to take dout, and nothing else"
        raise ScenarioError(message, hint="def backward(self, dout):", where=where)
    it = layer.forward
    if not (it.required or it.optional or it.takes_any_input):
        place = Where(layer.file.shown, it.line)
        raise ScenarioError(f"{layer.name}.forward takes no input", hint="def forward(self, x):", where=place)
