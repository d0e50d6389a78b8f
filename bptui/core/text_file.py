"""Reading a scenario's file: text or a clear refusal, and never a hang on a pipe, a device or a disk image."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError, reason_of

LARGEST = 16 * 2**20
"""Bytes: three times what 300,000 numbers or 100,000 formulas take."""

KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def displayed_path(path: Path) -> str:
    """Return how errors write ``path``: nothing in it moves a terminal's cursor, and it is not endless."""
    return visible(str(path), limit=4_096)


def read_text(path: Path) -> str:
    """Return the text of the file at ``path``. Raises ScenarioError."""
    try:
        content = read_bytes(path)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"cannot be read: {reason_of(error)}", where=Location(displayed_path(path))) from None
    return decode_text(content, displayed_path(path))


def read_bytes(path: Path) -> bytes:
    """Return a regular file's content. It is opened without waiting, and looked at before a byte is read.

    Raises ScenarioError, and OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        for is_kind, kind in KINDS:
            if is_kind(status.st_mode):
                raise ScenarioError(f"is {kind}, not a file", where=Location(displayed_path(path)))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > LARGEST:
        size = max(status.st_size, len(content)) / 2**20
        raise ScenarioError(
            f"is {size:.0f} MB; a scenario has at most {LARGEST // 2**20}",
            hint='numbers beyond that belong in a file: x = { file = "batch.npz", key = "x" }',
            where=Location(displayed_path(path)),
        )
    return content


def decode_text(content: bytes, path: str) -> str:
    """Return the text that ``content`` is in UTF-8. Raises ScenarioError."""
    hint = None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = "it looks like UTF-16: save it as UTF-8"
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = len(content[content.rfind(b"\n", 0, error.start) + 1 : error.start].decode()) + 1
        raise ScenarioError(
            f"not UTF-8 text: byte 0x{content[error.start]:02x}",
            hint=hint or "save it as UTF-8",
            where=Location(path, line, column),
        ) from None
