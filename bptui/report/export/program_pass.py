"""A pass of a watched program as plain NumPy: as the scenario that is written from it, whose run has its numbers.

What a program does besides its layers is not in it: data that it has read stands there as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.programs.program_run import ProgramRun
from bptui.report.export.exporting import Exported, exported_scenario
from bptui.report.program_scenario.written import WrittenScenario, write_program_scenario

DEFINITIONS = "bptui new --from PROGRAM writes it as a scenario, which can be mended by hand and exported"


def exported_pass(run: ProgramRun, step: int | None, folder: Path, notice: Callable[[str], None]) -> Exported:
    """Return the pass of a step, by default the first that goes back. ``folder``, an empty one, gets what it needs.

    Raises BptuiError where there is no such pass, or its numbers do not come from its layers alone.
    """
    program = run.program
    beside = mirrored(program.path.parent, folder)
    scenario = beside / f"{free_stem(beside, 'scenario')}.toml"
    written = write_program_scenario(run, scenario, pass_of_step(run, step))
    check_is_faithful(written)
    found = exported_scenario(str(scenario), written.sources.files, (), notice)
    copies = {} if written.sources.written is None else {written.sources.written.resolve(): program.path}
    account = replace(found.account, source="")
    return replace(found, account=account, copies=copies, remarks=list(words_of_differences(written)))


def pass_of_step(run: ProgramRun, step: int | None) -> int | None:
    """Return in which pass (from 1) a step of the program is."""
    if step is None:
        return None
    if not 0 < step <= len(run.tape):
        raise BptuiError(f"there is no step {step} in it", hint=f"the steps go from 1 to {len(run.tape)}")
    return run.tape.step(step).iteration


def check_is_faithful(written: WrittenScenario) -> None:
    """Raise BptuiError where a scenario's run does not have its program's values."""
    if written.failure is not None:
        raise BptuiError(f"its layers do not run alone: {written.failure.message}", hint=DEFINITIONS)
    if written.differences.values:
        first = visible(written.differences.values[0], limit=200)
        raise BptuiError(f"its layers alone give other values than the program: {first}", hint=DEFINITIONS)


def words_of_differences(written: WrittenScenario) -> Iterator[str]:
    """Yield what is otherwise in what is written than in the program."""
    yield from dict.fromkeys(written.formulas.remarks)
    if written.differences.gradients:
        yield "the gradients are what its layers give, each with the gradient of its value; the program's are others:"
        yield from (f"  {it}" for it in written.differences.gradients)
        yield "bptui check of the program tells why"


def mirrored(folder: Path, place: Path) -> Path:
    """Return a folder in a place from which the same can be imported as from another and from the one around that."""
    around, inner = place / "project", place / "project" / folder.name
    inner.mkdir(parents=True)
    for source, target in ((folder.parent, around), (folder, inner)):
        for it in source.iterdir():
            if (it.suffix == ".py" or it.is_dir()) and not (target / it.name).exists():
                (target / it.name).symlink_to(it)
    return inner


def free_stem(folder: Path, stem: str) -> str:
    """Return a name that no file in a folder begins with."""
    taken = {it.name for it in folder.iterdir()}
    while any(it.startswith(stem) for it in taken):
        stem += "_"
    return stem
