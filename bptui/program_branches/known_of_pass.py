"""What of a watched pass need not be computed again after an edit, and what nobody can know.

A value that the person's code has computed between layers may depend on what was changed; a gradient that the program
hands over and that is not the sum of what came back, too. There a branch ends, rather than to tell a number that the
program would not have made.
"""

from __future__ import annotations

import numpy as np

from bptui.core.columns import Dout, Value, arriving, freeze
from bptui.core.edit import EditKind, Reuse, SentBack, ValueEdit, are_same
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import LayerError
from bptui.program_checking.checked_program import CheckedProgram
from bptui.program_checking.source_numbers import is_written_factor
from bptui.programs.pass_graph import WatchedPass
from bptui.programs.passed_gradients import PassedGradients
from layers import Array

PRECISE = 1e-9
"""How far a sum in another order may be off, relative to its largest number."""


class KnownOfPass(Reuse):
    """What is known of the pass of a program in which an ``edit`` is made, in spite of it.

    ``settled`` are the values that were set, by edits before this one, too.
    """

    def __init__(self, program: CheckedProgram, edit: ValueEdit, settled: frozenset[str]) -> None:
        super().__init__(program.tape, edit.iteration)
        self.edit = edit
        self.watched: WatchedPass = program.watched.passes[edit.iteration]
        self.passes = program.tape.order.passes(edit.iteration)
        self.passed = PassedGradients(program.facts, self.watched)
        self.settled = settled
        self.under_way = -1

    def outputs(self, tape: Tape, node: int) -> list[Value] | None:
        """Return what a node came to; None where it has to be computed. Raises LayerError where it is not known."""
        self.refuse_computed(tape, node)
        self.refuse_copy(tape, node)
        return super().outputs(tape, node)

    def refuse_computed(self, tape: Tape, node: int) -> None:
        """Raise LayerError where a node is given what code has computed since the edit."""
        graph = tape.graph
        for name in graph.nodes[node].inputs:
            if name in self.settled or name not in graph.computed or not self.is_after_edit(tape, name):
                continue
            where = graph.computed[name]
            raise LayerError(
                f"{visible(name, limit=40)} is computed by your code between layers: what it would be now is not known",
                hint=f"set {visible(name, limit=40)} = ... goes on with a value of yours",
                where=where,
            )

    def is_after_edit(self, tape: Tape, name: str) -> bool:
        """Return whether a value is first used after the first node that the edit changes."""
        uses = tape.graph.uses[tape.graph.slots[name]]
        return self.first_changed(tape) < min(use.node for use in uses)

    def first_changed(self, tape: Tape) -> int:
        """Return the first node that has another input or output than before; as many as there are where none has."""
        now, before = tape.iterations[-1].values, self.columns.values
        graph = tape.graph
        for node in range(graph.nodes_within(len(now))):
            if not all(are_same(now[slot], before[slot]) for slot in (*graph.edges[node], *graph.slots_of(node))):
                return node
        return len(graph.nodes)

    def refuse_copy(self, tape: Tape, node: int) -> None:
        """Raise LayerError where what was the same as another value is to be made of another one.

        Whether the person's code copies it, or does what changed nothing, is not known.
        """
        derived = self.watched.nodes[node].derived
        if derived is None or derived.layer != "Copy" or self.has_inputs(tape, node):
            return
        it = tape.graph.nodes[node]
        name, source = visible(it.name, limit=40), visible(it.inputs[0], limit=40)
        message = f"{name} was the same as {source}, made by your code: whether it would be now is not known"
        raise LayerError(message, where=it.call)

    def backward(self, tape: Tape, rank: int) -> SentBack | None:
        """Return what a node sent back; None where it has to be computed. Raises LayerError where it is not known."""
        if not self.applies(tape) or rank >= len(self.columns.douts):
            return None
        if rank == self.under_way:  # what arrives is settled, however often its layer is asked until it has answered
            return None
        node = tape.passes.backward[rank]
        handed, before = self.columns.douts[rank], self.arrived(rank)
        now = tape.arriving(node)
        is_same = are_same(now, before)
        is_known = is_passed_on(handed, before) and not self.is_made_of_values(tape, rank)
        if not is_known and not self.is_set(tape, node):
            if self.starts_by_itself(node) or is_seed(handed, before):
                tape.iterations[-1].totals[tape.graph.slot_of(node)] = handed
            elif (factor := self.written_factor(rank, handed, before)) is not None:
                tape.iterations[-1].totals[tape.graph.slot_of(node)] = freeze(now * factor)
            elif not (is_same and self.has_all_values(tape)):
                raise self.unknown_dout(tape, rank)
        if is_same and self.has_inputs(tape, node):
            return self.back_before(tape, rank)
        self.under_way = rank
        return None

    def written_factor(self, rank: int, handed: Dout, before: Dout) -> float | None:
        """Return the number by which the program multiplies what came back, where it is written there; else None."""
        here, earlier = self.passes.calls[rank], self.passes.calls[rank - 1] if rank else None
        if (
            here is None
            or here.line is None
            or not isinstance(handed, np.ndarray)
            or not isinstance(before, np.ndarray)
        ):
            return None
        factor, first = common_factor(handed, before), here.line
        if earlier is not None and earlier.path == here.path and earlier.line is not None:
            first = min(first, earlier.line)
        numbers = (factor, 1 / factor) if factor else ()
        return factor if any(is_written_factor(here.path, it, first=first, last=here.line) for it in numbers) else None

    def unknown_dout(self, tape: Tape, rank: int) -> LayerError:
        """Return the error about a gradient that the program would hand over, and nobody knows."""
        how = "is computed by your code" if self.enters_at(rank) else "was not the sum of what came back"
        name = visible(tape.graph.nodes[tape.passes.backward[rank]].name, limit=40)
        message = f"what your code hands to {name} {how}: what it would be now is not known"
        return LayerError(message, where=tape.passes.calls[rank] if tape.passes.calls else None)

    def is_made_of_values(self, tape: Tape, rank: int) -> bool:
        """Return whether the gradient that enters the pass at a turn may be made of values that are others now.

        Ones are taken to be ones whatever the values are.
        """
        if not self.enters_at(rank) or self.starts_by_itself(tape.passes.backward[rank]):
            return False
        return not is_seed(self.columns.dout, None) and not self.has_all_values(tape)

    def enters_at(self, rank: int) -> bool:
        """Return whether the backward pass starts at a turn: at the output, and nothing has come back to it."""
        passes = self.passes
        is_output = passes.graph.output in passes.graph.nodes[passes.backward[rank]].outputs
        return is_output and passes.last_edge(passes.graph.output, rank) is None

    def has_all_values(self, tape: Tape) -> bool:
        """Return whether every value is as it was: the edit is one of a gradient."""
        return self.first_changed(tape) == len(tape.graph.nodes)

    def is_set(self, tape: Tape, node: int) -> bool:
        """Return whether the edit sets what arrives at a node."""
        return self.edit.kind is EditKind.DOUT and self.edit.name in tape.graph.nodes[node].outputs

    def arrived(self, rank: int) -> Dout:
        """Return what had come back to a node before its turn."""
        passes, graph, columns = self.passes, self.passes.graph, self.columns
        totals: list[Value | None] = [None] * len(graph.names)
        totals[graph.slots[graph.output]] = columns.dout
        slots = graph.slots_of(passes.backward[rank])
        for slot in slots:
            if (edge := passes.last_edge(graph.names[slot], rank)) is not None:
                totals[slot] = columns.sums[edge]
        return arriving(totals, slots, columns.values)

    def starts_by_itself(self, node: int) -> bool:
        """Return whether the program hands no gradient to a call back: that of a loss."""
        call = next((call for place, call in self.watched.backwards if place == node), None)
        return call is not None and not self.passed.douts(call, self.watched.nodes[node])


def common_factor(handed: Array, came: Array) -> float | None:
    """Return the number by which each element was multiplied; None where there is none, or it is 0."""
    if handed.shape != came.shape or not np.isfinite(came).all() or not came.any():
        return None
    place = int(np.abs(came).argmax())
    factor = float(handed.flat[place] / came.flat[place])
    return factor if factor and is_passed_on(handed, came * factor) else None


def is_seed(handed: Dout, came: Dout) -> bool:
    """Return whether what is handed over is ones, and nothing has come back: another loss, which starts with 1."""
    return (
        came is None and handed is not None and not isinstance(handed, tuple) and bool((np.asarray(handed) == 1).all())
    )


def is_passed_on(handed: Dout, came: Dout) -> bool:
    """Return whether what is handed over is what came back, but for the order in which it was added up."""
    if isinstance(came, tuple):
        pairs = zip(handed, came, strict=True)
        return all(is_passed_on(it, total) if it is not None else not np.any(total) for it, total in pairs)
    if handed is None or came is None or np.shape(handed) != np.shape(came):
        return handed is came
    one, other = np.asarray(handed), np.asarray(came)
    with np.errstate(all="ignore"):
        is_near = np.abs(one - other) <= PRECISE * np.abs(other).max(initial=0.0)
    return bool((is_near | (one == other) | (np.isnan(one) & np.isnan(other))).all())
