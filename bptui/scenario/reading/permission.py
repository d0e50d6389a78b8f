"""``layers``: the files that a scenario names, and whether they may run. Opening a scenario never makes them run.

Those that may run do so in a process of their own, which tells what they give.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from bptui.core.text import visible
from bptui.core.text_file import displayed_path
from bptui.errors import Location, ScenarioError
from bptui.guest.host_supply import HostSupply
from bptui.own_layers.layer_descriptions import GivenLayers, none_used_error
from bptui.own_layers.own_layer import LayerFile, OwnLayer
from bptui.own_layers.source_file import check_syntax
from bptui.own_layers.trust import changed_file, is_trusted, read_layer_file
from bptui.scenario.bundled import bundled_name, is_bundled
from bptui.scenario.problems import Problems
from bptui.scenario.reading.styles import read_styles
from bptui.scenario.toml import Document


def read_layers_key(document: Document) -> list[str]:
    """Return the names of the files that a scenario names. Raises ScenarioError for what is not a list of names."""
    files = document.data.get("layers", [])
    if type(files) is not list or not all(isinstance(file, str) for file in files):
        raise document.error("layers: wanted a list of file names", "layers", hint='layers = ["my_layers.py"]')
    return files


ALIKE = 0.75
"""From how alike two names are, between 0 and 1, one may have been meant for the other."""


@dataclass(frozen=True, eq=False, slots=True)
class OwnLayers:
    """What each of the user's files gives, in order, and the processes in which that runs."""

    files: Mapping[LayerFile, GivenLayers]
    hosts: HostSupply

    @property
    def given(self) -> GivenLayers:
        """What all files give by name, that of the last file standing."""
        return {name: it for given in self.files.values() for name, it in given.items()}

    @property
    def layers(self) -> dict[str, OwnLayer]:
        """The layers among that."""
        return {name: it for name, it in self.given.items() if isinstance(it, OwnLayer)}

    @property
    def refused(self) -> dict[str, ScenarioError]:
        """The rest of it, and why it cannot be a layer."""
        return {name: it for name, it in self.given.items() if isinstance(it, ScenarioError)}

    def meant_instead(self, used: Iterable[str]) -> dict[str, str]:
        """Return, by a built-in layer's name that is ``used``, the own layer not used that is spelt much like it."""
        names = list(dict.fromkeys(used))
        spare = {name.casefold(): layer for name, layer in self.layers.items() if name not in names}
        found = {}
        for name in (it for it in names if it not in self.given):
            for close in get_close_matches(name.casefold(), spare, n=1, cutoff=ALIKE):
                found[name] = f"{visible(spare[close].name)} ({spare[close].where})"
        return found

    def check_used(self, used: Iterable[str], problems: Problems) -> None:
        """Add an error to the problems for each file that gives none of the layers ``used``."""
        wanted = list(dict.fromkeys(used))
        for file, given in self.files.items():
            if not any(name in given for name in wanted):
                with problems.collecting():
                    raise none_used_error(file, given, wanted)


def allowed_layers(
    document: Document,
    path: Path | None,
    named: Sequence[str | Path],
    problems: Problems,
    notice: Callable[[str], None],
) -> OwnLayers | None:
    """Return what all files give that may run, None where no file is named; ``named`` are those of this run.

    Raises ScenarioError for one that is not allowed, is not Python or cannot be run; ``notice`` is told of one that
    takes its time.
    """
    if sys.platform == "win32":
        raise ScenarioError(
            "layers of your own need Linux or macOS: Windows cannot confine the process in which they run",
            where=Location(document.path),
        )
    files: list[LayerFile] = []
    with problems.collecting():
        given = [read_layer_file(Path(name)) for name in named]
        for at, name in enumerate(read_layers_key(document)):
            files.append(allowed(document, at, (path.parent if path else Path()) / name, given))
        files += given
    problems.raise_any()
    for file in files:
        with problems.collecting():
            check_syntax(file)
    problems.raise_any()
    if not files:
        return None
    hosts = HostSupply(files, read_styles(document, problems))
    return OwnLayers(dict(zip(files, hosts.given(notice), strict=True)), hosts)


def allowed(document: Document, at: int, path: Path, given: Sequence[LayerFile]) -> LayerFile:
    """Return the file that the scenario names at a place of its list. Raises ScenarioError unless it may run."""
    name, place = visible(str(document.data["layers"][at])) or "''", shlex.quote(displayed_path(path))
    refusal = document.error(
        f"{name} will not be run without permission",
        "layers",
        at,
        hint=f"read it, then allow it with --layers {place}, or until it changes with: bptui trust {place}",
    )
    if is_bundled(path):
        return LayerFile(path.resolve(), path.read_text(encoding="utf-8"), bundled_name(path))
    try:
        file = read_layer_file(path)
    except ScenarioError as error:
        if os.path.lexists(path):
            raise document.error(f"{name} {error.message}", "layers", at, hint=error.hint) from None
        refusal.message += ", and there is no such file"
        refusal.hint = f"it is looked for from the scenario's folder on, and allowed with --layers {place}"
        raise refusal from None
    if file in given or is_trusted(file):
        return file
    if (changed := changed_file(file)) is not None:
        which = name if changed == file.path else f"{visible(changed.name)}, which {name} may run,"
        refusal.message = f"{which} has changed since it was allowed, and will not be run without permission"
    raise refusal
