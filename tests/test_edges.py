"""Edges: what is told in one line, and in what words, when it is odd but no bug."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bptui.cli import main
from bptui.commands.list import add_list_arguments
from bptui.commands.subcommand import Subcommand
from bptui.core.text import visible
from bptui.errors import TranscriptError
from bptui.recording.recorder import Recorder
from bptui.running import Run
from bptui.scenario.load import load, loads

LONG = "n" * 50_000
WIDE = "\u202e" * 5_000


def test_a_name_of_spaces_is_quoted() -> None:
    assert visible("   ") == "'   '"
    assert visible("") == ""
    assert visible(" a ") == " a "


@pytest.mark.parametrize("name", [LONG, WIDE, "d/" * 2_000])
@pytest.mark.parametrize(
    "arguments",
    [
        ["trace", "{}"],
        ["{}"],
        ["trace", "buy_apple", "--layers", "{}"],
        ["trust", "{}"],
        ["check", "--{}"],
        ["exec", "{}"],
    ],
    ids=" ".join,
)
def test_a_message_is_short_whatever_the_name_and_says_in_the_end_what_is_wrong(
    name: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([it.format(name) for it in arguments]) == 2
    told = capsys.readouterr().err
    assert "error: " in told
    assert max(map(len, told.splitlines())) < 2_000


@pytest.mark.parametrize(
    "text",
    [
        "[inputs]\n'{}' = 1\n[nodes]\ny = 'Exp(x)'\n",
        "layers = ['{}']\n[inputs]\nx = 1\n[nodes]\ny = 'Exp(x)'\n",
        "[inputs]\nx = 1\n[nodes]\ny = '{}(x)'\n",
        "[inputs]\nx = {{ file = '{}.npy' }}\n[nodes]\ny = 'Exp(x)'\n",
    ],
)
@pytest.mark.parametrize("name", [LONG, WIDE])
def test_a_scenario_with_a_long_name_is_refused_in_few_words(
    name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.toml"
    path.write_text(text.format(name), encoding="utf-8")
    assert main(["trace", str(path)]) == 2
    assert max(map(len, capsys.readouterr().err.splitlines())) < 2_000


@pytest.mark.parametrize("place", ["", ".", "..", "/", "folder"])
def test_a_recording_to_a_folder_is_refused_with_a_name_that_is_free(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    with pytest.raises(TranscriptError, match="is a folder, not a file") as caught:
        Recorder(Path(place) if place != "folder" else tmp_path / "folder", Run(load("buy_apple")), lambda: 0.0)
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("session.jsonl is free")


def test_what_is_counted_as_recorded_has_been_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(load("buy_apple"))
    run.finish()
    recorder = Recorder(tmp_path / "session.jsonl", run, lambda: 0.0)
    counts = []
    monkeypatch.setattr(os, "fsync", lambda _: counts.append(recorder.count))
    recorder.track.furthest = len(run.tape)
    recorder.advance()
    recorder.sync()
    assert counts == [1]
    assert recorder.count == recorder.written == 2 + len(run.tape)
    recorder.abandon()


def test_a_disk_that_fails_to_sync_stops_the_recording_and_counts_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    run = Run(load("buy_apple"))
    run.finish()
    recorder = Recorder(tmp_path / "session.jsonl", run, lambda: 0.0)
    monkeypatch.setattr(os, "fsync", fail)
    recorder.track.furthest = len(run.tape)
    recorder.advance()
    recorder.sync()
    assert recorder.count == 1
    assert recorder.stop_message.endswith("the recording stopped after 1 records: Input/output error")


def test_too_little_memory_is_told_as_such(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def exhaust(_: object) -> int:
        raise MemoryError("Unable to allocate 7.45 GiB")

    monkeypatch.setattr("bptui.commands.list.SUBCOMMAND", Subcommand(add_list_arguments, exhaust))
    assert main(["list"]) == 2
    assert capsys.readouterr().err == "error: there is not enough memory for this: Unable to allocate 7.45 GiB\n"


HUGE = """
[inputs]
x = [1e308, -1e308, 1e-320, 0.0, 1e200]
y = [1e308, 3.0, 1e-320, 0.0, 1e-200]
[parameters]
w = [1e300, 1.0, 1.0, 1.0, 1.0]
[nodes]
a = "x * y * w"
b = "Exp(x) / y"
c = "Sum(a) + Mean(b) + Sum(Sqrt(x)) + Sum(Log(y)) + Var(x)"
[train]
optimizer = "SGD"
lr = 1e300
steps = 3
"""


@pytest.mark.parametrize("command", [["trace"], ["trace", "--json"], ["check"], ["check", "--json"]], ids=" ".join)
def test_numpy_warns_of_nothing(command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "huge.toml"
    path.write_text(HUGE)
    assert main([command[0], str(path), *command[1:]]) in (0, 1)
    assert capsys.readouterr().err == ""


def test_numpy_warns_of_nothing_in_the_processes_that_check_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_text(HUGE)
    command = [sys.executable, "-m", "bptui", "check", *[str(path)] * 4]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode in (0, 1), done.stderr) == (True, "")


def test_a_value_that_nobody_uses_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "unused.toml"
    path.write_text("[inputs]\nx = 1\nspare = 2\n[nodes]\ny = 'Exp(x)'\nside = 'x * 2'\n[run]\noutput = 'y'\n")
    for command in ("trace", "check"):
        main([command, str(path)])
        told = capsys.readouterr().out
        assert "spare is used by no one" in told
        assert "side is used by no one" in told


WINDOWS = """
import sys, sysconfig, numpy
sysconfig.get_paths()
sys.platform = "win32"
for name in ("fcntl", "resource", "termios", "pty", "tty", "pwd", "grp", "readline"):
    sys.modules[name] = None
from bptui.cli import main
for command in sys.argv[1:]:
    print(main(command.split()), file=sys.stderr)
"""
"""What carries out command lines where there is nothing of POSIX, and tells each exit status."""


def errors_on_windows(folder: Path, *commands: str) -> str:
    """Return what commands write to standard error, each with its exit status behind it."""
    command = [sys.executable, "-P", "-c", WINDOWS, *commands]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stderr


def test_windows_runs_what_needs_no_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[inputs]\nx = 1\n[nodes]\ny = 'Exp(x)'\n")
    told = errors_on_windows(tmp_path, "list", "trace a.toml", "trace a.toml --json", "check" + " a.toml" * 5)
    assert told.split() == ["0"] * 4


def test_windows_refuses_own_layers_in_words(tmp_path: Path) -> None:
    (tmp_path / "my.py").write_text("class Mine: ...\n")
    (tmp_path / "a.toml").write_text("layers = ['my.py']\n[inputs]\nx = 1\n[nodes]\ny = 'Mine(x)'\n")
    commands = ("trace a.toml", "check buy_apple --layers my.py", "trace a.toml --layers my.py")
    told = errors_on_windows(tmp_path, *commands)
    assert [it for it in told.splitlines() if it.isdigit()] == ["2"] * 3
    assert told.count("layers of your own need Linux or macOS") == 3
    assert "Traceback" not in told


def test_a_scenario_of_many_values_that_nobody_uses_is_read() -> None:
    spare = "\n".join(f"s{number} = 1" for number in range(3_000))
    assert len(loads(f"[inputs]\nx = 1\n{spare}\n[nodes]\ny = 'Exp(x)'\n").graph.inputs) == 3_001
