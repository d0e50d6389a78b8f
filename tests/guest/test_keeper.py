"""Nothing of a guest outlives the process that started it, not even what it has put into a session of its own."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bptui.guest.python_process import python_command, safe_path
from sampled import one_in

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")

LAYERS = """
import os, time
class Daemons:
    def forward(self, x):
        for _ in range(2):
            if os.fork() == 0:
                os.setsid()
                os.fork()
                time.sleep(1e6)
        {then}
    def backward(self, dout): return dout
"""

SCENARIO = 'layers = ["my.py"]\n[inputs]\nx = 1\n[nodes]\ny = "Daemons(x)"\n'

END = 30.0
"""Seconds after which a test fails; never waited for where all is well."""


class Family:
    """A bptui whose descendants all hold the write end of a pipe: it reads as ended when the last of them is gone."""

    def __init__(self, folder: Path, then: str, *arguments: str) -> None:
        (folder / "my.py").write_text(LAYERS.format(then=then).replace("import os, time", INHERITED))
        for number in range(4):
            (folder / f"s{number}.toml").write_text(SCENARIO)
        self.fifo = folder / "fifo"
        os.mkfifo(self.fifo)
        self.reader = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "bptui", *arguments, "--layers", "my.py"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait_for_first(self, count: int) -> None:
        """Return when that many guests have forked."""
        seen = b""
        while seen.count(b"+") < count:
            assert select.select([self.reader], [], [], END)[0]
            seen += os.read(self.reader, 100)

    def are_all_gone(self) -> bool:
        """Return whether all of them end; none is ever waited for that is not told to."""
        while select.select([self.reader], [], [], END)[0]:
            if not os.read(self.reader, 100):
                return True
        return False

    def close(self) -> None:
        self.popen.kill()
        self.popen.wait()
        os.close(self.reader)


INHERITED = """import os, time
held = os.open(os.path.join(os.path.dirname(__file__), "fifo"), os.O_WRONLY)
def sleep(seconds, really=time.sleep):
    os.write(held, b"+")
    really(seconds)
time.sleep = sleep"""


@linux
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda it: it.name
)
@pytest.mark.parametrize(
    ("arguments", "guests"),
    one_in(2, [(["check", *(f"s{at}.toml" for at in range(4))], 2), (["trace", "s0.toml"], 1)]),
    ids=["check", "trace"],
)
def test_whatever_ends_bptui_ends_them_all(
    tmp_path: Path, number: signal.Signals, arguments: list[str], guests: int
) -> None:
    if guests > len(os.sched_getaffinity(0)):
        pytest.skip("there are no workers on one processor")
    family = Family(tmp_path, "time.sleep(1e6)", *arguments)
    try:
        family.wait_for_first(4 * guests)
        family.popen.send_signal(number)
        assert family.are_all_gone()
        status = family.popen.wait(END)
        assert status == (128 + number if number == signal.SIGINT else -number)
    finally:
        family.close()


@linux
@pytest.mark.parametrize(
    "then", one_in(2, ["return x", "os._exit(3)", "os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 19)"])
)
def test_however_a_guest_ends_what_it_started_ends_with_it(tmp_path: Path, then: str) -> None:
    family = Family(tmp_path, then, "trace", "s0.toml")
    try:
        if "19" in then:
            family.wait_for_first(4)
            family.popen.send_signal(signal.SIGINT)
        assert family.are_all_gone()
    finally:
        family.close()


def test_a_process_of_ours_is_started_without_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", "relative", str(tmp_path), *sys.path])
    assert not {"", ".", "relative", str(tmp_path)} & set(safe_path())
    command = python_command("some.module", 3, 4)
    assert command[1] == "-P"
    assert command[-len(safe_path()) :] == safe_path()


def test_the_working_folder_stays_on_the_path_where_bptui_itself_lies_there(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(__file__).parents[2]
    monkeypatch.chdir(home)
    monkeypatch.setattr(sys, "path", [str(home), *sys.path])
    assert str(home) in safe_path()
