"""A display for tests of commands of which none is about the display."""

from __future__ import annotations

from bptui.core.command import Command
from bptui.session.answer import Answer


class MuteDisplay:
    """A display that is asked for nothing."""

    shows_selection = False

    def obey(self, command: Command) -> Answer:
        """Fail."""
        raise AssertionError(command)
