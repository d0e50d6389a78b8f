"""A call that is under way in the child, for those who would rather do something else meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Protocol

from bptui.core.engine import TIME_LIMIT
from bptui.guest.fault import Fault
from bptui.guest.wire import Message
from bptui.own_layers.own_layer import LayerFile

LOADING_LIMIT = 60.0
"""Seconds that it gives to the user's files and all that they import."""


class Connection(Protocol):
    """What brings the answers. ``loading`` is the call that loads the user's ``files``."""

    files: Sequence[LayerFile]
    loading: Pending | None

    def pump(self, pending: Pending, seconds: float) -> None:
        """Send and receive until ``pending`` has its answer, for at most ``seconds``."""

    def give_up(self, why: str) -> None:
        """End the process because of ``why``."""


class Pending:
    """``is_ready`` and ``wait`` look after the call, ``result`` gives its value or raises what became of it."""

    def __init__(self, host: Connection, finish: Callable[[Message], Any], blame: Callable[[Fault], Exception]) -> None:
        self.host = host
        self.finish = finish
        self.blame = blame
        self.answer: Message | Fault | None = None
        self.since = monotonic()

    def is_ready(self) -> bool:
        """Return whether the answer, or the reason why there is none, has come."""
        return self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait for it no longer than ``seconds``, and return whether it is there."""
        if self.answer is None:
            self.host.pump(self, seconds)
        return self.answer is not None

    def result(self, seconds: float = TIME_LIMIT) -> Any:
        """Return what the guest has returned, waiting for it; after ``seconds`` its process is ended.

        Raises the error of the call, which names the user's line.
        """
        self.insist(seconds)
        if isinstance(self.answer, Fault):
            raise self.blame(self.answer)
        assert self.answer is not None
        return self.finish(self.answer)

    def insist(self, seconds: float = TIME_LIMIT) -> None:
        """Wait for it, and after ``seconds`` end the process. What the user's files import may take longer."""
        if self.host.loading and not self.host.loading.wait(LOADING_LIMIT):
            self.give_up(f"was not imported within {LOADING_LIMIT:g} s")
        if not self.wait(seconds):
            self.give_up(f"did not return within {seconds:g} s")

    def give_up(self, why: str) -> None:
        """End the guest's process, with all calls that are under way in it."""
        self.host.give_up(why)

    @property
    def elapsed(self) -> float:
        """Seconds since the call went out."""
        return monotonic() - self.since
