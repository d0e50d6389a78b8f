"""The files with a program's layers that a scenario names: as they are, or their definitions where the program runs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bptui.core.program import Program
from bptui.core.text import visible
from bptui.own_layers.imports_beside import files_beside
from bptui.own_layers.source_file import NOTEBOOK
from bptui.programs.event import ForwardCall
from bptui.programs.pass_graph import WatchedPass
from bptui.report.program_scenario.layer_definitions import defines_only, layer_definitions, top_level_functions


@dataclass(frozen=True)
class LayerSources:
    """The files that a scenario names, and the ``text`` of ``written``, which is made for it, None for none."""

    files: Sequence[Path]
    written: Path | None = None
    text: str = ""
    remarks: Sequence[str] = ()

    @property
    def named(self) -> Sequence[Path]:
        """The files as one writes them on the command line: from the working folder on, where that is shorter."""
        return [Path(min(os.path.relpath(it), str(it), key=len)) for it in self.files]

    def key(self, folder: Path) -> str:
        """Return the files as a scenario in a folder names them."""
        return json.dumps([os.path.relpath(it, folder) for it in self.files], ensure_ascii=False)


def layer_sources(watched: WatchedPass, program: Program, scenario: Path) -> LayerSources:
    """Return the files that have the layers of a pass."""
    calls = [it.call for it in watched.nodes if it.call and it.call.file]
    files = dict.fromkeys(Path(it.file) for it in calls)
    if program.path not in files or (program.path.suffix != NOTEBOOK and defines_only(program.text)):
        return LayerSources(list(files))
    written = scenario.with_name(f"{scenario.stem}_layers.py")
    names = {name for it in calls if Path(it.file) == program.path for name in names_defined_for(it, program.text)}
    text = layer_definitions(program.text, names)
    needed = files_beside(program.path, text) if written.resolve().parent != program.path.parent else []
    remarks = [
        f"{written.name} imports {it.name}, which lies beside the program: write the scenario there" for it in needed
    ]
    head = f"# The layers of {visible(program.path.name)}, without what it does when it runs.\n\n"
    return LayerSources([written, *(it for it in files if it != program.path)], written, head + text, remarks)


def names_defined_for(call: ForwardCall, text: str) -> list[str]:
    """Return what a layer is called in its file: a class, or each function that has the pair's name in its own."""
    if call.style in ("pair", "loss"):
        return [name for name in top_level_functions(text) if call.layer in name]
    return [call.layer]
