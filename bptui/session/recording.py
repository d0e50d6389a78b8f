"""Starting and stopping a recording while the session goes on."""

from __future__ import annotations

from pathlib import Path

from bptui.core.text import visible
from bptui.session.session import Session

REPLAYED = "this is a replay: it can be looked at, and stays as it was recorded"


def toggle(session: Session) -> str:
    """Start or stop recording, and return what has happened in words. Raises TranscriptError."""
    if not session.can_record:
        return REPLAYED
    if session.recorder is None:
        path = free_path(session.name)
        session.record(path)
        return f"recording to {visible(str(path))}: R stops, ; writes a note"
    recorder = session.recorder
    session.stop_recording()
    state = f"the recording has stopped ({recorder.failure}) with" if recorder.failure else "recorded"
    return f"{state} {recorder.count} lines in {visible(str(recorder.path))}"


def free_path(title: str) -> Path:
    """Return the first of ``NAME-1.jsonl``, ``NAME-2.jsonl``, ... that does not exist in the working directory."""
    stem = "".join(character if character.isalnum() or character in "-_" else "_" for character in title)[:60]
    number = 1
    while (path := Path(f"{stem}-{number}.jsonl")).exists():
        number += 1
    return path
