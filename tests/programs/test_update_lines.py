"""The line that changes a parameter is told, whatever the program updates it with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bptui.programs.child.update_lines as update_lines_module
from bptui.core.step import UpdateStep
from bptui.programs.child.update_lines import MOST_LINES, LookedAfter, UpdateLines
from bptui.programs.child.watcher import REMEMBERED_PASSES, Watcher
from bptui.programs.event import ChangedAt
from bptui.programs.program_run import ProgramRun
from layers import Array
from programs import BOOK_LAYERS, FUNCTION_NET, watched
from watched_here import watched_here

HEAD = """
import numpy as np
from book_layers import *

class Optimizer:
    def update(self, params, grads):
        for key in params:
            self.change(params, key, 0.1 * np.sign(grads[key]))

    def change(self, params, key, step):
        params[key] -= step  # method

rng = np.random.default_rng(0)
x, t = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
affine, loss = Affine(rng.normal(size=(4, 3)), np.zeros(3)), SoftmaxWithLoss()
params = {"W": affine.W, "b": affine.b}
for i in range(3):
    value = loss.forward(affine.forward(x), t)
    affine.backward(loss.backward())
"""

UPDATES = {
    "in place": "    affine.W -= 0.1 * np.sign(affine.dW)  # W\n    affine.b -= affine.db ** 3  # b",
    "another array": "    affine.W = affine.W - affine.dW ** 3  # W\n    affine.b = np.tanh(affine.b - affine.db)  # b",
    "a loop over both": """
    for p, g in ((affine.W, affine.dW), (affine.b, affine.db)):
        step = g ** 3
        p += -step  # W b""",
    "a method that calls another": "    Optimizer().update(params, {'W': affine.dW, 'b': affine.db})  # none",
    "a function of NumPy": "    np.subtract(affine.W, affine.dW ** 3, out=affine.W)  # W\n    affine.b[:] = 1 + i  # b",
}


def update_lines(run: ProgramRun) -> set[tuple[str, int | None]]:
    updates = [step for step in run.tape if isinstance(step, UpdateStep)]
    assert len(updates) == 6
    return {(step.name, step.call.line if step.call else None) for step in updates}


def line_of(text: str, mark: str) -> int:
    return next(at for at, line in enumerate(text.splitlines(), 1) if "#" in line and mark in line.partition("#")[2])


@pytest.mark.parametrize("how", UPDATES)
def test_each_update_says_its_line(tmp_path: Path, how: str) -> None:
    program = HEAD + UPDATES[how]
    (tmp_path / "book_layers.py").write_text(BOOK_LAYERS)
    with watched(tmp_path, program) as run:
        marks = ("method", "method") if how.startswith("a method") else ("W", "b")
        found = {(name.rpartition(".")[2], line) for name, line in update_lines(run)}
        assert found == {(name, line_of(program, mark)) for name, mark in zip("Wb", marks, strict=True)}


def test_a_program_that_traces_its_lines_itself_is_left_alone(tmp_path: Path) -> None:
    program = (
        "import sys\nimport numpy, book_layers\nseen = []\n"
        "def tracer(frame, event, arg):\n"
        "    if frame.f_code.co_filename.endswith('program.py'): seen.append(event)\n"
        "    return tracer\n"
        "sys.settrace(tracer)\n" + HEAD + UPDATES["in place"] + "\nprint(len(seen), sys.gettrace() is tracer)\n"
    )
    (tmp_path / "book_layers.py").write_text(BOOK_LAYERS)
    with watched(tmp_path, program) as run:
        alone = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert run.printed.text == alone.stdout
        assert {line for _, line in update_lines(run)} == {None}


def test_what_functions_are_handed_has_its_line_too(tmp_path: Path) -> None:
    with watched(tmp_path, FUNCTION_NET) as run:
        lines = {step.call.line for step in run.tape if isinstance(step, UpdateStep) and step.call}
        updates = [at for at, line in enumerate(FUNCTION_NET.splitlines(), 1) if "net.params[p] = " in line]
    assert lines == set(updates)


def test_what_is_taken_from_its_place_is_left_alone(tmp_path: Path) -> None:
    program = """
import numpy as np

class Stack:
    def __init__(self): self.xs, self.W, self.dW = [], np.ones((2, 2)), None
    def forward(self, x):
        self.xs.append(x)
        return x @ self.W
    def backward(self, dout):
        self.dW = self.xs[-1].T @ dout
        return dout @ self.W.T

layer, x = Stack(), np.ones((1, 2))
for i in range(2):
    layer.forward(layer.forward(x))
    for _ in range(2):
        layer.backward(x)
        layer.xs.pop()
    layer.W = layer.W - 0.1
print("done")
"""
    with watched(tmp_path, program) as run:
        assert run.printed.text == "done\n"


def test_looking_is_over_when_it_has_taken_its_time_and_an_array_in_many_places_is_compared_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array = np.ones(4)
    told: list[ChangedAt] = []
    compared: list[Array] = []
    nothing: Any = None
    lines = UpdateLines(nothing, nothing, lambda _: False, told.append)
    lines.is_on, lines.here = True, ("train.py", 3)
    lines.looked_after = [LookedAfter(lambda: array, owner, "W", array.copy()) for owner in (1, 1, 2)]
    lines.looked_after = [it._replace(before=lines.looked_after[0].before) for it in lines.looked_after]

    def counted(one: Array, other: Array) -> bool:
        compared.append(one)
        return np.array_equal(one, other)

    monkeypatch.setattr(update_lines_module, "has_same_bytes", counted)
    lines.look()
    assert len(compared) == 1
    array[0] = 2
    lines.look()
    assert [(it.owner, it.line) for it in told] == [(1, 3), (1, 3), (2, 3)]
    frame = sys._getframe()
    looks = 0
    lines.looked_after *= 100
    while lines.is_on:
        lines.trace_lines(frame, "line", None)
        looks += 1
    assert looks < MOST_LINES


def test_objects_of_passes_long_ago_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = HEAD.replace("range(3)", "range(9)").replace(
        "    value = loss", "    affine, loss = Affine(affine.W, affine.b), SoftmaxWithLoss()\n    value = loss"
    )
    kept: list[int] = []
    begin_pass = Watcher.begin_pass

    def counted(it: Watcher) -> None:
        begin_pass(it)
        kept.append(len(it.owners))

    monkeypatch.setattr(Watcher, "begin_pass", counted)
    with watched_here(tmp_path, program + UPDATES["in place"]):
        pass
    assert len(kept) == 8
    assert max(kept) <= 2 * (REMEMBERED_PASSES + 1)
