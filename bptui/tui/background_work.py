"""What takes time and nobody waits for idly: running, recording and checking go on in slices, between two keys."""

from __future__ import annotations

import asyncio
from typing import Protocol

from textual.screen import Screen

from bptui.session.dispatcher import Dispatcher
from bptui.session.session import Session

PAUSE = 0.005
"""Seconds between two slices of work, in which keys are answered."""

LOOK_AGAIN = 0.05
"""Seconds after which it is looked whether there is something to check, or whether a guest's check is done."""


class Audience(Protocol):
    """Where what has been done by now is shown."""

    def show(self) -> None:
        """Show where the session is."""

    def show_verdicts(self) -> None:
        """Show what the checks have found."""

    def resume(self) -> None:
        """Say what there is to say by now to what was asked last."""


class BackgroundWork:
    """The work of one session, done by workers of its ``screen``, a Textual screen that shows it as it goes on."""

    def __init__(self, screen: Screen[None], audience: Audience, dispatcher: Dispatcher) -> None:
        self.screen = screen
        self.audience = audience
        self.dispatcher = dispatcher
        self.is_checking = False

    @property
    def session(self) -> Session:
        """What is worked on."""
        return self.dispatcher.session

    def go_on(self) -> None:
        """Go on running and recording."""
        # Not self.work(): where the app ends before the worker begins, nobody would await that.
        self.screen.run_worker(self.work, exclusive=True, group="work")  # type: ignore[arg-type]  # of Textual's three kinds

    async def work(self) -> None:
        """Run, record and wait for layers until nothing is left to do."""
        while self.dispatcher.is_busy:
            self.session.work()
            if self.session.is_waiting:
                self.session.catch_up()
                self.audience.show()
            await asyncio.sleep(0)  # running and looking are a slice each: a key waits for one of them at most
            self.audience.resume()
            await asyncio.sleep(PAUSE)
        self.session.catch_up()
        self.audience.resume()
        self.audience.show()

    def start_checks(self) -> None:
        """Let nodes be checked from now on: those that are asked for, and all while nobody waits."""
        if not self.is_checking:
            self.is_checking = True
            self.screen.run_worker(self.check, group="checks")  # type: ignore[arg-type]  # as above

    async def check(self) -> None:
        """Check, for as long as the screen is there, whenever no key has come for a while."""
        while True:
            checks = self.session.checks  # of the branch that is shown by now
            pause = checks.pause()
            if pause is None or pause > 0:
                await asyncio.sleep(pause or LOOK_AGAIN)
                continue
            is_left = checks.work()
            self.audience.show_verdicts()
            self.audience.resume()
            await asyncio.sleep(PAUSE if is_left else LOOK_AGAIN)
