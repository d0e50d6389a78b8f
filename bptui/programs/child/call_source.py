"""In the child: what stands in the source where a function is called: the names on both sides of the call.

Python knows the columns of every call since 3.11; what stands there is looked up once a place, and no object is asked.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import CodeType, FrameType
from typing import NamedTuple

from bptui.programs.event import CallSite, Expression

MOST_TEXT = 200

Functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module


class CallInSource(NamedTuple):
    """A call as an expression, the statement that it stands in, and the function around both."""

    call: ast.Call
    statement: ast.stmt | None
    function: Functions


class CallSites:
    """The places of calls, each described once; ``tell`` is told of each."""

    def __init__(self, tell: Callable[[CallSite], None]) -> None:
        self.tell = tell
        self.numbers: dict[tuple[int, int, CodeType | None], int] = {}
        self.kept: list[tuple[CodeType, CodeType | None]] = []
        self.sources: dict[int, CallInSource | None] = {}

    def number(self, frame: FrameType | None, called: CodeType) -> int:
        """Return the number of the place at which ``frame`` is calling ``called``, 0 where nobody calls."""
        if frame is None:
            return 0
        key = (id(frame.f_code), frame.f_lasti, called)
        if key not in self.numbers:
            self.kept.append((frame.f_code, called))
            number = self.numbers[key] = len(self.numbers) + 1
            self.sources[number] = call_in_source(frame)
            self.tell(describe(number, frame, self.sources[number], called))
        return self.numbers[key]

    def receiver(self, number: int) -> ast.expr | None:
        """Return what stands before the method's name in a call, or the object that is called itself."""
        found = self.sources.get(number)
        if found is None:
            return None
        function = found.call.func
        return function.value if isinstance(function, ast.Attribute) else function


def call_in_source(frame: FrameType) -> CallInSource | None:
    """Return the call that a frame is at, None where the source is not known."""
    positions = list(frame.f_code.co_positions())
    _, last, _, end = positions[frame.f_lasti // 2]
    if last is None or end is None:
        return None
    return calls_in(frame.f_code.co_filename).get((last, end))


@lru_cache(maxsize=256)
def calls_in(file: str) -> Mapping[tuple[int, int], CallInSource]:
    """Return the calls in a file, by the line and column at which they end."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found = {}
    waiting: list[tuple[ast.AST, ast.stmt | None, Functions]] = [(tree, None, tree)]
    while waiting:
        node, statement, function = waiting.pop()
        if isinstance(node, ast.Call):
            found[node.end_lineno or 0, node.end_col_offset or 0] = CallInSource(node, statement, function)
        for child in ast.iter_child_nodes(node):
            within = child if isinstance(child, ast.stmt) else statement
            around = child if isinstance(child, Functions) else function
            waiting.append((child, within, around))
    return found


def describe(number: int, frame: FrameType, source: CallInSource | None, called: CodeType) -> CallSite:
    """Return what there is to say of a call in the source."""
    file, line, function = frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
    if source is None:
        return CallSite(number, file, line, function, (0, 0), (0, 0), (), ())
    call = source.call
    return CallSite(
        number,
        file,
        line,
        function,
        (call.lineno, call.col_offset),
        (call.end_lineno or 0, call.end_col_offset or 0),
        tuple(targets_of(source)),
        tuple(expression(*it, source) for it in given(call, called)),
    )


def targets_of(source: CallInSource) -> Iterator[str]:
    """Yield what the value of a call is assigned to, if it is a statement's whole value."""
    match source.statement:
        case ast.Assign(targets=targets, value=value) if value is source.call:
            for target in targets:
                yield from target_texts(target)
        case ast.AnnAssign(target=target, value=value) if value is source.call:
            yield text_of(target)


def target_texts(target: ast.expr) -> Sequence[str]:
    """Return the texts of a target, of each part of a tuple."""
    return tuple(map(text_of, target.elts)) if isinstance(target, ast.Tuple | ast.List) else (text_of(target),)


def given(call: ast.Call, called: CodeType) -> Iterator[tuple[str, ast.expr]]:
    """Yield the name of each parameter with what is given for it, as far as the source tells."""
    names = list(called.co_varnames[: called.co_argcount])
    if names and names[0] in ("self", "cls"):
        del names[0]
    starred = next((at for at, it in enumerate(call.args) if isinstance(it, ast.Starred)), len(call.args))
    for at, argument in enumerate(call.args[:starred]):
        yield names[at] if at < len(names) else f"*{at - len(names)}", argument
    yield from ((it.arg, it.value) for it in call.keywords if it.arg)


def expression(parameter: str, it: ast.expr, source: CallInSource) -> Expression:
    """Return what there is to say of an argument."""
    made, made_from = last_assignment(it, source) if isinstance(it, ast.Name) else (0, ())
    names = tuple(dotted_names(it))
    return Expression(parameter, text_of(it), short_name(it), is_number(it), names, made, made_from)


def short_name(it: ast.expr) -> str:
    """Return the name that an expression gives to its value: a variable, an attribute, a key; "" for all else."""
    match it:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
        case (
            ast.Constant(value=int() | float())
            | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float()))
        ):
            return text_of(it)
    return ""


def is_number(it: ast.expr) -> bool:
    """Return whether a number is written there."""
    inner = it.operand if isinstance(it, ast.UnaryOp) else it
    return isinstance(inner, ast.Constant) and type(inner.value) in (int, float)


def dotted_names(it: ast.expr) -> Iterator[str]:
    """Yield the variables in an expression, alone and with the attributes and subscripts that follow."""
    for node in ast.walk(it):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            yield text_of(node)


def last_assignment(name: ast.Name, source: CallInSource) -> tuple[int, Sequence[str]]:
    """Return the line at which a variable was assigned last before a call, and the variables that went into it."""
    found: tuple[int, Sequence[str]] = (0, ())
    for statement in ast.walk(source.function):
        match statement:
            case ast.Assign(targets=targets, value=value) if name.id in {
                it for one in targets for it in target_texts(one)
            }:
                names = tuple(dotted_names(value))
            case ast.AugAssign(target=ast.Name(id=name.id), value=value):
                names = (name.id, *dotted_names(value))
            case _:
                continue
        if found[0] < statement.lineno < source.call.lineno:
            found = statement.lineno, names
    return found


def text_of(node: ast.AST) -> str:
    """Return an expression as it is written."""
    return ast.unparse(node)[:MOST_TEXT]
