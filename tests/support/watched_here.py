"""Programs run and watched in this very process, with the layers of the book beside them."""

from __future__ import annotations

import contextlib
import io
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bptui
from bptui.programs.program_watch import ProgramWatch
from programs import BOOK_LAYERS, FUNCTION_LAYERS, NAIVE_LAYERS


@contextmanager
def watched_here(folder: Path, text: str) -> Iterator[ProgramWatch]:
    """Give a program of this text that was watched to its end."""
    (folder / "naive_layers.py").write_text(NAIVE_LAYERS)
    (folder / "book_layers.py").write_text(BOOK_LAYERS)
    (folder / "function_layers.py").write_text(FUNCTION_LAYERS)
    path = folder / "program.py"
    path.write_text(text)
    with run_here(path) as watch:
        yield watch


@contextmanager
def run_here(path: Path) -> Iterator[ProgramWatch]:
    """Give a program that was watched to its end; what it has imported is forgotten."""
    before = set(sys.modules)
    sys.path.insert(0, str(path.parent))
    try:
        with contextlib.redirect_stdout(io.StringIO()), bptui.watch() as tape:
            runpy.run_path(str(path))
        yield tape.watch
    finally:
        sys.path.remove(str(path.parent))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(path.parent)):
                del sys.modules[name]
