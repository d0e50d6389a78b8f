"""The child process as the parent holds it: its pipes, what it prints, and how it ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bptui.guest.nursery import environment, split_off
from bptui.guest.python_process import python_command

CHUNK = 1 << 16

MOST_OUTPUT = 1 << 16
"""Bytes kept of what a guest prints; it may print as much as it likes."""

GUEST = "bptui.guest.child.start"
"""The module whose ``main`` the process of a guest runs."""

LAST_WORDS = 0.5
"""Seconds that a process has to say where it hangs, before it is killed."""

KILLED = 5.0
"""Seconds that the system may take to end what was killed, on a machine that is busy."""


class ChildProcess(Protocol):
    """What there is to do with a process, whoever has started it."""

    @property
    def pid(self) -> int:
        """Its number. Raises ProcessLookupError where it never had one."""

    def poll(self) -> int | None:
        """Return its exit status, negative for the signal that ended it, or None as long as it runs."""

    def wait(self, timeout: float) -> int:
        """Wait until it has ended, and return its exit status. Raises TimeoutExpired after ``timeout`` seconds."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal. Raises ProcessLookupError where it has ended."""


class GuestProcess:
    """A process that runs the user's code: ``main`` of a ``module``, which gets its descriptors, ``shared`` ones last.

    It reads from the descriptor ``stdin``, and has ``environment``. Nothing here waits longer than it says.
    """

    def __init__(
        self,
        module: str = GUEST,
        *,
        shared: Sequence[int] = (),
        stdin: int = subprocess.DEVNULL,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        ours, theirs = socket.socketpair()
        lifeline, hold = os.pipe()
        output, printed = os.pipe()
        last_words, crash = os.pipe()
        descriptors = (theirs.fileno(), lifeline, printed, crash)
        if sys.platform == "linux" and module == GUEST:
            self.child: ChildProcess = split_off(descriptors)
        else:
            self.child = start_python(module, descriptors, shared, stdin, environment)
        theirs.close()
        for descriptor in (lifeline, printed, crash):
            os.close(descriptor)
        self.control = ours
        self.output, self.last_words = output, last_words
        for descriptor in (ours.fileno(), output, last_words):
            os.set_blocking(descriptor, False)
        self.printed = bytearray()
        self.printed_count = 0
        self.listener: Callable[[bytes], None] | None = None
        self.close = weakref.finalize(self, end_child, self.child, ours, hold, (output, last_words))
        self.poll = select.poll()
        self.poll.register(self.output, select.POLLIN)

    def wait(self, seconds: float, *, writes: bool) -> bool:
        """Wait until there is something to read (or to write, if wanted), at most ``seconds``; False if nothing is."""
        self.poll.register(self.control, select.POLLIN | (select.POLLOUT if writes else 0))
        events = self.poll.poll(max(0.0, seconds) * 1000)
        for descriptor, event in events:
            if descriptor == self.output:
                self.read_output()
                if event & select.POLLHUP and not event & select.POLLIN:
                    self.poll.unregister(self.output)
        return bool(events)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.child.poll() is not None

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Let all that is printed go to a listener as it comes, instead of being kept."""
        self.listener = listener

    def read_output(self) -> None:
        """Read what was printed; where nobody listens, keep the start of it, and count it all."""
        with contextlib.suppress(BlockingIOError):
            while some := os.read(self.output, CHUNK):
                if self.listener is not None:
                    self.listener(some)
                else:
                    self.printed += some[: MOST_OUTPUT - len(self.printed)]
                    self.printed_count += len(some)
                if len(some) < CHUNK:
                    return

    def take_printed(self) -> tuple[str, int]:
        """Return the start of what was printed since the last time, and how many bytes it was in all."""
        self.read_output()
        text, count = self.printed.decode(errors="backslashreplace"), self.printed_count
        self.printed.clear()
        self.printed_count = 0
        return text, count

    def ending(self) -> str:
        """Return how the process ended, waiting a moment for it to do so."""
        try:
            status = self.child.wait(timeout=LAST_WORDS)
        except subprocess.TimeoutExpired:
            return "the layer process has closed its connection"
        if status < 0:
            return f"the layer process ended by {signal_name(-status)}"
        return f"the layer process ended itself with exit status {status}"

    def abort(self) -> None:
        """Make the process say where it is, and end it."""
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(timeout=LAST_WORDS)

    def crash_report(self) -> str:
        """Return the traceback of a crash, which the process wrote while it went down."""
        with contextlib.suppress(BlockingIOError):
            return os.read(self.last_words, CHUNK).decode(errors="replace")
        return ""


def start_python(
    module: str,
    descriptors: tuple[int, int, int, int],
    shared: Sequence[int],
    stdin: int,
    variables: Mapping[str, str] | None,
) -> subprocess.Popen[bytes]:
    """Return a new process that runs ``main`` of a module, with a line, a lifeline, an output and last words."""
    control, lifeline, printed, last_words = descriptors
    handed = (control, lifeline, last_words, *shared)
    return subprocess.Popen(  # noqa: S603  (it runs ourselves)
        python_command(module, *handed),
        stdin=stdin,
        stdout=printed,
        stderr=printed,
        pass_fds=handed,
        start_new_session=True,
        env=environment() if variables is None else variables,
    )


def end_child(child: ChildProcess, control: socket.socket, hold: int, descriptors: tuple[int, ...]) -> None:
    """Kill a process with all that it has started, and let go of what held it.

    Closing ``hold``, our end of its lifeline, makes its keeper do so; where there is none, we kill its group.
    """
    os.close(hold)
    if sys.platform != "linux" or not has_ended_within(child, LAST_WORDS):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        has_ended_within(child, KILLED)
    control.close()
    for descriptor in descriptors:
        os.close(descriptor)


def has_ended_within(child: ChildProcess, seconds: float) -> bool:
    """Return whether a process has ended, waiting ``seconds`` for it to do so."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=seconds)
        return True
    return False


def signal_name(number: int) -> str:
    """Return a signal's name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
