"""Into a layer: its own source, line by line, as a little tape with a cursor of its own.

``enter`` runs the forward or backward of a moment's step again under a line tracer; ``visit`` does so with any layer,
also within another process, whose ``LineTape`` comes back as plain records and never as objects.
"""

from bptui.core.source.enter import enter
from bptui.core.source.line_record import line_tape_record, read_line_tape
from bptui.core.source.line_tape import Event, LineCursor, LineStep, LineTape
from bptui.core.source.snapshot import Snapshot, snapshot
from bptui.core.source.visit import visit

__all__ = [
    "Event",
    "LineCursor",
    "LineStep",
    "LineTape",
    "Snapshot",
    "enter",
    "line_tape_record",
    "read_line_tape",
    "snapshot",
    "visit",
]
