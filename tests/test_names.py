"""Names that find: one meaning each in the whole tree, and a top level that is seen at a glance."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

EVERYWHERE = {"main", "__getattr__"}
"""What a process starts with, and what Python looks for."""


def homes(kind: type[ast.stmt], *folders: str) -> dict[str, list[str]]:
    """Return for each name that statements of a kind give at the top of a module, in which files."""
    found = defaultdict(list)
    for path in (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))):
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, kind):
                found[statement.name].append(str(path.relative_to(ROOT)))  # type: ignore[attr-defined]
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
