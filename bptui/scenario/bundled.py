"""The scenarios that come with bptui: beside the package in a checkout, inside it once installed.

Files with layers among them are part of the installation, as bptui's own code is, and run without being asked for.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
PLACES = (PACKAGE / "scenarios", PACKAGE.parent / "scenarios")


def bundled() -> list[tuple[str, Path]]:
    """Return the bundled scenarios by name, sorted, those in a folder after the others: ``book/relu``."""
    home = folder()
    if home is None:
        return []
    found = [(path.relative_to(home).with_suffix("").as_posix(), path) for path in home.rglob("*.toml")]
    return sorted(found, key=lambda it: ("/" in it[0], it[0]))


def folder() -> Path | None:
    """Return where the bundled scenarios lie."""
    return next((place for place in PLACES if place.is_dir()), None)


def bundled_name(path: Path) -> str:
    """Return what a file that comes with bptui is called wherever it is installed: ``scenarios/book/book.py``."""
    home = folder()
    assert home is not None
    return (Path(home.name) / path.resolve().relative_to(home.resolve())).as_posix()


def is_bundled(path: Path) -> bool:
    """Return whether a file is one of those that come with bptui."""
    home = folder()
    # pathlib would raise where a name is too long.
    return home is not None and os.path.isfile(path) and path.resolve().is_relative_to(home.resolve())  # noqa: PTH113
