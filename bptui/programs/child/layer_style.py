"""In the child: which of the calls that a program makes are the forward or the backward of a layer, in which style."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple

from bptui.guest.child.styles.derivative import PAIRS
from bptui.guest.child.styles.function_pair import WORDS, shared_name
from bptui.guest.child.styles.loss_function import GRADIENT
from bptui.guest.child.styles.method_pair import METHODS, PassNames, is_static, method
from bptui.guest.child.styles.returns import returned_tuples, returns_tuples
from bptui.guest.child.styles.static_context import CONTEXTS
from bptui.programs.child.call_source import syntax_tree


class PassCall(NamedTuple):
    """A call that is one pass of a layer. ``style`` is method, derivative, context, pair or loss.

    ``layer`` is the class's name, or what two functions share of theirs; ``owner`` the object that the call is about.
    """

    style: str
    is_forward: bool
    layer: str
    owner: Any
    names: PassNames | None = None


class Styles:
    """Recognises the passes of layers among the calls of functions that ``is_own`` says to be the person's."""

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self.is_own = is_own
        self.candidates: dict[int, bool] = {}
        self.kept: list[CodeType] = []
        self.classes: dict[tuple[type, str], PassNames | None] = {}
        self.functions: dict[tuple[int, int], PassCall | None] = {}

    def is_candidate(self, code: CodeType) -> bool:
        """Return whether calls of a function have to be looked at; of most functions none has."""
        known = self.candidates.get(id(code))
        if known is None:
            known = self.candidates[id(code)] = may_be_pass(code) and self.is_own(code.co_filename)
            self.kept.append(code)
        return known

    def recognise(self, frame: FrameType) -> PassCall | None:
        """Return the pass that a function's call is, None where it is none."""
        code = frame.f_code
        first = code.co_varnames[0] if code.co_argcount else ""
        if first in CONTEXTS and code.co_name in ("forward", "backward"):
            layer = code.co_qualname.split(".")[-2] if "." in code.co_qualname else code.co_name
            return PassCall("context", code.co_name == "forward", layer, frame.f_locals[first])
        if first == "self":
            return self.recognise_method(code, frame.f_locals["self"])
        key = (id(code), len(frame.f_globals))
        if key not in self.functions:
            static = recognise_static(code, frame.f_globals)
            self.functions[key] = static or recognise_function(code, frame.f_globals)
        return self.functions[key]

    def forget(self, call: PassCall) -> None:
        """Take a class for no layer from now on: what has the names of a function and its derivative does more."""
        if call.names is not None:
            for name in (call.names.forward, call.names.backward):
                self.classes[type(call.owner), name] = None

    def forget_function(self, frame: FrameType) -> None:
        """Take a function for no loss from now on: what it returns first is no number."""
        self.functions[id(frame.f_code), len(frame.f_globals)] = None

    def recognise_method(self, code: CodeType, owner: Any) -> PassCall | None:
        """Return the pass that a method's call is."""
        cls = type(owner)
        key = (cls, code.co_name)
        if key not in self.classes:
            self.classes[key] = pass_names(cls, code.co_name)
        names = self.classes[key]
        if names is None:
            return None
        style = "derivative" if names in PAIRS else "method"
        return PassCall(style, code.co_name == names.forward, cls.__name__, owner, names)


CONSTRUCTOR = "__init__"

LOOKED_AT = frozenset(name for names in (*METHODS, *PAIRS) for name in (names.forward, names.backward)) | {CONSTRUCTOR}
"""Names of methods whose calls have to be looked at."""


def may_be_pass(code: CodeType) -> bool:
    """Return whether a function may be a pass by its name, or by what it returns."""
    name = code.co_name
    is_function = bool(code.co_argcount) and code.co_varnames[0] != "self" and not name.startswith("<")
    return name in LOOKED_AT or is_function


def pass_names(cls: type, called: str) -> PassNames | None:
    """Return what a class calls its two passes, one of which is the method of that name; None where it has not both."""
    for names in (*METHODS, *PAIRS):
        if called in (names.forward, names.backward) and method(cls, names.forward) and method(cls, names.backward):
            return names
    return None


def recognise_static(code: CodeType, namespace: Mapping[str, Any]) -> PassCall | None:
    """Return the pass that a call of a class's static method is, None where that class has not both."""
    cls = class_of_static(code, namespace)
    names = pass_names(cls, code.co_name) if cls is not None else None
    if cls is None or names is None or not all(is_static(cls, it) for it in (names.forward, names.backward)):
        return None
    return PassCall("pair", code.co_name == names.forward, cls.__name__, None)


def class_of_static(code: CodeType, namespace: Mapping[str, Any]) -> type | None:
    """Return the class at the top of a module whose static method a function is, None where it is none."""
    cls = namespace.get(code.co_qualname.rpartition(".")[0])
    found = inspect.getattr_static(cls, code.co_name, None) if inspect.isclass(cls) else None
    return cls if isinstance(found, staticmethod) and getattr(found.__func__, "__code__", None) is code else None


def recognise_function(code: CodeType, namespace: Mapping[str, Any]) -> PassCall | None:
    """Return the pass that a function's call is: one of a pair, or a loss with its gradient."""
    name = code.co_name
    for word, opposite in WORDS:
        for here, there, is_forward in ((word, opposite, True), (opposite, word, False)):
            if here in name and is_function(name.replace(here, there), code, namespace):
                return PassCall("pair", is_forward, shared_name(name, here), None)
    if is_function(f"{name}_backward", code, namespace):
        return PassCall("pair", is_forward=True, layer=name, owner=None)
    if name.endswith("_backward") and is_function(name.removesuffix("_backward"), code, namespace):
        return PassCall("pair", is_forward=False, layer=name.removesuffix("_backward"), owner=None)
    function = namespace.get(name)
    if inspect.isfunction(function) and function.__code__ is code and returns_gradient(function):
        return PassCall("loss", is_forward=True, layer=name, owner=None)
    return None


def is_function(name: str, code: CodeType, namespace: Mapping[str, Any]) -> bool:
    """Return whether a function of that name stands beside another, or will: in a notebook, a few cells further on."""
    return inspect.isfunction(namespace.get(name)) or name in functions_in(code.co_filename)


@lru_cache(maxsize=256)
def functions_in(file: str) -> frozenset[str]:
    """Return the names of the functions at the top of a file."""
    tree = syntax_tree(file)
    return frozenset(it.name for it in tree.body if isinstance(it, ast.FunctionDef)) if tree else frozenset()


def returns_gradient(function: Callable[..., Any]) -> bool:
    """Return whether all that a function returns are a loss and gradients, by the names that these have there."""
    return returns_tuples(function) and all(map(are_gradients, returned_tuples(function)))


def are_gradients(values: ast.Tuple) -> bool:
    """Return whether all behind the first of what is returned are made of what is called a gradient."""
    return len(values.elts) > 1 and all(
        any(isinstance(it, ast.Name) and GRADIENT.match(it.id) for it in ast.walk(part)) for part in values.elts[1:]
    )
