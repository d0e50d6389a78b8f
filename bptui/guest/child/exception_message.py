"""In the child: what went wrong in the user's code, and at which of the user's lines."""

from __future__ import annotations

import linecache
from collections.abc import Callable

from bptui.errors import BptuiError
from bptui.guest.wire import Message

MOST_TEXT = 1_000
"""Characters of what an exception says."""


def exception_as_message(error: BaseException, is_user_file: Callable[[str], bool]) -> Message:
    """Return an exception as a message: its type, what it says, and the innermost line of the user's."""
    lines = [(file, line) for file, line in traceback_lines(error) if is_user_file(file)]
    place = None
    if lines:
        file, line = lines[-1]
        place = {"file": file, "line": line, "text": linecache.getline(file, line).strip()[:MOST_TEXT]}
        if isinstance(error, SyntaxError) and error.filename == file and error.offset:
            place["column"] = error.offset
    return {"error": {"type": type(error).__name__[:MOST_TEXT], "text": exception_text(error), "place": place}}


def traceback_lines(error: BaseException) -> list[tuple[str, int]]:
    """Return the file and line of each frame, the innermost last; a mistake in Python itself has a line of its own."""
    lines = []
    traceback = error.__traceback__
    while traceback:
        lines.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        lines.append((error.filename, error.lineno or 1))
    return lines


def exception_text(error: BaseException) -> str:
    """Return what an exception says of itself; its own words for it may fail as well."""
    if isinstance(error, BptuiError):
        return error.message[:MOST_TEXT]
    try:
        return str(error)[:MOST_TEXT]
    except Exception:  # noqa: BLE001  (the fence around the user's code)
        return ""
