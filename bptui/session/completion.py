"""What may be typed next: verbs at the start of a line, and after a verb what it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from bptui.core.argument import write_name
from bptui.core.verbs import VERBS


def completions(typed: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the words that may stand where the last word of ``typed`` does, and begin as it does."""
    *before, start = typed.split(" ") if typed else [""]
    for word in following_words(list(filter(None, before)), names):
        if word.startswith(start) and word != start:
            yield word


def following_words(before: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """Yield the words that may follow those ``before``."""
    if not before:
        yield from VERBS
        yield from map(write_name, names)
        return
    verb = VERBS.get(before[0])
    taken = [] if verb is None else [field.name for field in fields(verb)][len(before) - 1 :]
    if taken[:1] == ["topic"]:
        yield from VERBS
    elif taken[:1] in (["name"], ["node"]):
        yield from map(write_name, names)


def missing(typed: str, names: Sequence[str]) -> str:
    """Return what is missing from ``typed`` to the first completion; nothing at the start of a word."""
    start = typed.rpartition(" ")[2]
    return next(completions(typed, names), start)[len(start) :] if start else ""
