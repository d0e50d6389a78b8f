"""Checks in pieces: nobody's session ends because of one."""

from __future__ import annotations

from typing import Any

import pytest

from bptui.checking import Verdict, check_node
from bptui.checking.check_node import NodeCheck
from bptui.checking.sliced_check import check_in_pieces
from bptui.checking.work import finished
from checked import subject
from layers.elementary import Exp


def test_an_exception_in_the_check_itself_is_a_finding_at_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("by us")

    monkeypatch.setattr(NodeCheck, "look_around", fail)
    (found,) = finished(check_in_pieces(subject(Exp, [0.5, 1.0])))
    assert (found.node, found.verdict) == ("node", Verdict.SKIP)
    assert "ZeroDivisionError: by us" in found.reason


def test_pieces_come_to_what_the_whole_comes_to() -> None:
    it = subject(Exp, [0.5, 1.0])
    assert finished(check_in_pieces(it)) == check_node(it)
