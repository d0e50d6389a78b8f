"""Troubles are met at the step that they are about: what backward did, in the backward."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bptui
from bptui.core.verbs.movement import Next, NextTrouble
from bptui.core.verbs.view import Check
from bptui.errors import LayerError
from bptui.lines.line import plain
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.session.dispatcher import Dispatcher
from bptui.session.new_session import program_session
from bptui.session.session import Session
from bptui.session.troubles import troubles_at
from bptui.tui.content.node_lines import alarm_lines
from bptui.tui.panels.node_panel import NodePanel
from mute_display import MuteDisplay
from programs import BOOK_LAYERS
from runs import session_on

LAYERS = """
class Inverse:
    def forward(self, x):
        self.x = x
        return x * 2

    def backward(self, dout):
        return dout / self.x
"""

SCENARIO = '[inputs]\nx = [1.0, 0.0]\n[nodes]\na = "Inverse(x)"\ny = "Sum(a) * 3"\n'


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    file = tmp_path / "own.py"
    file.write_text(LAYERS, encoding="utf-8")
    run = Run(loads(SCENARIO, layers=[file]))
    run.finish()
    yield session_on(run, "own")
    run.close()


def met(session: Session) -> dict[int, str]:
    """What there is at each step where there is anything."""
    found = {number: " | ".join(troubles_at(session, number)) for number in range(len(session.tape) + 1)}
    return {number: words for number, words in found.items() if words}


def test_what_a_backward_does_is_met_in_the_backward_with_its_operands(session: Session) -> None:
    troubles = met(session)
    assert list(troubles) == [6]
    assert "Inverse.backward makes Infinity of finite numbers at [1]: 3 / 0" in troubles[6]
    assert "Inverse.backward warns" in troubles[6]


def test_a_node_says_what_its_layer_did_once_that_pass_has_come_to_it(session: Session) -> None:
    def told(position: int) -> str:
        panel = NodePanel(session.tape.at(position), remarks=session.remarks)
        panel.selected = "a"
        return "\n".join("".join(span.text for span in line) for line in panel.lines(100, 30))

    assert "▲" not in told(3)
    assert "▲ a: Inverse.backward warns" in told(6)


def test_a_value_that_is_given_so_is_met_before_the_first_step() -> None:
    run = Run(loads('[inputs]\nx = [1.0, nan]\n[nodes]\ny = "Sum(x)"\n'))
    run.finish()
    assert met(session_on(run, "given")) == {0: "✗ x has NaN in it to begin with"}


def test_notes_are_met_too(session: Session) -> None:
    session.notes[2].append("look here")
    assert met(session)[2] == "✎ look here"


def test_the_users_own_layers_are_checked_before_any_trouble_is_looked_for(session: Session) -> None:
    dispatcher = Dispatcher(session, MuteDisplay())
    assert not session.has_checks
    assert dispatcher.do(NextTrouble()).is_pending
    answer = dispatcher.finish(NextTrouble())
    assert session.moment.position == 6
    assert answer.text.startswith("✗ a: Inverse is wrong")


def test_a_value_that_no_one_uses_is_met_where_it_is_computed_and_a_leaf_before_the_first_step() -> None:
    text = '[inputs]\nx = 1\n[parameters]\nV = 2\nW = 3\n[nodes]\na = "x * V"\ny = "x + 1"\n[run]\noutput = "y"\n'
    run = Run(loads(text))
    run.finish()
    troubles = met(session_on(run, "unused"))
    assert list(troubles) == [0, 1]
    assert "▲ W is used by no one" in troubles[0]
    assert "▲ a is used by no one" in troubles[1]
    assert "none to V" in troubles[1]


def test_a_trouble_is_found_in_a_run_that_has_only_begun() -> None:
    run = Run(loads('[inputs]\nx = 0\n[nodes]\na = "x + 0"\ny = "Log(a)"\n'))
    session = session_on(run, "begun")
    Dispatcher(session, MuteDisplay()).finish(NextTrouble())
    assert session.moment.name == "y"


def test_a_check_is_offered_only_where_something_has_not_been_checked() -> None:
    run = Run(loads('[inputs]\nx = 2\n[nodes]\ny = "x * x"\n'))
    dispatcher = Dispatcher(session_on(run, "right"), MuteDisplay())
    offered = dispatcher.finish(NextTrouble())
    dispatcher.finish(Check("y"))
    assert [(it.text, it.way_on is not None) for it in (offered, dispatcher.finish(NextTrouble()))] == [
        ("no trouble is known that way", True),
        ("no trouble is known that way (checked 1 of 1)", False),
    ]


def test_where_a_run_has_failed_it_is_said_to_end() -> None:
    run = Run(loads("[inputs]\nx = 1\n[nodes]\na = 'Exp(x)'\n"))
    run.tape.failure = LayerError("a: no")
    assert met(session_on(run, "failed"))[0] == "✗ the run ends here: a: no"


FAILS_BETWEEN = """
import numpy as np
from own_book_layers import Relu
relu = Relu()
relu.backward(relu.forward(np.ones(2)))
raise KeyError("lost")
"""


def test_a_program_that_fails_between_its_layers_is_told_after_its_last_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_book_layers.py").write_text(BOOK_LAYERS)
    (tmp_path / "fails.py").write_text(FAILS_BETWEEN)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(KeyError), bptui.watch() as tape:
        runpy.run_path(str(tmp_path / "fails.py"))
    monkeypatch.delitem(sys.modules, "own_book_layers")
    session = program_session(tape.watch)
    say = Dispatcher(session, MuteDisplay()).finish
    assert "✗ the run ends here: KeyError: 'lost'" in say(NextTrouble()).text
    assert session.moment.position == 2
    assert say(Next()).text.startswith("✗ after this step: KeyError: 'lost'")
    assert "after this step" in "".join(plain(line) for line in alarm_lines(session.moment, "relu", 80))
