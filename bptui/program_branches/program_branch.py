"""A branch of a watched program: the run of one pass again, from an edit to the end of the backward pass."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.core.columns import Value
from bptui.core.edit import EditKind, ValueEdit, forked
from bptui.core.engine import Runner
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.program_branches.call_layers import CallLayer, CallLayers
from bptui.program_branches.known_of_pass import KnownOfPass
from bptui.program_checking.checked_program import CheckedProgram

ENDS = "it ends with this pass: your program does not run on"
"""What there is to say of every branch of a program."""


class ProgramBranch(Runner):
    """The run that goes on from an ``edit`` of ``original``, the tape of a program or of a branch of it.

    ``settled`` are the values that were set in ``original``. Raises BptuiError where nothing follows from the edit.
    """

    def __init__(
        self, program: CheckedProgram, original: Tape, edit: ValueEdit, settled: frozenset[str] = frozenset()
    ) -> None:
        self.program = program
        self.settled = settled | {edit.name}
        self.known = KnownOfPass(program, edit, self.settled)
        self.refuse_own_start(edit)
        tape = forked(original, edit)
        super().__init__(tape, CallLayers(program, edit.iteration), self.known)

    def refuse_own_start(self, edit: ValueEdit) -> None:
        """Raise BptuiError where the gradient at a loss is set that the program does not hand over."""
        node = self.known.watched.graph.node_index(edit.name)
        if edit.kind is EditKind.DOUT and node is not None and self.known.starts_by_itself(node):
            name = visible(edit.name, limit=40)
            raise BptuiError(f"your program hands no gradient to {name}: there is none to set")

    def warm(self, node: int, values: Sequence[Value]) -> None:
        """Tell a call what its forward was given: to go back it goes forward anyway."""
        layer = self.layers[node]
        if isinstance(layer, CallLayer):
            layer.inputs = [values[slot] for slot in self.graph.edges[node]]
        self.cold.discard(node)

    def entering_gradient(self, columns: object) -> Value:  # noqa: ARG002  (it is as it was)
        """Return the gradient that entered at the output in the program."""
        return self.known.columns.dout

    def edited(self, edit: ValueEdit) -> ProgramBranch:
        """Return a run that goes on from an edit of this one."""
        return ProgramBranch(self.program, self.tape, edit, self.settled)
