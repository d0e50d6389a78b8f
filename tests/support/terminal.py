"""bptui on a terminal of its own: a child that tests press keys of, and whose every byte they see."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

PATIENCE = 30.0
"""Seconds without a byte after which a test fails; never waited for where all is well."""

ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"

MODULE = ("-m", "bptui")


class Child:
    """bptui as a child on a terminal of its own, of ``size`` columns and rows. ``program`` is what Python runs."""

    def __init__(self, *arguments: str, program: tuple[str, ...] = MODULE, size: tuple[int, int] | None = None) -> None:
        self.pid, self.terminal = pty.fork()
        if not self.pid:
            if size:
                set_size(0, *size)
            os.execve(sys.executable, [sys.executable, *program, *arguments], environment())
        self.seen = b""
        self.unsent = b""
        self.left: list[object] = []

    def read(self) -> bool:
        """Read what there is, and write what is waiting; False when the child has closed its terminal."""
        ready, free, _ = select.select([self.terminal], [self.terminal] if self.unsent else [], [], PATIENCE)
        assert ready or free, f"nothing comes after {self.seen[-500:]!r}"
        if free:
            self.unsent = self.unsent[os.write(self.terminal, self.unsent[:1024]) :]
        if not ready:
            return True
        try:
            fresh = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.seen += fresh
        return bool(fresh)

    def wait_for(self, text: bytes) -> None:
        """Read until ``text`` has been seen."""
        while text not in self.seen:
            assert self.read(), self.seen

    def press(self, keys: bytes) -> None:
        """Type ``keys``, however many the terminal takes at a time."""
        self.unsent += keys

    def press_and_wait_for(self, keys: bytes, text: bytes) -> None:
        """Type ``keys``, and read until ``text`` has come after them."""
        self.seen = b""
        self.press(keys)
        self.wait_for(text)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        set_size(self.terminal, columns, rows)
        os.kill(self.pid, signal.SIGWINCH)

    def end(self) -> int:
        """Return the exit status; ``left`` is then how the terminal was left."""
        while self.read():
            pass
        self.left = self.settings()
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def settings(self) -> list[object]:
        """Return how the terminal is set: what a program must put back."""
        return termios.tcgetattr(self.terminal)[:4]


def environment() -> dict[str, str]:
    """Return the variables for a child, without a size: readline puts that of our terminal there, not the child's."""
    kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    return {**kept, "TERM": "xterm-256color"}


def set_size(file: int, columns: int, rows: int) -> None:
    """Set the size of a terminal."""
    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
