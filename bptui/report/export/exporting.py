"""Which format a file's suffix stands for, and the account of what a name stands for."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bptui.checking.check_scenario import check_scenario
from bptui.checking.finding import Finding, Report, Verdict
from bptui.core import text_file
from bptui.core.graph import Node
from bptui.core.text import visible
from bptui.errors import BptuiError, ScenarioError, reason_of
from bptui.own_layers.own_layer import LayerFile
from bptui.program_checking.check_program import check_program
from bptui.programs.program_run import ProgramRun
from bptui.recording.replay_tape import Recording
from bptui.recording.transcript import read_transcript
from bptui.recording.verification import bundled_with, scenario_of
from bptui.report.export.account import Account
from bptui.report.export.asciicast import cast_text
from bptui.report.export.html_page import html_text
from bptui.report.export.markdown import markdown_text
from bptui.report.export.notebook import notebook_text
from bptui.report.export.numpy_program import check_is_whole
from bptui.report.export.own_node import own_nodes
from bptui.report.export.own_source import OwnSource, is_copied
from bptui.report.export.pytest_file import pytest_text
from bptui.report.export.recorded_actions import action_lines
from bptui.report.export.svg_picture import svg_text
from bptui.report.published_paths import published_report
from bptui.running import Run, with_expansions
from bptui.scenario.load import load
from bptui.scenario.recorded_quiz import recorded_quiz
from bptui.scenario.scenario import Scenario
from bptui.scenario.toml import parse_toml
from bptui.session.open_tape import recorded_branch
from bptui.session.recorded_verdicts import recorded_conclusions

FORMATS = (".md", ".html", ".svg", ".cast", ".py", ".ipynb")
"""The suffixes of the files that can be written."""


@dataclass(frozen=True)
class Exported:
    """What is to be written out: the account, and what layers draw from that draw at random, by node.

    ``scenario`` is what was run, where a program could call its layers of the user's own; ``copies`` has the files that
    are gone then, and what they are part of. ``remarks`` say what is otherwise in what is written.
    """

    account: Account
    seeds: Mapping[str, tuple[int, ...]]
    scenario: Scenario | None = None
    copies: Mapping[Path, Path] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    def text(self, suffix: str, step: int | None = None, *, folder: Path = Path()) -> str:
        """Return it in the format of a suffix, for a file in a ``folder``; a ``step`` is told with its iteration.

        Raises BptuiError.
        """
        report = self.account.report and published_report(self.account.report)
        account = replace(self.account, chosen=self.step_there(step), report=report)
        writers: Mapping[str, Callable[[], str]] = {
            ".md": lambda: markdown_text(account),
            ".html": lambda: html_text(account),
            ".svg": lambda: svg_text(account),
            ".cast": lambda: cast_text(account),
            ".py": lambda: pytest_text(account, self.seeds, self.own_source(account, folder)),
            ".ipynb": lambda: notebook_text(account, self.seeds, self.own_source(account, folder)),
        }
        return writers[suffix]()

    def own_source(self, account: Account, folder: Path) -> OwnSource:
        """Return the source of the user's own layers, for a program in a folder. Raises BptuiError."""
        check_is_whole(account)
        nodes = own_nodes(self.scenario, account.tape, account.written_iteration) if self.scenario else {}
        return OwnSource(nodes, folder.resolve(), self.copies)

    @property
    def own_files(self) -> Sequence[LayerFile]:
        """The files with layers of the user's own that a program imports from where they lie."""
        files = self.scenario.layer_files if self.scenario else ()
        return [it for it in files if not is_copied(it, self.copies)]

    def step_there(self, step: int | None) -> int | None:
        """Return a step's number. Raises BptuiError where the run has no such step."""
        if step is not None and not 0 < step <= len(self.account.tape):
            raise BptuiError(f"there is no step {step} in it", hint=f"the steps go from 1 to {len(self.account.tape)}")
        return step


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
    account = Account(scenario.title, scenario.about, run.tape, notes, report, source=scenario.source)
    account = replace(account, quiz=scenario.lesson.quiz)
    return Exported(account, drawing_seeds(scenario), scenario)


def drawing_seeds(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    """Return what each node's layer draws from in the first iteration."""
    return {node.name: scenario.drawing_seed(node, 0) for node in scenario.graph.nodes}


def exported_program(run: ProgramRun) -> Exported:
    """Return a watched program's run, checked."""
    report = check_program(run)
    return Exported(Account(run.program.title, "", run.tape, (), report, run.printed.text), {})


def exported_transcript(
    path: Path, branch: str | None, layers: Sequence[Path], notice: Callable[[str], None]
) -> Exported:
    """Return what a transcript has recorded, or a branch in it; nothing of it runs. Raises BptuiError.

    ``layers`` are the files of the layers that were the user's own, which are looked at in their own process.
    """
    recording = read_transcript(path)
    header = recording.header
    notes = [(note.at, note.text) for note in recording.notes]
    printed = "".join(text for _, text in recording.pieces)
    chosen = recorded_branch(recording, branch)
    tape = chosen.tape
    seeds = {node.name: (header.seed or 0, zlib.crc32(node.name.encode()), 0) for node in tape.graph.nodes}
    account = Account(
        header.title if branch is None else f"{header.title}, branch {branch}",
        about_of(header.source),
        tape,
        notes,
        recorded_report(chosen),
        printed,
        source=header.source or "",
        times=step_times(recording) if tape is recording.tape else {},
        done=list(action_lines(recording)),
        quiz=recorded_quiz(header.source, tape.graph),
    )
    is_ours = bool(header.own_layers) and bundled_with(header.source or "") is not None
    return Exported(account, seeds, scenario_of(recording, layers, notice) if layers or is_ours else None)


def recorded_report(recording: Recording) -> Report | None:
    """Return what was found of each node in a session, at last; None where nothing was checked."""
    found = {it.node: it.findings for it in recorded_conclusions(recording)}
    findings = [it for node in recording.tape.graph.nodes for it in found.get(node.name, (unchecked_finding(node),))]
    return Report(recording.title, tuple(findings), what="recording") if found else None


def unchecked_finding(node: Node) -> Finding:
    """Return the finding on a node that nobody has checked."""
    return Finding(node.name, node.layer, None, "gradient", Verdict.SKIP, reason="it was not checked in this session")


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


def write_export(path: Path, text: str, sources: Sequence[Path]) -> None:
    """Write a file, all of it or nothing. Raises BptuiError where that cannot be, or where it is what is exported."""
    try:
        if path.exists() and any(it.exists() and path.samefile(it) for it in sources):
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
