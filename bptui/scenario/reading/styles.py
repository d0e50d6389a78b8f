"""``[styles]``: what classes of the user's own call their forward and backward, where that is in no style we know."""

from __future__ import annotations

from bptui.core.text import visible
from bptui.scenario.problems import Problems
from bptui.scenario.reading.table_keys import refuse_unknown, table
from bptui.scenario.toml import Document

PASSES = ("forward", "backward")
"""What ``[styles.BASE]`` may name."""


def read_styles(document: Document, problems: Problems) -> dict[str, list[str]]:
    """Return what classes of a base call their forward and their backward, by the base's name.

    What is not a table of these names is a problem.
    """
    styles: dict[str, list[str]] = {}
    for base, written in table(document, "styles", problems).items():
        with problems.collecting():
            styles[base] = style_names(document, base, written)
    return styles


def style_names(document: Document, base: str, written: object) -> list[str]:
    """Return what the classes of one base call their forward and their backward. Raises ScenarioError."""
    if not isinstance(written, dict):
        hint = f'[styles.{visible(base)}] forward = "run" backward = "undo"'
        raise document.error(f"styles.{visible(base)}: wanted forward and backward", "styles", base, hint=hint)
    for key in written:
        refuse_unknown(document, ("styles", base, key), PASSES)
    names = [written.get(key, key) for key in PASSES]
    if not all(isinstance(name, str) for name in names):
        raise document.error(f"styles.{visible(base)}: wanted names in quotes", "styles", base)
    return names
