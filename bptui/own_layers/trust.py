"""Which files with layers may run: those named for this run, and those whose very content was allowed for good.

What was allowed is kept in the user's data directory, by path and SHA-256, so that a file that changes asks again.
What an allowed file may run from beside it is allowed with it, and asks again as it does.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import stat
import tempfile
from pathlib import Path

from bptui.core.text import visible
from bptui.core.text_file import KINDS, decode_text, displayed_path
from bptui.errors import BptuiError, Location, ScenarioError, reason_of
from bptui.own_layers.imports_beside import files_beside
from bptui.own_layers.own_layer import LayerFile
from bptui.own_layers.source_file import check_syntax, python_text

MOST_BYTES = 1 << 20
"""Of a file with layers."""

RECORD = "trusted.json"


def read_layer_file(path: Path) -> LayerFile:
    """Return the file at ``path``, which must be a regular one and the user's own. Raises ScenarioError."""
    where = Location(displayed_path(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            check_status(os.fstat(descriptor), where)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(MOST_BYTES + 1)
        finally:
            os.close(descriptor)
        resolved = path.resolve(strict=True)
    except FileNotFoundError:
        raise ScenarioError("there is no such file", where=where) from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"cannot be read: {reason_of(error)}", where=where) from None
    if len(content) > MOST_BYTES:
        raise ScenarioError(f"has more than {MOST_BYTES >> 20} MB, too much for a file with layers", where=where)
    text = decode_text(content, displayed_path(path)).removeprefix("\ufeff")
    return LayerFile(resolved, python_text(text, str(path)), str(path))


def check_status(status: os.stat_result, where: Location) -> None:
    """Raise ScenarioError for what is not a regular file, and for what somebody else may have written."""
    for is_kind, kind in KINDS:
        if is_kind(status.st_mode):
            raise ScenarioError(f"is {kind}, not a file", where=where)
    if not hasattr(os, "getuid"):
        return
    if status.st_uid != os.getuid():
        hint = "make a copy of it, read it, and name the copy"
        raise ScenarioError("belongs to somebody else, so its layers will not be run", hint=hint, where=where)
    for bit, others, letter in ((stat.S_IWOTH, "anybody", "o"), (stat.S_IWGRP, "its group", "g")):
        is_own_group = bit == stat.S_IWGRP and is_private_group(status.st_gid)
        if status.st_mode & bit and not is_own_group:
            message = f"{others} may write to it, so its layers will not be run"
            raise ScenarioError(message, hint=f"chmod {letter}-w {shlex.quote(where.path)}", where=where)


ROOT = 0


def is_private_group(group: int) -> bool:
    """Return whether nobody but the user belongs to a group, as where each user has one, and files are group-writable.

    That is how Debian, Fedora and what is made of them begin: such a file is nobody else's to write. Who is root has
    more to lose, and is never in such a group.
    """
    import grp  # noqa: PLC0415  (there is none on Windows, where nobody asks)
    import pwd  # noqa: PLC0415

    if os.getuid() == ROOT:
        return False
    try:
        user, known = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return group == user.pw_gid and known.gr_name == user.pw_name and set(known.gr_mem) <= {user.pw_name}


def trust(path: Path) -> LayerFile:
    """Allow the file at ``path``, with what it may run from beside it, to run until one of them changes.

    Returns the file. Raises BptuiError.
    """
    file = read_layer_file(path)
    check_syntax(file)
    try:
        write_allowed(trusted_digests() | {str(file.path): digests(file)})
    except OSError as error:
        reason = f"cannot be remembered in {displayed_path(record_path())}: {reason_of(error)}"
        hint = f"--layers {displayed_path(path)} allows it for one run"
        raise BptuiError(reason, hint=hint, where=Location(displayed_path(path))) from None
    return file


MOST_NAMED = 10
"""Files that are named when trust in them is given; of the others it says how many."""


def words_of_trust(file: LayerFile) -> str:
    """Return in a sentence what is trusted with a file, and how far."""
    name = visible(str(file.path), limit=1_000)
    beside = [visible(path.name, limit=60) for path in files_beside(file.path, file.text)]
    others = ", ".join(beside[:MOST_NAMED]) + (f" and {len(beside) - MOST_NAMED} more" * (len(beside) > MOST_NAMED))
    what = f"{name}, with what it may run from beside it ({others})," if beside else name
    return f"{what} may run with all that you may do, in scenarios that name it, until it changes"


def is_trusted(file: LayerFile) -> bool:
    """Return whether this very content of a file was allowed, and that of all that it may run from beside it."""
    return changed_file(file) is None and str(file.path) in trusted_digests()


def changed_file(file: LayerFile) -> Path | None:
    """Return what is not as it was when ``file`` was allowed, itself or a file that it may run; None where nothing was.

    Raises ScenarioError where somebody else may have written one of them.
    """
    allowed = trusted_digests().get(str(file.path))
    if allowed is None:
        return None
    return next((Path(path) for path, digest in digests(file).items() if allowed.get(path) != digest), None)


def digests(file: LayerFile) -> dict[str, str]:
    """Return the SHA-256 of a file and of each that it may run from beside it, by path. Raises ScenarioError."""
    beside = {str(path): digest(path) for path in files_beside(file.path, file.text)}
    return {str(file.path): hashlib.sha256(file.text.encode()).hexdigest()} | beside


def digest(path: Path) -> str:
    """Return the SHA-256 of a file that an allowed one may run. Raises ScenarioError."""
    where = Location(displayed_path(path))
    try:
        with path.open("rb") as content:
            check_status(os.fstat(content.fileno()), where)
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise ScenarioError(f"cannot be read: {reason_of(error)}", where=where) from None


def trusted_digests() -> dict[str, dict[str, str]]:
    """Return the digests of what was allowed, by the path of the file that was; none where they cannot be read."""
    path = record_path()
    try:
        check_status(path.stat(), Location(displayed_path(path)))
        written = json.loads(path.read_bytes())
    except (OSError, ValueError, ScenarioError):
        return {}
    files = written.get("files") if isinstance(written, dict) else None
    return {str(name): it for name, it in files.items() if isinstance(it, dict)} if isinstance(files, dict) else {}


def write_allowed(files: dict[str, dict[str, str]]) -> None:
    """Write down what is allowed, all or nothing."""
    path = record_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=RECORD)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"files": files}, file, indent=1)
    Path(name).replace(path)


def record_path() -> Path:
    """Return where it is kept."""
    from platformdirs import user_data_path  # noqa: PLC0415  (most scenarios bring no layers of their own)

    return user_data_path("bptui", appauthor=False) / RECORD
