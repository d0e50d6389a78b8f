"""Where a data file lies: in the scenario's folder or below it, and nowhere that its name could lead away to.

A scenario may come from anybody, so it must not make bptui look at a file that was not handed over together with it,
nor open anything but a regular file.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import stat
import unicodedata
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError

SUFFIXES = (".npy", ".npz", ".csv")
MOST_CHARACTERS = 1_000
"""Of a name."""

MOST_NEIGHBOURS = 200
"""How many files of a folder are looked at for the nearest name."""

CONTROLS = frozenset({"Cc", "Cs"})
"""Unicode categories that no file's name needs: controls and surrogates."""

EXPANDED = re.compile(r"^~|\$|%\w+%")
"""What a shell would replace."""

DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])[ .]*(\..*)?", re.IGNORECASE | re.DOTALL)
"""What Windows takes for a device in any folder, whatever its suffix."""

BESIDE = "a data file lies beside the scenario, or in a folder below"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A regular file: its name as the scenario writes it, where it lies, and the member that is being read, if any.

    ``most`` is how many elements the array that is wanted of it may have.
    """

    name: str
    path: Path
    member: str | None = None
    most: float = math.inf

    @property
    def suffix(self) -> str:
        """One of ``SUFFIXES``."""
        return Path(self.name).suffix.lower()

    def of(self, member: str) -> DataFile:
        """Return this file with a member of it to speak of."""
        return replace(self, member=member)

    def fault(
        self, message: str, *, hint: str | None = None, line: int | None = None, column: int | None = None
    ) -> ScenarioError:
        """Return the error that the file's content is wrong."""
        told = message if self.member is None else f"array '{visible(self.member)}': {message}"
        return ScenarioError(told, hint=hint, where=Location(str(self.path), line, column))

    def check_elements(self, shape: tuple[int, ...]) -> None:
        """Raise ScenarioError where an array of this shape has more elements than are wanted."""
        if (elements := math.prod(shape)) > self.most:
            told = f"{elements:,} elements, more than the {self.most:,} that inputs may have"
            raise ScenarioError(told, hint="rows = [0, 100] takes a part of them")

    def misuse(self, message: str, *, hint: str | None = None) -> ScenarioError:
        """Return the error that the scenario asks for what the file does not have; its message starts with the name."""
        return ScenarioError(f"'{visible(self.name)}' {message}", hint=hint)


def locate(name: str, folder: Path) -> DataFile:
    """Return the regular file that ``name`` means in ``folder``. Nothing is opened.

    Raises ScenarioError where there is none, or its name leads elsewhere.
    """
    check_spelling(name)
    path = folder / name
    try:
        real, home = os.path.realpath(path, strict=True), os.path.realpath(folder, strict=True)
        if not Path(real).is_relative_to(home):
            raise ScenarioError(f"'{visible(name)}' is a link out of the scenario's folder", hint=BESIDE)
        kind = path.stat().st_mode
    except FileNotFoundError as problem:
        raise ScenarioError(f"there is no file '{visible(name)}'", hint=neighbours(path)) from problem
    except (OSError, UnicodeError) as problem:
        reason = getattr(problem, "strerror", None) or "this system cannot spell its name"
        raise ScenarioError(f"'{visible(name)}' cannot be opened: {reason}") from problem
    if not stat.S_ISREG(kind):
        what = "a folder" if stat.S_ISDIR(kind) else "not a regular file"
        raise ScenarioError(f"'{visible(name)}' is {what}", hint="name a .npy, .npz or .csv file")
    return DataFile(name, path)


def check_spelling(name: str) -> None:
    """Raise if ``name`` could mean a file elsewhere, on this system or another, or is of no known kind."""
    parts = name.split("/")
    mistakes = (
        (not name, "names no data file", BESIDE),
        (len(name) > MOST_CHARACTERS, f"has {len(name):,} characters, more than any file's name", BESIDE),
        (not CONTROLS.isdisjoint(map(unicodedata.category, name)), "has a control character in it", "rename the file"),
        ("://" in name, "is an address, not a file", f"download it first; {BESIDE}"),
        ("\\" in name, "has a backslash in it", "folders are divided by / on every system"),
        (name.startswith("/") or ":" in name, "is not relative to the scenario's folder", BESIDE),
        (".." in parts, "leads out of the scenario's folder", BESIDE),
        (EXPANDED.search(name), "has a ~, $ or % in it, which is not expanded", BESIDE),
        (any(map(DEVICE.fullmatch, parts)), "is a device on Windows, not a file", "rename the file"),
        (not is_data(name), "is not a .npy, .npz or .csv file", "np.save writes .npy, np.savez writes .npz"),
    )
    for is_wrong, told, hint in mistakes:
        if is_wrong:
            raise ScenarioError(f"'{visible(name)}' {told}", hint=hint)


def neighbours(path: Path) -> str:
    """Return a hint at the data files that lie where ``path`` was looked for: the nearest name, or some of them."""
    try:
        with os.scandir(path.parent) as entries:
            found = sorted(entry.name for entry in islice(entries, MOST_NEIGHBOURS) if is_data(entry.name))
    except OSError:
        return BESIDE
    if nearest := difflib.get_close_matches(path.name, found, n=1, cutoff=0.75):
        return f"did you mean '{visible(nearest[0])}'?"
    return f"its folder has {', '.join(map(visible, found[:5]))}" if found else BESIDE


def is_data(name: str) -> bool:
    """Whether ``name`` ends as a data file's does."""
    return name.lower().endswith(SUFFIXES)
