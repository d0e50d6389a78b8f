"""The value of an expression at a moment: NumPy's arithmetic on what the run has recorded, within bounds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from bptui.core.expression.bounds import MOST_BYTES, SLOW, Budget, CostError, indexed_size
from bptui.core.expression.functions import FUNCTIONS, Function
from bptui.core.expression.parser import COMPARISONS, LARGEST_INTEGER, parse_expression
from bptui.core.expression.step_names import AT_STEP, STEP_NAMES, inputs_of
from bptui.core.expression.syntax import (
    Attribute,
    Chain,
    Expression,
    FunctionCall,
    Logical,
    Members,
    Name,
    Number,
    Prefix,
    Range,
    Rest,
    Subscript,
    Text,
)
from bptui.core.moment import Moment
from bptui.core.text import counted, shape, visible
from bptui.deferred_dataclass import dataclass
from bptui.errors import ExpressionError, NotReachedError, reason_of
from layers import Array

Result: TypeAlias = "Array | str | list[Any]"
"""An array (a number is one without axes, what is true or false one of bool), text, or a list with text in it."""

REFUSALS = (ValueError, TypeError, IndexError, ArithmeticError, MemoryError)
"""What NumPy raises at arrays that do not fit."""

CONSTANTS: Mapping[str, Any] = {
    "inf": np.inf, "nan": np.nan, "pi": np.pi, "True": True, "False": False, "true": True, "false": False
}  # fmt: skip

ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
}
ORDERINGS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(text: str, moment: Moment) -> Result:
    """Return the value of an expression at a moment.

    Raises ExpressionError, which points at what is wrong; NotReachedError where the run has not come to a value yet.
    """
    value = Evaluation(text, moment).value(parse_expression(text))
    if has_text(value):
        return value
    try:
        result = np.asarray(value)
    except ValueError:
        raise ExpressionError("the parts of this list do not have one shape", text, 0) from None
    if result.nbytes > MOST_BYTES:
        raise ExpressionError(f"the result is {shape(result)}, more than 10 MB", text, 0, hint="ask for a part: x[0]")
    return result


def holds(text: str, moment: Moment) -> bool:
    """Return whether a condition holds at a moment; with a value that the run has not come to, it does not.

    Raises ExpressionError.
    """
    evaluation = Evaluation(text, moment)
    try:
        expression = parse_expression(text)
        return evaluation.truth(evaluation.value(expression), expression.at)
    except NotReachedError:
        return False


@dataclass
class Evaluation:
    """One evaluation of ``text``, at ``moment`` and within ``budget``."""

    text: str
    moment: Moment
    budget: Budget = field(default_factory=Budget)

    def value(self, expression: Expression) -> Any:  # noqa: C901, PLR0911  (one case for each kind of part)
        """Return the value of a part of the expression. Raises ExpressionError."""
        match expression:
            case Number(value) | Text(value):
                return value
            case Name(name, at):
                return self.named(name, at)
            case Members(members):
                return [self.value(member) for member in members]
            case Chain(first, rest, at):
                return self.compared(first, rest) if rest[0][0] in COMPARISONS else self.computed(first, rest)
            case Logical(word, operands):
                return self.logical(word, operands)
            case Prefix("not", operand):
                return not self.truth(self.value(operand), operand.at)
            case Prefix("-", Number(value)):
                return -value
            case Prefix(sign, operand, at):
                number = self.numbers(self.value(operand), operand.at)
                return self.guarded(at, lambda: self.arithmetic("*", -1 if sign == "-" else 1, number))
            case Attribute(of, name, at):
                return self.attribute(self.value(of), name, at)
            case Subscript():
                return self.subscript(expression)
            case FunctionCall(function, at=at) if function in AT_STEP:
                return self.at_step(expression)
            case FunctionCall(function, at=at):
                return self.called(expression, existing_function(function, self.text, at))

    def error(self, message: str, at: int, hint: str | None = None) -> ExpressionError:
        """Return the error that points at a place."""
        return ExpressionError(message, self.text, at, hint=hint)

    def guarded(self, at: int, compute: Callable[[], Any]) -> Any:
        """Return what ``compute`` returns; what it refuses is an error that points at ``at``."""
        try:
            with np.errstate(all="ignore"):
                return compute()
        except (CostError, *REFUSALS) as error:
            raise self.error(reason_of(error), at) from None

    # Names.

    def named(self, name: str, at: int) -> Any:
        """Return the value of a name: the run's, or what the step has. Raises ExpressionError."""
        if name in self.moment.graph.slots:
            value = self.moment.value(name)
            if value is None:
                raise self.not_reached(name, at)
            return value
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in STEP_NAMES:
            found = STEP_NAMES[name](self.moment)
            if found is None:
                raise self.not_reached(name, at)
            return found
        of, dot, attribute = name.rpartition(".")
        if not dot:
            raise self.unknown(name, at)
        return self.attribute(self.named(of, at), attribute, at + len(of) + 1)

    def not_reached(self, what: str, at: int) -> NotReachedError:
        """Return the error for what is not there yet."""
        return NotReachedError(f"{visible(what, limit=40)} is not reached", self.text, at)

    def unknown(self, name: str, at: int) -> ExpressionError:
        """Return the error for a name that means nothing, with the one that is spelt most like it."""
        near = get_close_matches(name, [*self.moment.graph.names[:2000], *STEP_NAMES], n=1)
        if name in FUNCTIONS or name in AT_STEP:
            return self.error(f"{name} is a function", at, f"{name}(...)")
        hint = f"did you mean {visible(near[0], limit=40)}?" if near else None
        return self.error(f"there is no value {visible(name, limit=40)}", at, hint)

    def at_step(self, call: FunctionCall) -> Any:
        """Return a gradient of the run, or what this step says of one of its inputs. Raises ExpressionError."""
        if len(call.arguments) != 1 or call.options or not isinstance(call.arguments[0], Name):
            raise self.error(f"{call.function} takes the name of a value", call.at, f"{call.function}(W1)")
        name, at = call.arguments[0].name, call.arguments[0].at
        if name not in self.moment.graph.slots:
            raise self.unknown(name, at)
        step = self.moment.step
        if call.function != "grad" and step is not None and name not in inputs_of(step):
            inputs = ", ".join([visible(it, limit=40) for it in inputs_of(step)[:8]])
            what = f"{visible(name, limit=40)} is not an input of {visible(step.name, limit=40)}, whose step this is"
            raise self.error(what, at, f"its inputs: {inputs}")
        found = self.guarded(call.at, lambda: AT_STEP[call.function](self.moment, name))
        if found is None:
            raise self.not_reached(f"{call.function}({name})", call.at)
        return found

    # Operators.

    def numbers(self, value: Any, at: int) -> Any:
        """Return ``value`` as something to compute with: a number or an array. Raises ExpressionError for text."""
        if isinstance(value, (list, tuple)):
            value = self.guarded(at, lambda: np.asarray([self.numbers(it, at) for it in value]))
        if isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind not in "fiub"):
            raise self.error("text is not a number", at)
        return value

    def computed(self, first: Expression, rest: Sequence[tuple[str, Expression]]) -> Any:
        """Return what the arithmetic of a chain comes to, from left to right."""
        total = self.numbers(self.value(first), first.at)
        for sign, operand in rest:
            number = self.numbers(self.value(operand), operand.at)
            total = self.guarded(operand.at, partial(self.arithmetic, sign, total, number))
        return total

    def arithmetic(self, sign: str, x: Any, y: Any) -> Any:
        """Return ``x`` and ``y`` combined: whole numbers exactly where they fit, and otherwise as floats."""
        left, right = np.asarray(x), np.asarray(y)
        if sign == "@":
            self.budget.multiply(left, right)
        else:
            self.budget.combine(left, right, work=SLOW if sign in {"**", "//", "%"} else 1)
        exact = ARITHMETIC[sign](left.astype(float), right.astype(float)) if are_whole(left, right) else None
        if exact is None:
            return ARITHMETIC[sign](float_if_bool(left), float_if_bool(right))
        if sign in {"/", "**"} or not np.all(np.abs(exact) <= LARGEST_INTEGER):
            return exact
        return exact.astype(np.int64)

    def compared(self, first: Expression, rest: Sequence[tuple[str, Expression]]) -> Any:
        """Return whether all comparisons of a chain hold, element by element where there are arrays."""
        left: Any = self.value(first)
        verdict: Any = None
        for sign, operand in rest:
            right = self.value(operand)
            found = self.guarded(operand.at, partial(self.comparison, sign, left, right))
            verdict = found if verdict is None else self.guarded(operand.at, partial(np.logical_and, verdict, found))
            left = right
        return verdict

    def comparison(self, sign: str, x: Any, y: Any) -> Any:
        """Return whether a comparison holds."""
        if sign in {"in", "not in"}:
            return np.bool_(self.contains(y, x) is (sign == "in"))
        if isinstance(x, (str, list, tuple)) or isinstance(y, (str, list, tuple)):
            if sign in ORDERINGS and not (isinstance(x, str) and isinstance(y, str)):
                raise TypeError("a list or text is not less or more than something else")
            return np.bool_(ORDERINGS[sign](x, y) if sign in ORDERINGS else same_members(x, y) is (sign == "=="))
        self.budget.combine(np.asarray(x), np.asarray(y))
        if sign in ORDERINGS:
            return np.asarray(ORDERINGS[sign](x, y))
        return np.asarray(np.equal(x, y) if sign == "==" else np.not_equal(x, y))

    def contains(self, whole: Any, part: Any) -> bool:
        """Return whether text has a part, or a list or an array a member."""
        if isinstance(whole, str):
            return isinstance(part, str) and part in whole
        if isinstance(whole, (list, tuple)):
            return any(same_members(it, part) for it in whole)
        if isinstance(part, str):
            return False
        self.budget.combine(np.asarray(whole), np.asarray(part))
        return bool(np.any(np.equal(whole, part)))

    def logical(self, word: str, operands: Sequence[Expression]) -> bool:
        """Return whether all operands hold, or any; those after the one that decides are not looked at."""
        ends = word == "or"
        return next((ends for it in operands if self.truth(self.value(it), it.at) is ends), not ends)

    def truth(self, value: Any, at: int) -> bool:
        """Return whether a value counts as true. Raises ExpressionError for an array of several elements."""
        if isinstance(value, (str, list, tuple)):
            return bool(value)
        if np.size(value) != 1:
            raise self.error(
                f"{counted(np.size(value), 'element')} are neither true nor false", at, "any(...) or all(...)"
            )
        return bool(np.reshape(value, ()))

    # Parts of arrays.

    def attribute(self, value: Any, name: str, at: int) -> Any:
        """Return ``shape`` or ``T`` of an array. Raises ExpressionError."""
        if name not in ATTRIBUTES:
            raise self.error(f"there is no {visible(name, limit=40)} of a value", at, "shape and T are the attributes")
        return ATTRIBUTES[name](np.asarray(self.numbers(value, at)))

    def subscript(self, expression: Subscript) -> Any:
        """Return elements of an array, or of a list. Raises ExpressionError."""
        value, at = self.value(expression.of), expression.index[0].at
        index = tuple([self.index_part(part) for part in expression.index])
        if isinstance(value, (str, list, tuple)):
            if len(index) != 1 or not isinstance(index[0], (int, slice)):
                raise self.error("a list has one axis", at)
            return self.guarded(at, lambda: value[index[0]])
        array = np.asarray(value)

        def take() -> Any:
            self.budget.make((indexed_size(array.shape, index),))
            return array[index]

        return self.guarded(at, take)

    def index_part(self, part: Expression | Range | Rest) -> Any:
        """Return what an index says of one axis, as NumPy takes it. Raises ExpressionError."""
        if isinstance(part, Rest):
            return ...
        if isinstance(part, Range):
            bounds = (part.start, part.stop, part.step)
            return slice(*[None if it is None else self.whole(self.value(it), it.at) for it in bounds])
        found = np.asarray(self.numbers(self.value(part), part.at))
        if found.dtype.kind not in "iub" and found.size:
            raise self.error("an index is a whole number", part.at)
        return (
            int(found)
            if not found.ndim and found.dtype.kind != "b"
            else found.astype(found.dtype if found.size else int)
        )

    def whole(self, value: Any, at: int) -> int:
        """Return a whole number. Raises ExpressionError for anything else."""
        number = np.asarray(self.numbers(value, at))
        if number.ndim or number.dtype.kind not in "iu":
            raise self.error("a whole number stands here", at)
        return int(number)

    # Functions.

    def called(self, call: FunctionCall, function: Function) -> Any:
        """Return what a function returns. Raises ExpressionError."""
        count = len(call.arguments)
        if not function.fewest <= count <= function.most:
            most = "" if function.fewest == function.most else f" to {function.most}"
            takes = f"{function.fewest}{most} argument{'s' if function.most > 1 else ''}"
            raise self.error(f"{call.function} takes {takes}, here it has {count}", call.at)
        for name, option in call.options:
            if name not in function.options:
                known = " and ".join(function.options)
                raise self.error(
                    f"{call.function} has no {visible(name, limit=40)}=", option.at, f"only {known}=" if known else None
                )
        arguments = [self.argument(call.function, it) for it in call.arguments]
        options = {name: self.axis(option) for name, option in call.options}

        def compute() -> Any:
            if function.note_cost:
                function.note_cost(self.budget, *arguments)
            return function.compute(*arguments, **options)

        return self.guarded(call.at, compute)

    def argument(self, function: str, expression: Expression) -> Any:
        """Return an argument as an array; concatenate's is a list of arrays. Raises ExpressionError."""
        value = self.value(expression)
        if function == "concatenate" and isinstance(value, list):
            return [np.asarray(self.numbers(it, expression.at)) for it in value]
        return np.asarray(self.numbers(value, expression.at))

    def axis(self, expression: Expression) -> Any:
        """Return an axis, or several as a tuple. Raises ExpressionError."""
        value = self.value(expression)
        return (
            tuple([self.whole(it, expression.at) for it in value])
            if isinstance(value, (list, tuple))
            else self.whole(value, expression.at)
        )


def existing_function(name: str, text: str, at: int) -> Function:
    """Return a function by its name. Raises ExpressionError, which points at it in the text, where there is none."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    near = get_close_matches(name, [*FUNCTIONS, *AT_STEP], n=1)
    hint = f"did you mean {near[0]}?" if near else f"the functions are {' '.join([*AT_STEP, *FUNCTIONS])}"
    raise ExpressionError(f"there is no function {visible(name, limit=40)}", text, at, hint=hint)


def are_whole(*arrays: Array) -> bool:
    """Return whether all are of whole numbers, of which true and false are none."""
    return all(array.dtype.kind in "iu" for array in arrays)


def float_if_bool(array: Array) -> Array:
    """Return an array to compute with: true counts as 1."""
    return array.astype(float) if array.dtype.kind == "b" else array


def same_members(x: Any, y: Any) -> bool:
    """Return whether two things are equal, lists member by member."""
    if isinstance(x, (list, tuple)) and isinstance(y, (list, tuple)):
        return len(x) == len(y) and all(map(same_members, x, y))
    if isinstance(x, str) or isinstance(y, str):
        return isinstance(x, str) and isinstance(y, str) and x == y
    return np.shape(x) == np.shape(y) and bool(np.all(np.equal(x, y)))


def has_text(value: Any) -> bool:
    """Return whether there is text in a list, at any depth."""
    return isinstance(value, str) or (isinstance(value, list) and any(map(has_text, value)))


ATTRIBUTES: Mapping[str, Callable[[Array], Any]] = {"shape": lambda array: array.shape, "T": lambda array: array.T}
