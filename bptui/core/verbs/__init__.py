"""Every verb, by family: ``VERBS`` finds its class by the word, ``BY_KEY`` by the key that means it.

A new verb is one class in the module of its family, with its word, its keys and its help: key bindings, palette, help,
``:`` and ``exec`` know it from there.
"""

from __future__ import annotations

from collections.abc import Mapping

from bptui.core.command import Command
from bptui.core.verbs import branches, explaining, movement, playback, program, selection, stops, teaching, view

VERBS: Mapping[str, type[Command]] = {
    verb.word: verb
    for family in (movement, playback, stops, branches, explaining, selection, view, teaching, program)
    for verb in vars(family).values()
    if isinstance(verb, type) and issubclass(verb, Command) and "word" in vars(verb)
}
"""Every command by its word, in the order of the help."""

BY_KEY: Mapping[str, type[Command]] = {key: verb for verb in VERBS.values() for key in verb.keys}
"""The command that each key means."""
