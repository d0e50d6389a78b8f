"""What a typed ``:`` line asks for: a step, a command from the key table, or a value."""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple, TypeAlias

from bptui.core.graph import Graph
from bptui.core.text import visible
from bptui.tui.keys import COMMANDS, Key


class Step(NamedTuple):
    """Go to the step with this number."""

    number: int


class Name(NamedTuple):
    """Run to the node with this name."""

    name: str


class Call(NamedTuple):
    """Do what a key does, ``times`` times, where it is given."""

    key: Key
    times: str


class Mistake(NamedTuple):
    """Nothing that can be done, and the nearest that could."""

    message: str


Request: TypeAlias = Step | Name | Call | Mistake

LONGEST_NUMBER = 12


def parse(text: str, graph: Graph) -> Request:
    """Return what a line asks for. A name that is a command's too means the command."""
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return Step(int(text))
    word, _, count = text.partition(" ")
    if word in COMMANDS and (not count or (count.isascii() and count.isdigit() and len(count) <= 7)):
        return Call(COMMANDS[word], count)
    if text in graph.slots:
        return Name(text)
    near = get_close_matches(text, [*COMMANDS, *graph.names[:5000]], n=1, cutoff=0.5)
    hint = f": {visible(near[0], limit=40)}?" if near else ": a step's number, a name or a command"
    return Mistake(f"no {visible(text, limit=40)} here{hint}")
