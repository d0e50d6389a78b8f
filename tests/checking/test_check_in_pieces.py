"""Checks in pieces: nobody's session ends because of one."""

from __future__ import annotations

from bptui.checking.check_in_pieces import check_in_pieces
from bptui.checking.check_node import check_node
from bptui.checking.work import finished
from checked import subject
from layers.elementary import Exp


def test_pieces_come_to_what_the_whole_comes_to() -> None:
    it = subject(Exp, [0.5, 1.0])
    assert finished(check_in_pieces(it)) == check_node(it)
