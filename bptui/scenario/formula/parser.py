"""A formula, from its text to the nodes that it stands for. It is parsed by the grammar below and never run as Python.

formula   := operand {operator operand}        by precedence: ``**``, then ``-``, then ``* / @``, then ``+ -``
operand   := "-" operand | number | name | "(" formula ")" | Layer "(" [argument {"," argument}] ")"
argument  := formula | constant | option "=" constant     values first
constant  := ["-"] number | string | true | false | None | "[" [constant {"," constant}] "]" | table
table     := "{" [string ":" constant {"," string ":" constant}] "}"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, NamedTuple

from bptui.core.text import visible
from bptui.deferred_dataclass import dataclass
from bptui.scenario.formula.tokens import ELSEWHERE, WORDS, FormulaError, Token, normal_form, tokenize

DEEPEST = 100
"""As many expressions inside each other as a formula may have; each takes a few Python frames to parse."""

LONGEST_NUMBER = 40
LARGEST_INTEGER = 2**53
"""Beyond it, not every integer is a float64."""

BINARY = {
    "+": (1, "Add"),
    "-": (1, "Sub"),
    "*": (2, "Mul"),
    "/": (2, "Div"),
    "@": (2, "MatMul"),
    "**": (4, "Pow"),
}
"""How tightly each operator binds, and its layer."""

OPENING = {")": "(", "]": "[", "}": "{"}

NEGATION = 3
"""A minus binds tighter than ``*`` and less than ``**``: -x ** 2 is -(x ** 2)."""


class LayerArgument(NamedTuple):
    """What a step of a formula takes: a value by name, a constant by the way it is written, or a step before it.

    A constant that is no number, as a list, is ``only_option``: nothing but an option may be that. ``constant`` is it.
    """

    name: str
    at: int
    is_constant: bool = False
    step: int | None = None
    constant: Any = None
    only_option: bool = False


class Option(NamedTuple):
    """An option's value, and where its name stands."""

    value: Any
    at: int


@dataclass(frozen=True, eq=False, slots=True)
class Operation:
    """One layer applied inside a formula; ``at`` is where its expression starts, ``layer_at`` where it is named."""

    layer: str
    arguments: Sequence[LayerArgument]
    options: Mapping[str, Option] = field(default_factory=dict)
    at: int = 0
    layer_at: int = 0


def parse_formula(formula: str) -> list[Operation]:
    """Return a formula's operations in evaluation order; the last is the formula itself. Raises FormulaError."""
    parser = FormulaParser(tokenize(formula))
    result = parser.expression(0)
    match parser.next:
        case Token("end"):
            pass
        case Token(_, text, at):
            raise FormulaError(f"unexpected {visible(text)}", at, ELSEWHERE.get(text[0]))
    if result.step is None:
        raise FormulaError(
            f"{visible(result.name)} alone is not a formula: a node needs a layer or an operator",
            result.at,
            "a number belongs in [inputs] or [parameters]"
            if result.is_constant
            else f"use {visible(result.name)} itself where this node is used",
        )
    return parser.operations


class FormulaParser:
    """Walks over the tokens once and writes down each operation when its arguments are complete."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0
        self.operations: list[Operation] = []

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.place]

    def take(self) -> Token:
        """Return the next token, and move past it unless it is the end."""
        taken = self.tokens[self.place]
        self.place += taken.kind != "end"
        return taken

    def takes(self, sign: str) -> bool:
        """Move past ``sign`` if it comes next, and tell whether it did."""
        found = self.next.kind == "sign" and self.next.text == sign
        self.place += found
        return found

    def close(self, sign: str, opened: Token) -> None:
        """Move past the closing ``sign``. Raises FormulaError where it is missing."""
        if not self.takes(sign):
            raise FormulaError(
                f"expected {sign} or a comma, found {visible(self.next.text)}"
                if opened.kind == "name" or sign in "]}"
                else f"expected {sign}, found {visible(self.next.text)}",
                self.next.at,
                ELSEWHERE.get(self.next.text[0])
                or f"the {OPENING[sign]} is at character {opened.at + 1} of the formula",
            )

    def deeper(self, at: int) -> None:
        """Count one more expression inside another. Raises FormulaError for too many."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(
                f"more than {DEEPEST} expressions inside each other", at, "give the inner ones nodes of their own"
            )

    def expression(self, tightness: int) -> LayerArgument:
        """Parse operands joined by operators that bind at least as tightly as ``tightness``."""
        self.deeper(self.next.at)
        left = self.operand()
        while self.next.kind == "sign" and (operator := BINARY.get(self.next.text)) and operator[0] >= tightness:
            sign = self.take()
            binds, layer = operator
            right = self.expression(NEGATION if sign.text == "**" else binds + 1)
            left = self.apply(Operation(layer, [left, right], at=left.at, layer_at=sign.at))
        self.depth -= 1
        return left

    def apply(self, operation: Operation) -> LayerArgument:
        """Write down an operation, and return it as an argument of the next."""
        self.operations.append(operation)
        return LayerArgument("", operation.at, step=len(self.operations) - 1)

    def operand(self) -> LayerArgument:
        """Parse what an operator works on. Raises FormulaError where there is none."""
        match self.take():
            case Token("sign", "-", at):
                return self.negative(at)
            case Token("sign", "(") as opened:
                inner = self.expression(0)
                self.close(")", opened)
                return inner._replace(at=opened.at)
            case Token("number", text, at):
                return constant_argument(text, at)
            case Token("name", text, at) if text in WORDS:
                raise FormulaError(f"{text} is not a value", at, "it may only be an option: Sum(x, keepdims=true)")
            case Token("name", text, at) as name:
                return self.call(name) if self.takes("(") else LayerArgument(normal_form(text), at)
            case Token("sign", "+", at):
                raise FormulaError("a plus before a value means nothing", at, "leave it out")
            case Token(kind, text, at):
                what = "a value is missing" if kind == "end" else f"expected a value, found {visible(text)}"
                raise FormulaError(what, at, ELSEWHERE.get(text[0]))

    def negative(self, at: int) -> LayerArgument:
        """Parse what follows a minus: a number makes it part of its name, anything else a Neg."""
        if self.next.kind == "number":
            return constant_argument(f"-{self.take().text}", at)
        return self.apply(Operation("Neg", [self.expression(NEGATION)], at=at, layer_at=at))

    def call(self, layer: Token) -> LayerArgument:
        """Parse the arguments of a layer, its parenthesis being open. Raises FormulaError."""
        values: list[LayerArgument] = []
        options: dict[str, Option] = {}
        while not (self.next.kind == "sign" and self.next.text == ")"):
            if self.tokens[self.place].kind == "name" and self.tokens[self.place + 1][:2] == ("sign", "="):
                self.option(options)
            elif options:
                raise FormulaError("a value after an option", self.next.at, "values come first, then options")
            elif self.is_only_option():
                at = self.next.at
                values.append(LayerArgument("", at, is_constant=True, constant=self.constant(), only_option=True))
            else:
                values.append(self.expression(0))
            if not self.takes(","):
                break
        self.close(")", layer)
        return self.apply(Operation(normal_form(layer.text), values, options, layer.at, layer.at))

    def is_only_option(self) -> bool:
        """Return whether what comes next can be nothing but an option's value."""
        match self.next:
            case Token("string") | Token("sign", "[" | "{"):
                return True
            case Token("name", text):
                return text in WORDS
        return False

    def option(self, options: dict[str, Option]) -> None:
        """Parse ``name=constant``. Raises FormulaError for one that is given twice."""
        name = self.take()
        self.take()
        if name.text in options:
            raise FormulaError(f"the option {visible(name.text)} is given twice", name.at)
        options[name.text] = Option(self.constant(), name.at)

    def constant(self) -> Any:
        """Parse an option's value. Raises FormulaError for anything else."""
        match self.take():
            case Token("sign", "-", at) if self.next.kind == "number":
                return parse_number(f"-{self.take().text}", at)
            case Token("number", text, at):
                return parse_number(text, at)
            case Token("string", text):
                return text[1:-1]
            case Token("name", text) if text in WORDS:
                return WORDS[text]
            case Token("sign", "[") as opened:
                return self.constants(opened)
            case Token("sign", "{") as opened:
                return self.table(opened)
            case Token("sign", "(", at):
                raise FormulaError("a list is written with brackets", at, "axis=[0, 1]")
            case Token("name", text, at):
                raise FormulaError(
                    f"an option is a constant, not a value like {visible(text)}", at, f"a string needs quotes: '{text}'"
                )
            case Token(_, text, at):
                raise FormulaError(f"expected a constant, found {visible(text)}", at)

    def constants(self, opened: Token) -> list[Any]:
        """Parse a list of constants, its bracket being open."""
        self.deeper(opened.at)
        members = []
        while not (self.next.kind == "sign" and self.next.text == "]"):
            members.append(self.constant())
            if not self.takes(","):
                break
        self.close("]", opened)
        self.depth -= 1
        return members

    def table(self, opened: Token) -> dict[str, Any]:
        """Parse a table of constants, its brace being open. Raises FormulaError for a key that is given twice."""
        self.deeper(opened.at)
        members: dict[str, Any] = {}
        while not (self.next.kind == "sign" and self.next.text == "}"):
            key = self.take()
            if key.kind != "string":
                raise FormulaError(f"expected a key, found {visible(key.text)}", key.at, "a key has quotes: {'pad': 1}")
            if key.text[1:-1] in members:
                raise FormulaError(f"the key {visible(key.text)} is given twice", key.at)
            if not self.takes(":"):
                raise FormulaError(f"expected a colon, found {visible(self.next.text)}", self.next.at, "{'pad': 1}")
            members[key.text[1:-1]] = self.constant()
            if not self.takes(","):
                break
        self.close("}", opened)
        self.depth -= 1
        return members


def constant_argument(text: str, at: int) -> LayerArgument:
    """Return a number as an argument, named as it is written."""
    return LayerArgument(text, at, is_constant=True, constant=parse_number(text, at))


def parse_number(text: str, at: int) -> float:
    """Return the value of a number: an int where it is written as one.

    Raises FormulaError for one that is too long or too large.
    """
    if len(text) > LONGEST_NUMBER:
        raise FormulaError(f"a number of more than {LONGEST_NUMBER} characters", at)
    if text.lstrip("-").isdigit():
        if abs(int(text)) > LARGEST_INTEGER:
            raise FormulaError(f"{text} is beyond 2**53, up to which every integer is exact", at)
        return int(text)
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise FormulaError(f"{text} is beyond the largest float64, 1.8e308", at)
    return value
