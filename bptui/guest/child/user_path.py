"""In the child: where the user's files find what they import, which is after all else: no ``random.py`` hides Python's.

Their folders are appended to the path, and modules there are always made from their source: it is what was allowed,
and not what an old or a planted ``__pycache__`` holds.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    PathFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import ModuleType

OUR_PATH = tuple(sys.path)
"""Where modules are found before the folders of the user's files are added."""


class SourceLoader(SourceFileLoader):
    """Loads a module from its source, whatever lies in ``__pycache__``."""

    def path_stats(self, path: str) -> dict[str, float]:
        raise OSError(f"{path} is read each time")  # what Python takes for: there is nothing to compare a cache with


class UserFolders:
    """The folders that were added: a path hook, for them and what lies below them."""

    def __init__(self) -> None:
        self.folders: list[Path] = []

    def add(self, folder: Path) -> None:
        """Let the user's modules be found in a folder, too."""
        if folder in self.folders:
            return
        if not self.folders:
            sys.path_hooks.insert(0, self.finder)
            sys.meta_path.insert(0, UserLayers())
        self.folders.append(folder)
        sys.path_importer_cache.clear()
        if str(folder) not in sys.path:
            sys.path.append(str(folder))

    def holds(self, file: str) -> bool:
        """Return whether a file is one of the user's project, and not installed there."""
        return "site-packages" not in file and any(Path(file).is_relative_to(folder) for folder in self.folders)

    def finder(self, path: str) -> FileFinder:
        """Return what finds modules in a folder. Raises ImportError where it is not the user's, and for a file."""
        is_theirs = path not in OUR_PATH and any(Path(path).is_relative_to(folder) for folder in self.folders)
        if not is_theirs or not Path(path).is_dir():  # runpy takes a file with a finder for an archive
            raise ImportError(f"{path} is not a folder below those of the user's files")
        return FileFinder(path, (SourceLoader, SOURCE_SUFFIXES), (ExtensionFileLoader, EXTENSION_SUFFIXES))


class UserLayers:
    """Finds the user's ``layers`` before ours: it is the one name that both are likely to have."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  (Python's protocol)
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return where the user's ``layers`` lies, None for all else, and for a mere folder of that name."""
        if fullname != "layers":
            return None
        spec = PathFinder.find_spec(fullname, [folder for folder in sys.path if folder not in OUR_PATH])
        return spec if spec and spec.origin else None


user_folders = UserFolders()
