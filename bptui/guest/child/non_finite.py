"""In the child: which operation of the user's own lines makes NaN or infinity of finite numbers, and of which.

The call is made once more under a line tracer. Before each line its expression is worked out from the inside, as far
as it is arithmetic and NumPy's functions, until a part is not finite whose operands are.
"""

from __future__ import annotations

import ast
import io
import linecache
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import lru_cache
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from bptui.guest.wire import Message

MOST_LINES = 5_000
"""Lines that are looked at."""

MOST_TEXT = 120

OPERATORS: Mapping[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", np.add),
    ast.Sub: ("-", np.subtract),
    ast.Mult: ("×", np.multiply),
    ast.Div: ("/", np.true_divide),
    ast.Pow: ("**", np.power),
    ast.MatMult: ("@", np.matmul),
}

HARMLESS = frozenset(
    {"sum", "mean", "max", "min", "reshape", "transpose", "dot", "copy", "astype", "std", "var", "prod"}
)
"""Methods of arrays that change nothing."""


class Origin(NamedTuple):
    """Where a number that is not finite comes from: the operation with its numbers, and the place."""

    words: str
    expression: str
    place: tuple[int, ...]
    file: str
    line: int
    note: str


class Unknown(Exception):  # noqa: N818  (nothing has gone wrong)
    """A part of an expression that is not worked out: a call of something that may do anything."""


class Found(Exception):  # noqa: N818  (it ends the search)
    """The operation is found."""

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin.words)
        self.origin = origin


@contextmanager
def unheard() -> Iterator[None]:
    """Drop what the user's code prints and warns of once more while it is looked at."""
    nobody = io.StringIO()
    with warnings.catch_warnings(), redirect_stdout(nobody), redirect_stderr(nobody), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def origin_of_non_finite(call: Callable[[], Any], is_user_file: Callable[[str], bool]) -> Message | None:
    """Return where, in ``call``, a number that is not finite first comes from; None where that cannot be told."""
    search = NonFiniteTracer(is_user_file)
    with np.errstate(all="ignore"), suppress(Exception), search.tracing():
        call()
    return search.origin._asdict() if search.origin else None


def bad_element(value: Any) -> tuple[str, list[int]] | None:
    """Return what the first element of a value is that is not finite, NaN before infinity, and its index."""
    array = np.asarray(value)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return None
    is_bad = np.isnan(array) if np.isnan(array).any() else ~np.isfinite(array)
    index = np.unravel_index(int(np.argmax(is_bad)), array.shape)
    return operand_words(array[index]), [int(place) for place in index]


class NonFiniteTracer:
    """Looks at each line of the user's files before it runs."""

    def __init__(self, is_user_file: Callable[[str], bool]) -> None:
        self.is_user_file = is_user_file
        self.origin: Origin | None = None
        self.evaluation = ArithmeticVisitor()
        self.lines = 0

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Look at what runs in this thread."""
        before = sys.gettrace()
        sys.settrace(self.on_call)
        try:
            yield
        finally:
            sys.settrace(before)

    def on_call(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ARG002  (Python's protocol)
        """Look at a function of the user's."""
        if self.origin is not None or not self.is_user_file(frame.f_code.co_filename):
            return None
        return self.on_event

    def on_event(self, frame: FrameType, event: str, argument: object) -> Any:  # noqa: ARG002
        """Look at the line that is about to run."""
        if event == "line" and self.origin is None and self.lines < MOST_LINES:
            self.lines += 1
            file, line = frame.f_code.co_filename, frame.f_lineno
            expression = expressions_at(file).get(line)
            if expression is not None:
                self.evaluate_line(expression, frame)
        return self.on_event

    def evaluate_line(self, expression: ast.expr, frame: FrameType) -> None:
        """Look at what a line is about to work out."""
        try:
            with suppress(Unknown):
                self.evaluation.of(expression, FrameNames(frame.f_globals, frame.f_locals))
        except Found as found:
            self.origin = found.origin._replace(file=frame.f_code.co_filename, line=frame.f_lineno)
        except Exception:  # noqa: BLE001  (the line itself will say so)
            self.lines += 1


class ArithmeticVisitor(ast.NodeVisitor):
    """Works out expressions of arithmetic and NumPy's functions. ``underflow`` is what the last exp gave that had a 0.

    Raises Found at the operation that is looked for, and Unknown at what is not worked out.
    """

    def __init__(self) -> None:
        self.underflow: Any = None
        self.names = FrameNames({}, {})

    def of(self, node: ast.expr, names: FrameNames) -> Any:
        """Return the value of an expression where ``names`` are known."""
        self.names = names
        return self.visit(node)

    def generic_visit(self, node: ast.AST) -> Any:  # noqa: ARG002  (whatever else there is)
        raise Unknown

    def visit_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def visit_Name(self, node: ast.Name) -> Any:
        return self.names[node.id]

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        return getattr(self.visit(node.value), node.attr)

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(map(self.visit, node.elts))

    def visit_List(self, node: ast.List) -> Any:
        return list(map(self.visit, node.elts))

    def visit_Slice(self, node: ast.Slice) -> Any:
        return slice(*[None if it is None else self.visit(it) for it in (node.lower, node.upper, node.step)])

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        return self.visit(node.value)[self.visit(node.slice)]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        operand = self.visit(node.operand)
        return -operand if isinstance(node.op, ast.USub) else self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if type(node.op) not in OPERATORS:
            raise Unknown
        sign, function = OPERATORS[type(node.op)]
        operands = self.visit(node.left), self.visit(node.right)
        return self.checked_result(node, function(*operands), operands, f"{{}} {sign} {{}}".format)

    def visit_Call(self, node: ast.Call) -> Any:
        given = list(map(self.visit, node.args))
        named = {str(it.arg): self.visit(it.value) for it in node.keywords}
        called = self.visit(node.func)
        name = str(getattr(called, "__name__", ""))
        owner = getattr(called, "__self__", None)
        is_method = isinstance(owner, np.ndarray | np.generic) and name in HARMLESS
        if not (is_method or is_numpy_function(called)) or "out" in named:
            raise Unknown
        result = called(*given, **named)
        if name == "exp" and bool((np.asarray(result) == 0).any()):
            self.underflow = result
        operands = [owner, *given] if is_method else given
        return self.checked_result(node, result, operands, lambda *numbers: f"{name}({', '.join(numbers)})")

    def checked_result(self, node: ast.expr, result: Any, operands: Sequence[Any], words: Callable[..., str]) -> Any:
        """Return a result. Raises Found where it is not finite, and all that it was made of is."""
        bad = bad_element(result)
        arrays = [it for it in operands if is_numeric(it)]
        if bad is None or not all(bool(np.isfinite(it).all()) for it in arrays):
            return result
        kind, index = bad
        place = tuple(index)
        parts = [element(it, place, np.shape(result)) for it in arrays]
        told = f"{words(*parts)} = {kind}" if all(parts) else f"{kind} of finite numbers"
        raise Found(Origin(told, ast.unparse(node)[:MOST_TEXT], place, "", 0, self.note(place, parts)))

    def note(self, index: tuple[int, ...], operands: Sequence[str]) -> str:
        """Return where zeros come from, if they come from an exp that was too small to be anything else."""
        if self.underflow is None or "0" not in operands:
            return ""
        is_zero = np.asarray(self.underflow) == 0
        if is_zero.all():
            return "every exp underflowed"
        if index and is_zero.ndim > 1 and index[0] < len(is_zero) and is_zero[index[0]].all():
            return f"every exp of row {index[0]} underflowed"
        return "an exp underflowed to 0"


class FrameNames(NamedTuple):
    """The names of a frame, its own before those of its module."""

    module: Mapping[str, Any]
    own: Mapping[str, Any]

    def __getitem__(self, name: Any) -> Any:
        if name in self.own:
            return self.own[name]
        if name in self.module:
            return self.module[name]
        raise Unknown


def is_numpy_function(called: Any) -> bool:
    """Return whether something is a function of NumPy's that draws no random numbers."""
    if isinstance(called, np.ufunc):
        return True
    module = str(getattr(called, "__module__", ""))
    return module.split(".", maxsplit=1)[0] == "numpy" and "random" not in module and callable(called)


def is_numeric(value: Any) -> bool:
    """Return whether a value is a number or an array of numbers."""
    return isinstance(value, int | float | np.number) or (isinstance(value, np.ndarray) and value.dtype.kind in "fiu")


def element(operand: Any, index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Return which of an operand's numbers has gone into an element of the result; nothing where that are several."""
    try:
        return operand_words(np.broadcast_to(operand, shape)[index])
    except (ValueError, IndexError):
        return ""


def operand_words(value: Any) -> str:
    """Return a number as messages write it."""
    if np.isnan(value):
        return "NaN"
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"{float(value):.5g}"


@lru_cache(maxsize=64)
def expressions_at(file: str) -> Mapping[int, ast.expr]:
    """Return the expression of a file's statements by line, of several on one line that of the first."""
    found: dict[int, ast.expr] = {}
    with suppress(SyntaxError, ValueError, RecursionError):
        for node in ast.walk(ast.parse("".join(linecache.getlines(file)))):
            match node:
                case ast.Assign(value=value) | ast.Return(value=ast.expr() as value) | ast.Expr(value=value):
                    found.setdefault(node.lineno, value)
                case ast.AugAssign(target=ast.Name() | ast.Attribute() | ast.Subscript() as target, op=op, value=value):
                    found.setdefault(node.lineno, ast.BinOp(loaded(target), op, value))
    return found


def loaded(target: ast.expr) -> ast.expr:
    """Return the target of an assignment as an expression that reads it."""
    return ast.parse(ast.unparse(target), mode="eval").body
