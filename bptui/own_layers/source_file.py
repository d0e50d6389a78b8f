"""The text of a file with layers, as Python reads it: of a notebook, its code cells."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator

from bptui.core.text import visible
from bptui.errors import ScenarioError, Where, reason_of
from bptui.own_layers.own_layer import LayerFile

NOTEBOOK = ".ipynb"

MAGIC = ("%", "!")
"""How lines of a notebook begin that are for Jupyter, and not Python."""


def python_text(text: str, shown: str) -> str:
    """Return the Python in the text of a file that is called ``shown``. Raises ScenarioError for a damaged notebook.

    The cells follow each other, each after a line that tells its number.
    """
    if not shown.endswith(NOTEBOOK):
        return text
    try:
        return "".join(cell_texts(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ScenarioError("is not a notebook", where=Where(visible(shown, limit=4_096))) from None


def cell_texts(notebook: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    """Yield the code cells of a notebook as Python."""
    code = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    for number, cell in enumerate(code, start=1):
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(map(str, source))  # type: ignore[call-overload]
        yield f"# cell {number}\n" + "".join(f"{without_magic(line)}\n" for line in text.splitlines())


def without_magic(line: str) -> str:
    """Return a line of a cell, empty where it is not Python; what is indented keeps a body for its block."""
    code = line.lstrip()
    if not code.startswith(MAGIC):
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
        place = Where(file.displayed_name, error.lineno or 1, error.offset or None)
        raise ScenarioError(f"SyntaxError: {error.msg}", where=place) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ScenarioError(f"is not Python: {reason_of(error)}", where=Where(file.displayed_name, 1)) from None
