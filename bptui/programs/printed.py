"""What a program has printed, piece by piece, each with the call after which it came.

The program's process puts a mark into its output whenever a call has returned, so that the order is that in which it
happened, and not that in which two pipes are read.
"""

from __future__ import annotations

import re
import secrets

MOST_OUTPUT = 1 << 20
"""Bytes that are kept of what a program prints: the start of it."""

EDGE = b"\x1e"
"""Begins and ends a mark."""

LONGEST_MARK = 64


def output_mark(token: str, call: int) -> bytes:
    """Return the mark that stands in the output where a call has returned."""
    return b"%s%s:%d%s" % (EDGE, token.encode(), call, EDGE)


class Printed:
    """The output so far. ``token`` is in each mark, so that nothing that a program prints is taken for one."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        self.parts: list[tuple[int, bytearray]] = []
        self.mark = re.compile(EDGE + self.token.encode() + rb":(\d{1,18})" + EDGE)
        self.waiting = b""
        self.call = 0
        self.size = 0

    def feed(self, some: bytes) -> None:
        """Take in what comes from the program's process: output, and marks in it."""
        rest, start = self.waiting + some, 0
        for found in self.mark.finditer(rest):
            self.add(rest[start : found.start()])
            self.call, start = int(found[1]), found.end()
        end = self.end_of_text(rest, start)
        self.add(rest[start:end])
        self.waiting = rest[end:]

    def end_of_text(self, rest: bytes, start: int) -> int:
        """Return where the bytes end that no mark can begin in, of which only a part has come so far."""
        edge = rest.rfind(EDGE, start)
        return edge if edge >= 0 and len(rest) - edge < LONGEST_MARK else len(rest)

    def finish(self) -> None:
        """Take what has waited for the rest of a mark as output: nothing more comes."""
        self.add(self.waiting)
        self.waiting = b""

    def add(self, output: bytes) -> None:
        """Add output; of too much, the start is kept."""
        kept = output[: MOST_OUTPUT - self.size]
        self.size += len(kept)
        if not kept:
            return
        if not self.parts or self.parts[-1][0] != self.call:
            self.parts.append((self.call, bytearray()))
        self.parts[-1][1].extend(kept)

    @property
    def pieces(self) -> list[tuple[int, str]]:
        """The output by the number of the call after which it came."""
        return [(call, part.decode(errors="backslashreplace")) for call, part in self.parts]

    @property
    def text(self) -> str:
        """All of it."""
        return b"".join(part for _, part in self.parts).decode(errors="backslashreplace")
