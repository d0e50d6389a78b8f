"""Which files are the person's own, and the lines of theirs in a traceback."""

from __future__ import annotations

import linecache
import os
import sysconfig
from pathlib import Path
from types import TracebackType

MOST_FRAMES = 50

MADE_UP = "<"
"""How the names of files begin that are none: of a notebook's cells, of what is typed, of what Python makes itself."""

INSTALLED = tuple(
    {str(Path(it).resolve()) + os.sep for key, it in sysconfig.get_paths().items() if key in ("stdlib", "platstdlib")}
)
OURS = tuple(str(Path(__file__).resolve().parents[3] / it) + os.sep for it in ("bptui", "layers"))

known_files: dict[str, bool] = {}


def is_own_file(file: str) -> bool:
    """Return whether a file is the person's own: neither installed, nor Python's, nor ours."""
    known = known_files.get(file)
    if known is None:
        known = known_files[file] = is_typed(file) if file.startswith(MADE_UP) else not is_installed(file)
    return known


def is_typed(name: str) -> bool:
    """Return whether what has no file was typed by the person, in a notebook or at a prompt."""
    return name.startswith(("<stdin", "<ipython", "<cell"))


def is_installed(file: str) -> bool:
    """Return whether a file is part of Python, of a package or of ours."""
    path = os.path.realpath(file)
    return "site-packages" in path or "dist-packages" in path or path.startswith((*INSTALLED, *OURS))


def own_frames(traceback: TracebackType | None) -> list[tuple[str, int, str, str]]:
    """Return file, line, function and text of the person's own frames in a traceback, the innermost last."""
    found = []
    while traceback:
        code = traceback.tb_frame.f_code
        if is_own_file(code.co_filename):
            text = linecache.getline(code.co_filename, traceback.tb_lineno).strip()[:200]
            found.append((code.co_filename, traceback.tb_lineno, code.co_name, text))
        traceback = traceback.tb_next
    return found[-MOST_FRAMES:]


def own_place(error: SyntaxError) -> tuple[str, int, str, str]:
    """Return the place that a mistake in the grammar has of its own, as if it were a frame."""
    return str(error.filename), error.lineno or 1, "", (error.text or "").strip()[:200]


def mistake_in_grammar(error: BaseException) -> SyntaxError | None:
    """Return an exception if it tells of a mistake in a file of the person, and not in a text that is evaluated."""
    return error if isinstance(error, SyntaxError) and error.filename and is_own_file(error.filename) else None
