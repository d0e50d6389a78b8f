"""A recorded session as it happened: what was done when, with long pauses shortened, at a pace of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bptui.recording.replay_tape import Recording

LONGEST_PAUSE = 2.0
"""Seconds that a pause lasts at most."""

FASTEST, SLOWEST = 16.0, 0.125


class PlayedAction(NamedTuple):
    """Something that was done, at a step: in ``seconds`` from the start, pauses shortened; ``words`` say what."""

    seconds: float
    step: int
    words: str


def played_actions(recording: Recording) -> list[PlayedAction]:
    """Return what was done and written down in a recording, in order."""
    done = [(it.time, it.at, str(it.command)) for it in recording.actions]
    done += [(it.time, it.at, f"note {it.text}") for it in recording.notes]
    actions: list[PlayedAction] = []
    now = before = 0.0
    for time, step, words in sorted(done, key=lambda it: it[0]):
        now += min(LONGEST_PAUSE, max(0.0, time - before))
        before = time
        actions.append(PlayedAction(now, step, words))
    return actions


@dataclass(eq=False)
class Playback:
    """Plays ``actions``; ``clock`` returns seconds. While it plays, ``due`` has what was done since the last look."""

    actions: Sequence[PlayedAction]
    clock: Callable[[], float]
    pace: float = 1.0
    at: float = 0.0
    next: int = 0
    asked: float | None = None

    @property
    def is_playing(self) -> bool:
        """Whether time goes on."""
        return self.asked is not None

    @property
    def is_over(self) -> bool:
        """Whether all has happened."""
        return self.next == len(self.actions)

    def toggle(self, step: int) -> None:
        """Play on from a step, or pause; at the end it begins anew."""
        if self.is_playing:
            self.asked = None
            return
        if self.is_over:
            step = -1
        self.next = next((at for at, action in enumerate(self.actions) if action.step > step), len(self.actions))
        if step < 0:
            self.next = 0
        self.at = self.actions[self.next - 1].seconds if self.next else 0.0
        self.asked = self.clock()

    def change_pace(self, factor: float) -> None:
        """Play so many times as fast."""
        self.pace = min(FASTEST, max(SLOWEST, self.pace * factor))

    def due(self) -> list[PlayedAction]:
        """Return what has happened by now, in order; after the last it pauses."""
        if self.asked is None:
            return []
        now = self.clock()
        self.at += (now - self.asked) * self.pace
        self.asked = now
        first = self.next
        while not self.is_over and self.actions[self.next].seconds <= self.at:
            self.next += 1
        if self.is_over:
            self.asked = None
        return list(self.actions[first : self.next])

    @property
    def words(self) -> str:
        """How it plays, in words."""
        speed = "" if self.pace == 1 else f", {self.pace:g} times as fast"
        return f"playing{speed}" if self.is_playing else f"paused{speed}"
