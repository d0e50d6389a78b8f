"""A branch in a transcript, read back: the steps before its edit are its parent's, and nothing runs again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bptui.core import text
from bptui.core.columns import Dout, Value
from bptui.core.edit import EditKind, ValueEdit, forked
from bptui.core.order import Pass
from bptui.core.tape import Tape
from bptui.recording.json_line import DamagedTranscriptError
from bptui.recording.records import BackwardRecord, BranchRecord, EditRecord
from bptui.recording.replay_tape import Recording


class BranchRecording(Recording):
    """A branch of ``parent``, as its ``record`` tells of it. Raises DamagedTranscriptError where that cannot be."""

    def __init__(self, parent: Recording, record: BranchRecord) -> None:
        header = parent.header
        if (graph := record.graph) is not None:
            header = replace(
                header,
                nodes=graph.nodes,
                values=graph.values,
                output=graph.output,
                inputs=graph.inputs,
                parameters=graph.parameters,
            )
        super().__init__(header, parent.path)
        self.record = record
        self.parent = record.parent
        self.first_step = 1
        self.edit: ValueEdit | None = None
        if record.edit is None:
            return
        self.edit = edit = edit_of_record(parent.tape, record.edit)
        self.first_step = edit.first_step(parent.tape)
        self.tape = forked(parent.tape, edit)
        self.tape.revisit = self.locals
        kept = [list(it) for it in parent.locals.iterations[: len(self.tape.iterations)]]
        self.locals.iterations = kept + [[] for _ in range(len(self.tape.iterations) - len(kept))]
        del self.locals.iterations[-1][len(self.tape.iterations[-1].douts) :]
        self.locals.curves = dict(parent.locals.curves)

    def dout_at(self, node: int, record: BackwardRecord) -> Dout:
        """Return what arrives at a node: in a program it is what that hands over, whatever has come back."""
        if self.header.program is None:
            return super().dout_at(node, record)
        douts = [None if it is None else it[()] for it in record.douts]
        return douts[0] if len(douts) == 1 else tuple(douts)


def edit_of_record(tape: Tape, record: EditRecord) -> ValueEdit:
    """Return what was set. Raises DamagedTranscriptError where the recording has no such value."""
    kinds = {kind.value: kind for kind in EditKind}
    kind, iteration, name = kinds.get(record.of), record.iteration - 1, record.name
    is_there = 0 <= iteration < tape.order.iterations and name in tape.order.passes(iteration).graph.slots
    if kind is None or not is_there:
        raise DamagedTranscriptError(f"the edit of {text.visible(name)} is not one of this run's values")
    pass_ = {EditKind.LEAF: None, EditKind.OUTPUT: Pass.FORWARD, EditKind.DOUT: Pass.BACKWARD}[kind]
    if (pass_ is None) is not tape.order.passes(iteration).graph.is_leaf(name):
        raise DamagedTranscriptError(f"the edit of {text.visible(name)} is of another kind of value")
    edit = ValueEdit(kind, name, iteration, record.value)
    if pass_ is not None and tape.order.step_number(iteration, pass_, name) is None:
        raise DamagedTranscriptError(f"{text.visible(name)} has no such step")
    needed = edit.first_step(tape) - (kind is not EditKind.OUTPUT)
    if needed > len(tape) or np.shape(value_before(tape, edit)) != record.value.shape:
        raise DamagedTranscriptError(f"the edit of {text.visible(name)} does not fit what was recorded before it")
    return edit


def value_before(tape: Tape, edit: ValueEdit) -> Value:
    """Return the value in whose place an edit is, or one of its shape."""
    slot = tape.order.passes(edit.iteration).graph.slots[edit.name]
    if edit.iteration < len(tape.iterations):
        return tape.iterations[edit.iteration].values[slot]
    return tape.next_leaves()[slot]
