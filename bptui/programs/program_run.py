"""A program that runs and is watched in a process of its own: what comes from there fills its tape."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from bptui.core.columns import Value
from bptui.core.program import PrintedPieces, Program
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import BptuiError, LayerError, Location, reason_of
from bptui.guest.fault import raised
from bptui.guest.guest_process import CHUNK, GuestProcess
from bptui.guest.wire import PREFIX, Message, WireError, decode_message, encode_message, message_sizes
from bptui.programs.event import Ended, SeenArray, from_message
from bptui.programs.printed import Printed
from bptui.programs.program_facts import ProgramFacts
from bptui.programs.program_failure import program_failure
from bptui.programs.seen_values import read_value
from bptui.programs.shared_memory import map_for_reading, open_shared_memory
from bptui.programs.watched_tape import StepCall, WatchedTape

SERVING = 5.0
"""Seconds that a program is given to end, and to answer questions from then on."""

POLL_INTERVAL = 0.2

INPUT = 0
"""The descriptor of standard input."""

THREADS, OURS = "OPENBLAS_NUM_THREADS", "BPTUI_ONE_THREAD"
"""What the command line sets for itself where nobody else has, and the mark that says so."""


@dataclass(frozen=True)
class WatchLimits:
    """What is watched of a program: after ``skip`` forward and backward passes ``passes``, in ``memory`` bytes.

    Then the program ends, or ``runs_on``.
    """

    passes: int = 10
    skip: int = 0
    memory: int = 1 << 30
    runs_on: bool = False


class ProgramRun:
    """A watched program: ``tape`` is filled by ``advance``, ``finish`` waits for the end, ``close`` ends the process.

    ``end`` tells how watching ended, ``printed`` what the program has printed, ``failure`` what ended it too early.
    """

    def __init__(self, program: Program, limits: WatchLimits | None = None) -> None:
        self.program = program
        self.limits = limits or WatchLimits()
        self.facts = ProgramFacts()
        self.watched = WatchedTape(self.facts)
        self.printed = Printed()
        self.end: Ended | None = None
        self.is_serving = False
        self.is_interrupted = False
        self.incoming = bytearray()
        self.answers: dict[int, Message] = {}
        self.asked = self.heard = 0
        shared = open_shared_memory(self.limits.memory)
        try:
            self.memory = map_for_reading(shared)
            self.process = GuestProcess(
                "bptui.programs.child.start", shared=[shared], stdin=input_of_program(), environment=plain_environment()
            )
        finally:
            os.close(shared)
        self.process.listen(self.printed.feed)
        self.send(
            {
                "path": str(program.path),
                "called": program.called or str(program.path),
                "text": program.text,
                "arguments": list(program.arguments),
                "passes": self.limits.passes,
                "skip": self.limits.skip,
                "run_on": self.limits.runs_on,
                "mark": self.printed.token,
            }
        )

    @property
    def tape(self) -> Tape:
        """The tape so far."""
        return self.watched.tape

    @property
    def pieces(self) -> PrintedPieces:
        """What the program has printed, each piece after a step."""
        return [(self.watched.step_after(call), text) for call, text in self.printed.pieces]

    @property
    def ended_early(self) -> str:
        """Why less was seen than was asked for, "" where that is not so."""
        return self.watched.memory_words

    def call_at(self, step: int) -> StepCall | None:
        """Return the call that a step is, or has failed in."""
        return self.watched.call_at(step)

    @property
    def failure(self) -> LayerError | None:
        """What ended the program before its end."""
        return self.tape.failure

    @property
    def is_over(self) -> bool:
        """Whether no more steps will come."""
        return self.end is not None

    def advance(self, seconds: float) -> None:
        """Take in what comes within ``seconds``, or has come."""
        until = monotonic() + seconds
        while not self.is_over:
            left = until - monotonic()
            if not self.receive() and not self.process.wait(min(max(0.0, left), POLL_INTERVAL), writes=False):
                self.notice_ending()
            if left <= 0:
                return

    def finish(self, tell: Callable[[], None] = lambda: None) -> None:
        """Wait until watching has ended, and ``tell`` now and then. An interrupt ends it; what was seen stays."""
        try:
            while not self.is_over:
                self.advance(POLL_INTERVAL)
                tell()
        except KeyboardInterrupt:
            self.is_interrupted = True
            self.stop("was interrupted")

    def raise_failure(self) -> None:
        """Raise what ended the program before its end: LayerError, or KeyboardInterrupt where an interrupt did."""
        self.raise_interrupt()
        if self.failure:
            raise self.failure

    def raise_interrupt(self) -> None:
        """Raise KeyboardInterrupt where one has ended the program, whose process then answers nothing any more."""
        if self.is_interrupted:
            raise KeyboardInterrupt

    @property
    def runs_on(self) -> bool:
        """Whether the program goes on after watching has ended."""
        if self.end is None or self.is_interrupted:
            return False
        return not self.is_serving and not self.process.has_ended

    def outlast(self) -> None:
        """Wait for the end of a program that runs on unwatched. An interrupt ends it."""
        try:
            while self.runs_on:
                if not self.receive():
                    self.process.wait(POLL_INTERVAL, writes=False)
                self.take_output()
        except KeyboardInterrupt:
            self.close()

    def stop(self, why: str) -> None:
        """End the program."""
        if self.end is None:
            self.lose(f"the program {why}")

    def notice_ending(self) -> None:
        """Notice where the process is gone without a word."""
        if self.process.has_ended:
            self.lose(self.process.ending().replace("the layer process", "the program"))

    def lose(self, how: str) -> None:
        """End with the steps that there are, because of what became of the process."""
        self.take_output()
        self.printed.finish()
        self.close_tape(Ended("lost", 1, how, ()))

    def receive(self) -> bool:
        """Take in what has come without waiting, and return whether anything has."""
        try:
            some = self.process.control.recv(1 << 20 if self.incoming else CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            some = b""
        if not some:
            self.lose(self.process.ending().replace("the layer process", "the program"))
            return False
        self.incoming += some
        try:
            self.take_messages()
        except (WireError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            self.lose(f"the program's process has sent nonsense: {reason_of(error)}")
            self.process.close()
        return True

    def take_messages(self) -> None:
        """Take in each message that is complete."""
        while len(self.incoming) >= PREFIX.size:
            header, payload = message_sizes(bytes(self.incoming[: PREFIX.size]))
            middle, end = PREFIX.size + header, PREFIX.size + header + payload
            if len(self.incoming) < end:
                return
            message = decode_message(bytes(self.incoming[PREFIX.size : middle]), bytes(self.incoming[middle:end]))
            del self.incoming[:end]
            self.take(message)

    def take(self, message: Message) -> None:
        """Take in a message: events, or the answer to a request."""
        if "events" not in message:
            self.is_serving = self.is_serving or "served" in message
            if "served" not in message:
                self.heard += 1
                self.answers[self.heard] = message
            return
        self.take_output()
        for it in message["events"]:
            event = from_message(it)
            match event:
                case SeenArray():
                    self.watched.add_value(read_value(self.memory, event))
                case Ended():
                    self.close_tape(event)
                case _:
                    self.watched.add(event)

    def take_output(self) -> None:
        """Take in what was printed."""
        self.process.read_output()

    def close_tape(self, end: Ended) -> None:
        """End the tape."""
        if self.end is not None:
            return
        self.end = end
        self.watched.add(end)
        if end.how == "bug":
            raise RuntimeError(end.error)  # it is ours, and reported as such
        self.tape.failure = program_failure(end, self.facts, str(self.program.path))

    def ask(self, job: str, *arrays: Value, seconds: float, **arguments: Any) -> Message:
        """Return what a function of ours, named as ``module:function``, answers in the process, when watching is over.

        It gets the kept calls by number, the arrays, and the arguments. Raises LayerError where it fails, where the
        process ends, or has not answered within ``seconds``.
        """
        ticket = self.begin(job, *arrays, seconds=seconds, **arguments)
        self.wait_for(lambda: ticket in self.answers, seconds)
        return self.checked(self.answers.pop(ticket))

    def begin(self, job: str, *arrays: Value, seconds: float = SERVING, **arguments: Any) -> int:
        """Ask as ``ask`` does, once watching is over, and do not wait: what is returned is for ``answered``.

        Raises LayerError where the process does not answer any more.
        """
        self.wait_for(lambda: self.is_serving, seconds)
        self.send({"job": job, "arguments": arguments, "arrays": list(arrays)})
        self.asked += 1
        return self.asked

    def answered(self, ticket: int) -> Message | None:
        """Return the answer to what was begun, None where it has not come yet. Raises LayerError."""
        while ticket not in self.answers and self.receive():
            pass
        if ticket not in self.answers:
            if self.process.has_ended:
                raise LayerError("the program's process has ended")
            return None
        return self.checked(self.answers.pop(ticket))

    def checked(self, answer: Message) -> Message:
        """Return an answer. Raises LayerError where it tells of an error."""
        if "error" in answer:
            fault = raised(answer["error"], [str(self.program.path)])
            raise LayerError(visible(fault.message, limit=1_000), where=fault.where)
        return answer

    def wait_for(self, happened: Callable[[], bool], seconds: float) -> None:
        """Wait until something has come. Raises LayerError."""
        until = monotonic() + seconds
        while not happened():
            left = until - monotonic()
            if left <= 0 or self.process.has_ended:
                self.process.close()
                where = Location(self.facts.shown(str(self.program.path)))
                raise LayerError("the program's process has ended, or did not answer in time", where=where)
            if not self.receive():
                self.process.wait(min(left, POLL_INTERVAL), writes=False)

    def send(self, message: Message) -> None:
        """Send a message, all of it; it is short."""
        if self.process.control.fileno() < 0:
            raise LayerError("the program's process has ended")
        os.set_blocking(self.process.control.fileno(), True)
        try:
            self.process.control.sendall(encode_message(message))
        except OSError as error:
            raise BptuiError(f"the program cannot be started: {reason_of(error)}") from None
        finally:
            os.set_blocking(self.process.control.fileno(), False)

    def close(self) -> None:
        """End the process."""
        self.process.close()


def input_of_program() -> int:
    """Return what a program reads from: standard input, unless that is a terminal or closed, and then nothing."""
    try:
        os.fstat(INPUT)
    except OSError:
        return subprocess.DEVNULL
    return subprocess.DEVNULL if os.isatty(INPUT) else INPUT


def plain_environment() -> Mapping[str, str]:
    """Return the environment without what bptui has set for itself: the program computes as it does alone."""
    ours = (THREADS, OURS) if OURS in os.environ else ()
    return {name: value for name, value in os.environ.items() if name not in ours}
