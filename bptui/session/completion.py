"""What may be typed next: verbs at the start of a line, and after a verb what it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields

from bptui.core.expression import FUNCTIONS
from bptui.core.expression.step_names import AT_STEP, STEP_NAMES
from bptui.core.reader import write_name
from bptui.core.verbs import VERBS

LAST_NAME = re.compile(r"[^\W\d][\w.]*$")
"""The name at the end of an expression that is being typed."""

OF_EXPRESSIONS = ("expression", "stop", "edit")
"""The arguments that are expressions, or end with one."""

BEFORE_NAMES = ("name", "node", "stop", "edit", "from_name", "to_name", "element")
"""The arguments that may begin with the name of a value."""


def completions(typed: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the words that may stand where the last word of ``typed`` does, and begin as it does."""
    *before, start = typed.split(" ") if typed else [""]
    for word in following_words(list(filter(None, before)), names):
        if word.startswith(start) and word != start:
            yield word
    verb = VERBS.get(before[0]) if before else None
    if verb and any(field.name in OF_EXPRESSIONS for field in fields(verb)):
        part = LAST_NAME.search(start)
        begun = part[0] if part else ""
        if rest := missing_in_expression(start, names):
            yield start[: len(start) - len(begun)] + begun + rest


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
    elif taken and taken[0] in BEFORE_NAMES:
        yield from map(write_name, names)


def missing(typed: str, names: Sequence[str]) -> str:
    """Return what is missing from ``typed`` to the first completion; nothing at the start of a word."""
    start = typed.rpartition(" ")[2]
    return next(completions(typed, names), start)[len(start) :] if start else ""


def missing_in_expression(typed: str, names: Sequence[str]) -> str:
    """Return what is missing from the name at the end of an expression: a value's, a function's, the step's."""
    found = LAST_NAME.search(typed)
    if found is None:
        return ""
    known = (*names, *AT_STEP, *FUNCTIONS, *STEP_NAMES)
    return next((it[len(found[0]) :] for it in known if it.startswith(found[0]) and it != found[0]), "")
