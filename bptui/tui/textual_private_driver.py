"""All that bptui knows of Textual's driver for Unix beyond what it documents; ``textual_private`` has the rest."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Iterator
from types import FrameType
from typing import Any, cast

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from bptui.tui.background_colour import QUERY, BackgroundReplies
from bptui.tui.message import BackgroundReported
from bptui.tui.terminal_output import TerminalOutput

MOST_COLUMNS, MOST_ROWS = 800, 300
"""Cells that are drawn at most; no screen has more, and a report of 99999 by 99999 would take all memory."""

LEAVE_SCREEN = "".join(
    f"\x1b[{code}"
    for code in "?2004l ?7h ?2048l ?1000l ?1003l ?1015l ?1006l <u ?1049l ?25h ?1004l".split()  # noqa: SIM905
)
"""What Textual writes when it leaves the terminal."""

TICK = 100
"""Milliseconds after which the reader of keys looks around: an escape that stands alone is a key by then."""


class TerminalDriver(LinuxDriver):
    """Textual's driver, made proof against terminals that go away, stop reading, send junk or report nonsense."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert sys.__stderr__ is not None
        self.output = TerminalOutput(sys.__stderr__, hang_up)
        self._file = cast("Any", self.output)
        self.is_running = False
        self.replies = BackgroundReplies(lambda is_light: self.process_message(BackgroundReported(is_light=is_light)))

    # Coming and going.

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.is_running = True

    def stop_application_mode(self) -> None:
        self.is_running = False
        super().stop_application_mode()

    def hurry(self) -> None:
        """Wait for the terminal no longer than a moment from now on: the program is about to end."""
        self.output.hurry()

    def leave_now(self) -> None:
        """Put the terminal back at once, as far as it lets itself; the program ends with this."""
        if self.attrs_before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
        self.output.write_now(LEAVE_SCREEN)

    # Signals.

    def _sigtstp_application(self, *_: object) -> None:
        """Stop as any program does, with the terminal as it was, and come back.

        The system decides whether there is a shell to come back from: without one nothing stops.
        """
        was_running = self.is_running
        if was_running:
            self.suspend_application_mode()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._sigtstp_application)
        if was_running:
            self._must_signal_resume = True
            self.resume_application_mode()
            self.draw_anew()

    def _sigcont_application(self, number: int = signal.SIGCONT, frame: FrameType | None = None) -> None:  # noqa: ARG002
        """Draw anew what a shell may have written over.

        Nothing more: one who was stopped by SIGTSTP comes back on its own, and a closed window sends this, too.
        """
        if self.is_running:
            self.draw_anew()

    def draw_anew(self) -> None:
        """Let the whole screen be drawn, soon: a signal has come while the loop was busy, or asleep."""
        asyncio.get_running_loop().call_soon_threadsafe(self._app.refresh)

    # What the terminal says.

    def ask_background(self) -> None:
        """Ask the terminal for the colour of its background; its answer, if it has one, is a BackgroundReported."""
        self.replies.expect()
        self.write(QUERY)

    def _run_input_thread(self) -> None:
        """Read keys. A bug of ours in that ends the program as one in a handler does; Textual would end with 0."""
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001  (a bug of ours; it is reported where all are)
            self._app.call_later(self._app._handle_exception, error)  # noqa: SLF001  (the app's own way to end)

    def run_input_thread(self) -> None:
        """Read keys until the program leaves the terminal, or that is gone."""
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        parser = KeyParser()
        decode = getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            if poll.poll(TICK):
                if not (keys := self.read_keys()):
                    hang_up()
                    return
                self.process_all(parser.feed(self.replies.without_replies(decode(keys))))
            elif held := self.replies.release():
                self.process_all(parser.feed(held))
            self.process_all(parser.tick())

    def read_keys(self) -> bytes:
        """Return what has been typed, nothing where the terminal is gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def process_all(self, messages: Any) -> None:
        """Hand on what a parser has made of the terminal's bytes."""
        for message in messages:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Resize) and message.size != bounded(*message.size):
            message = events.Resize.from_dimensions(bounded(*message.size), None)
        super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        return bounded(*super()._get_terminal_size())


class KeyParser:
    """Textual's parser of what a terminal says, begun anew after junk that it cannot take."""

    def __init__(self) -> None:
        self.parser = XTermParser()

    def feed(self, text: str) -> Iterator[Message]:
        """Yield what ``text`` says. Of a sequence that raises in Textual nothing is kept, of what follows it all.

        It is fed in single characters: of a longer piece nobody knows how far it was read.
        """
        for character in text:
            try:
                yield from self.parser.feed(character)
            except (ValueError, OverflowError):  # numbers in it that are none, or beyond all bounds
                self.parser = XTermParser()

    def tick(self) -> Iterator[Message]:
        """Yield the key that an escape is after which nothing has come for a while."""
        yield from self.parser.tick()


def bounded(columns: int, rows: int) -> tuple[int, int]:
    """Return a size of the terminal that can be drawn."""
    return min(columns, MOST_COLUMNS), min(rows, MOST_ROWS)


def hang_up() -> None:
    """Do what the system does to one whose terminal goes away, in the thread that listens to signals."""
    with contextlib.suppress(ProcessLookupError):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGHUP)
