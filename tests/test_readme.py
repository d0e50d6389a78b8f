"""The README is run: its commands, its scenario and its Python, and its table of keys against the program's own."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

import bptui
import layers
from bptui.cli import main
from bptui.core.verbs import VERBS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the README's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line[:2] == "$ "]


def test_the_table_of_keys_is_that_of_the_program() -> None:
    table = README[README.index("| key | does |\n") :].split("\n\n")[0]
    rows = [f"| {keys(verb.keys)} | {verb.help} |" for verb in VERBS.values() if verb.keys]
    assert table == "\n".join(["| key | does |", "|---|---|", *rows])


def keys(shown: Iterable[str]) -> str:
    return " ".join(f"`{key}`" for key in shown)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_works(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "neuron.toml").write_text(blocks("toml")[0])
    (tmp_path / "typo.toml").write_text(blocks("toml")[0].replace("Sigmoid", "Sigmod"))
    (tmp_path / "my_layers.py").write_text(next(block for block in blocks("python") if "class Relu" in block))
    shutil.copytree(ROOT / "scenarios" / "programs", tmp_path / "scenarios" / "programs")
    program, *arguments = shlex.split(command)
    assert program == "bptui"
    status = main(arguments)
    told = capsys.readouterr()
    shown = re.search(rf"^\$ {re.escape(command)}\n((?:[^$`].*\n)+)", README, flags=re.MULTILINE)
    if shown:
        assert shown[1].strip() in told.out + told.err
    else:
        assert status == 0


def test_the_scenario_runs_and_its_comment_is_true() -> None:
    text = blocks("toml")[0]
    assert len(tomllib.loads(text)["nodes"]) == 2
    tape = bptui.run(bptui.loads(text))
    assert [node.name for node in tape.graph.nodes][:3] == ["h.1", "h.2", "h"]
    assert [node.layer for node in tape.graph.nodes][:3] == ["MatMul", "Add", "Sigmoid"]


@pytest.mark.parametrize("code", [block for block in blocks("python") if "class" not in block])
def test_the_python_runs(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout


def test_the_layer_it_shows_is_one() -> None:
    code = next(block for block in blocks("python") if "class Cube" in block)
    namespace = {"Layer": layers.Layer, "Array": layers.Array, "floating": layers.layer.floating}
    exec(code, namespace)
    cube = namespace["Cube"]()  # type: ignore[operator]
    assert cube.forward(3.0) == 27.0
    assert cube.backward(2.0) == 54.0
    assert cube.local() == (27.0,)


def test_the_gate_runs_the_readme_s_test_command() -> None:
    _, tests = blocks("sh")[:2]
    assert tests.strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_its_table_of_rooms_has_every_room() -> None:
    table = README[README.index("| room | what is in it |\n") :].split("\n\n")[0]
    rooms = {path.parent.name for path in (ROOT / "bptui").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `bptui/(\w+)/`", table, flags=re.MULTILINE)) == rooms


def test_every_file_it_names_is_there() -> None:
    for name in re.findall(r"`((?:bptui|layers|tests)/[\w/]+(?:\.py)?/?)`", README):
        assert (ROOT / name).exists(), name
    assert (ROOT / re.findall(r"!\[.*?\]\((.*?)\)", README)[0]).exists()
