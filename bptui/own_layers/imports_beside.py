"""What a Python file imports from beside it, found by reading it: what runs with it wherever it runs."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from pathlib import Path

SUFFIXES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)

PACKAGE = "__init__"

MOST_FILES = 2_000
"""Files that are followed; beyond that somebody has pointed at more than a project."""


def files_beside(path: Path, text: str) -> list[Path]:
    """Return the files that the file at ``path`` imports from its own project, and they in turn, each once.

    Modules of the standard library are not looked for: what has their name beside the file is never imported.
    """
    found: dict[Path, None] = {}
    waiting = [(path, text)]
    while waiting and len(found) < MOST_FILES:
        importer, source = waiting.pop()
        for file in imported_files(importer, source, search_folders(path)):
            if file not in found and file != path:
                found[file] = None
                waiting.append((file, source_of(file)))
    return list(found)


def search_folders(path: Path) -> list[Path]:
    """Return where the imports of a file are looked for: its folder, those above it that are packages, and one more."""
    folders = [path.parent]
    while (folders[-1] / f"{PACKAGE}.py").is_file() and folders[-1].parent != folders[-1]:
        folders.append(folders[-1].parent)
    return [*folders, folders[-1].parent]


def imported_files(path: Path, source: str, folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that a file's own import statements lead to."""
    for level, name in imported_names(source):
        starts = [path.parents[level - 1]] if 0 < level <= len(path.parents) else folders
        if not level and name.partition(".")[0] in sys.stdlib_module_names:
            continue
        for start in starts:
            yield from module_files(start, name)


def imported_names(source: str) -> Iterator[tuple[int, str]]:
    """Yield the modules that a file may import, with the number of dots in front of each."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((0, it.name) for it in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                yield level, module or ""
                yield from ((level, f"{module}.{it.name}" if module else it.name) for it in names if it.name != "*")


def module_files(folder: Path, name: str) -> Iterator[Path]:
    """Yield the files that are run when a dotted name is imported from ``folder``: of its packages, and its own."""
    place = folder
    for part in name.split(".") if name else []:
        yield from existing(place / f"{part}{suffix}" for suffix in SUFFIXES)
        place /= part
        yield from existing(place / f"{PACKAGE}{suffix}" for suffix in SUFFIXES)
    if not name:
        yield from existing(place / f"{PACKAGE}{suffix}" for suffix in SUFFIXES)


def existing(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield those of the paths at which there is a file."""
    for path in paths:
        try:
            if path.is_file():
                yield path
        except (OSError, ValueError):
            continue


def source_of(path: Path) -> str:
    """Return a file's text, nothing where it is not Python's."""
    if path.suffix not in SOURCE_SUFFIXES:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""
