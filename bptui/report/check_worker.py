"""A process that checks scenarios, one after the other: both its own side, and the side that tells it which.

Both are ours, so they talk in pickles. It ends at once with the process that started it, whatever it is busy with.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from bptui.checking.check_scenario import Progress, check_scenario, ignore_progress
from bptui.checking.finding import Report
from bptui.ending import silence_warnings
from bptui.errors import BptuiError, named_reason_of, out_of_memory
from bptui.guest.python_process import python_command
from bptui.scenario.load import load

Result: TypeAlias = Report | BptuiError
"""What comes of a scenario: the report on it, or why there is none."""


def check_one(place: str, layers: Sequence[Path], progress: Progress = ignore_progress) -> Result:
    """Return the report on one scenario, or why it cannot be read; ``progress`` is told how many nodes are done."""
    try:
        return check_scenario(load(place, layers=layers, notice=write_notice), progress=progress)
    except BptuiError as error:
        return error
    except MemoryError as error:
        return out_of_memory(error)


def write_notice(words: str) -> None:
    """Tell that one of the user's files takes its time."""
    sys.stderr.write(f"{words}\n")


class CheckWorker:
    """Our side of a worker. It is started by its first scenario, and again after it has crashed."""

    def __init__(self) -> None:
        self.popen: subprocess.Popen[bytes] | None = None
        self.is_killed = False

    def check(self, place: str, layers: Sequence[Path]) -> Result:
        """Return what comes of a scenario. Raises what the worker has raised: a bug of ours, with its traceback."""
        popen = self.popen or self.start()
        try:
            pickle.dump((place, tuple(layers)), self.requests)
            self.requests.flush()
            result: Result | Exception = pickle.load(self.results)  # noqa: S301  (it is our own)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            return self.crashed(popen, place)
        if isinstance(result, Exception) and not isinstance(result, BptuiError):
            raise result
        return result

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process."""
        request, requests = os.pipe()
        results, result = os.pipe()
        lifeline, self.hold = os.pipe()
        handed = (request, result, lifeline)
        command = python_command("bptui.report.check_worker", *handed)
        self.popen = subprocess.Popen(  # noqa: S603  (it runs ourselves)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=handed
        )
        for descriptor in handed:
            os.close(descriptor)
        self.requests, self.results = os.fdopen(requests, "wb"), os.fdopen(results, "rb")
        if self.is_killed:  # by another thread, meanwhile
            self.popen.kill()
        return self.popen

    def crashed(self, popen: subprocess.Popen[bytes], place: str) -> BptuiError:
        """Return how a process has ended that gives no answer."""
        status = popen.wait()
        self.close()
        how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
        return BptuiError(f"{place}: the process that checked it has ended {how}")

    def kill(self) -> None:
        """End the process at once, and let none start any more; another thread may be waiting for its answer."""
        self.is_killed = True
        if self.popen:
            self.popen.kill()

    def close(self) -> None:
        """End the process, and let go of what held it."""
        if self.popen is None:
            return
        self.popen.kill()
        self.popen.wait()
        self.popen = None
        os.close(self.hold)
        for file in (self.requests, self.results):
            with contextlib.suppress(BrokenPipeError):
                file.close()


def main(request: int, result: int, lifeline: int) -> None:
    """Check the scenarios that are asked for until there are no more."""
    from bptui.guest.lifeline import die_with_parent  # noqa: PLC0415  (Windows has none of this)

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ctrl+c ends it without a word
    die_with_parent(lifeline)
    silence_warnings()
    with os.fdopen(request, "rb") as requests, os.fdopen(result, "wb") as results, contextlib.suppress(EOFError):
        while True:
            place, layers = pickle.load(requests)  # noqa: S301  (it comes from ourselves)
            results.write(pickled_result(place, layers))
            results.flush()


def pickled_result(place: str, layers: Sequence[Path]) -> bytes:
    """Return, pickled, what comes of a scenario, or the bug that it meets."""
    try:
        return pickle.dumps(check_one(place, layers))
    except Exception as error:  # noqa: BLE001  (the parent raises it again)
        return pickled(error)


def pickled(error: Exception) -> bytes:
    """Return an exception, pickled, with its traceback as a note; another in its place where it cannot be pickled."""
    note = f"in the process that checked it:\n{''.join(traceback.format_exception(error))}"
    error.add_note(note)
    try:
        content = pickle.dumps(error)
        pickle.loads(content)  # noqa: S301  (it is our own)
    except Exception:  # noqa: BLE001  (whatever its own class has against it)
        substitute = RuntimeError(named_reason_of(error))
        substitute.add_note(note)
        return pickle.dumps(substitute)
    return content
