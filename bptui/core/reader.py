"""Reading a line with a command, token by token: names bare or in quotes, and the rest of the line."""

from __future__ import annotations

import json
import re

from bptui.errors import CommandError

MOST_DIGITS = 12
"""Of a number: no run has steps with longer ones."""

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"(?=\s|$)|\S+')
"""A name in quotes, or whatever stands between two blanks."""

BLANKS = re.compile(r"\s*")


class Reader:
    """A line that is being read, from ``position`` on."""

    def __init__(self, line: str) -> None:
        self.line = line
        self.position = 0
        self.skip_blanks()

    def skip_blanks(self) -> None:
        """Go on to what comes next."""
        blanks = BLANKS.match(self.line, self.position)
        assert blanks
        self.position = blanks.end()

    @property
    def is_at_end(self) -> bool:
        """Whether nothing comes any more."""
        return self.position == len(self.line)

    @property
    def token(self) -> str:
        """What comes next, up to a blank; a name in quotes is one token. There must be something."""
        found = TOKEN.match(self.line, self.position)
        assert found
        return found[0]

    def take(self) -> str:
        """Return what comes next, and go beyond it."""
        token = self.token
        self.position += len(token)
        self.skip_blanks()
        return token

    def take_rest(self) -> str:
        """Return all that is left, and go to the end."""
        rest = self.line[self.position :].rstrip()
        self.position = len(self.line)
        return rest

    def error(self, message: str, hint: str | None = None) -> CommandError:
        """Return the error that points at what comes next."""
        return CommandError(message, self.line, self.position, hint=hint)


def read_name(reader: Reader) -> str | None:
    """Return a name, bare or in quotes; None for an empty one, which no value has. Raises CommandError."""
    token = reader.token
    if token.startswith('"') and unquoted(token) is None:
        raise reader.error("these quotes are not closed" if len(token) < 2 or token[-1] != '"' else "not a quoted name")
    reader.take()
    return (unquoted(token) if token.startswith('"') else token) or None


def write_name(name: str | None) -> str:
    """Return a name as it is typed: in quotes where a blank or an odd character would part or hide it."""
    is_plain = name and name.isprintable() and not name.startswith('"') and TOKEN.fullmatch(name)
    return name if name and is_plain else quoted(name or "")


def read_rest(reader: Reader) -> str:
    """Return the rest of the line; where all of it is in quotes, what they hold."""
    rest = reader.take_rest()
    inside = unquoted(rest)
    return rest if inside is None else inside


def quoted(text: str) -> str:
    """Return text in quotes, on one line, and with an escape for what cannot be seen."""
    return json.dumps(text, ensure_ascii=not text.isprintable())


def unquoted(token: str) -> str | None:
    """Return what stands in quotes, None where they are not a whole pair."""
    if not token.startswith('"'):
        return None
    try:
        inside = json.loads(token, strict=False)
    except ValueError:
        return None
    return inside if isinstance(inside, str) else None
