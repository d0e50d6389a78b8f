"""How a Python process of ours is started: it finds modules where we find them, and never in the working folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

BOOT = "import sys; sys.path[:] = sys.argv[{count}:]; from {module} import main; main(*map(int, sys.argv[1:{count}]))"
"""Nothing but ``sys`` is imported before the path is what it has to be."""


def python_command(module: str, *numbers: int) -> list[str]:
    """Return the command that runs ``main`` of a module of ours in a new process, with file descriptors as arguments.

    ``-P`` keeps the working folder off its path, and ``safe_path`` whatever else leads there.
    """
    boot = BOOT.format(module=module, count=len(numbers) + 1)
    return [sys.executable, "-P", "-c", boot, *map(str, numbers), *safe_path()]


def safe_path() -> list[str]:
    """Return where modules are found, without the working folder, unless what we stand on was found there."""
    needed = set(homes(("bptui", "numpy", "os")))
    return [it for it in sys.path if Path(it).is_absolute() and (it in needed or not is_working_folder(it))]


def is_working_folder(path: str) -> bool:
    """Return whether a path leads to the working folder."""
    try:
        return Path(path).samefile(os.curdir)
    except OSError:
        return False


def homes(names: Iterable[str]) -> Iterable[str]:
    """Yield the folders on the path in which modules that are imported lie."""
    for name in names:
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin is not None:
            path = Path(origin)
            yield str(path.parent.parent if path.name == "__init__.py" else path.parent)
