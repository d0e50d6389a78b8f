"""Reading a person's program, or the code of a notebook, before it is run."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence
from pathlib import Path

from bptui.core.program import Program
from bptui.core.text_file import decode_text, displayed_path, read_bytes
from bptui.errors import Location, ScenarioError, reason_of
from bptui.own_layers.source_file import NOTEBOOK, python_text

ARGUMENTS = re.compile(r"\b(argv|argparse|optparse|getopt|click|fire|typer|docopt|absl|tyro|hydra|orig_argv)\b")
"""What a program has in it that looks at its arguments."""

SUFFIXES = (".py", NOTEBOOK)
"""How the files of programs end."""


def is_program(name: str) -> bool:
    """Return whether a file is a program by its name; a scenario ends otherwise."""
    return name.endswith(SUFFIXES)


def looks_at_arguments(name: str) -> bool:
    """Return whether a program looks at its arguments, as far as its text tells; True where it cannot be read."""
    try:
        return bool(ARGUMENTS.search(read_bytes(Path(name)).decode(errors="replace")))
    except (OSError, ValueError, ScenarioError):
        return True


def read_program(name: str, arguments: Sequence[str] = ()) -> Program:
    """Return the program in a file. Raises ScenarioError where there is none."""
    path = Path(name)
    try:
        content = read_bytes(path)
    except (OSError, ValueError) as error:
        raise ScenarioError(f"cannot be read: {reason_of(error)}", where=Location(displayed_path(path))) from None
    text = python_text(python_source(content, path), name)
    return Program(path.resolve(), text, tuple(arguments), name)


def python_source(content: bytes, path: Path) -> str:
    """Return the text of a file in the encoding that its first lines name, by default UTF-8."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return decode_text(content, displayed_path(path))
