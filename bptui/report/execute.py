"""Opening what ``bptui exec`` names, a scenario or a recording, and having its commands carried out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO

from bptui.core.text import visible
from bptui.recording.transcript import read_transcript
from bptui.report.command_loop import CommandLine, CommandLoop, command_lines, lines_of_file
from bptui.scenario.load import load
from bptui.session.new_session import scenario_session
from bptui.session.open_tape import is_transcript
from bptui.session.replay import replay_session
from bptui.session.session import Session


def execute(session: Session, sources: Sequence[tuple[str, str]], file: TextIO, *, as_json: bool) -> bool:
    """Carry out commands, and close the session; return whether all went well, and so did every recording.

    ``sources`` are pairs of ``-e`` and a command, or ``-f`` and a file. Without any, commands are read from standard
    input. Raises BptuiError.
    """
    loop = CommandLoop(session, file, as_json=as_json)
    try:
        if sources:
            loop.run(chain.from_iterable(lines_from(*source, place=number) for number, source in enumerate(sources, 1)))
        elif sys.stdin is not None and sys.stdin.isatty() and file.isatty() and not as_json:
            loop.converse()
        else:
            loop.run(lines_of_file(Path("-")))
    finally:
        session.close()
    sys.stderr.writelines(f"{words}\n" for words in session.stop_messages)
    return not (loop.has_failed or session.has_lost_records)


def open_session(place: str, layers: Sequence[Path]) -> Session:
    """Return a session over a scenario, or over the recording in a file. Raises BptuiError."""
    if is_transcript(Path(place)):
        recording = read_transcript(Path(place))
        if recording.dropped:
            sys.stderr.write(f"{visible(place)}: {recording.dropped}\n")
        return replay_session(recording, recording.title)
    return scenario_session(load(place, layers=layers))


def lines_from(kind: str, text: str, *, place: int) -> Iterator[CommandLine]:
    """Yield the lines of one ``-e`` or ``-f``, the ``place``-th of them (from 1)."""
    if kind == "-f":
        yield from lines_of_file(Path(text))
    else:
        for line in command_lines(text, "-e"):
            yield line._replace(where=line.where._replace(line=place))
