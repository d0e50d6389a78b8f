"""Which files with layers may run: those named for this run, and those whose very content was allowed for good.

What was allowed is kept in the user's data directory, by path and SHA-256, so that a file that changes asks again.
What an allowed file imports runs with it: to allow it is to believe what lies beside it as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path

from bptui.core.text_file import KINDS, decode, shown
from bptui.errors import BptuiError, ScenarioError, Where
from bptui.own_layers.layers_file import parsed
from bptui.own_layers.own_layer import LayerFile

MOST_BYTES = 1 << 20
"""Of a file with layers."""

RECORD = "trusted.json"


def read_layer_file(path: Path) -> LayerFile:
    """Return the file at ``path``, which must be a regular one and the user's own. Raises ScenarioError."""
    where = Where(shown(path))
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
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ScenarioError(f"cannot be read: {reason}", where=where) from None
    if len(content) > MOST_BYTES:
        raise ScenarioError(f"has more than {MOST_BYTES >> 20} MB, too much for a file with layers", where=where)
    return LayerFile(resolved, decode(content, shown(path)).removeprefix("\ufeff"), str(path))


def check_status(status: os.stat_result, where: Where) -> None:
    """Refuse what is not a regular file, and what somebody else may have written."""
    for is_kind, kind in KINDS:
        if is_kind(status.st_mode):
            raise ScenarioError(f"is {kind}, not a file", where=where)
    if not hasattr(os, "getuid"):
        return
    if status.st_uid != os.getuid():
        hint = "make a copy of it, read it, and name the copy"
        raise ScenarioError("belongs to somebody else, so its layers will not be run", hint=hint, where=where)
    if status.st_mode & stat.S_IWOTH:
        raise ScenarioError(
            "anybody may write to it, so its layers will not be run", hint=f"chmod o-w {where.path}", where=where
        )


def trust(path: Path) -> LayerFile:
    """Allow the file at ``path`` to run until it changes, and return it. Raises BptuiError."""
    file = read_layer_file(path)
    parsed(file)
    try:
        keep(known() | {str(file.path): digest(file)})
    except OSError as error:
        reason = f"cannot be remembered in {shown(record_path())}: {error.strerror or error}"
        hint = f"--layers {shown(path)} allows it for one run"
        raise BptuiError(reason, hint=hint, where=Where(shown(path))) from None
    return file


def is_trusted(file: LayerFile) -> bool:
    """Return whether this very content of a file was allowed."""
    return known().get(str(file.path)) == digest(file)


def has_changed(file: LayerFile) -> bool:
    """Return whether a file was allowed when it had another content."""
    return known().get(str(file.path)) not in {None, digest(file)}


def digest(file: LayerFile) -> str:
    """Return the SHA-256 of a file's text."""
    return hashlib.sha256(file.text.encode()).hexdigest()


def known() -> dict[str, str]:
    """Return the digests of the files that were allowed, by path; none where they cannot be read."""
    path = record_path()
    try:
        check_status(path.stat(), Where(shown(path)))
        written = json.loads(path.read_bytes())
    except (OSError, ValueError, ScenarioError):
        return {}
    files = written.get("files") if isinstance(written, dict) else None
    return {str(name): str(it) for name, it in files.items()} if isinstance(files, dict) else {}


def keep(files: dict[str, str]) -> None:
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
