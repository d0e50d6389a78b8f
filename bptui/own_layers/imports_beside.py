"""What a Python file may run from beside it, found by reading it: what it imports, and more where it can run more.

A file that has other ways of running code than import statements may run each Python file of its folder.
"""

from __future__ import annotations

import ast
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from itertools import islice
from pathlib import Path

SUFFIXES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES)

RUNNERS = frozenset({"__builtins__", "__import__", "__loader__", "__spec__", "compile", "eval", "exec"})
"""Functions by which a file may run another that none of its import statements names."""

RUNNING_MODULES = frozenset({"builtins", "code", "imp", "importlib", "pkgutil", "runpy", "subprocess", "zipimport"})
"""Modules that have such functions."""

PATHS = frozenset({"meta_path", "modules", "path", "path_hooks"})
"""What of ``sys`` says where modules are found."""

PACKAGE = "__init__"

LONGEST_NAME = 255
"""Of a file, in characters."""

MARK = "pyvenv.cfg"
"""The file that tells an environment, whose packages are installed and no part of a project."""

MOST_FILES = 2_000
"""Files that are followed; beyond that somebody has pointed at more than a project."""


def files_beside(path: Path, text: str) -> list[Path]:
    """Return the files that the file at ``path`` may run from its own project, and they in turn, each once.

    Modules of the standard library are not looked for: what has their name beside the file is never imported.
    """
    found: dict[Path, None] = {}
    waiting = [(path, text)]
    while waiting and len(found) < MOST_FILES:
        importer, source = waiting.pop()
        others = (*python_files(path.parent), *named_files(path.parent, source)) if runs_others(source) else ()
        for file in (*imported_files(importer, source, search_folders(path)), *others):
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
    for node in syntax_nodes(source):
        match node:
            case ast.Import(names=names):
                yield from ((0, it.name) for it in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                yield level, module or ""
                yield from ((level, f"{module}.{it.name}" if module else it.name) for it in names if it.name != "*")


def runs_others(source: str) -> bool:
    """Return whether a file has a way of running others, or of importing from elsewhere, than by import statements."""
    for node in syntax_nodes(source):
        match node:
            case ast.Name(id=name) if name in RUNNERS:
                return True
            case ast.Import(names=names) if any(it.name.partition(".")[0] in RUNNING_MODULES for it in names):
                return True
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in {*RUNNING_MODULES, "sys"}:
                return True
            case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name in PATHS:
                return True
    return False


def named_files(folder: Path, source: str) -> Iterator[Path]:
    """Yield the files beside a file that are named in it, whatever they are: code may stand in any."""
    for node in syntax_nodes(source):
        match node:
            case ast.Constant(value=str(name)) if 0 < len(name) <= LONGEST_NAME and not Path(name).is_absolute():
                yield from existing([folder / name])


def syntax_nodes(source: str) -> Iterator[ast.AST]:
    """Yield all nodes of a source's tree, none where it is not Python's."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return


def python_files(folder: Path) -> Iterator[Path]:
    """Yield the Python files in a folder and below it, but not those of an environment; at most ``MOST_FILES``."""
    files = (Path(place, name) for place, name in names_below(folder) if name.endswith(SUFFIXES))
    yield from existing(islice(files, MOST_FILES))


def names_below(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the folder and the name of each file in a folder and below it, in a fixed order."""
    for place, folders, names in islice(os.walk(folder), MOST_FILES):
        folders[:] = sorted(it for it in folders if not it.startswith(".") and not Path(place, it, MARK).exists())
        yield from ((place, name) for name in sorted(names))


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
