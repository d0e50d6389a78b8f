"""Writes files that did not exist before: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from bptui.core.text import visible
from bptui.errors import BptuiError, Location, reason_of


def write_new_files(contents: Mapping[Path, bytes]) -> None:
    """Write each content to its new file. Raises BptuiError, and then there is none of them.

    A file that exists is never touched.
    """
    with ExitStack() as undone:
        for path, content in contents.items():
            try:
                with path.open("xb") as file:
                    undone.callback(path.unlink, missing_ok=True)
                    file.write(content)
            except FileExistsError:
                raise existing_file_error(path) from None
            except (OSError, ValueError) as error:
                reason = reason_of(error) if isinstance(error, OSError) else "this is not a path"
                raise BptuiError(f"cannot be written: {reason}", where=Location(visible(str(path)))) from None
        undone.pop_all()


def refuse_existing_file(path: Path) -> None:
    """Raise BptuiError where there is such a file already, before anything is done for it."""
    if path.exists():
        raise existing_file_error(path)


def existing_file_error(path: Path) -> BptuiError:
    """Return the error that says that a file exists."""
    return BptuiError("exists already, and is left as it is", where=Location(visible(str(path))))
