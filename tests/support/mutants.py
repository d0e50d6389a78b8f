"""Layers with one mistake each: every place of a backward changed mechanically, as a student might slip."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from layers import Layer

Change = tuple[str, Callable[[ast.AST], ast.AST | None]]

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.Eq: ast.NotEq}
CALLS_DROPPED = {"unbroadcast", "reshape", "expand_dims", "transpose"}
FIRST_ARGUMENT = {"np", "unbroadcast"}


@dataclass(frozen=True, eq=False)
class Mutant:
    """A layer class with one ``change``, in words; ``line`` is the place in its file."""

    layer: type[Layer]
    change: str
    line: int
    make_class: type[Any]

    def __str__(self) -> str:
        return f"{self.layer.__name__}:{self.line}: {self.change}"


def mutants_of(layer: type[Layer], *, every: int = 1) -> Iterator[Mutant]:
    """Yield the mutants of a layer, or the first of so many each: to compile one costs more than to check it."""
    module = importlib.import_module(layer.__module__)
    tree = ast.parse(inspect.getsource(module))
    own = with_inherited(layer, {it.name: it for it in tree.body if isinstance(it, ast.ClassDef)})
    for change, line, mutated in islice(changed_classes(own), None, None, every):
        try:
            yield Mutant(layer, change, line, built(mutated, module))
        except SyntaxError:
            continue


def with_inherited(layer: type[Layer], classes: Mapping[str, ast.ClassDef]) -> ast.ClassDef:
    """Return the definition of a layer, with what it has from others in its module as if that were its own."""
    own = copy.deepcopy(classes[layer.__name__])
    known = {it.name for it in own.body if isinstance(it, ast.FunctionDef)}
    for base in (classes[it.__name__] for it in layer.__mro__[1:] if it.__name__ in classes):
        for method in base.body:
            if isinstance(method, ast.FunctionDef) and method.name not in known:
                own.body.append(copy.deepcopy(method))
                known.add(method.name)
    return own


def built(definition: ast.ClassDef, module: Any) -> type[Any]:
    """Return the class of a definition, as if it stood in its module."""
    namespace = dict(vars(module))
    exec(compile(ast.Module(body=[definition], type_ignores=[]), f"<mutant of {definition.name}>", "exec"), namespace)
    made = namespace[definition.name]
    assert isinstance(made, type)
    return made


def changed_classes(own: ast.ClassDef) -> Iterator[tuple[str, int, ast.ClassDef]]:
    """Yield a class definition with one change at a time; the next takes the one before back."""
    methods = {it.name: it for it in own.body if isinstance(it, ast.FunctionDef)}
    uses_local = "self.local()" in ast.unparse(methods["backward"])
    for name in ("backward", "local") if uses_local and "local" in methods else ("backward",):
        for change, line in changes_within(methods[name]):
            yield f"{name}: {change}", line, own
        if name == "backward":
            yield from with_statements(own)
    for at, statement in enumerate(methods["forward"].body):
        if isinstance(statement, ast.Assign) and "self." in ast.unparse(statement.targets[0]):
            yield from stale_caches(own, at)


def changes_within(method: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    """Yield, in words and with its line, each change of a place in a method while it is made."""
    for parent in list(ast.walk(method)):
        for field, index, node in parts_of(parent):
            if isinstance(node, ast.expr | ast.Return | ast.Assign):
                before = ast.unparse(node)
                for words, new in changes(node):
                    with exchanged(parent, field, index, ast.fix_missing_locations(new)):
                        yield f"{words}: {before}", getattr(node, "lineno", 0)


def parts_of(parent: ast.AST) -> list[tuple[str, int | None, Any]]:
    """Return what a node holds: field, index where that is a list, and the part."""
    return [
        (field, index, node)
        for field, value in ast.iter_fields(parent)
        for index, node in (enumerate(value) if isinstance(value, list) else [(None, value)])
    ]


@contextmanager
def exchanged(parent: ast.AST, field: str, index: int | None, new: ast.AST) -> Iterator[None]:
    """Put something else into a node for a while."""
    old = getattr(parent, field)
    setattr(parent, field, new if index is None else [*old[:index], new, *old[index + 1 :]])
    try:
        yield
    finally:
        setattr(parent, field, old)


def with_own_copy(own: ast.ClassDef, method: str) -> tuple[ast.ClassDef, ast.FunctionDef]:
    """Return a class definition of which one method is a copy, and that method; all else is the very same."""
    mutated = copy.copy(own)
    function = next(it for it in own.body if isinstance(it, ast.FunctionDef) and it.name == method)
    copied = copy.deepcopy(function)
    mutated.body = [copied if it is function else it for it in own.body]
    return mutated, copied


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:  # noqa: C901, PLR0912  (a table)
    """Yield what may be slipped at one place, with a word for it."""
    match node:
        case ast.BinOp(left, op, right):
            if type(op) in OPERATORS:
                yield "operator", ast.BinOp(left, OPERATORS[type(op)](), right)
            if isinstance(op, ast.MatMult):
                yield "factors swapped", ast.BinOp(right, op, left)
            yield "right side dropped", left
            yield "left side dropped", right
        case ast.UnaryOp(ast.USub(), operand):
            yield "sign dropped", operand
        case ast.Compare(left, [op], rights) if type(op) in COMPARISONS:
            yield "comparison", ast.Compare(left, [COMPARISONS[type(op)]()], rights)
        case ast.Attribute(value, "T" | "mT"):
            yield "transpose dropped", value
        case ast.Attribute(ast.Name("self"), "x" | "y" as name) if isinstance(node.ctx, ast.Load):
            yield "other input", attribute("y" if name == "x" else "x")
        case ast.Constant(bool(value)):
            yield "flag", ast.Constant(not value)
        case ast.Constant(int(value)):
            yield "number", ast.Constant(value + 1)
        case ast.Call():
            yield from call_changes(node)
        case ast.Name("dout", ast.Load()):
            yield "dout ignored", parsed("np.ones_like(dout)")
            yield "dout doubled", parsed("dout * dout")
            yield "dout halved", parsed("dout / 2")
            yield "dout reversed", parsed("np.asarray(dout)[::-1]")
        case ast.Return(ast.Tuple(parts)):
            yield from tuple_changes(parts)
        case ast.Return(value) if value is not None:
            yield "sign", ast.Return(ast.UnaryOp(ast.USub(), value))
            yield "list", ast.Return(wrapped("{}.tolist()", value))
            yield "integers", ast.Return(wrapped("np.asarray({}).astype(int)", value))
            yield "float32", ast.Return(wrapped("np.asarray({}).astype(np.float32)", value))
            yield "hidden float32", ast.Return(wrapped("np.asarray({}).astype(np.float32).astype(float)", value))
            yield "none", ast.Return(ast.Constant(None))
            yield "twice", ast.Return(ast.Tuple([value, value], ast.Load()))
            yield "axis of size 1", ast.Return(wrapped("np.asarray({})[np.newaxis]", value))
            yield "transposed", ast.Return(wrapped("np.asarray({}).T", value))
            yield "reversed", ast.Return(wrapped("np.asarray({})[::-1]", value))
            yield "mean for sum", ast.Return(wrapped("{} / max(np.size(dout), 1)", value))
            yield "a thousandth", ast.Return(wrapped("{} * 1.001", value))
            yield "an offset", ast.Return(wrapped("{} + 0.001", value))


def call_changes(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """Yield the changes of a call."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in CALLS_DROPPED and node.args:
        yield f"{name} dropped", node.args[0]
    if name == "where":
        yield "arms swapped", ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], [])
        yield "mask dropped", node.args[2]
        yield "other arm", node.args[1]
    if name == "sum" and isinstance(node.func, ast.Attribute):
        mean = ast.Attribute(node.func.value, "mean", ast.Load())
        yield "mean for sum", ast.Call(mean, node.args, node.keywords)
        yield "sum dropped", node.func.value
    for keyword in node.keywords:
        if keyword.arg == "axis":
            others = [it for it in node.keywords if it is not keyword]
            yield "axis", ast.Call(node.func, node.args, [*others, ast.keyword("axis", ast.Constant(0))])
    if ast.unparse(node.func) == "np.add.at":
        place, index, value = (ast.unparse(it) for it in node.args)
        yield "not accumulated", parsed(f"{place}.__setitem__({index}, {value})")


def tuple_changes(parts: list[ast.expr]) -> Iterator[tuple[str, ast.AST]]:
    """Yield the changes of several returned gradients."""
    if len(parts) > 1:
        yield "swapped", ast.Return(ast.Tuple(parts[::-1], ast.Load()))
        yield "list", ast.Return(ast.List(parts, ast.Load()))
        yield "one too few", ast.Return(ast.Tuple(parts[:-1], ast.Load()))
        yield "rolled", ast.Return(ast.Tuple([*parts[1:], parts[0]], ast.Load()))
    for at, part in enumerate(parts):
        if isinstance(part, ast.Constant):
            continue
        others = parts[:at], parts[at + 1 :]
        for words, new in (
            ("sign", ast.UnaryOp(ast.USub(), part)),
            ("none", ast.Constant(None)),
            ("a thousandth", wrapped("{} * 1.001", part)),
            ("another's", parts[at - 1]),
            ("zero", wrapped("0 * {}", part)),
            ("the input itself", parsed("self.x")),
        ):
            yield f"{words} in {at}", ast.Return(ast.Tuple([*others[0], new, *others[1]], ast.Load()))


AFTERWARDS = {
    "dout written": "dout = np.asarray(dout); dout *= 0.5",
    "dout zeroed": "dout = np.asarray(dout); dout[dout < 0] = 0",
    "x written": "it = np.asarray(self.x); it += 1",
    "state written": """
for it in vars(self).values():
    if isinstance(it, np.ndarray) and it.dtype.kind == "f":
        it *= 0.5  # what grows would look like a sum, which some keep until the next forward
""",
    "first time only": """
if hasattr(self, "seen"):
    made = tuple(0 * it for it in made) if isinstance(made, tuple) else 0 * made
self.seen = True
""",
    "accumulated": "self.sum = made = made + getattr(self, 'sum', 0)",
    "random": "made = made if isinstance(made, tuple) else made * np.random.uniform(0.9, 1.1)",
    "its memory again": """
self.memory = getattr(self, "memory", made)
if isinstance(made, np.ndarray) and made.ndim:
    self.memory[...] = made
    made = self.memory
""",
}
"""Statements that run after the gradients are made, which are in ``made``."""


def with_statements(own: ast.ClassDef) -> Iterator[tuple[str, int, ast.ClassDef]]:
    """Yield classes whose backward does something else besides."""
    for words, statements in AFTERWARDS.items():
        mutated, function = with_own_copy(own, "backward")
        last = function.body[-1]
        if not isinstance(last, ast.Return) or last.value is None:
            continue
        made = ast.Assign([ast.Name("made", ast.Store())], last.value)
        ending = ast.parse(statements).body
        function.body[-1:] = [made, *ending, ast.Return(ast.Name("made", ast.Load()))]
        yield words, last.lineno, ast.fix_missing_locations(mutated)


def stale_caches(own: ast.ClassDef, at: int) -> Iterator[tuple[str, int, ast.ClassDef]]:
    """Yield classes that keep a value on the class, or from the first forward only."""
    for words in ("kept on the class", "kept from the first forward"):
        mutated, function = with_own_copy(own, "forward")
        statement = function.body[at]
        assert isinstance(statement, ast.Assign)
        written = ast.unparse(statement)
        if words == "kept on the class":
            again = written.replace("self.", "type(self).", written.split(" = ")[0].count("self."))
            new = ast.parse(again).body
        else:
            name = ast.unparse(statement.targets[0]).strip("()").split(",")[0].strip()
            new = ast.parse(f"if not hasattr(self, {name.removeprefix('self.')!r}):\n    {written}").body
        function.body[at : at + 1] = new
        yield f"forward: {words}: {written}", statement.lineno, ast.fix_missing_locations(mutated)


def attribute(name: str) -> ast.expr:
    """Return ``self.name``."""
    return ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())


def parsed(text: str) -> ast.expr:
    """Return an expression."""
    return ast.parse(text, mode="eval").body


def wrapped(text: str, inner: ast.expr) -> ast.expr:
    """Return an expression with ``inner`` in the place of the braces."""
    return parsed(text.format(f"({ast.unparse(inner)})"))


def behaviour(make: Callable[[], Any], inputs: tuple[Any, ...], douts: tuple[Any, ...]) -> Any:
    """Return all that can be seen of a layer at some inputs, or None where it raises; ``douts`` are three.

    Numbers come as arrays: gradients for each dout, twice over, after other inputs, and what it was given.
    """
    own = tuple(np.array(x) for x in inputs)
    given = [np.array(dout) for dout in douts]
    try:
        with np.errstate(all="ignore"):
            layer, other = make(), make()
            np.random.seed(0)  # noqa: NPY002
            out = [np.copy(layer.forward(*[x[()] for x in own]))]
            other.forward(*[x * 0.75 if x.dtype.kind == "f" and i == 0 else x for i, x in enumerate(own)])
            made = [listed(layer.backward(dout[()]), own) for dout in given + given]
            kept = [np.copy(it) for it in made[0][1]]
            out.append(np.copy(other.forward(*[x[()] for x in own])))
            again = listed(other.backward(given[0][()]), own)
    except Exception:  # noqa: BLE001  (a mutant may raise anything)
        return None
    return ([it[0] for it in made], [*out, *own, *given, *kept, *again[1], *[x for it in made for x in it[1]]])


def listed(gradients: Any, inputs: tuple[Any, ...]) -> tuple[Any, list[Any]]:
    """Return what gradients are like, and the numbers; one that is left out, or None, is as good as zeros."""
    several = "list" if isinstance(gradients, list) else "arrays"
    parts = gradients if isinstance(gradients, tuple) else (gradients,)
    parts = (*parts, *[None] * (len(inputs) - len(parts)))
    numbers = [np.zeros(x.shape) if it is None else np.array(it) for it, x in zip(parts, inputs, strict=False)]
    return [several, len(parts), *[it.dtype.str for it in numbers]], numbers


def differs(one: Any, two: Any) -> bool:
    """Return whether two behaviours can be told apart, by more than a millionth."""
    if one is None or two is None:
        return one is not two
    if one[0] != two[0] or len(one[1]) != len(two[1]):
        return True
    return any(apart(a, b) for a, b in zip(one[1], two[1], strict=True))


def apart(a: Any, b: Any) -> bool:
    """Return whether two arrays differ."""
    if a.shape != b.shape:
        return True
    scale = float(np.abs(np.nan_to_num(b)).max(initial=0)) if b.size else 0.0
    return not np.allclose(a, b, rtol=1e-6, atol=1e-6 * scale, equal_nan=True)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for it in mutants_of(importlib.import_module("layers").library[name]):
            print(it)  # noqa: T201
