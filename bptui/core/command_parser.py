"""Reading a command as it is typed, and making one of a verb and its arguments by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from itertools import islice

from bptui.core.argument import ARGUMENTS
from bptui.core.command import Command, field_argument, usage
from bptui.core.reader import Reader
from bptui.core.text import visible
from bptui.core.verbs import BY_KEY, VERBS
from bptui.core.verbs.movement import GoTo, RunTo
from bptui.errors import CommandError

MOST_CANDIDATES = 2_000
"""Names among which one that is spelt like an unknown word is looked for."""


def parse(line: str, names: Collection[str] = ()) -> Command:
    """Return the command that a line asks for. A number alone goes to that step, one of ``names`` alone runs there.

    A key may stand for its word, where no name is spelt so. Raises CommandError where it is none of these.
    """
    reader = Reader(line)
    if reader.is_at_end:
        raise reader.error("a command is missing", "help tells what there is")
    start = reader.token
    if (verb := VERBS.get(start)) is not None:
        reader.take()
        return read_arguments(verb, reader)
    if start.isascii() and start.isdigit():
        return read_arguments(GoTo, reader)
    name = ARGUMENTS["name"].read(reader)
    if name in names and reader.is_at_end:
        return RunTo(name)
    if (verb := BY_KEY.get(start)) is not None:
        return read_arguments(verb, reader)
    raise Reader(line).error(f"there is no command {visible(start, limit=40)}", nearest_word(start, names))


def command_of(word: str, arguments: Mapping[str, object]) -> Command:
    """Return the command with this word, and with its arguments by name. Raises CommandError."""
    verb = VERBS.get(word)
    if verb is None:
        raise CommandError(f"there is no command {visible(word, limit=40)}", word, 0, hint=nearest_word(word))
    kinds = {field.name: field_argument(field) for field in fields(verb)}
    for name, argument in arguments.items():
        if name not in kinds or not kinds[name].is_valid(argument):
            raise CommandError(f"{word} has no such {visible(name, limit=40)}", word, 0, hint=usage(verb))
    missing = [it.name for it in fields(verb) if it.default is MISSING and arguments.get(it.name) is None]
    if missing:
        raise CommandError(f"{word} lacks its {missing[0]}", word, 0, hint=usage(verb))
    return verb(**arguments)


def read_arguments(verb: type[Command], reader: Reader) -> Command:
    """Return a verb with the arguments that follow it. Raises CommandError."""
    arguments = []
    for field in fields(verb):
        start = reader.position
        argument = None if reader.is_at_end else field_argument(field).read(reader)
        if argument is None and field.default is MISSING:
            raise CommandError(f"{verb.word} needs {field_argument(field).label}", reader.line, start, hint=usage(verb))
        arguments.append(field.default if argument is None else argument)
    if not reader.is_at_end:
        raise reader.error("nothing more is expected here", usage(verb))
    return verb(*arguments)


def nearest_word(word: str, names: Collection[str] = ()) -> str:
    """Return the hint for an unknown word: the verb, or the one of ``names``, that is spelt most like it."""
    from difflib import get_close_matches  # noqa: PLC0415  (few mistype, and the program starts sooner)

    near = get_close_matches(word, [*VERBS, *islice(names, MOST_CANDIDATES)], n=1)
    return f"did you mean {visible(near[0], limit=40)}?" if near else "help tells what there is"
