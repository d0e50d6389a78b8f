"""An expression, from its text to its parts.

expression := conjunction {"or" conjunction}       conjunction := negation {"and" negation}
negation   := "not" negation | comparison          comparison  := sum {("<" "<=" ">" ">=" "==" "!=" "in" "not in") sum}
sum        := product {("+" "-") product}          product     := factor {("*" "/" "//" "%" "@") factor}
factor     := ("-" "+") factor | power             power       := item ["**" factor]
item       := atom {"[" index {"," index} "]" | "." name}
atom       := number | text | name | function "(" [argument {"," argument}] ")" | "(" expression ")" | "[" ... "]"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

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
from bptui.core.text import visible
from bptui.errors import ExpressionError

LONGEST = 4_000
"""Characters of an expression."""

DEEPEST = 20
"""As many parts inside each other as an expression may have: each takes a dozen Python frames to read."""

LARGEST_INTEGER = 2**53
"""Beyond it, not every integer is a float64."""

TOKEN = re.compile(
    r"(?P<space>\s++)|(?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)"
    r"|(?P<name>[^\W\d]\w*+(?:[.#]\w++)*+)"
    r"|(?P<text>'[^'\\]*+'|\"[^\"\\]*+\")|(?P<sign>\.\.\.|\*\*|//|<=|>=|==|!=|[-+*/@%()\[\],:.<>=])"
)

WORDS = frozenset({"and", "or", "not", "in"})
COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "in", "not in"})

ELSEWHERE = {
    "^": "a power is written **",
    "&": "write and",
    "|": "write or",
    "!": "write not, or !=",
    "=": "equality is written ==",
    "×": "a product is written *",
    "·": "a matrix product is written @",
    "÷": "a quotient is written /",
    "−": "a minus is written - (U+002D)",
    "≤": "write <=",
    "≥": "write >=",
}
"""What people write from habit, by its first character."""


class ExpressionToken(NamedTuple):
    """A piece of an expression and where it starts; the kind of the last one is ``end``."""

    kind: str
    text: str
    at: int


@lru_cache(maxsize=256)
def parse_expression(text: str) -> Expression:
    """Return what ``text`` says. Raises ExpressionError, which points at the character where it says nothing."""
    parser = ExpressionParser(text, expression_tokens(text))
    expression = parser.expression()
    if parser.next.kind != "end":
        raise parser.error(f"unexpected {visible(parser.next.text, limit=40)}", hint=ELSEWHERE.get(parser.next.text[0]))
    return expression


def expression_tokens(text: str) -> list[ExpressionToken]:
    """Return the tokens of an expression, an ``end`` after them. Raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression of more than {LONGEST} characters", text[:LONGEST], LONGEST)
    tokens = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            what = "these quotes are not closed" if text[at] in "'\"" else f"{visible(text[at])} means nothing here"
            raise ExpressionError(what, text, at, hint=ELSEWHERE.get(text[at]))
        if match.lastgroup != "space":
            kind = "word" if match[0] in WORDS else match.lastgroup
            tokens.append(ExpressionToken(kind, match[0], at))
        at = match.end()
    return [*tokens, ExpressionToken("end", "", len(text))]


class ExpressionParser:
    """Walks over the tokens of ``text`` once; each method reads one rule of the grammar."""

    def __init__(self, text: str, tokens: Sequence[ExpressionToken]) -> None:
        self.text = text
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> ExpressionToken:
        """The token that comes next."""
        return self.tokens[self.place]

    def error(self, message: str, *, at: int | None = None, hint: str | None = None) -> ExpressionError:
        """Return the error that points at ``at``, or at what comes next."""
        return ExpressionError(message, self.text, self.next.at if at is None else at, hint=hint)

    def takes(self, sign: str) -> bool:
        """Move past a sign or word if it comes next, and tell whether it did."""
        found = self.next.kind in {"sign", "word"} and self.next.text == sign
        self.place += found
        return found

    def closes(self, sign: str, opened: int) -> None:
        """Move past the closing ``sign``. Raises ExpressionError where it is missing."""
        if not self.takes(sign):
            found = visible(self.next.text, limit=40) or "the end"
            raise self.error(
                f"expected {sign}, found {found}",
                hint=ELSEWHERE.get(self.next.text[:1]) or f"it would close character {opened + 1}",
            )

    def expression(self) -> Expression:
        """Parse a whole expression, or one inside another. Raises ExpressionError for too many inside each other."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} expressions inside each other")
        found = self.joined("or", lambda: self.joined("and", self.negation))
        self.depth -= 1
        return found

    def joined(self, word: str, operand: Callable[[], Expression]) -> Expression:
        """Parse operands with ``word`` between them."""
        at, operands = self.next.at, [operand()]
        while self.takes(word):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Logical(word, tuple(operands), at)

    def negation(self) -> Expression:
        """Parse a comparison, or the opposite of one."""
        at, count = self.next.at, 0
        while self.takes("not"):
            count += 1
        compared = self.chain(self.sum, COMPARISONS)
        return Prefix("not", Prefix("not", compared, at) if count % 2 == 0 else compared, at) if count else compared

    def sum(self) -> Expression:
        """Parse what is added and taken away."""
        return self.chain(self.product, {"+", "-"})

    def product(self) -> Expression:
        """Parse what is multiplied and divided."""
        return self.chain(self.factor, {"*", "/", "//", "%", "@"})

    def chain(self, operand: Callable[[], Expression], signs: Collection[str]) -> Expression:
        """Parse operands with some of ``signs`` between them."""
        at, first = self.next.at, operand()
        rest = []
        while sign := self.operator(signs):
            rest.append((sign, operand()))
        return Chain(first, tuple(rest), at) if rest else first

    def operator(self, signs: Collection[str]) -> str | None:
        """Move past one of ``signs`` if it comes next, and return it."""
        if self.next.kind not in {"sign", "word"}:
            return None
        if self.next.text == "not" and self.tokens[self.place + 1].text == "in" and "not in" in signs:
            self.place += 2
            return "not in"
        sign = self.next.text
        return sign if sign in signs and self.takes(sign) else None

    def factor(self) -> Expression:
        """Parse a power, and the signs before it."""
        at, signs = self.next.at, []
        while (sign := self.operator({"-", "+"})) is not None:
            signs.append(sign)
        power = self.power()
        if not signs:
            return power
        return Prefix("-" if signs.count("-") % 2 else "+", power, at)

    def power(self) -> Expression:
        """Parse an item, and what it is raised to."""
        at, base = self.next.at, self.item()
        if not self.takes("**"):
            return base
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} powers inside each other")
        exponent = self.factor()
        self.depth -= 1
        return Chain(base, (("**", exponent),), at)

    def item(self) -> Expression:
        """Parse an atom, and the indices and attributes behind it."""
        at, item = self.next.at, self.atom()
        for _ in range(DEEPEST):
            opened = self.next.at
            if self.takes("["):
                item = Subscript(item, self.index(opened), at)
            elif self.takes("."):
                for name in self.attributes():
                    item = Attribute(item, name, at)
            else:
                return item
        raise self.error(f"more than {DEEPEST} indices one after the other")

    def attributes(self) -> Sequence[str]:
        """Parse the names behind a dot, with dots between them. Raises ExpressionError where there are none."""
        if self.next.kind != "name":
            raise self.error("a name is missing after the dot", hint="shape or T")
        self.place += 1
        return self.tokens[self.place - 1].text.split(".")

    def atom(self) -> Expression:
        """Parse a number, a text, a name, a call, a list or what stands in parentheses. Raises ExpressionError."""
        token = self.next
        self.place += token.kind != "end"
        match token:
            case ExpressionToken("number", text, at):
                return Number(self.number(text, at), at)
            case ExpressionToken("text", text, at):
                return Text(text[1:-1], at)
            case ExpressionToken("name", text, at):
                return self.call(text, at) if self.takes("(") else Name(text, at)
            case ExpressionToken("sign", "(", at):
                inner = self.expression()
                self.closes(")", at)
                return inner
            case ExpressionToken("sign", "[", at):
                return Members(self.members("]", at), at)
            case ExpressionToken("end", _, at):
                raise self.error("a value is missing", at=at)
            case ExpressionToken(_, text, at):
                hint = ELSEWHERE.get(text[0])
                raise self.error(f"expected a value, found {visible(text, limit=40)}", at=at, hint=hint)

    def number(self, text: str, at: int) -> float:
        """Return the value of a number: an int where it is written as one. Raises ExpressionError for one too large."""
        if text.isdigit():
            if len(text) > len(str(LARGEST_INTEGER)) or int(text) > LARGEST_INTEGER:
                raise self.error("beyond 2**53, up to which every integer is exact", at=at, hint="write 1e20")
            return int(text)
        if float(text) == float("inf"):
            raise self.error("beyond the largest float64, 1.8e308", at=at, hint="write inf")
        return float(text)

    def call(self, function: str, at: int) -> FunctionCall:
        """Parse the arguments of a function, its parenthesis being open. Raises ExpressionError."""
        arguments: list[Expression] = []
        options: list[tuple[str, Expression]] = []
        while not self.takes(")"):
            token, after = self.next, self.tokens[min(self.place + 1, len(self.tokens) - 1)]
            if token.kind == "name" and after.text == "=":
                self.place += 2
                options.append((token.text, self.expression()))
            elif options:
                raise self.error("an argument without a name after one with a name")
            else:
                arguments.append(self.expression())
            if not self.takes(","):
                self.closes(")", at + len(function))
                break
        return FunctionCall(function, tuple(arguments), tuple(options), at)

    def members(self, sign: str, opened: int) -> tuple[Expression, ...]:
        """Parse what stands between commas up to the closing ``sign``."""
        members: list[Expression] = []
        while not self.takes(sign):
            members.append(self.expression())
            if not self.takes(","):
                self.closes(sign, opened)
                break
        return tuple(members)

    def index(self, opened: int) -> tuple[Expression | Range | Rest, ...]:
        """Parse an index, its bracket being open. Raises ExpressionError for an empty one."""
        parts: list[Expression | Range | Rest] = []
        while not self.takes("]"):
            parts.append(self.index_part())
            if not self.takes(","):
                self.closes("]", opened)
                break
        if not parts:
            raise self.error("an index is missing", at=opened, hint="W[0, 2], W[:, 1]")
        return tuple(parts)

    def index_part(self) -> Expression | Range | Rest:
        """Parse what an index says of one axis."""
        at = self.next.at
        if self.takes("..."):
            return Rest(at)
        first = self.bound()
        if not self.takes(":"):
            if first is None:
                raise self.error("an index is missing")
            return first
        stop = self.bound()
        return Range(first, stop, self.bound() if self.takes(":") else None, at)

    def bound(self) -> Expression | None:
        """Parse a bound of a slice, which may be missing."""
        if self.next.kind == "sign" and self.next.text in {":", ",", "]"}:
            return None
        return self.expression()
