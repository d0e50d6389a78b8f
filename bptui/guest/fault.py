"""What a guest did that ends a run: the words for it, and the user's line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bptui.errors import Location
from bptui.own_layers.imports_beside import search_folders

FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+)', re.MULTILINE)
"""A line of the traceback that a dying interpreter writes, the innermost first."""

SHOWN_PATH = 500
"""Characters of a path that such a traceback has."""


OURS = "BptuiError"
"""What we raise there ourselves: its words are for the person as they are."""

MISSING_MODULE = "ModuleNotFoundError"
"""How the message begins of an import that finds nothing."""

ELSEWHERE = "install bptui into the environment where your packages are"
"""What to do about it."""


class Fault(Exception):  # noqa: N818  (what a guest did; what is raised to others is a LayerError)
    """``message`` says what happened; ``where`` is the user's line and ``text`` what stands there, if it is known."""

    def __init__(self, message: str, where: Location | None = None, text: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.text = text


class MisnamedOutputs(Fault):
    """A forward has returned more values, or fewer, than the formula names."""


class Unanswered(Fault):
    """A call had not returned in time, and was given up."""


def raised(error: Any, files: Iterable[str]) -> Fault:
    """Return the fault of an exception that the child tells of."""
    match error:
        case {"type": str(kind), "text": str(text), "place": place}:
            message = text if kind == OURS else f"{kind}: {text}" if text else kind
            if kind == "SystemExit":
                message = f"it ends the program: sys.exit({text})"
            match place:
                case {"file": str(file), "line": int(line), "text": str(source)} if is_beside(file, files):
                    return Fault(message, Location(file, line, column_in(place)), source)
            return Fault(message)
    return Fault("the layer process has sent nonsense")


def column_in(place: dict[str, Any]) -> int | None:
    """Return the column of a place that the child tells of, if it has one."""
    column = place.get("column")
    return column if isinstance(column, int) else None


def is_beside(file: str, files: Iterable[str]) -> bool:
    """Return whether a file is one of the user's, or of the project that one of them belongs to."""
    return any(Path(file).is_relative_to(root) for path in files for root in project_folders(Path(path)))


def project_folders(file: Path) -> list[Path]:
    """Return the folders that what a file imports may lie in: its own, and those above it as its packages go."""
    return search_folders(file)[:-1]


def crashed(how: str, report: str, files: Iterable[str], *, kind: type[Fault] = Fault) -> Fault:
    """Return the fault of a process that is gone, with the innermost of the user's lines in its last traceback."""
    known = {as_reported(file): file for file in files}
    for frame in FRAME.finditer(report):
        if file := known.get(frame["file"]):
            return kind(how, Location(file, int(frame["line"])))
    return kind(how)


def as_reported(file: str) -> str:
    """Return a path as a dying interpreter writes it."""
    return file[:SHOWN_PATH].encode("ascii", "backslashreplace").decode()
