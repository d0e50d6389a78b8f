"""What is imported when: no screen where none is drawn, and nothing at all by ``import bptui``."""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
import subprocess
import sys

import pytest

import bptui
import bptui.layers
import bptui.tui.content
import layers

DRAWING = ("bptui.tui", "bptui.report", "bptui.__main__", "bptui.pytest_plugin")
WITHOUT_A_SCREEN = [
    it.name for it in pkgutil.walk_packages(bptui.__path__, "bptui.") if not it.name.startswith(DRAWING)
]


def modules_loaded_by(code: str) -> set[str]:
    """Return the modules that a new interpreter has imported after running ``code``."""
    show = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{show}"], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def imported_by(code: str) -> set[str]:
    """Return the top-level modules among those."""
    return {name.partition(".")[0] for name in modules_loaded_by(code)}


def test_importing_bptui_imports_none_of_its_libraries() -> None:
    assert not imported_by("import bptui") & {"numpy", "textual", "rich", "layers"}


def test_every_public_name_is_there() -> None:
    for name in bptui.__all__:
        assert getattr(bptui, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = bptui.nothing


def test_nothing_below_the_screen_imports_one() -> None:
    imported = imported_by("\n".join(f"import {name}" for name in WITHOUT_A_SCREEN))
    assert {"bptui", "numpy", "layers"} <= imported
    assert not imported & {"textual", "rich"}


def test_what_the_panels_show_is_worked_out_without_a_screen() -> None:
    names = [it.name for it in pkgutil.iter_modules(bptui.tui.content.__path__, "bptui.tui.content.")]
    imported = imported_by("\n".join(f"import {name}" for name in names))
    assert len(names) > 5
    assert not imported & {"textual", "rich"}


def test_a_command_without_a_screen_imports_none() -> None:
    commands = ["exec xor -e last", "trace xor", "trace xor --json", "list", "trace nosuch"]
    imported = imported_by(f"from bptui.cli import main\nfor it in {commands}: main(it.split())")
    assert "numpy" in imported
    assert not imported & {"textual", "rich"}


def test_the_screen_waits_for_nothing_that_only_a_check_needs() -> None:
    loaded = modules_loaded_by("import bptui.tui.app")
    assert "bptui.checking.verdicts" in loaded
    assert not {name for name in loaded if name.startswith(("bptui.checking.numeric", "bptui.checking.diagnosis"))}
    ours = [importlib.import_module(name) for name in loaded if name.startswith("bptui.")]
    at_once = {it.__name__ for it in ours if vars(it).get("dataclass") is dataclasses.dataclass}
    assert at_once <= {"bptui.deferred_dataclass"}, "their methods are compiled before the first picture"


def test_the_layers_can_be_had_under_bptuis_own_name() -> None:
    assert bptui.layers.library is layers.library
    assert bptui.layers.Relu is layers.library["Relu"]
    with pytest.raises(AttributeError):
        _ = bptui.layers.Rleu
