"""The names that a program's values have in a scenario: letters, digits and ``_``, each once."""

from __future__ import annotations

import re

from bptui.scenario.formula import WORDS, normal_form


class ScenarioNames:
    """By a value's name in a program, ``first.W`` or ``cell#2``, its name in a scenario: ``first_W``, ``cell_2``."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.taken: set[str] = set(WORDS)

    def __getitem__(self, name: str) -> str:
        """Return the name of a value that has one."""
        return self.names[name]

    def add(self, name: str) -> str:
        """Give a value a name that no other has."""
        plain = as_name(name)
        chosen, count = plain, 1
        while chosen in self.taken:
            count += 1
            chosen = f"{plain}_{count}"
        return self.add_as(name, chosen)

    def add_as(self, name: str, chosen: str) -> str:
        """Let a value have a name that was chosen for it, or that of another which it is the same as."""
        self.names[name] = chosen
        self.taken.add(chosen)
        return chosen


def as_name(text: str) -> str:
    """Return a text as a name: what no name can have in it becomes ``_``."""
    plain = normal_form(re.sub(r"\W+", "_", text).strip("_"))
    return plain if plain and not plain[0].isdigit() else f"v_{plain}".rstrip("_")
