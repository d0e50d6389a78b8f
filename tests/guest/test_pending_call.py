"""How long a call is waited for: what the user's file imports has a limit of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bptui.guest.fault import Fault
from bptui.guest.pending_call import LOADING_LIMIT, Pending
from bptui.own_layers.own_layer import LayerFile


class SlowHost:
    """A host whose calls are answered when they have been waited for long enough."""

    def __init__(self, *, loading_takes: float, call_takes: float) -> None:
        self.files: Sequence[LayerFile] = []
        self.loading: Pending | None = Pending(self, lambda _: None, ValueError)
        self.call = Pending(self, lambda _: "an answer", lambda fault: ValueError(fault.message))
        self.takes = {self.loading: loading_takes, self.call: call_takes}

    def pump(self, pending: Pending, seconds: float) -> None:
        if seconds >= self.takes[pending]:
            pending.answer = {}

    def give_up(self, why: str) -> None:
        self.call.answer = Fault(why)


def test_importing_may_take_longer_than_a_call() -> None:
    host = SlowHost(loading_takes=LOADING_LIMIT, call_takes=0.2)
    assert host.call.result(0.2) == "an answer"


@pytest.mark.parametrize(
    ("loading_takes", "call_takes", "why"),
    [(0, 0.3, "did not return within 0.2 s"), (LOADING_LIMIT + 1, 0, "was not imported within 60 s")],
)
def test_what_takes_longer_is_given_up(loading_takes: float, call_takes: float, why: str) -> None:
    host = SlowHost(loading_takes=loading_takes, call_takes=call_takes)
    with pytest.raises(ValueError, match=why):
        host.call.result(0.2)
