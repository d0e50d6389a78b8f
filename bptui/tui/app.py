"""The program on the terminal: from a scenario or a recording to an exit status, and the terminal as it was."""

from __future__ import annotations

import gc
import os
import signal
import sys
from asyncio import AbstractEventLoop, get_running_loop
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual import events
from textual.binding import Binding
from textual.driver import Driver
from textual.screen import Screen

from bptui.ending import ENDING, SIGNALLED, drop_output, with_signals
from bptui.scenario.scenario import Scenario
from bptui.session.new_session import program_session, scenario_session
from bptui.session.session import Session
from bptui.tui.deadline import Deadline
from bptui.tui.message import BackgroundReported
from bptui.tui.screen import DebuggerScreen
from bptui.tui.textual_private import ReportingApp
from bptui.tui.theme import DARK, LIGHT, THEMES, chosen_word, theme_of

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.theme import Theme

    from bptui.core.command import Command
    from bptui.core.program import WatchedProgram
    from bptui.recording.replay_tape import Recording

IDLE = 0.3
"""Seconds without a key after which nodes are checked unasked."""

FULL_COLLECTION = 50
YOUNG_COLLECTION = 5
"""Paints between two collections of garbage; a few milliseconds after a paint, no key is waiting."""

AFTER_PAINT = 0.008


@runtime_checkable
class ImpatientDriver(Protocol):
    """A driver that can end in time on a terminal that has stopped reading."""

    def hurry(self) -> None:
        """Wait no longer for the terminal than a moment."""

    def leave_now(self) -> None:
        """Put the terminal back without waiting for it."""


@runtime_checkable
class AskingDriver(Protocol):
    """A driver that can ask the terminal for the colour of its background."""

    def ask_background(self) -> None:
        """Ask for it; the answer is a BackgroundReported."""


def command_provider() -> type[Provider]:
    """Return what finds the palette's commands."""
    from bptui.tui.command_provider import CommandProvider  # noqa: PLC0415  (when it is first wanted)

    return CommandProvider


class BptuiApp(ReportingApp):
    """One screen over one session."""

    TITLE = "bptui"
    CSS_PATH = "screen.tcss"
    COMMANDS = {command_provider}
    BINDINGS = [Binding("ctrl+z", "suspend_process", show=False, priority=True)]

    def __init__(self, session: Session, theme: Theme = DARK, *, follows_terminal: bool = False) -> None:
        super().__init__(ansi_color="NO_COLOR" in os.environ or None)
        self.session = session
        self.follows_terminal = follows_terminal
        self.paints = 0
        self.loop: AbstractEventLoop | None = None
        self.typed_ahead: list[events.Event] | None = []
        self.ended_by: int | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme.name

    def get_driver_class(self) -> type[Driver]:
        driver = super().get_driver_class()
        if sys.platform == "win32" or driver.__name__ != "LinuxDriver":
            return driver
        from bptui.tui.textual_private_driver import TerminalDriver  # noqa: PLC0415  (its terminal is not everywhere)

        return TerminalDriver

    def leave_on(self, deadline: Deadline, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  (its protocol)
        """Leave because of a signal, in time, whatever the program is busy with.

        Called by the system between any two lines: while the screen is there nothing is raised, as it would be lost in
        some of them.
        """
        if self.ended_by is None:
            self.ended_by = number
            deadline.begin()
            if isinstance(self.driver, ImpatientDriver):
                self.driver.hurry()
        if self.loop is None or not self.loop.is_running():
            raise SystemExit(SIGNALLED + number)
        self.loop.call_soon_threadsafe(self.exit)

    def end_now(self) -> None:
        """End the process at once; the terminal is put back as far as it lets itself, and what is recorded is whole."""
        if isinstance(self.driver, ImpatientDriver):
            self.driver.leave_now()
        os._exit(SIGNALLED + (self.ended_by or 0))

    def get_default_screen(self) -> Screen[Any]:
        return DebuggerScreen(self.session)

    def action_suspend_process(self) -> None:
        """Stop, together with what was started with it, as the terminal does it for other programs."""
        if isinstance(self.driver, ImpatientDriver):
            os.kill(0, signal.SIGTSTP)

    def on_load(self) -> None:
        """Know the loop, for signals that come from outside of it."""
        self.loop = get_running_loop()

    def on_mount(self) -> None:
        if self.follows_terminal and not self.no_color and isinstance(self.driver, AskingDriver):
            self.driver.ask_background()

    def on_background_reported(self, message: BackgroundReported) -> None:
        self.theme = (LIGHT if message.is_light else DARK).name

    async def on_debugger_screen_opened(self) -> None:
        """Hand on, in its order, what was typed before the screen had begun as it was asked to."""
        ahead, self.typed_ahead = self.typed_ahead or [], None
        for event in ahead:
            if self.screen_stack:  # empty by now, if the program was left meanwhile
                await self.on_event(event)

    async def on_event(self, event: events.Event) -> None:
        if self.typed_ahead is not None and isinstance(event, events.InputEvent | events.Paste):
            self.typed_ahead.append(event)
            return
        if isinstance(event, events.Key):
            self.session.press()
        elif isinstance(event, events.InputEvent):
            self.session.touch()
        await super().on_event(event)

    def post_display_hook(self) -> None:
        """Put off what can wait until a paint is done and no key is waiting."""
        self.paints += 1
        if self.paints == 1:
            self.set_timer(AFTER_PAINT, import_ahead)
            if not gc.isenabled():
                gc.freeze()
        if not self.paints % YOUNG_COLLECTION and self.is_running:
            self.set_timer(AFTER_PAINT, self.tidy)

    def tidy(self) -> None:
        """Draw ahead, and collect the young garbage, now and then all of it, but for what was there at first."""
        screens = self.screen_stack  # empty by now, if the program was left meanwhile
        if screens and isinstance(screens[-1], DebuggerScreen):
            screens[-1].circuit.prefetch()
        if not gc.isenabled():
            gc.collect(2 if not self.paints % FULL_COLLECTION else 1)


def import_ahead() -> None:
    """Load what the first step needs and the first picture did not: the program is there sooner, and no key waits."""
    import_module("bptui.tui.content.node_lines")


def open_debugger(
    scenario: Scenario,
    record: Path | None = None,
    theme: str | None = None,
    *,
    opening: tuple[Command, ...] = (),
    resumes: bool = False,
) -> int:
    """Open the debugger on a scenario, and return the exit status when it is left.

    With ``resumes`` the recording is gone on with, if there is one.
    """
    session = scenario_session(scenario)
    session.opening = opening
    if record and resumes and record.exists():
        from bptui.session.resuming import resume_recording  # noqa: PLC0415  (few sessions go on; the others start sooner)

        session.welcome = resume_recording(session, record)
    elif record:
        session.record(record)
    return open_screen(session, theme)


def open_program(
    watched: WatchedProgram,
    record: Path | None = None,
    theme: str | None = None,
    *,
    opening: tuple[Command, ...] = (),
    resumes: bool = False,
) -> int:
    """Open the debugger on a program that was watched, and return the exit status when it is left.

    With ``resumes`` the recording is gone on with, if there is one.
    """
    if record and resumes and record.exists():
        from bptui.session.resuming import resumed_program  # noqa: PLC0415  (few sessions go on; the others start sooner)

        session = resumed_program(watched, record)
    else:
        session = program_session(watched)
        if record:
            session.record(record)
    session.opening = opening
    return open_screen(session, theme)


def open_replay(recording: Recording, theme: str | None = None, *, opening: tuple[Command, ...] = ()) -> int:
    """Open a recorded session, and return the exit status when it is left."""
    from bptui.session.replay import replay_session  # noqa: PLC0415  (what reads recordings; a run starts sooner)

    session = replay_session(recording, recording.title)
    session.opening = opening
    return open_screen(session, theme)


def open_screen(session: Session, theme: str | None = None) -> int:
    """Run the screen over ``session``. Whatever happens, the recording is closed and the terminal as it was.

    ``theme`` is the one asked for, None the one asked for last.
    """
    gc.disable()
    session.idle = IDLE
    word = chosen_word(theme)
    app = BptuiApp(session, theme_of(word), follows_terminal=word not in THEMES)
    with_signals(partial(app.leave_on, Deadline(app.end_now)), "SIGINT", *ENDING)
    try:
        app.run()
    finally:
        if app.ended_by is not None:
            session.abandon_recording()  # a signal waits for nothing
        session.close()
    if app.ended_by is not None:
        drop_output(sys.stdout, sys.stderr)  # the terminal may be gone, or read no more
        return SIGNALLED + app.ended_by
    sys.stderr.writelines(f"{words}\n" for words in session.stop_messages)
    if app.fault:
        raise app.fault
    return app.return_code or (1 if session.has_lost_records else 0)
