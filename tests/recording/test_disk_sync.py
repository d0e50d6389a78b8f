"""The disk is never waited for by a key, and what is counted as safe has been synced."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import pytest

from bptui.core.debugger import Debugger
from bptui.core.verbs.movement import Next
from bptui.recording import recorder as module
from bptui.recording.disk_sync import DiskSync
from bptui.recording.recorder import Recorder
from bptui.running import Run
from strategies import buy_apple


class Disk:
    """A disk that syncs when it is let, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.has_begun, self.is_let = Event(), Event()

    def fsync(self, file: int) -> None:
        self.asked.append(os.fstat(file).st_size)
        self.has_begun.set()
        self.is_let.wait()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


def test_no_command_waits_for_a_disk_that_is_stalled(tmp_path: Path, disk: Disk) -> None:
    disk.is_let.set()
    run = Run(buy_apple())
    run.finish()
    debugger = Debugger(run.tape)
    recorder = Recorder(tmp_path / "session.jsonl", run, lambda: 0.0)
    disk.is_let.clear()
    for _ in range(3):
        recorder.moved(Next(), debugger.do(Next()))
    assert (recorder.count, recorder.written) == (1, 7)
    disk.is_let.set()
    recorder.sync()
    assert (recorder.count, recorder.failure) == (7, None)
    recorder.close()


def test_what_is_written_while_the_disk_is_busy_goes_there_together(tmp_path: Path, disk: Disk) -> None:
    with (tmp_path / "file").open("wb", buffering=0) as file:
        sync = DiskSync(file.fileno())
        for count in range(1, 100):
            file.write(b"x")
            sync.ask(count)
            disk.has_begun.wait()
        assert sync.safe == 0
        disk.is_let.set()
        sync.close()
        assert sync.safe == 99
    assert disk.asked == [1, 99]


def test_a_signal_does_not_wait_for_a_disk_that_is_stalled(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    disk.is_let.set()
    recorder = Recorder(tmp_path / "session.jsonl", Run(buy_apple()), lambda: 0.0)
    disk.is_let.clear()
    recorder.note("the last", recorder.track.source.tape.at(0))
    recorder.abandon()
    assert (recorder.count, recorder.file) == (1, None)
    disk.is_let.set()
    recorder.disk.thread.join()


def test_the_thread_ends_with_the_recording_and_leaves_nothing_open(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "session.jsonl", Run(buy_apple()), lambda: 0.0)
    recorder.close()
    recorder.disk.thread.join()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(recorder.disk.file)
