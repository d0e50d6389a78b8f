"""What to say about text that is not TOML: the place where the mistake starts, and a hint for the common ones."""

from __future__ import annotations

import re
import tomllib
from collections import deque
from collections.abc import Iterator

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError
from bptui.scenario.toml.positions import KeyPosition, statements

place = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
statement = re.compile(
    r"[ \t]*(?:[\w.\"'-]+[ \t]*=|\[[ \t]*(?!(?:true|false|inf|nan)\b)[A-Za-z][\w. -]*\][ \t]*(?:#|$))", re.MULTILINE
)
token = re.compile(
    r'(?P<closed>"""(?:\\.|(?!""").)*+"{3,5}|\'\'\'(?:(?!\'\'\').)*+\'{3,5}'
    r'|"(?!"")(?:\\.|[^"\\\n])*+"|\'(?!\'\')[^\'\n]*+\'|#[^\n]*+)'
    r'|(?P<opening>"""|\'\'\'|["\'])|(?P<bracket>[\[\]{}])',
    re.DOTALL,
)

MOST_SHOWN = 200
"""Characters on either side of a mistake that a hint looks at."""

BACKSLASH = "a backslash starts an escape inside \"...\": use '...', or / in a path"
TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Cannot redefine", "Duplicate")
ESCAPES = ("Unescaped", "Invalid hex", "Escaped character")

HINTS = (
    (r"=[^¦]*(?<!\d)¦[+-]?\.\d", "a number needs a digit before the point: 0.5"),
    (r"(?<![\w.])\d+¦\.(?!\d)", "a number needs a digit after the point: 1.0"),
    (r"(?<![\w.])0¦\d", "a number has no leading zeros: 12, not 012"),
    (r"=[^¦]*¦(?i:true|false)\b", "TOML writes true and false in lower case"),
    (r"=[^¦]*¦(?i:none|null|nil)\b", "TOML has no empty value: leave the key out"),
    (r"=[^¦]*¦(?i:[+-]?(?:nan|inf(?:inity)?))\b", "TOML writes nan and inf in lower case"),
    (r"=[^¦]*¦,", "a comma too many"),
    (r"=[^¦]*¦\(", "TOML writes lists with brackets: [1, 2]"),
    (r"=[ \t]*¦[A-Za-z_]", 'text needs quotes: "..."'),
    (r"^\s*¦?[{]", "this looks like JSON; a scenario is TOML: key = value, and tables under [name]"),
    (r"^\s*¦?(?:import|from|def|class|print|with|for|if)\b[^=]*$", "this looks like Python; a scenario is TOML"),
    (r"^\s*¦?(?:-[ ¦]|[\w\"'-]+[ \t]*¦?:)", "this looks like YAML; TOML writes key = value"),
    (r"^\s*¦?<", "this looks like HTML or XML; a scenario is TOML"),
    (r"^[^=]*¦[^=]*[^\x00-\x7f][^=]*=", 'a key with letters beyond a-z needs quotes: "é" = 1'),
    (r"^\s*¦=", "a name is missing before the ="),
)
"""Mistakes that many make, by the line in which the parser gave up, with ¦ where it did."""


def syntax_error(error: tomllib.TOMLDecodeError, text: str, path: str) -> ScenarioError:
    """Return ``error`` in words about what stands in ``text``."""
    said = str(error)
    found = place.search(said)
    said = place.sub("", said)
    offset = offset_of(text, int(found[1]), int(found[2])) if found and found[1] else len(text)
    message, offset, hint = understand(said, text, offset)
    line = text.count("\n", 0, offset) + 1
    return ScenarioError(message, hint=hint, where=Location(path, line, offset - text.rfind("\n", 0, offset)))


def understand(said: str, text: str, offset: int) -> tuple[str, int, str | None]:
    """Return the message, the offset it is about, and a hint."""
    if said.startswith(TWICE):
        name, at = last_key(text, offset, inline=said.startswith("Duplicate"))
        return f"{name} is defined twice", at, "a name stands for one thing: rename or remove one of them"
    if said.startswith(ESCAPES):
        return "a backslash that does not start an escape, in a string", offset, BACKSLASH
    start, opening = unclosed(text, offset)
    if opening in {'"', "'", '"""', "'''"}:
        return f"a string is not closed: its {opening} stands here", start, None
    if opening and (not text[offset:].strip() or begins_statement(text, offset)):
        what = "array" if opening == "[" else "inline table"
        return f"an {what} is not closed: its {opening} stands here", start, None
    return reworded(said, text[offset : offset + 1]), offset, hint_at(text, offset)


def reworded(said: str, found: str) -> str:
    """Return tomllib's message in plain words, without terms such as statement; ``found`` is the sign."""
    if said.startswith("Unclosed"):
        return "expected a comma or the closing bracket"
    if said.startswith("Expected newline"):
        return "expected the end of the line"
    if said == "Invalid value":
        return "a value is missing" if found in {"", "\n", "#"} else "this is not a TOML value"
    if said == "Invalid statement":
        return "neither a key nor a table"
    return visible(said[:1].lower() + said[1:])


def offset_of(text: str, line: int, column: int) -> int:
    """Return the offset of a line and column, both from 1."""
    start = 0
    for _ in range(line - 1):
        start = text.index("\n", start) + 1
    return start + column - 1


def last_key(text: str, offset: int, *, inline: bool) -> tuple[str, int]:
    """Return the name and offset of the key or table whose definition the parser refused at ``offset``."""
    latest = deque(entries_before(text, offset), maxlen=1)
    if not latest:
        return "a key", offset
    entry = latest[0]
    if inline:
        start = max(text.rfind(",", 0, offset), text.rfind("{", 0, offset)) + 1
        named = re.compile(r"\s*([^\s=]+)").match(text, start)
        return (visible(named[1]), named.start(1)) if named else ("a key", offset)
    return visible(".".join(str(part) for part in entry.path if isinstance(part, str))), entry.span.key


def entries_before(text: str, offset: int) -> Iterator[KeyPosition]:
    """Yield the keys and tables that begin before ``offset``; that far the text is well formed."""
    for entries in statements(text[: offset + 1] + "\n"):
        if entries[-1].span.key < offset:
            yield entries[-1]


def unclosed(text: str, offset: int) -> tuple[int, str]:
    """Return the offset and the sign of the innermost string or bracket that is open at ``offset``, or ``""``."""
    stack: list[tuple[int, str]] = []
    for match in token.finditer(text):
        if match.start() >= offset and match.lastgroup != "opening":
            break
        if match.lastgroup == "opening":
            return (match.start(), match[0]) if match.start() <= offset else (offset, "")
        if match.lastgroup == "bracket":
            if match[0] in "[{":
                if stack and begins_statement(text, match.start()):
                    return stack[-1]
                stack.append((match.start(), match[0]))
            elif stack:
                stack.pop()
    return stack[-1] if stack else (offset, "")


def begins_statement(text: str, offset: int) -> bool:
    """Tell whether the line of ``offset`` reads like a key or a header: then a bracket above was left open."""
    start = text.rfind("\n", 0, offset) + 1
    return bool(statement.match(text, start)) and "\n" in text[:offset]


def hint_at(text: str, offset: int) -> str | None:
    """Return a hint for what stands at ``offset``, where it is a mistake that many make."""
    start = max(text.rfind("\n", 0, offset) + 1, offset - MOST_SHOWN)
    line = f"{text[start:offset]}¦{text[offset : offset + MOST_SHOWN]}".partition("\n")[0]
    return next((hint for pattern, hint in HINTS if re.search(pattern, line)), None)
