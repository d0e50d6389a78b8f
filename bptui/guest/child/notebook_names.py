"""In the child: the names that Jupyter gives to each notebook, and that its code may count on."""

from __future__ import annotations

import builtins
from typing import Any


class QuietShell:
    """Stands for the shell that ``get_ipython()`` returns: whatever is asked of it, it does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def offer_notebook_names(path: str) -> None:
    """Define ``display`` and ``get_ipython`` where the file at ``path`` is a notebook."""
    if not path.endswith(".ipynb"):
        return
    names = vars(builtins)
    names.setdefault("display", lambda *things, **_: print(*things, sep="\n"))  # noqa: T201  (as Jupyter does)
    names.setdefault("get_ipython", QuietShell)
