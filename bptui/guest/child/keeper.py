"""The keeper: a process between ours and the guest's, which outlives both for a moment to end all that they started.

It is a subreaper: whatever the guest's processes leave behind, also in sessions of their own, becomes its child.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence

from bptui.guest.child.signal_scope import keep_signals_inside
from bptui.guest.lifeline import die_with_parent, is_closed, signal_end

SET_DEATH_SIGNAL, SET_SUBREAPER = 1, 36
"""What Linux calls PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER."""

AWAITED = {signal.SIGCHLD, signal.SIGIO, signal.SIGABRT}


def split_off_keeper(lifeline: int, handed: Sequence[int], status: int | None = None) -> None:
    """Split off a keeper, and return in the guest's process, which ends with it.

    ``lifeline`` is a pipe whose other end the parent holds and never writes to: the keeper ends the guest's processes
    when it is closed. ``handed`` are the guest's own descriptors. To ``status`` the keeper writes its number and, at
    its end, how the guest has ended. Where there are no subreapers nothing splits off, and only the guest itself ends
    with its parent.
    """
    if not (sys.platform == "linux" and control_process(SET_SUBREAPER, 1)):
        die_with_parent(lifeline)
        return
    keeper = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    guest = os.fork()
    if guest:
        for descriptor in (0, 1, 2, *handed):
            os.close(descriptor)
        watch_guest(guest, lifeline, status)
    control_process(SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != keeper:  # it was gone before anybody listened
        os._exit(1)
    os.close(lifeline)
    if status is not None:
        os.close(status)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
    keep_signals_inside()


def control_process(option: int, value: int) -> bool:
    """Ask the system for something that concerns this process; return whether it knows the option."""
    return ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0


def watch_guest(guest: int, lifeline: int, status: int | None) -> None:
    """Wait until the guest or the parent ends, end what is left, and end as the guest has. Never returns."""
    tell(status, os.getpid())
    signal_end(lifeline, signal.SIGIO)
    ended: int | None = None
    if not is_closed(lifeline):
        while ended is None and (number := signal.sigwait(AWAITED)) != signal.SIGIO:
            if number == signal.SIGABRT:
                os.kill(guest, signal.SIGABRT)
            ended = reap(guest)
    end_children()
    tell(status, 1 if ended is None else os.waitstatus_to_exitcode(ended))
    end_like(ended)


def tell(status: int | None, number: int) -> None:
    """Write a number to whom it may concern."""
    if status is not None:
        with contextlib.suppress(OSError):  # the parent may be gone
            os.write(status, number.to_bytes(4, sys.byteorder, signed=True))


def reap(guest: int) -> int | None:
    """Take note of all children that have ended; return how the guest has, None as long as it lives."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            if ended[0] == guest:
                found = ended[1]
    return found


def end_children() -> None:
    """Kill every child, and theirs when they have become ours, until there are none."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for child in children():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(child, signal.SIGKILL)
            os.waitpid(-1, 0)


def children() -> Iterator[int]:
    """Yield the processes whose parent this one is."""
    ours = str(os.getpid())
    for name in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208  (pathlib would be imported for this alone)
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="latin-1") as file:  # noqa: PTH123
            if file.read().rpartition(")")[2].split()[1] == ours:
                yield int(name)


def end_like(status: int | None) -> None:
    """End this process as another has ended, for the parent to see."""
    if status is None:
        os._exit(1)
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED)
        with contextlib.suppress(OSError):  # nobody may say what SIGKILL does
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
