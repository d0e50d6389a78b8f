"""Stepping goes along into every file of the user's project: helpers, base classes, what lies in packages beside it."""

from __future__ import annotations

from pathlib import Path, PurePath

import bptui
from bptui.running import Run
from bptui.stepping.line_tape import LineTape
from bptui.stepping.step_into import step_into
from guests import layer_file

HELPER = """
def doubled(x):
    y = x + x
    return y
"""

BASE = """
from common.util import doubled

class Base:
    def forward(self, x):
        return doubled(x)
    def backward(self, dout):
        return doubled(dout)
"""

LAYERS = """
    from common.base import Base
    class Double(Base):
        def forward(self, x):
            kept = np.asarray(x)
            return super().forward(kept)
    """


def courses(folder: Path) -> list[LineTape]:
    package = folder / "common"
    package.mkdir()
    for name, text in (("__init__.py", ""), ("util.py", HELPER), ("base.py", BASE)):
        (package / name).write_text(text)
    file = layer_file(folder, LAYERS)
    text = "[parameters]\nx = [1.0, 2.0]\n[nodes]\ny = 'Double(x)'\nloss = 'Sum(y)'\n"
    run = Run(bptui.loads(text, folder / "a.toml", layers=[file.path]))
    try:
        run.finish()
        return [step_into(run, run.tape.at(number)) for number in (1, 4)]
    finally:
        run.close()


def test_the_lines_of_all_files_are_kept_in_the_order_in_which_they_run(tmp_path: Path) -> None:
    forward, _ = courses(tmp_path)
    order = [PurePath(step.file or forward.file).name for step in forward.steps]
    assert list(dict.fromkeys(order)) == ["my_layers.py", "base.py", "util.py"]
    assert forward.steps[0].file == ""
    assert max(step.depth for step in forward.steps) == 2
    for step in forward.steps:
        assert forward.source_of(step.file)[step.line].strip()


def test_an_inherited_method_is_shown_in_its_own_file(tmp_path: Path) -> None:
    _, backward = courses(tmp_path)
    assert PurePath(backward.file).name == "base.py"
    assert {PurePath(file).name for file in backward.others} == {"util.py"}


def test_what_has_run_is_told_file_by_file(tmp_path: Path) -> None:
    forward, _ = courses(tmp_path)
    cursor = forward.start
    while not cursor.step.file.endswith("util.py"):
        assert all(line in forward.source_of(cursor.step.file) for line in cursor.lines_run)
        cursor = cursor.next()
    assert cursor.lines_run == frozenset()
