"""The scenarios that come with bptui: beside the package in a checkout, inside it once installed."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1]
PLACES = (PACKAGE / "scenarios", PACKAGE.parent / "scenarios")


def bundled() -> list[tuple[str, Path]]:
    """Return the bundled scenarios by name, sorted."""
    folder = next((place for place in PLACES if place.is_dir()), None)
    return sorted((path.stem, path) for path in folder.glob("*.toml")) if folder else []
