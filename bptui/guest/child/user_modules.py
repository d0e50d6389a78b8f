"""In the child: running the user's files as modules, which may import what they would in their own project."""

from __future__ import annotations

import linecache
import stat
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from bptui.guest.child.notebook_names import offer_notebook_names
from bptui.guest.child.user_path import OUR_PATH, user_folders

MARK = "__init__.py"
"""What makes a folder a package."""


def run_file(path: str, text: str) -> ModuleType:
    """Return the module that a file's text is."""
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    folder = Path(path).parent
    root = project_root(folder)
    for place in (folder, root, root.parent):
        if not is_open_to_all(place) or place == folder:
            user_folders.add(place)
    module = ModuleType(Path(path).stem)
    module.__file__ = path
    module.__package__ = ".".join(folder.relative_to(root).parts) or None
    sys.modules.setdefault(module.__name__, module)
    offer_notebook_names(path)
    exec(compile(text, path, "exec"), vars(module))  # noqa: S102  (the user has allowed it)
    return module


def is_open_to_all(folder: Path) -> bool:
    """Return whether all users may put a module into a folder, as into that for temporary files."""
    return bool(folder.stat().st_mode & stat.S_IWOTH)


def project_root(folder: Path) -> Path:
    """Return the folder that the packages lie in which a file's folder is part of."""
    while (folder / MARK).is_file() and folder.parent != folder:
        folder = folder.parent
    return folder


def import_ours(name: str) -> ModuleType:
    """Return a module of ours, even if the user has a ``layers.py``: each side goes on with its own."""
    theirs = take_out_layers()
    path, sys.path[:] = list(sys.path), list(OUR_PATH)
    try:
        return import_module(name)
    finally:
        take_out_layers()
        sys.path[:] = path
        sys.modules.update(theirs)


def take_out_layers() -> dict[str, ModuleType]:
    """Forget whatever is imported as ``layers``, and return it."""
    names = [name for name in sys.modules if name.partition(".")[0] == "layers"]
    return {name: sys.modules.pop(name) for name in names}
