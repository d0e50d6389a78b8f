"""``layers``: the files that a scenario names, and whether they may run. Opening a scenario never runs code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bptui.core.text import visible
from bptui.core.text_file import shown
from bptui.errors import ScenarioError, Where
from bptui.own_layers.layers_file import read_layers
from bptui.own_layers.own_layer import LayerFile, OwnLayer
from bptui.own_layers.trust import changed_file, is_trusted, read_layer_file
from bptui.scenario.bundled import is_bundled
from bptui.scenario.problems import Problems
from bptui.scenario.toml import Document


def read_layers_key(document: Document) -> list[str]:
    """Return the names of the files that a scenario names."""
    files = document.data.get("layers", [])
    if type(files) is not list or not all(isinstance(file, str) for file in files):
        raise document.error("layers: wanted a list of file names", "layers", hint='layers = ["my_layers.py"]')
    return files


def allowed_layers(
    document: Document, path: Path | None, named: Sequence[str | Path], problems: Problems
) -> dict[str, OwnLayer | ScenarioError]:
    """Return the layers of all files that may run, by name, those of the last file standing.

    ``named`` are the files that this run was given. Raises ScenarioError for one that is not allowed, or is not Python.
    """
    if sys.platform == "win32":
        raise ScenarioError(
            "layers of one's own run in a process that Windows cannot confine", where=Where(document.path)
        )
    files: list[LayerFile] = []
    with problems.collecting():
        given = [read_layer_file(Path(name)) for name in named]
        for at, name in enumerate(read_layers_key(document)):
            files.append(allowed(document, at, (path.parent if path else Path()) / name, given))
        files += given
    problems.raise_any()
    layers: dict[str, OwnLayer | ScenarioError] = {}
    for file in files:
        with problems.collecting():
            layers |= read_layers(file)
    problems.raise_any()
    return layers


def allowed(document: Document, at: int, path: Path, given: Sequence[LayerFile]) -> LayerFile:
    """Return the file that the scenario names at a place of its list. Raises ScenarioError unless it may run."""
    name, place = visible(str(document.data["layers"][at])), shown(path)
    refusal = document.error(
        f"{name} will not be run without permission",
        "layers",
        at,
        hint=f"read it, then allow it with --layers {place}, or until it changes with: bptui trust {place}",
    )
    if is_bundled(path):
        return LayerFile(path.resolve(), path.read_text(encoding="utf-8"), str(path))
    try:
        file = read_layer_file(path)
    except ScenarioError as error:
        if path.exists():
            raise document.error(f"{name} {error.message}", "layers", at, hint=error.hint) from None
        refusal.message += ", and there is no such file"
        raise refusal from None
    if file in given or is_trusted(file):
        return file
    if (changed := changed_file(file)) is not None:
        which = name if changed == file.path else f"{visible(changed.name)}, which {name} imports,"
        refusal.message = f"{which} has changed since it was allowed, and will not be run without permission"
    raise refusal
