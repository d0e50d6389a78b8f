"""Starting and stopping a recording while the session goes on, and writing notes."""

from __future__ import annotations

from pathlib import Path

from bptui.core.text import visible
from bptui.core.verbs.program import ToggleRecording
from bptui.errors import BptuiError
from bptui.session.answer import Answer, WayOn
from bptui.session.session import Session


def record(session: Session, file: str | None) -> Answer:
    """Start recording to ``file``, by default to a free name; or stop. Raises BptuiError where it cannot be."""
    refuse_replay(session)
    if session.recorder is None:
        path = Path(file) if file else free_path(session.name)
        session.record(path)
        return Answer(f"recording to {visible(str(path))}", way_on=WayOn(ToggleRecording, "stops"))
    if file:
        raise BptuiError(f"already recording to {visible(str(session.recorder.path))}")
    recorder = session.recorder
    session.stop_recording()
    state = f"the recording has stopped ({recorder.failure}) with" if recorder.failure else "recorded"
    text = f"{state} {recorder.count} lines in {visible(str(recorder.path))}"
    return Answer(text, "error" if recorder.failure else "", ok=recorder.failure is None)


def write_note(session: Session, text: str) -> Answer:
    """Keep a note at this step; one written before a recording starts goes into it then."""
    session.write_note(text)
    is_safe = session.recorder is not None
    return Answer(
        f"noted at step {session.moment.position}",
        way_on=None if is_safe else WayOn(ToggleRecording, "starts a recording, which keeps it"),
    )


def refuse_replay(session: Session) -> None:
    """Raise a BptuiError where the session is a replay."""
    if not session.can_record:
        raise BptuiError("this is a replay: it can be looked at, and stays as it was recorded")


def free_path(title: str) -> Path:
    """Return the first of ``NAME-1.jsonl``, ``NAME-2.jsonl``, ... that does not exist in the working directory."""
    stem = "".join(character if character.isalnum() or character in "-_" else "_" for character in title)[:60]
    number = 1
    while (path := Path(f"{stem}-{number}.jsonl")).exists():
        number += 1
    return path
