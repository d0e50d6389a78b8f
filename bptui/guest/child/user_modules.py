"""In the child: running the user's files as modules, which may import what they would in their own project."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

OUR_PATH = tuple(sys.path)
"""Where modules are found before the folders of the user's files come first."""

MARK = "__init__.py"
"""What makes a folder a package."""


class NextFolder(MetaPathFinder):
    """Finds what is nowhere else one folder above a project: the book's chapters import ``common`` from there."""

    def __init__(self) -> None:
        self.folders: list[str] = []

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002  (Python's protocol)
    ) -> ModuleSpec | None:
        """Return where a module of the outermost level lies."""
        return PathFinder.find_spec(fullname, self.folders) if path is None else None

    def add(self, folder: Path) -> None:
        """Look in ``folder`` too, after everywhere else."""
        if str(folder) not in self.folders:
            self.folders.append(str(folder))
        if self not in sys.meta_path:
            sys.meta_path.append(self)


next_folder = NextFolder()


def run_file(path: str, text: str) -> ModuleType:
    """Return the module that a file's text is."""
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    folder = Path(path).parent
    root = project_root(folder)
    for place in (root, folder):
        if str(place) not in sys.path:
            sys.path.insert(0, str(place))
    next_folder.add(root.parent)
    if "random" in text:
        import_module("numpy.random")
    module = ModuleType(Path(path).stem)
    module.__file__ = path
    module.__package__ = ".".join(folder.relative_to(root).parts) or None
    sys.modules.setdefault(module.__name__, module)
    exec(compile(text, path, "exec"), vars(module))  # noqa: S102  (the user has allowed it)
    return module


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
