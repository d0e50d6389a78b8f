"""Counting large arrays while nobody waits: a pane asks for a summary, and is renewed when it is there."""

from __future__ import annotations

from bptui.core.array_summary import Summaries, Summary
from bptui.tui.pane import Pane
from layers import Array

PAUSE = 0.01
"""Seconds between two stretches of counting, in which keys are answered."""

STRETCH = 1 << 19
"""Elements counted in one go: a few milliseconds."""


class PaneSummaries:
    """The summaries that one pane shows."""

    def __init__(self, pane: Pane) -> None:
        self.pane = pane
        self.summaries = Summaries()
        self.is_counting = False

    def get(self, array: Array) -> Summary | None:
        """Return an array's summary, or None while its elements are still being counted."""
        summary = self.summaries.get(array)
        if summary is None and not self.is_counting and self.pane.is_attached:
            self.is_counting = True
            self.pane.set_timer(PAUSE, self.count)
        return summary

    def count(self) -> None:
        """Count for a few milliseconds, and show what came out once all is counted."""
        if self.summaries.advance(STRETCH):
            self.pane.set_timer(PAUSE, self.count)
            return
        self.is_counting = False
        self.pane.renew()
