"""Names that find: one meaning each in the whole tree, and a top level that is seen at a glance."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

EVERYWHERE = {"main", "__getattr__"}
"""What a process starts with, and what Python looks for."""

HOOKS = re.compile("pytest_")
"""What pytest looks for by name."""


@cache
def texts_of(folder: str) -> Sequence[tuple[str, str]]:
    """Return the modules of a folder, each with its text."""
    return [(str(path.relative_to(ROOT)), path.read_text()) for path in sorted((ROOT / folder).rglob("*.py"))]


@cache
def top_level(text: str) -> Sequence[ast.stmt]:
    """Return what stands at the top of a module."""
    return ast.parse(text).body


def homes(kind: type[ast.ClassDef | ast.FunctionDef], *folders: str) -> dict[str, list[str]]:
    """Return for each name that statements of a kind give at the top of several modules, in which files."""
    word = {ast.ClassDef: "class", ast.FunctionDef: "def"}[kind]
    written = defaultdict(list)
    for path, text in (pair for folder in folders for pair in texts_of(folder)):
        for name in set(re.findall(rf"^{word} (\w+)", text, re.MULTILINE)):
            written[name].append((path, text))
    return {
        name: [
            path for path, text in modules if any(isinstance(it, kind) and it.name == name for it in top_level(text))
        ]
        for name, modules in written.items()
        if len(modules) > 1  # to parse them all takes two seconds
    }


@pytest.mark.parametrize(
    ("kind", "folders"),
    [(ast.ClassDef, ("bptui",)), (ast.ClassDef, ("layers",)), (ast.FunctionDef, ("bptui", "layers"))],
)
def test_a_name_stands_in_one_module(kind: type[ast.ClassDef | ast.FunctionDef], folders: tuple[str, ...]) -> None:
    several = {name: files for name, files in homes(kind, *folders).items() if len(files) > 1}
    assert {name: files for name, files in several.items() if name not in EVERYWHERE} == {}


def names_given(statement: ast.stmt) -> Sequence[str]:
    """Return the names that a statement defines."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [it.id for it in targets if isinstance(it, ast.Name)]
    return []


def test_what_a_module_defines_is_used_in_the_program() -> None:
    program = [*texts_of("bptui"), *texts_of("layers"), ("pyproject.toml", (ROOT / "pyproject.toml").read_text())]
    counted = Counter(word for _, text in program for word in re.findall(r"\w+", text))
    defined = re.compile(r"^(?:(?:def|class) )?(\w+)(?=[ :=(])", re.MULTILINE)
    once = [(it, {name for name in defined.findall(it[1]) if counted[name] == 1}) for it in texts_of("bptui")]
    unused = [
        f"{path}: {name}"
        for (path, text), names in once
        if names
        for statement in top_level(text)
        for name in names.intersection(names_given(statement))
        if not HOOKS.match(name)
    ]
    assert unused == []


def test_the_top_level_has_nothing_else() -> None:
    seen = {path.name for path in ROOT.iterdir() if not path.name.startswith((".", "__"))}
    assert seen == {"CHANGELOG.md", "LICENSE", "README.md", "bptui", "layers", "pyproject.toml", "scenarios", "tests"}
