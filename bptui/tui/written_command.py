"""A command as the screen speaks of it. It stands apart from the key bindings, which load Textual."""

from __future__ import annotations

from bptui.core.command import Command


def written(verb: type[Command]) -> str:
    """Return how the screen writes a command: as its key, or where it has none as its word."""
    return verb.keys[0] if verb.keys else f":{verb.word}"
