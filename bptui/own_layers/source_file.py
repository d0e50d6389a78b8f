"""The text of a file with layers, as Python reads it: of a notebook, its code cells."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError, reason_of
from bptui.own_layers.own_layer import LayerFile

NOTEBOOK = ".ipynb"

MAGIC = ("%", "!")
"""How lines of a notebook begin that are for Jupyter, and not Python."""

FOREIGN_CELL = re.compile(r"%%(?!time|capture|prun|matplotlib)")
"""How a cell begins that is not Python, or not to be run here: ``%%bash``, ``%%writefile``, ``%%html``."""

HELP = re.compile(r"\s*(\?{1,2}[\w.]+|[\w.]+\?{1,2})\s*$")
"""A line that asks Jupyter about a name."""

RESULT = re.compile(r"(\s*+[\w, ]++=\s*+)[!%](?!=).*$")
"""A line that gives a name to what Jupyter answers."""


def python_text(text: str, shown: str) -> str:
    """Return the Python in the text of a file that is called ``shown``. Raises ScenarioError for a damaged notebook.

    The cells follow each other, each after a line that tells its number.
    """
    if not shown.endswith(NOTEBOOK):
        return text
    try:
        return "".join(cell_texts(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ScenarioError("is not a notebook", where=Location(visible(shown, limit=4_096))) from None


def cell_texts(notebook: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    """Yield the code cells of a notebook as Python."""
    code = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    for number, cell in enumerate(code, start=1):
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(map(str, source))  # type: ignore[call-overload]
        lines = [] if FOREIGN_CELL.match(text.lstrip()) else text.splitlines()
        yield f"# cell {number}\n" + "".join(f"{without_magic(line)}\n" for line in lines)


def without_magic(line: str) -> str:
    """Return a line of a cell, empty where it is not Python; what is indented keeps a body for its block.

    A name that would have been given what Jupyter answers is given None.
    """
    code = line.lstrip()
    if result := RESULT.match(line):
        return f"{result[1]}None"
    if not code.startswith(MAGIC) and not HELP.match(line):
        return line
    indent = line[: len(line) - len(code)]
    return f"{indent}pass" if indent else ""


def check_syntax(file: LayerFile) -> None:
    """Raise ScenarioError where a file is not Python. Nothing in it is run."""
    try:
        with warnings.catch_warnings():  # "\\d" in a string is the user's affair
            warnings.simplefilter("ignore")
            ast.parse(file.text)
    except SyntaxError as error:
        place = Location(file.displayed_name, error.lineno or 1, error.offset or None)
        raise ScenarioError(f"SyntaxError: {error.msg}", where=place) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ScenarioError(f"is not Python: {reason_of(error)}", where=Location(file.displayed_name, 1)) from None
