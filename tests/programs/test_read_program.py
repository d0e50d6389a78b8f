from __future__ import annotations

import os
from pathlib import Path

import pytest

from bptui.errors import ScenarioError
from bptui.programs.read_program import looks_at_arguments, read_program


@pytest.mark.parametrize("name", ["train.py", "train.ipynb"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert looks_at_arguments(str(tmp_path / name))
    with pytest.raises(ScenarioError, match="is a pipe, not a file"):
        read_program(str(tmp_path / name))
