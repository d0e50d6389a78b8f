"""The user's own layers from the shell: what is printed, which status, and that nobody is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bptui.cli import main
from guests import ARRIVE, layer_file, line_of
from waiting import work_until

SCENARIO = "layers = ['my_layers.py']\n[inputs]\nx = [1, 2]\n[nodes]\na = 'Twice(x)'\ny = '{formula}'\n"

LAYERS = """
    class Twice:
        def forward(self, x): return x * 2
        def backward(self, dout): return dout * 2
    class Raises(Twice):
        def forward(self, x):
            return x.no_such_thing  # RAISES
    class Crashes(Twice):
        def forward(self, x):
            import ctypes
            return ctypes.string_at(0)  # CRASHES
    class Exits(Twice):
        def forward(self, x):
            import os
            os._exit(0)
    class Prints(Twice):
        def forward(self, x):
            print("\\x1b[2J" + "x" * 10_000_000)
            return x * np.log(x * 0)
    class Loops(Twice):
        def forward(self, x):
            ARRIVE; return sum(iter(int, 1))  # LOOPS
    """.replace("ARRIVE", ARRIVE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    layer_file(tmp_path, LAYERS)
    return tmp_path


class Done(NamedTuple):
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


Shell = Callable[..., Done]


@pytest.fixture
def bptui(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Return what carries out a command line in the folder, in this very process."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))

    def carry_out(*arguments: str) -> Done:
        return Done(main(arguments), *capsys.readouterr())

    return carry_out


def environment(folder: Path) -> dict[str, str]:
    checkout = Path(__file__).parents[1]
    return os.environ | {"XDG_DATA_HOME": str(folder / "data"), "PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}


def write(folder: Path, formula: str) -> None:
    (folder / "a.toml").write_text(SCENARIO.format(formula=formula))


def test_permission_is_asked_for_given_once_or_for_good_and_lost_by_an_edit(folder: Path, bptui: Shell) -> None:
    write(folder, "a + 1")
    refused = bptui("trace", "a.toml")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith("a.toml:1:11: error: my_layers.py will not be run without permission\nhint: ")
    assert bptui("trace", "a.toml", "--layers", "my_layers.py").returncode == 0
    assert bptui("trace", "a.toml").returncode == 2
    trusted = bptui("trust", "my_layers.py")
    assert (trusted.returncode, trusted.stderr) == (0, "")
    assert bptui("trace", "a.toml").returncode == 0
    with (folder / "my_layers.py").open("a") as file:
        file.write("\n")
    assert bptui("trace", "a.toml").returncode == 2


@pytest.mark.parametrize("name", ["nobody.py", ".", "note.txt"])
def test_what_cannot_be_trusted_is_bad_use(folder: Path, bptui: Shell, name: str) -> None:
    (folder / "note.txt").write_text("not a program")
    done = bptui("trust", name)
    assert done.returncode == 2
    assert done.stderr.startswith(name)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("formula", "mark", "told"),
    [
        ("Raises(a)", "RAISES", "y: Raises.forward: AttributeError: 'numpy.ndarray' object has no attribute"),
        ("Crashes(a)", "CRASHES", "y: Crashes.forward: the layer process ended by SIGSEGV"),
    ],
)
def test_a_fault_shows_the_steps_so_far_and_then_the_users_line(
    folder: Path, bptui: Shell, formula: str, mark: str, told: str
) -> None:
    write(folder, formula)
    line = line_of(layer_file(folder, LAYERS), mark)
    done = bptui("trace", "a.toml", "--layers", "my_layers.py")
    assert done.returncode == 2
    assert "a = Twice(x) = [2, 4]" in done.stdout
    assert done.stderr.startswith(f"my_layers.py:{line}: error: {told}")
    assert mark in done.stderr
    assert "Traceback" not in done.stderr
    records = bptui("trace", "a.toml", "--json", "--layers", "my_layers.py")
    assert records.returncode == 2
    assert [json.loads(it)["kind"] for it in records.stdout.splitlines()] == ["header", "step"]


def test_leaving_without_a_word_is_told_too(folder: Path, bptui: Shell) -> None:
    write(folder, "Exits(a)")
    done = bptui("trace", "a.toml", "--layers", "my_layers.py")
    assert done.returncode == 2
    assert "the layer process ended itself with exit status 0" in done.stderr


def test_what_a_layer_prints_and_warns_is_a_short_remark(folder: Path, bptui: Shell) -> None:
    write(folder, "Prints(a)")
    done = bptui("trace", "a.toml", "--layers", "my_layers.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert len(done.stdout) < 5_000
    assert r"▲ y: Prints.forward prints 10,000,005 bytes: \x1b[2Jxxx" in done.stdout
    assert "▲ y: Prints.forward warns: divide by zero" in done.stdout


def test_ctrl_c_ends_a_command_and_the_layer_that_it_waits_for(folder: Path) -> None:
    write(folder, "Loops(a)")
    process = subprocess.Popen(
        [sys.executable, "-m", "bptui", "trace", "a.toml", "--json", "--layers", "my_layers.py"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    work_until((folder / "my_layers.py.arrived").exists)
    (child,) = children(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 130
    assert not is_alive(child)


def children(process: int) -> list[int]:
    return [int(it) for it in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()]


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_home_that_cannot_be_written_matters_only_to_trust(folder: Path, bptui: Shell) -> None:
    write(folder, "a + 1")
    (folder / "data").write_text("no folder")
    assert bptui("trace", "a.toml", "--layers", "my_layers.py").returncode == 0
    done = bptui("trust", "my_layers.py")
    assert done.returncode == 2
    assert "my_layers.py: error: cannot be remembered" in done.stderr
    assert "--layers my_layers.py" in done.stderr


PROGRAM = """
import sys
import numpy as np
class Double:
    def forward(self, x):
        return 2 * x
    def backward(self, dout):
        return 2 * dout
layer = Double()
layer.forward(np.array(3.0))
layer.backward(np.array(1.0))
sys.exit(3)
"""


def test_layers_beside_a_program_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, own = tmp_path / "train.py", tmp_path / "own.py"
    program.write_text(PROGRAM)
    own.write_text(PROGRAM)
    for command in ("check", "trace"):
        assert main([command, "--layers", str(own), str(program)]) == 2
        assert "--layers is for scenarios" in capsys.readouterr().err


def test_a_check_tells_the_exit_status_of_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "train.py"
    program.write_text(PROGRAM)
    assert main(["check", str(program)]) == 0
    assert "train.py ended with exit status 3" in capsys.readouterr().err
