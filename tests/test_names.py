"""Names that find: one meaning each in the whole tree, and a top level that is seen at a glance."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

EVERYWHERE = {"main", "__getattr__"}
"""What a process starts with, and what Python looks for."""


@cache
def statements_of(folder: str) -> Sequence[tuple[str, ast.stmt]]:
    """Return what stands at the top of the modules of a folder, each with its file."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    return [(str(path.relative_to(ROOT)), it) for path in paths for it in ast.parse(path.read_text()).body]


def homes(kind: type[ast.stmt], *folders: str) -> dict[str, list[str]]:
    """Return for each name that statements of a kind give at the top of a module, in which files."""
    found = defaultdict(list)
    for path, statement in (pair for folder in folders for pair in statements_of(folder)):
        if isinstance(statement, kind):
            found[statement.name].append(path)  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    ("kind", "folders"),
    [(ast.ClassDef, ("bptui",)), (ast.ClassDef, ("layers",)), (ast.FunctionDef, ("bptui", "layers"))],
)
def test_a_name_stands_in_one_module(kind: type[ast.stmt], folders: tuple[str, ...]) -> None:
    several = {name: files for name, files in homes(kind, *folders).items() if len(files) > 1}
    assert {name: files for name, files in several.items() if name not in EVERYWHERE} == {}


def test_the_top_level_has_nothing_else() -> None:
    seen = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))}
    assert seen == {"CHANGELOG.md", "LICENSE", "README.md", "bptui", "layers", "pyproject.toml", "scenarios", "tests"}
