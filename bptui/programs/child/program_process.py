"""In the child: runs a program as Python would, watches it, and then stays, for its calls to be made once more."""

from __future__ import annotations

import atexit
import contextlib
import linecache
import mmap
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import ModuleType, TracebackType
from typing import NoReturn

from bptui.guest.child.exception_message import exception_as_message, exception_text
from bptui.guest.child.notebook_names import offer_notebook_names
from bptui.guest.child.user_modules import import_ours
from bptui.guest.wire import PREFIX, Message, decode_message, encode_message
from bptui.programs.child.call_source import CallSites
from bptui.programs.child.forward_passes import ForwardPasses
from bptui.programs.child.layer_style import Styles
from bptui.programs.child.own_files import is_own_file, mistake_in_grammar, own_frames, own_place
from bptui.programs.child.value_store import ValueStore
from bptui.programs.child.watcher import Limits, Watcher
from bptui.programs.event import Ended, Event, as_message
from bptui.programs.printed import output_mark

OUTPUT = 1
"""The descriptor that the program prints on."""

FIRST_EVENTS = 100
"""Events that are sent at once, before any is held back."""

LONGEST_DELAY = 0.005
"""Seconds after which events are sent."""

MOST_EVENTS = 500
"""Events that one message has."""


class EventLine:
    """The connection to the parent: requests come in, and events and answers go out."""

    def __init__(self, control: int) -> None:
        self.control = control
        self.requests = os.fdopen(control, "rb", closefd=False)
        self.events: list[Event] = []
        self.count = 0
        self.sent_at = perf_counter()

    def receive(self) -> Message | None:
        """Return the next request, None where there are no more."""
        prefix = self.requests.read(PREFIX.size)
        if len(prefix) < PREFIX.size:
            return None
        header, payload = PREFIX.unpack(prefix)
        return decode_message(self.requests.read(header), self.requests.read(payload))

    def tell(self, event: Event) -> None:
        """Tell of an event, soon."""
        self.events.append(event)
        self.count += 1
        is_late = perf_counter() - self.sent_at > LONGEST_DELAY
        if self.count < FIRST_EVENTS or is_late or len(self.events) >= MOST_EVENTS:
            self.flush()

    def flush(self) -> None:
        """Send the events that are held back."""
        if self.events:
            self.send({"events": list(map(as_message, self.events))})
        self.events.clear()
        self.sent_at = perf_counter()

    def send(self, message: Message) -> None:
        """Send a message, all of it."""
        left = memoryview(encode_message(message))
        while left:
            left = left[os.write(self.control, left) :]


class ProgramProcess:
    """The program, its watcher, and what it is asked for when it has ended."""

    def __init__(self, line: EventLine, memory: mmap.mmap, request: Message) -> None:
        self.line = line
        self.request = request
        passes = ForwardPasses(line.tell)
        self.values = ValueStore(memory, passes.tell)
        styles = Styles(is_own_file)
        limits = Limits(request["passes"], request["skip"])
        self.watcher = Watcher(
            self.values,
            CallSites(line.tell),
            styles,
            limits=limits,
            forward_passes=passes,
            finish=self.finish,
            returned=self.mark_output,
        )
        self.status = 0
        self.has_ended = False
        self.output = os.dup(OUTPUT)  # where marks go, wherever the program may send its own output

    def run(self) -> None:
        """Run the program, and tell how it has ended."""
        path, text = self.request["path"], self.request["text"]
        linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
        sys.argv = [self.request["called"], *self.request["arguments"]]
        sys.path.insert(0, str(Path(path).parent))
        module = ModuleType("__main__")
        module.__dict__.update(__file__=path, __builtins__=__builtins__, __cached__=None)
        sys.modules["__main__"] = module
        offer_notebook_names(path)
        try:
            code = compile(text, path, "exec")
            self.watcher.start()
            exec(code, vars(module))  # noqa: S102  (it is what the person has asked for)
        except BaseException as error:  # noqa: BLE001  (the fence around the person's program)
            self.watcher.stop()
            self.tell_exception(error)
        else:
            self.watcher.stop()
            self.tell_end(Ended("exit", 0, "", ()))

    def mark_output(self, call: int) -> None:
        """Say in the output that a call has returned: what comes behind that was printed later."""
        flush_printed()
        with contextlib.suppress(OSError):
            os.write(self.output, output_mark(self.request["mark"], call))

    def tell_exception(self, error: BaseException) -> None:
        """Print an exception as Python does, and tell of it; ``sys.exit`` is an end like others."""
        if isinstance(error, SystemExit):
            self.status = exit_status(error)
            self.tell_end(Ended("exit", self.status, "", ()))
            return
        self.status = 1
        frames = own_frames(error.__traceback__)
        error.__traceback__ = without_ours(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        name = type(error).__name__
        if mistake := mistake_in_grammar(error):  # whose text says the file and the line again
            self.tell_end(Ended("raised", 1, f"{name}: {mistake.msg}", [*frames, own_place(mistake)], mistake.offset))
        else:
            self.tell_end(Ended("raised", 1, f"{name}: {exception_text(error)}".removesuffix(": "), frames))

    def finish(self, why: str, words: str) -> None:
        """End watching in the middle of the program: the program goes on if it is to, and otherwise stays where it is.

        It stays in a thread's hands: while Python is inside the hook of this one, no line can be traced in it.
        """
        self.tell_end(Ended(why, 0, words, ()))
        if why == "passes" and not self.request["run_on"]:
            thread = threading.Thread(target=self.serve)
            thread.start()
            thread.join()

    def tell_end(self, end: Ended) -> None:
        """Tell what the last updates have left, and that watching has ended, unless that was told before."""
        if self.has_ended:
            return
        self.has_ended = True
        with contextlib.suppress(Exception):
            self.watcher.see_final_values()
        self.line.tell(end)
        self.line.flush()

    def serve(self) -> NoReturn:
        """Answer requests until there are no more, and end as the program has ended."""
        flush_printed()
        with contextlib.suppress(OSError):
            self.line.send({"served": True})
            while (request := self.line.receive()) is not None:
                self.line.send(self.answer(request))
        os._exit(self.status)

    def answer(self, request: Message) -> Message:
        """Let a function of ours, ``job``, work on the watched calls, and return what it answers."""
        name, _, function = request["job"].partition(":")
        try:
            work: Callable[..., Message] = getattr(import_ours(name), function)
            answer = work(self.watcher.calls, request["arrays"], **request["arguments"])
        except BaseException as error:  # noqa: BLE001  (the fence around the person's code: sys.exit, too)
            answer = exception_as_message(error, is_own_file)
        flush_printed()
        return answer


def run_program(control: int, memory: int) -> None:
    """Run the program that the first request names."""
    from bptui.programs.shared_memory import map_for_writing  # noqa: PLC0415

    line = EventLine(control)
    request = line.receive()
    if request is None:
        os._exit(1)
    process = ProgramProcess(line, map_for_writing(memory), request)
    atexit.register(process.serve)  # the first to be registered is the last to be called
    process.run()


def without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the program's own first frame on."""
    while traceback and not is_own_file(traceback.tb_frame.f_code.co_filename):
        traceback = traceback.tb_next
    return traceback


def exit_status(error: SystemExit) -> int:
    """Return the status that ``sys.exit`` has asked for; a text is printed, as Python does it."""
    if error.code is None or isinstance(error.code, int):
        return (error.code or 0) & 0xFF
    sys.stderr.write(f"{error.code}\n")
    return 1


def flush_printed() -> None:
    """Hand on what was printed, so that it belongs to what was told before."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the program may have put anything there, or closed it
            stream.flush()
