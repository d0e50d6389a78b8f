"""Into a layer: its own source, line by line, as a little tape with a cursor of its own.

``visit`` runs a layer's forward or backward again under a line tracer, here or within another process, whose
``LineTape`` comes back as plain records and never as objects. ``enter``, in the file of that name, does so for the
step of a moment; what it needs of a run is not imported here, so that a child process need not load it.
"""

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
    "line_tape_record",
    "read_line_tape",
    "snapshot",
    "visit",
]
