"""``bptui health``: of scenarios and of programs, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bptui.cli import main
from programs import BOOK_LAYERS, BOOK_NET

TRAINING = "for _ in range(2):\n    network.gradient(x_batch, t_batch)\nprint(network.loss(x_batch, t_batch))\n"


def test_a_dead_rectifier_is_told_first_and_each_node_is_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", "dead_relu"]) == 0
    assert capsys.readouterr().out.startswith("h (Relu): all of its units are 0")
    assert main(["health", "dead_relu", "--json"]) == 0
    *nodes, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert next((it["kind"], it["name"], it["dead"]) for it in nodes) == ("health", "h", 1.0)
    assert {it["name"] for it in nodes} == {"a", "h", "y", "loss"}
    assert summary["kind"] == "summary"
    assert {it["name"]: it["ratio"] for it in summary["updates"]} == {"W": 0.0, "b": 0.0, "V": 0.0}


def test_of_a_program_the_last_pass_that_goes_back_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "book_layers.py").write_text(BOOK_LAYERS)
    (tmp_path / "train.py").write_text(BOOK_NET + TRAINING)
    monkeypatch.chdir(tmp_path)
    assert main(["health", "train.py", "--json"]) == 0
    *nodes, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert {it["layer"] for it in nodes} >= {"Affine", "Relu"}
    assert all(it["norm_out"] is not None for it in nodes)
    assert all(it["dout"] is not None for it in nodes)
    assert summary["sentences"]
