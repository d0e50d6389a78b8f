"""Nothing in the working folder, the scenario's folder or beside a layers file runs because of its name."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from sampled import one_in

SCENARIO = '[inputs]\nx = 1\n[nodes]\ny = "Exp(x)"\n'

MINE = "layers = ['my_layers.py']\n[inputs]\nx = 1\n[nodes]\ny = 'Mine(x)'\n"

LAYERS = """
import random, secrets, json, contextlib
from helper import NUMBER
class Mine:
    def forward(self, x): return x + NUMBER
    def backward(self, dout): return dout
"""

TRACE = "ran.txt"

PLANTED = """
import sys
with open({trace!r}, "a") as file:
    file.write({name!r} + "\\n")
path = list(sys.path)
sys.path[:] = [it for it in path if it not in ("", {folder!r})]
del sys.modules[__name__]
import importlib
sys.modules[__name__] = importlib.import_module(__name__)
sys.path[:] = path
"""
"""Leaves a trace, and hands over to the module whose name it has."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file of each name in the standard library, which leaves a trace where it runs."""
    trace = str(tmp_path / TRACE)
    there = tmp_path / "there"
    there.mkdir()
    for name in sorted({*sys.stdlib_module_names, "numpy", "rich", "textual", "platformdirs"}):
        (there / f"{name}.py").write_text(PLANTED.format(trace=trace, name=name, folder=str(there)))
    (there / "plain.toml").write_text(SCENARIO)
    (there / "own.toml").write_text(MINE)
    (there / "my_layers.py").write_text(LAYERS)
    (there / "helper.py").write_text("NUMBER = 1\n")
    return there


def ran(folder: Path) -> set[str]:
    """Return which of the planted files have run."""
    trace = folder.parent / TRACE
    return set(trace.read_text().split()) if trace.exists() else set()


def run(folder: Path, *command: str) -> str:
    path = os.environ | {"XDG_DATA_HOME": str(folder.parent / "data")}
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=path, check=False, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


BPTUI = ("-P", "-c", "import sys; from bptui.cli import main; sys.exit(main())")
"""As the program that pip installs: its own folder is on the path, and not the working folder."""

STARTED = Path(sysconfig.get_path("purelib"), "bptui-start.pth")
"""What lets Python import all that ``-m`` needs before it looks at the working folder."""

FOUR = (*["own.toml"] * 4, "--layers", "my_layers.py")


@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "own.toml", "--layers", "my_layers.py"),
        ("check", *FOUR),
    ],
    ids=" ".join,
)
def test_no_file_of_a_librarys_name_runs(folder: Path, arguments: tuple[str, ...]) -> None:
    run(folder, *BPTUI, *arguments)
    assert ran(folder) == set()


@pytest.mark.skipif(not STARTED.exists(), reason=f"{STARTED.name} is not there: install bptui again")
@pytest.mark.parametrize(
    "command", one_in(2, [(("-mbptui", "list"),), (("-m", "bptui", "check", *FOUR),)]), ids=" ".join
)
def test_python_m_bptui_runs_none_either(folder: Path, command: tuple[str, ...]) -> None:
    run(folder, *command)
    assert ran(folder) == set()


def test_a_layers_file_finds_what_lies_beside_it_and_its_own_layers_before_ours(folder: Path) -> None:
    (folder / "my_layers.py").write_text("from layers import Mine\n" + "class Another(Mine): ...\n")
    (folder / "layers.py").write_text(LAYERS)
    (folder / "own.toml").write_text(MINE.replace("Mine(", "Another("))
    assert "y = Another(x) = 2" in run(folder, *BPTUI, "trace", "own.toml", "--layers", "my_layers.py")
    assert ran(folder) == set()


def test_a_planted_cache_is_not_run_in_place_of_a_source(folder: Path) -> None:
    run(folder, *BPTUI, "trace", "own.toml", "--layers", "my_layers.py")
    assert not (folder / "__pycache__").exists()
    helper = folder / "helper.py"
    source = helper.read_text()
    times = helper.stat()
    helper.write_text("NUMBER = 7\n")
    os.utime(helper, ns=(times.st_atime_ns, times.st_mtime_ns))
    py_compile.compile(str(helper), doraise=True)
    helper.write_text(source)
    os.utime(helper, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list((folder / "__pycache__").iterdir())
    assert "= 2" in run(folder, *BPTUI, "trace", "own.toml", "--layers", "my_layers.py")
