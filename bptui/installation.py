"""What bptui stands on: the libraries it needs, of the versions it needs, and a ``layers`` package that is its own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import bptui
from bptui.errors import BptuiError

NEEDED = {"numpy": (2, 0), "rich": (14, 0), "textual": (8, 2)}
"""The oldest version of each library that bptui works with."""


class InstallationError(BptuiError):
    """What bptui stands on is not there. Whoever shows it must do so without NumPy and without layers."""


def require_libraries(*libraries: str) -> None:
    """Raise an InstallationError where one of ``libraries``, or bptui's own layers, cannot be used."""
    for library in libraries:
        check_library(library)
    check_layers()


def check_library(library: str) -> None:
    """Raise InstallationError for a library that is missing or too old."""
    needed = ".".join(map(str, NEEDED[library]))
    hint = f"python -m pip install --upgrade '{library}>={needed}'"
    try:
        found = version(library)
    except ModuleNotFoundError:
        raise InstallationError(f"bptui needs {library} {needed} or newer, which is not installed", hint=hint) from None
    if release(found) < NEEDED[library]:
        raise InstallationError(f"bptui needs {library} {needed} or newer; {found} is installed", hint=hint)


def version(library: str) -> str:
    """Return the version of an installed library. The folder beside it tells; its metadata takes ten times as long.

    Raises ModuleNotFoundError.
    """
    spec = find_spec(library)
    beside = Path(spec.origin).parent.parent.glob(f"{library}-*.dist-info") if spec and spec.origin else iter(())
    if (folder := next(beside, None)) is not None:
        return folder.stem.removeprefix(f"{library}-")
    from importlib import metadata  # noqa: PLC0415  (seldom needed, as said above)

    return metadata.version(library)


def release(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, 0 for what is not a number."""
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split(".")[:2])


def check_layers() -> None:
    """Raise InstallationError for a foreign package or module that hides bptui's layers."""
    spec = find_spec("layers")
    beside = Path(bptui.__file__).parent.parent
    if spec is None or spec.origin is None:
        raise InstallationError("bptui's own package layers is missing", hint="install bptui again")
    if not Path(spec.origin).resolve().is_relative_to(beside.resolve()):
        raise InstallationError(
            f"another module called layers hides bptui's own: {spec.origin!r}",
            hint="remove it from the path, or install bptui in an environment of its own",
        )
