"""Into the lines of a watched program: the call is made once more on a copy of its object, as it was then."""

from __future__ import annotations

from pathlib import Path

import pytest

from bptui.core.verbs.movement import GoTo, Into, Last
from bptui.errors import BptuiError
from bptui.programs.program_run import WatchLimits
from bptui.session.session import Session
from bptui.stepping.line_tape import CallingLines
from programs import BOOK_NET, FUNCTION_NET, KEEPING_NET, watched


def called_by_program(lines: CallingLines | None) -> str:
    """Return what stands in the program where it calls a layer."""
    assert lines is not None
    return lines.source[lines.first][lines.start : lines.end]


TWO_STEPS = """
for step in range(2):
    grad = network.gradient(x_batch, t_batch)
    for key in network.params:
        network.params[key] -= 0.1 * grad[key]
"""


@pytest.mark.parametrize(
    ("program", "layer", "line", "caller"),
    [
        (BOOK_NET + TWO_STEPS, "Affine", "self.x = x", "layer.forward"),
        (FUNCTION_NET, "affine", "out = x.reshape(x.shape[0], -1).dot(w) + b", "affine_forward"),
        (KEEPING_NET, "Layer_Dense", "self.inputs = inputs", "dense1.forward"),
    ],
)
def test_every_step_of_a_call_repeats_what_was_recorded(
    tmp_path: Path, program: str, layer: str, line: str, caller: str
) -> None:
    with watched(tmp_path, program, WatchLimits(passes=2)) as run:
        session = Session(run.tape, "program", program=run)
        session.do(GoTo(1))
        session.do(Into())
        assert session.lines is not None
        assert session.lines.tape.layer == layer
        assert session.lines.tape.source[session.lines.step.line].strip() == line
        assert called_by_program(session.lines.tape.caller) == caller
        entered = 0
        for number in range(1, len(run.tape) + 1):
            session.do(GoTo(number))
            try:
                session.do(Into())
            except BptuiError:
                continue
            assert session.lines is not None
            assert session.lines.tape.is_repeatable, session.lines.tape.notes
            assert called_by_program(session.lines.tape.caller).endswith(session.lines.tape.called.rpartition(".")[2])
            entered += 1
        assert entered >= 12


def test_a_call_that_has_failed_can_be_gone_into(tmp_path: Path) -> None:
    program = BOOK_NET + "network.layers['Affine2'].W = np.zeros((2, 2))\nnetwork.loss(x_batch, t_batch)"
    with watched(tmp_path, program) as run:
        session = Session(run.tape, "program", program=run)
        session.do(Last())
        session.do(Into())
        assert session.lines is not None
        assert session.lines.tape.raised is not None
