"""Where guests' processes come from on Linux: the nursery, which is started once, and what it has split off."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import weakref
from collections.abc import Sequence
from functools import cache
from time import monotonic

from bptui.guest.python_process import python_command
from bptui.guest.wire import PREFIX

STATUS = struct.Struct("=i")
"""What a process of the nursery's tells of itself: first its number, and at its end its exit status as Popen has it."""

STARTING = 10.0
"""Seconds that a process may take to tell its number, on a machine that is busy."""


class ForkedProcess:
    """A process that the nursery has split off, with what we need of the ways of ``subprocess.Popen``."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.told = b""
        self.returncode: int | None = None
        self.poller = select.poll()
        self.poller.register(status, select.POLLIN)

    @property
    def pid(self) -> int:
        """Its number. Raises ProcessLookupError where it has ended before it told that."""
        self.listen(STARTING, until=STATUS.size)
        if len(self.told) < STATUS.size:
            raise ProcessLookupError
        return int(STATUS.unpack_from(self.told)[0])

    def poll(self) -> int | None:
        """Return its exit status, or None as long as it runs."""
        self.listen(0.0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait until it has ended, and return its exit status. Raises TimeoutExpired after ``timeout`` seconds."""
        self.listen(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("guest", timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal. Raises ProcessLookupError where it has ended."""
        if self.poll() is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def listen(self, seconds: float, *, until: int | None = None) -> None:
        """Take in what it tells of itself: ``until`` that many bytes are there or, without, until it has ended."""
        end = monotonic() + seconds
        while self.returncode is None and (until is None or len(self.told) < until):
            if not self.poller.poll(max(0.0, end - monotonic()) * 1000):
                return
            some = os.read(self.status, 2 * STATUS.size)
            self.told += some
            if not some:
                told = self.told[STATUS.size :]
                self.returncode = STATUS.unpack(told)[0] if len(told) == STATUS.size else -signal.SIGKILL
                os.close(self.status)


class Nursery:
    """The process that splits off the others. It ends with ours."""

    def __init__(self) -> None:
        self.line, theirs = socket.socketpair()
        lifeline, hold = os.pipe()
        handed = (theirs.fileno(), lifeline)
        popen = subprocess.Popen(  # noqa: S603  (it runs ourselves)
            python_command("bptui.guest.child.nursery", *handed),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=handed,
            start_new_session=True,
            env=environment(),
        )
        theirs.close()
        os.close(lifeline)
        self.modules: list[str] = []
        self.close = weakref.finalize(self, end_nursery, popen, self.line, hold)

    def split_off(self, handed: Sequence[int]) -> ForkedProcess:
        """Return a new process, which takes the descriptors ``handed`` along: as the nursery's ``main`` has them.

        Raises OSError where the nursery is gone.
        """
        status, told = os.pipe()
        request = {"folder": working_folder(), "environment": environment(), "modules": self.modules}
        content = json.dumps(request).encode("ascii")
        try:
            socket.send_fds(self.line, [PREFIX.pack(len(content), 0)], [*handed, told])
            self.line.sendall(content)
        except OSError:
            os.close(status)
            raise
        finally:
            os.close(told)
        return ForkedProcess(status)


def end_nursery(popen: subprocess.Popen[bytes], line: socket.socket, hold: int) -> None:
    """End a nursery: it is killed when nobody holds its lifeline any more."""
    os.close(hold)
    line.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(STARTING)


@cache
def nursery() -> Nursery:
    """Return the nursery of this process."""
    return Nursery()


def split_off(handed: Sequence[int]) -> ForkedProcess:
    """Return a new process of the nursery's, or of another if the one there was is gone."""
    try:
        return nursery().split_off(handed)
    except OSError:
        nursery.cache_clear()
        return nursery().split_off(handed)


def expect_job(module: str) -> None:
    """Let the processes that come from now on have a module of ours imported already: one like it was needed."""
    if module not in nursery().modules:
        nursery().modules.append(module)


def environment() -> dict[str, str]:
    """Return the environment of a process of ours: NumPy with one thread, if a person has not said otherwise."""
    return {"OPENBLAS_NUM_THREADS": "1"} | dict(os.environ)


def working_folder() -> str:
    """Return the working folder, and the root where it is gone."""
    try:
        return os.getcwd()  # noqa: PTH109  (the same, and pathlib need not be there)
    except OSError:
        return "/"
