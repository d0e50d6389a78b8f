"""What a command is, and how it is written: a verb and its arguments.

Keys, the palette, the ``:`` line, ``bptui exec``, recordings and tests all speak commands. ``str`` writes one as it is
typed, ``command_parser.parse`` reads it again, and the verbs themselves stand in ``verbs``, one class each.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any, ClassVar

from bptui.core.argument import ARGUMENTS, Argument
from bptui.deferred_dataclass import dataclass

MOVE, STOP, BRANCH, EXPLAIN = "Move in time", "Stop and watch", "What if", "Why"
LOOK, KEEP, TEACH, PROGRAM = "Look", "Keep", "Teach", "Program"
"""What commands are for, as the help groups them."""


@dataclass(frozen=True)
class Command:
    """One thing that a person has asked for.

    ``word`` is the verb, ``keys`` are those that mean it, as a person writes them, ``help`` says what it does. The
    fields are its arguments, in the order in which they are typed.
    """

    word: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    group: ClassVar[str]
    help: ClassVar[str]

    def __init_subclass__(cls, *, word: str = "", group: str = "", help: str = "", keys: str = "") -> None:  # noqa: A002  (what it is)
        if word:
            cls.word, cls.keys, cls.group, cls.help = word, tuple(keys.split()), group, help

    def __str__(self) -> str:
        written = [(field, getattr(self, field.name)) for field in fields(self)]
        while written and written[-1][1] == written[-1][0].default:
            written.pop()
        return " ".join([self.word, *(field_argument(field).write(argument) for field, argument in written)])


@dataclass(frozen=True)
class CountedCommand(Command):
    """A command whose one argument is how often.

    Verbs without arguments of their own are not dataclasses of their own: making one takes a third of a millisecond,
    and the program starts with all of them.
    """

    count: int = 1


@dataclass(frozen=True)
class NumberedCommand(Command):
    """A command whose one argument is the number of what it is about: a stop, a watch."""

    number: int


@dataclass(frozen=True)
class ExpressionCommand(Command):
    """A command whose one argument is an expression."""

    expression: str


def needs_argument(verb: type[Command]) -> bool:
    """Return whether a verb alone says too little."""
    return any(field.default is MISSING for field in fields(verb))


def with_count(verb: type[Command], count: int) -> Command:
    """Return a verb that was asked for without arguments, ``count`` times where it knows of a count."""
    return verb(**({"count": count} if any(field.name == "count" for field in fields(verb)) else {}))


def usage(verb: type[Command]) -> str:
    """Return how a command is written: ``next [N]``."""
    labels = [(field_argument(field).label, field.default is MISSING) for field in fields(verb)]
    return " ".join([verb.word, *(label if is_needed else f"[{label}]" for label, is_needed in labels)])


def key_or_word(verb: type[Command]) -> str:
    """Return how the screen writes a verb: as its key, or where it has none as its word after a colon."""
    return verb.keys[0] if verb.keys else f":{verb.word}"


def field_argument(field: Field[Any]) -> Argument:
    """Return what kind of argument a field of a command has."""
    return ARGUMENTS[field.name]
