"""The command line: what each command prints, and how every kind of trouble leaves it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

import bptui
from bptui import installation
from bptui.cli import main
from bptui.commands.list import add_list_arguments
from bptui.commands.subcommand import Subcommand
from bptui.scenario.bundled import bundled
from sampled import one_in

ESCAPE = "\x1b"


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Return the file of Saito's two apples with 10 % tax."""
    path = tmp_path / "apple.toml"
    path.write_text('[inputs]\napple = 100\ncount = 2\ntax = 1.1\n[nodes]\nprice = "apple * count * tax"\n')
    return path


def run_bptui(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run bptui as a program of its own."""
    command = [sys.executable, "-m", "bptui", *arguments]
    return subprocess.run(command, check=False, text=True, timeout=60, **{"capture_output": True, **options})


def test_trace_json_gives_the_numbers_of_the_contract(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(scenario), "--json"]) == 0
    header, *steps, end = map(json.loads, capsys.readouterr().out.splitlines())
    assert [header["kind"], end["kind"]] == ["header", "end"]
    assert header["source"] == scenario.read_text()
    assert header["title"] == "apple"
    assert [(step["step"], step["pass"], step["node"]) for step in steps] == [
        (1, "forward", "price.1"),
        (2, "forward", "price"),
        (3, "backward", "price"),
        (4, "backward", "price.1"),
    ]
    gradients = {name: array["data"] for name, array in end["gradients"].items()}
    assert gradients == {
        "apple": [pytest.approx(2.2)],
        "count": [pytest.approx(110)],
        "tax": [200],
        "price.1": [1.1],
        "price": [1],
    }


@pytest.mark.parametrize("name", one_in(3, [name for name, _ in bundled()]))
def test_every_bundled_scenario_is_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", name]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert bptui.load(name).title in told.out


def test_list_has_every_bundled_scenario_and_layer_on_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name, path in bundled():
        assert [it.split(maxsplit=1) for it in lines].count([name, bptui.load(path).title]) == 1
    assert sum("SoftmaxWithLoss(x, t, reduction, ignore_index)" in it for it in lines) == 1
    assert not any("AddLayer" in it for it in lines)  # an alias is not a layer of its own


def test_new_writes_a_scenario_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "my network.toml"
    assert main(["new", str(path)]) == 0
    assert capsys.readouterr().out == f"bptui run '{path}'\n"
    assert main(["trace", str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_what_new_has_commented_out_runs_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    main(["new", str(path)])
    lines = path.read_text().splitlines()
    used = [
        it.removeprefix("# ") if it.startswith(("# [", "# loss", "# out", "# dout", "# opt", "# lr", "# st")) else it
        for it in lines
    ]
    scenario = bptui.loads("\n".join(used))
    assert scenario.iterations == 10
    assert scenario.expect


def test_new_leaves_a_file_that_exists_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    assert main(["new", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert main(["new", str(tmp_path / "missing" / "mine.toml")]) == 2


def test_without_a_command_there_is_a_first_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("usage: bptui")
    assert "bptui run buy_apple" in told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["traec"], "did you mean trace?"),
        (["trace"], "scenario"),
        (["trace", "--jsno", "x"], "--jsno"),
        (["replay"], "transcript"),
        (["trace", "two_lyer"], "did you mean two_layer?"),
        (["trace", "missing.toml"], "missing.toml: error: "),
        (["trace", "."], "folder"),
        (["trace", "/dev/zero"], "device"),
    ],
)
def test_bad_use_is_told_on_standard_error(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    "arguments", [["\x1b[31mx"], ["trace", "x", "--\x1b]0;x\x07"], ["trace", "\x1b[2J.toml"], ["replay", "\x9b31m"]]
)
def test_no_control_sequence_of_an_argument_reaches_the_terminal(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bptui.commands.replay.check_terminal", lambda: None)
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert r"\x" in told
    assert not any(character in told for character in "\x1b\x07\x9b")


def test_every_mistake_of_a_scenario_is_told_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[inputs]\nx = true\n[nodes]\ny = "Rleu(x)"\n')
    assert main(["trace", str(path)]) == 2
    told = capsys.readouterr().err
    assert f"{path}:2:5: error: " in told
    assert f"{path}:4:" in told
    assert "hint: did you mean Relu?" in told


@pytest.mark.parametrize("command", ["run", "replay"])
def test_a_screen_needs_a_terminal(command: str, scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, str(scenario)]) == 2
    assert "is not a terminal" in (told := capsys.readouterr().err)
    assert "bptui trace" in told


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_screen_needs_a_terminal_that_is_known(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, terminal)
    monkeypatch.setenv("TERM", term)
    assert main(["run", "buy_apple"]) == 2
    assert "bptui trace" in terminal.getvalue()


def test_a_damaged_transcript_ends_with_1_and_one_that_is_none_with_2(
    tmp_path: Path, scenario: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bptui.commands.replay.check_terminal", lambda: None)
    main(["trace", str(scenario), "--json"])
    lines = capsys.readouterr().out.splitlines(keepends=True)
    path = tmp_path / "it.jsonl"
    path.write_text("".join(lines[:1] + lines[2:]))
    assert main(["replay", str(path)]) == 1
    assert f"{path}:2: error: step 2 stands where step 1 should" in capsys.readouterr().err
    path.write_text("")
    assert main(["replay", str(path)]) == 2


def test_a_bug_of_ours_is_one_line_and_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError("not yours")

    monkeypatch.setattr("bptui.commands.list.SUBCOMMAND", Subcommand(add_list_arguments, fail))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["list"]) == 70
    told = capsys.readouterr().err
    (report,) = tmp_path.iterdir()
    assert told.count("\n") == 1
    assert str(report) in told
    assert "ZeroDivisionError: not yours" in report.read_text()


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("bptui.commands.list.SUBCOMMAND", Subcommand(add_list_arguments, interrupt))
    assert main(["list"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("how", [[], ["--json"]])
def test_a_reader_that_leaves_ends_it_quietly(how: list[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bptui", "trace", "xor", *how], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode in (0, 128 + signal.SIGPIPE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("how", [[], ["--json"]])
def test_an_output_that_is_full_is_no_bug(how: list[str]) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = run_bptui("trace", "xor", *how, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "error: standard output: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize(
    "arguments", [["trace", "no such scenario"], ["trace", "xor"], ["--help"], ["exec", "xor", "-e", "?"]]
)
def test_an_error_output_that_is_full_is_no_bug(arguments: list[str], tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = run_bptui(
            *arguments, capture_output=False, stdout=full, stderr=full, env=os.environ | {"TMPDIR": str(tmp_path)}
        )
    assert done.returncode == 2
    assert not list(tmp_path.iterdir())


def test_a_terminal_that_knows_few_characters_gets_the_others_escaped() -> None:
    done = run_bptui("trace", "buy_apple", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert r"apple \xd7 count" in done.stdout


def test_a_layers_file_in_the_working_folder_does_not_hide_ours(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("raise SystemExit('fooled')")
    (tmp_path / "argparse.py").write_text("raise SystemExit('fooled')")
    done = run_bptui("trace", "buy_apple", cwd=tmp_path)
    assert done.returncode == 0
    assert "220" in done.stdout


def test_a_foreign_layers_on_the_path_is_told_plainly_and_not_run(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("raise SystemExit('fooled')")
    done = run_bptui("trace", "buy_apple", cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert str(tmp_path / "layers.py") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("found", [None, "1.26.4"])
def test_a_library_that_is_missing_or_too_old_is_named_with_the_version_needed(
    found: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def version(_: str) -> str:
        if found is None:
            raise PackageNotFoundError
        return found

    monkeypatch.setattr(installation, "version", version)
    assert main(["trace", "buy_apple"]) == 2
    assert "numpy 2.0 or newer" in capsys.readouterr().err


def test_release_numbers_are_compared_as_numbers() -> None:
    assert installation.release("10.2.1") > (8, 2)
    assert installation.release("8.2.0rc1") == (8, 2)
    assert installation.release("2.dev") == (2, 0)


def test_numpy_is_told_to_start_without_threads_unless_the_person_says_otherwise() -> None:
    show = "import os; from bptui.cli import main; main(['list']); print(os.environ['OPENBLAS_NUM_THREADS'])"
    plain = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for given, used in ((plain, "1"), (plain | {"OPENBLAS_NUM_THREADS": "4"}, "4")):
        done = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True, env=given)
        assert done.stdout.splitlines()[-1] == used
