"""In the child: what stands in the source where a function is called: the names on both sides of the call.

Python knows the columns of every call since 3.11; what stands there is looked up once a place, and no object is asked.
"""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import CodeType, FrameType
from typing import NamedTuple

from bptui.programs.event import ArgumentSource, CallSite

MOST_TEXT = 200
MOST_NAMES = 40
MOST_LINES = 40

SHAPES = frozenset({"shape", "dtype", "ndim", "size"})
BLANK = re.compile(r"(zeros|ones|empty|full)(_like)?$|len$|range$")
"""What is taken of an array, or made like one, without any of its numbers."""

Functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module


class CallInSource(NamedTuple):
    """A call as an expression, the statement that it stands in, and the function around both."""

    call: ast.Call
    statement: ast.stmt | None
    function: Functions


class Assigned(NamedTuple):
    """Where a variable is assigned, the variables in what it is given, and whether that is times a number."""

    line: int
    last: int
    made_from: Sequence[str]
    is_scaled: bool


class CallSites:
    """The places of calls, each described once; ``tell`` is told of each."""

    def __init__(self, tell: Callable[[CallSite], None]) -> None:
        self.tell = tell
        self.numbers: dict[tuple[int, int, CodeType | None], int] = {}
        self.handing_on: dict[tuple[int, int], bool] = {}
        self.kept: list[tuple[CodeType, CodeType | None]] = []
        self.sources: dict[int, CallInSource | None] = {}
        self.expressions: dict[int, Mapping[str, ArgumentSource]] = {}

    def number(self, frame: FrameType | None, called: CodeType) -> int:
        """Return the number of the place at which ``frame`` is calling ``called``, 0 where nobody calls."""
        frame = self.caller(frame)
        if frame is None:
            return 0
        key = (id(frame.f_code), frame.f_lasti, called)
        if key not in self.numbers:
            self.kept.append((frame.f_code, called))
            number = self.numbers[key] = len(self.numbers) + 1
            self.sources[number] = call_in_source(frame)
            site = describe_site(number, frame, self.sources[number], called)
            self.expressions[number] = {it[0]: ArgumentSource(*it) for it in site.expressions}
            self.tell(site)
        return self.numbers[key]

    def caller(self, frame: FrameType | None) -> FrameType | None:
        """Return the frame that gives a call its arguments: not that of a decorator which hands them on."""
        while frame is not None and frame.f_back is not None and self.is_handed_on(frame):
            frame = frame.f_back
        return frame

    def is_handed_on(self, frame: FrameType) -> bool:
        """Return whether what a frame calls just now is handed all that its function was given."""
        place = (id(frame.f_code), frame.f_lasti)
        if place not in self.handing_on:
            self.kept.append((frame.f_code, None))
            self.handing_on[place] = is_handing_on(call_in_source(frame))
        return self.handing_on[place]

    def is_passing(self, number: int, parameter: str, frame: FrameType | None) -> bool:
        """Return whether what stands in a call for a parameter names no one thing: a variable of many, or no name."""
        known = self.expressions.get(number, {}).get(parameter)
        if known is None or frame is None:
            return False
        return not known.name or (known.text == known.name and known.name in passing_names(frame.f_code))

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
    tree = syntax_tree(file)
    if tree is None:
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


@lru_cache(maxsize=256)
def syntax_tree(file: str) -> ast.Module | None:
    """Return what stands in a file, None where that is not known."""
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return None


def is_handing_on(source: CallInSource | None) -> bool:
    """Return whether a call hands on whatever its function was given, as a decorator's does: ``f(*args, **kwargs)``."""
    if source is None or not source.call.args:
        return False
    return all(isinstance(it, ast.Starred) for it in source.call.args) and all(
        it.arg is None for it in source.call.keywords
    )


def describe_site(number: int, frame: FrameType, source: CallInSource | None, called: CodeType) -> CallSite:
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
        tuple(assigned_targets(source)),
        tuple(describe_argument(*it, source) for it in arguments_given(call, called)),
    )


def assigned_targets(source: CallInSource) -> Iterator[str]:
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


def arguments_given(call: ast.Call, called: CodeType) -> Iterator[tuple[str, ast.expr]]:
    """Yield the name of each parameter with what is given for it, as far as the source tells."""
    names = list(called.co_varnames[: called.co_argcount])
    if names and names[0] in ("self", "cls"):
        del names[0]
    starred = next((at for at, it in enumerate(call.args) if isinstance(it, ast.Starred)), len(call.args))
    for at, argument in enumerate(call.args[:starred]):
        yield names[at] if at < len(names) else f"*{at - len(names)}", argument
    yield from ((it.arg, it.value) for it in call.keywords if it.arg)


def describe_argument(parameter: str, it: ast.expr, source: CallInSource) -> ArgumentSource:
    """Return what there is to say of an argument."""
    names = tuple(dotted_names(it))
    assigned, made_from = last_assignments(names, source)
    made = assigned[0].line if assigned and isinstance(it, ast.Name) else 0
    lines = tuple(line for one in assigned for line in range(one.line, one.last + 1))[:MOST_LINES]
    scaled = is_scaled(it) or assignment_before(text_of(it), source.function, source.call.lineno).is_scaled
    return ArgumentSource(
        parameter, text_of(it), name_in_source(it), is_number(it), names, made, made_from, scaled, lines
    )


def name_in_source(it: ast.expr) -> str:
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


def dotted_names(it: ast.AST) -> Iterator[str]:
    """Yield the variables whose numbers go into an expression, alone and with the attributes and subscripts behind."""
    match it:
        case ast.Attribute(attr=attribute) if attribute in SHAPES:
            return
        case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)) if BLANK.match(called):
            return
        case ast.Name() | ast.Attribute() | ast.Subscript():
            yield text_of(it)
    for child in ast.iter_child_nodes(it):
        yield from dotted_names(child)


def last_assignments(names: Sequence[str], source: CallInSource) -> tuple[Sequence[Assigned], Sequence[str]]:
    """Return where some variables were assigned last before a call, and what went into them, and all that did."""
    found: dict[str, None] = {}
    waiting = [(name, source.call.lineno) for name in names]
    assigned = []
    while waiting and len(found) < MOST_NAMES:
        one, before = waiting.pop()
        last = assignment_before(one, source.function, before)
        if last.line:
            assigned.append(last)
        waiting += [(it, last.line) for it in last.made_from if it not in found]
        found |= dict.fromkeys(last.made_from)
    return assigned, tuple(found)


def assignment_before(name: str, function: Functions, before: int) -> Assigned:
    """Return the last assignment of a variable in a line before another, one of line 0 where there is none."""
    found = Assigned(0, 0, (), is_scaled=False)
    for it in assignments_in(function).get(name, ()):
        if found.line < it.line < before:
            found = it
    return found


@lru_cache(maxsize=4096)
def assignments_in(function: Functions) -> Mapping[str, Sequence[Assigned]]:
    """Return for each variable where a function assigns it."""
    found: dict[str, list[Assigned]] = {}
    for statement in ast.walk(function):
        match statement:
            case ast.Assign(targets=targets, value=value):
                made = Assigned(*span_of(statement), tuple(dotted_names(value)), is_scaled(value))
                for target in dict.fromkeys(text for it in targets for text in target_texts(it)):
                    found.setdefault(target, []).append(made)
            case ast.AugAssign(target=ast.Name(id=target), op=op, value=value):
                scaled = isinstance(op, ast.Mult | ast.Div) and is_plain_number(value)
                made = Assigned(*span_of(statement), (target, *dotted_names(value)), scaled)
                found.setdefault(target, []).append(made)
    return found


def span_of(statement: ast.stmt) -> tuple[int, int]:
    """Return the first and the last line of a statement."""
    return statement.lineno, statement.end_lineno or statement.lineno


def is_scaled(it: ast.expr) -> bool:
    """Return whether an expression is something times a number, or divided by one."""
    match it:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return is_plain_number(left) != is_plain_number(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return is_plain_number(right) and not is_plain_number(left)
    return False


def is_plain_number(it: ast.expr) -> bool:
    """Return whether an expression is a number that no array has a say in: of numbers, lengths and shapes."""
    match it:
        case ast.Constant(value=value):
            return type(value) in (int, float)
        case ast.Attribute(attr=attribute):
            return attribute in SHAPES
        case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
            return is_plain_number(inner)
        case ast.BinOp(left=left, right=right):
            return is_plain_number(left) and is_plain_number(right)
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=[inner], keywords=[]):
            return called == "len" or (called in {"sqrt", "float", "int"} and is_plain_number(inner))
    return False


@lru_cache(maxsize=4096)
def passing_names(code: CodeType) -> frozenset[str]:
    """Return the variables of a function that mean one thing after the other: its parameters, and those in loops."""
    count = code.co_argcount + code.co_kwonlyargcount
    looping = {
        target
        for it in calls_in(code.co_filename).values()
        if getattr(it.function, "name", "<module>") == code.co_name
        for target in loop_targets(it.function)
    }
    return frozenset(code.co_varnames[:count]) | looping


@lru_cache(maxsize=4096)
def loop_targets(function: ast.AST) -> frozenset[str]:
    """Return the variables that loops and comprehensions in a function go through, or assign anew each time."""
    found: set[str] = set()
    for loop in ast.walk(function):
        match loop:
            case ast.For(target=target) | ast.AsyncFor(target=target) | ast.comprehension(target=target):
                found |= stored_names(target)
        if isinstance(loop, ast.For | ast.AsyncFor | ast.While):
            assigned = (it for line in loop.body for it in ast.walk(line) if isinstance(it, ast.Assign))
            found |= {name for it in assigned for target in it.targets for name in stored_names(target)}
    return frozenset(found)


def stored_names(target: ast.AST) -> set[str]:
    """Return the variables in a target."""
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def text_of(node: ast.AST) -> str:
    """Return an expression as it is written."""
    return ast.unparse(node)[:MOST_TEXT]
