"""``bptui.watch``, in this very process: the code runs unchanged, its exceptions pass, and the tape is there."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import bptui
from bptui.explaining.sentence import headline
from bptui.recording.transcript import read_transcript
from programs import BOOK_LAYERS
from watched_here import watched_here


@pytest.fixture
def layers(tmp_path: Path) -> Iterator[dict[str, object]]:
    """The layers of the book, as a file of the person's own."""
    path = tmp_path / "own_book_layers.py"
    path.write_text(BOOK_LAYERS)
    sys.path.insert(0, str(tmp_path))
    import own_book_layers  # type: ignore[import-not-found]  # noqa: PLC0415

    yield vars(own_book_layers)
    sys.path.remove(str(tmp_path))
    del sys.modules["own_book_layers"]


X, T = np.array([[1.0, -2.0], [3.0, 0.5]]), np.array([0, 1])
"""What the networks here are given."""


def test_a_block_is_watched_and_runs_unchanged(layers, tmp_path):  # type: ignore[no-untyped-def]
    relu, loss = layers["Relu"](), layers["SoftmaxWithLoss"]()
    alone = loss.forward(relu.forward(X), T)
    with bptui.watch() as tape:
        value = loss.forward(relu.forward(X), T)
        relu.backward(loss.backward())
    assert sys.getprofile() is None
    assert value == alone == tape.values["loss"]
    assert [step.name for step in tape] == ["relu", "loss", "loss", "relu"]
    assert "relu" in repr(tape)
    tape.save(tmp_path / "run.jsonl")
    assert [step.name for step in read_transcript(tmp_path / "run.jsonl").tape] == ["relu", "loss", "loss", "relu"]


def test_after_a_check_the_table_has_the_verdicts(layers):  # type: ignore[no-untyped-def]
    relu, loss = layers["Relu"](), layers["SoftmaxWithLoss"]()
    with bptui.watch() as tape:
        loss.forward(relu.forward(X), T)
        relu.backward(loss.backward())
    assert "✓" not in repr(tape)
    report = tape.check()
    rows = {line.split()[0]: line for line in repr(tape).splitlines()}
    assert report.ok
    assert rows["relu"].endswith("✓")
    with bptui.watch() as tape:
        loss.forward(relu.forward(X), T)
        relu.backward(loss.backward() / len(X))
    assert not tape.check().ok
    assert next(it for it in repr(tape).splitlines() if it.startswith("relu")).endswith(
        "✗ divided by the batch size twice"
    )


def test_an_exception_passes_and_the_tape_so_far_stays(layers):  # type: ignore[no-untyped-def]
    relu, affine = layers["Relu"](), layers["Affine"](np.ones((3, 3)), np.zeros(3))
    with pytest.raises(ValueError, match="matmul"), bptui.watch() as tape:
        affine.forward(relu.forward(X))
    assert [step.name for step in tape] == ["relu"]
    assert "ValueError: matmul" in repr(tape)
    assert not tape.check().ok


def test_of_a_network_only_what_it_holds_is_watched(layers, capsys):  # type: ignore[no-untyped-def]
    relu, other = layers["Relu"](), layers["Relu"]()
    net = {"layers": [relu]}
    tape = bptui.watch(net)
    other.forward(relu.forward(X))
    assert [step.name for step in tape] == ["relu"]
    tape.show()
    assert "relu" in capsys.readouterr().out


def test_two_watches_do_not_go_together():  # type: ignore[no-untyped-def]
    with bptui.watch() as tape:
        with pytest.raises(bptui.BptuiError):
            bptui.watch({})
        assert tape is not None


def test_a_pair_whose_backward_stands_further_on_is_one_when_it_goes_forward(tmp_path, monkeypatch):  # type: ignore[no-untyped-def]
    path = tmp_path / "cells.py"
    path.write_text(
        "import numpy as np\n"
        "def twice_forward(x):\n    return 2 * x, None\n"
        "y, cache = twice_forward(np.ones(3))\n"
        "def twice_backward(dout, cache):\n    return 2 * dout\n"
        "dx = twice_backward(y, cache)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with bptui.watch() as tape:
        runpy.run_path(str(path))
    assert [step.name for step in tape] == ["twice1", "twice1"]
    assert tape.check().ok
    tape.save(tmp_path / "run.jsonl")
    for read in (tape.tape, read_transcript(tmp_path / "run.jsonl").tape):
        assert headline(read.at(1)) == "twice_forward makes twice1 of twice1.x: [2, 2, 2]."
        assert headline(read.at(2)).endswith("twice1.x gets what twice_backward makes of dout, which is [4, 4, 4].")


KEYS_IN_TURN = """
import numpy as np
from function_layers import affine_backward, affine_forward
params = {"W1": np.ones((3, 2)), "b1": np.zeros(2), "W2": np.ones((2, 2)), "b2": np.zeros(2)}
for _ in range(3):
    out, caches, grads = np.ones((4, 3)), {}, {}
    for i in (1, 2):
        out, caches[i] = affine_forward(out, params[f"W{i}"], params[f"b{i}"])
    for i in (2, 1):
        out, grads[f"W{i}"], grads[f"b{i}"] = affine_backward(out, caches[i])
    for key in params:
        params[key] -= 0.1 * grads[key]
"""


def test_what_a_dictionary_holds_has_its_key_for_a_name_in_every_iteration(tmp_path):  # type: ignore[no-untyped-def]
    with watched_here(tmp_path, KEYS_IN_TURN) as watch:
        passes = [watch.tape.order.passes(it) for it in range(len(watch.tape.iterations))]
    assert [it.graph.parameters for it in passes] == [("W1", "b1", "W2", "b2")] * 3
    assert [set(it.updated) for it in passes] == [{"W1", "b1", "W2", "b2"}] * 3
