"""Which format a file's suffix stands for, and the account of what a name stands for."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bptui.checking.check_scenario import check_scenario
from bptui.core import text_file
from bptui.core.text import visible
from bptui.errors import BptuiError, ScenarioError, reason_of
from bptui.program_checking.check_program import check_program
from bptui.programs.program_run import ProgramRun
from bptui.recording.replay_tape import Recording
from bptui.recording.transcript import read_transcript
from bptui.report.export.account import Account
from bptui.report.export.asciicast import cast_text
from bptui.report.export.html_page import html_text
from bptui.report.export.markdown import markdown_text
from bptui.report.export.notebook import notebook_text
from bptui.report.export.pytest_file import pytest_text
from bptui.report.export.svg_picture import svg_text
from bptui.running import Run, with_expansions
from bptui.scenario.load import load
from bptui.scenario.toml import parse_toml

FORMATS = (".md", ".html", ".svg", ".cast", ".py", ".ipynb")
"""The suffixes of the files that can be written."""


@dataclass(frozen=True)
class Exported:
    """What is to be written out: the account, and what layers draw from that draw at random, by node."""

    account: Account
    seeds: Mapping[str, tuple[int, ...]]

    def text(self, suffix: str, step: int | None = None) -> str:
        """Return it in the format of a suffix. Raises BptuiError."""
        writers: Mapping[str, Callable[[], str]] = {
            ".md": lambda: markdown_text(self.account),
            ".html": lambda: html_text(self.account),
            ".svg": lambda: svg_text(self.account, step),
            ".cast": lambda: cast_text(self.account),
            ".py": lambda: pytest_text(self.account, self.seeds),
            ".ipynb": lambda: notebook_text(self.account, self.seeds),
        }
        return writers[suffix]()


def format_of(path: Path) -> str:
    """Return the suffix of a file. Raises BptuiError where it stands for no format."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise BptuiError(f"{visible(str(path))}: the suffix says the format", hint=f"one of {' '.join(FORMATS)}")
    return suffix


def exported_scenario(
    place: str, layers: Sequence[Path], expand: Sequence[str], notice: Callable[[str], None]
) -> Exported:
    """Return a scenario's run, checked. Raises BptuiError."""
    scenario = with_expansions(load(place, layers=layers, notice=notice), expand)
    run = Run(scenario)
    try:
        run.finish()
    finally:
        run.close()
    order = scenario.schedule
    notes = [(at, it.text) for it in scenario.lesson.notes if (at := it.position(order)) is not None]
    report = None if run.failure else check_scenario(scenario)
    seeds = {node.name: scenario.drawing_seed(node, 0) for node in scenario.graph.nodes}
    return Exported(Account(scenario.title, scenario.about, run.tape, notes, report, source=scenario.source), seeds)


def exported_program(run: ProgramRun) -> Exported:
    """Return a watched program's run, checked."""
    report = check_program(run)
    return Exported(Account(run.program.title, "", run.tape, (), report, run.printed.text), {})


def exported_transcript(path: Path) -> Exported:
    """Return what a transcript has recorded; nothing of it runs. Raises BptuiError."""
    recording = read_transcript(path)
    header = recording.header
    notes = [(note.at, note.text) for note in recording.notes]
    printed = "".join(text for _, text in recording.pieces)
    names = [node.name for node in recording.tape.graph.nodes]
    seeds = {name: (header.seed or 0, zlib.crc32(name.encode()), 0) for name in names}
    account = Account(
        header.title,
        about_of(header.source),
        recording.tape,
        notes,
        printed=printed,
        source=header.source or "",
        times=step_times(recording),
    )
    return Exported(account, seeds)


def about_of(source: str | None) -> str:
    """Return what a recorded scenario says of itself."""
    try:
        about = parse_toml(source or "", "").data.get("about", "")
    except ScenarioError:
        return ""
    return about if isinstance(about, str) else ""


def step_times(recording: Recording) -> dict[int, float]:
    """Return when a person first came to each step, in seconds, where they went step by step."""
    times: dict[int, float] = {}
    for action in recording.actions:
        times.setdefault(action.at, action.time)
    return times


def write_export(path: Path, text: str, source: str) -> None:
    """Write a file, all of it or nothing. Raises BptuiError where that cannot be, or where it is what is exported."""
    try:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise BptuiError(f"{visible(str(path))} is what is exported: another name is wanted")
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~text_file_mask()
        with tempfile.NamedTemporaryFile(
            "w",
            dir=path.parent,
            prefix=".bptui-",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
            newline="\n",
        ) as file:
            file.write(text)
        Path(file.name).chmod(mode)
        Path(file.name).replace(path)
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "this is not a path"
        raise BptuiError(f"{text_file.displayed_path(path)}: {reason}") from None


def text_file_mask() -> int:
    """Return which permissions a new file does not get here."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
