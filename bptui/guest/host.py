"""The parent's side of a process of own layers: send requests, receive answers, neither of which waits unasked."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from typing import Any

import numpy as np

from bptui.errors import reason_of
from bptui.guest.fault import Fault, Unanswered, crashed, raised
from bptui.guest.guest_process import CHUNK, GuestProcess
from bptui.guest.nursery import expect_job
from bptui.guest.pending_call import Pending
from bptui.guest.wire import PREFIX, Message, WireError, decode_message, encode_message, message_sizes
from bptui.own_layers.own_layer import LayerFile

POLL_INTERVAL = 0.2
"""Seconds after which a silent process is polled: it may have ended, and a child of its own hold the line open."""


class Host:
    """One process for the guests of a run, started at its first call and again after a crash.

    ``generation`` counts the processes: an instance lives no longer than the one that it was made in.
    """

    def __init__(self, files: Sequence[LayerFile], styles: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
        self.files = files
        self.styles = {base: list(names) for base, names in styles.items()}
        self.paths = [str(file.path) for file in files]
        self.process: GuestProcess | None = None
        self.generation = 0
        self.instances = 0
        self.dropped: list[int] = []
        self.calls: deque[Pending] = deque()
        self.outgoing = bytearray()
        self.incoming = bytearray()
        self.loading: Pending | None = None

    def new_instance(self, owner: object) -> int:
        """Return a number for an instance in the child, which is forgotten there once ``owner`` is gone."""
        self.instances += 1
        weakref.finalize(owner, self.dropped.append, self.instances).atexit = False
        return self.instances

    def file(self, path: str) -> LayerFile | None:
        """Return the file that lies at ``path``."""
        return next((file for file in self.files if str(file.path) == path), None)

    def start(self) -> None:
        """Start the process, if there is none, without waiting for it."""
        if self.process:
            return
        self.process = GuestProcess()
        self.generation += 1
        self.dropped.clear()
        texts = [np.frombuffer(file.text.encode(), np.uint8) for file in self.files]
        self.loading = self.call({"do": "load", "files": self.paths, "styles": self.styles, "arrays": texts})

    def call(
        self,
        request: Message,
        finish: Callable[[Message], Any] = lambda answer: answer,
        blame: Callable[[Fault], Exception] = lambda fault: fault,
    ) -> Pending:
        """Send a request. Its answer, or what became of it, is the pending call's result."""
        self.start()
        if "job" in request:
            expect_job(request["job"].partition(":")[0])
        pending = Pending(self, finish, blame)
        try:
            content = encode_message({**request, "dropped": self.dropped})
        except WireError as error:
            pending.answer = Fault(reason_of(error))
            return pending
        self.dropped.clear()
        self.calls.append(pending)
        self.outgoing += content
        self.send()
        return pending

    def pump(self, pending: Pending, seconds: float) -> None:
        """Send and receive until ``pending`` has its answer, for at most ``seconds``."""
        end = monotonic() + seconds
        while True:
            self.send()
            self.receive()
            left = end - monotonic()
            if pending.answer is not None or self.process is None or left <= 0:
                return
            if not self.process.wait(min(left, POLL_INTERVAL), writes=bool(self.outgoing)) and self.process.has_ended:
                self.fail_with_ending()

    def send(self) -> None:
        """Send as much as goes without waiting."""
        while self.outgoing and self.process:
            try:
                sent = self.process.control.send(memoryview(self.outgoing)[: 1 << 20])
            except BlockingIOError:
                return
            except OSError:
                self.fail_with_ending()
                return
            del self.outgoing[:sent]

    def receive(self) -> None:
        """Take in what has come, without waiting."""
        while self.process:
            try:
                some = self.process.control.recv(1 << 20 if self.incoming else CHUNK)
            except BlockingIOError:
                return
            except OSError:
                some = b""
            if not some:
                self.fail_with_ending()
                return
            self.incoming += some
            self.deliver_complete_answers()

    def deliver_complete_answers(self) -> None:
        """Give each answer that is complete to the call that it answers."""
        try:
            while len(self.incoming) >= PREFIX.size:
                header, payload = message_sizes(bytes(self.incoming[: PREFIX.size]))
                end = PREFIX.size + header + payload
                if len(self.incoming) < end:
                    return
                middle = PREFIX.size + header
                answer = decode_message(bytes(self.incoming[PREFIX.size : middle]), bytes(self.incoming[middle:end]))
                del self.incoming[:end]
                self.deliver(answer)
        except WireError as error:
            self.fail(Fault(f"the layer process has sent nonsense: {reason_of(error)}"))

    def deliver(self, answer: Message) -> None:
        """Give an answer to the oldest call. Raises WireError where there is none."""
        if not self.calls or self.process is None:
            raise WireError("an answer to nothing")
        pending = self.calls.popleft()
        answer["printed"] = self.process.take_printed()
        pending.answer = raised(answer["error"], self.paths) if "error" in answer else answer
        if pending is self.loading and isinstance(pending.answer, Fault):
            self.fail(pending.answer)

    def fail_with_ending(self) -> None:
        """Fail every call with how the process ended."""
        if self.process:
            how = self.process.ending()
            self.fail(crashed(how, self.process.crash_report(), self.paths))

    def give_up(self, why: str) -> None:
        """End the process because of ``why``, naming the line that it was at."""
        if self.process:
            self.process.abort()
            self.fail(crashed(why, self.process.crash_report(), self.paths, kind=Unanswered))

    def close(self) -> None:
        """End the process. The next call starts another."""
        self.fail(Fault("the layer process was closed"))

    def fail(self, fault: Fault) -> None:
        """End the process, and let every call that is under way end with ``fault``."""
        for pending in self.calls:
            pending.answer = fault
        if self.process:
            self.process.close()
            self.process = None
        self.loading = None
        self.calls.clear()
        self.outgoing.clear()
        self.incoming.clear()
