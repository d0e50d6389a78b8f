"""Python source in the palette's styles, told apart by Pygments, which comes with Rich."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Operator, String, Token, _TokenType

from bptui.core.text import escaped
from bptui.lines.line import Line, Span

STYLES = {
    Token: "",
    Keyword: "keyword",
    Operator.Word: "keyword",
    Name.Function: "strong",
    Name.Class: "strong",
    Name.Decorator: "keyword",
    String: "string",
    String.Doc: "dim",
    String.Interpol: "",
    Comment: "dim",
}
"""The style of a kind of token, and of all below it that have none of their own."""

TAB = 4
LONGEST = 400


@lru_cache(maxsize=16)
def highlighted(source: tuple[str, ...]) -> tuple[Line, ...]:
    """Return each line of ``source`` in styles, with nothing in it that a terminal would obey."""
    text = "\n".join(escaped(line.expandtabs(TAB), limit=LONGEST) for line in source)
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    return tuple(split_lines((Span(it, token_style(kind)) for kind, it in lexer.get_tokens(text)), len(source)))


def split_lines(spans: Iterable[Span], count: int) -> list[Line]:
    """Return ``spans`` as ``count`` lines, divided where a line ends."""
    lines: list[list[Span]] = [[]]
    for text, style in spans:
        first, *others = text.split("\n")
        lines[-1].append(Span(first, style))
        lines += [[Span(it, style)] for it in others]
    lines += [[]] * (count - len(lines))
    return [tuple(span for span in line if span.text) for line in lines[:count]]


def token_style(kind: _TokenType) -> str:
    """Return the style of a kind of token, or that of the nearest kind above it."""
    while kind not in STYLES and kind.parent is not None:
        kind = kind.parent
    return STYLES.get(kind, "")
