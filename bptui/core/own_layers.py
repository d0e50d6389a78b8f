"""The user's own layers, as their file tells of them without being run: names, inputs, options, and the lines."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bptui.core.text import visible
from bptui.errors import ScenarioError, Where

TARGETS = frozenset({"t", "target", "targets", "label", "labels", "y_true"})
"""What an input is called that is labels: integers stay integers there, and need no gradient."""


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A file with layers, as it was when it was read and allowed."""

    path: Path
    text: str

    @property
    def shown(self) -> str:
        """The path as errors write it."""
        return visible(str(self.path), limit=4_096)

    def line(self, where: Where) -> str:
        """Return what stands at a line of it; nothing where the place is in another file."""
        lines = self.text.splitlines()
        is_here = where.path == self.shown and where.line is not None and 0 < where.line <= len(lines)
        return lines[where.line - 1].strip() if is_here and where.line else ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method's parameters after ``self``: ``required`` ones, ``optional`` ones with a default, ``named`` options.

    ``takes_any_input`` and ``takes_any_option`` tell of ``*xs`` and ``**options``.
    """

    line: int | None = None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    named_required: tuple[str, ...] = ()
    takes_any_input: bool = False
    takes_any_option: bool = False

    def knows(self, option: str) -> bool:
        """Return whether it takes an option of that name."""
        return self.takes_any_option or option in (*self.required, *self.optional, *self.named)


UNKNOWN = Method(takes_any_input=True, takes_any_option=True)
"""A method that an imported base class may have, of which nothing can be known without running it."""


@dataclass(frozen=True, slots=True)
class Share:
    """How a formula's values are shared out: the first go to forward, by its ``inputs``, the others are ``held``."""

    inputs: tuple[str, ...]
    held: tuple[str, ...]
    init_options: Mapping[str, Any]
    forward_options: Mapping[str, Any]

    @property
    def slots(self) -> tuple[str, ...]:
        """The layer's name for each value."""
        return self.inputs + self.held


@dataclass(frozen=True, slots=True)
class OwnLayer:
    """A class of the user's: what a formula may give to it."""

    name: str
    file: LayerFile
    line: int
    forward: Method
    backward: Method
    init: Method

    @property
    def where(self) -> Where:
        """The line at which the class begins."""
        return Where(self.file.shown, self.line)

    @property
    def options(self) -> tuple[str, ...]:
        """The options that it may be given by name."""
        names = (*self.init.required, *self.init.optional, *self.init.named, *self.forward.optional)
        return tuple(dict.fromkeys((*names, *self.forward.named)))

    @property
    def targets(self) -> frozenset[str]:
        """Those of its inputs that are labels."""
        return TARGETS.intersection(self.forward.required, self.forward.optional)

    def __str__(self) -> str:
        inputs = [*self.forward.required, *self.init.required]
        if self.forward.takes_any_input:
            inputs.append("...")
        options = [f"{option}=" for option in self.options if option not in self.init.required]
        return f"{self.name}({', '.join((*inputs, *options))})"

    def share(self, count: int, options: Mapping[str, Any]) -> Share:
        """Return what ``count`` values and the ``options`` are to the class. Raises ValueError."""
        for option in options:
            if not self.forward.knows(option) and not self.init.knows(option):
                raise ValueError(f"{self.name} has no option {visible(option)}")
        inputs = tuple(name for name in self.forward.required if name not in options)
        held = tuple(name for name in (*self.init.required, *self.init.optional) if name not in options)
        if self.forward.takes_any_input:
            inputs += tuple(f"input {place}" for place in range(len(inputs) + 1, count + 1))
            held = ()
        elif not held and count > len(inputs):
            inputs += tuple(name for name in self.forward.optional if name not in options)[: count - len(inputs)]
        if not len(inputs) <= count <= len(inputs) + len(held):
            raise ValueError(f"{self.name} takes {counted(len(inputs), len(inputs) + len(held))}, got {count}")
        held = held[: count - len(inputs)]
        self.check_needed(held, options)
        init_options = {name: value for name, value in options.items() if self.init.knows(name)}
        forward_options = {name: value for name, value in options.items() if self.forward.knows(name)}
        return Share(inputs, held, init_options, forward_options)

    def check_needed(self, held: Collection[str], options: Mapping[str, Any]) -> None:
        """Refuse a call that leaves out what has no default."""
        needed = [*self.init.required, *self.init.named_required, *self.forward.named_required]
        missing = [name for name in needed if name not in options and name not in held]
        if missing:
            raise ValueError(f"{self.name} needs {missing[0]}")


def counted(least: int, most: int) -> str:
    """Return in words how many inputs there may be."""
    return f"{least} input{'s' * (least != 1)}" if least == most else f"{least} to {most} inputs"


def read_layers(file: LayerFile) -> dict[str, OwnLayer | ScenarioError]:
    """Return the layers of a file by name; in place of a class that can be none, the reason why.

    Raises ScenarioError where the file is no Python. Nothing in it is run.
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
        raise ScenarioError(f"is no Python: {error or type(error).__name__}", where=Where(file.shown, 1)) from None


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
