"""The list of a run's passes: iteration by iteration its steps, what came out, and what is wrong there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bptui.core.columns import Value
from bptui.core.order import Pass
from bptui.core.tape import Tape
from bptui.core.text import json_number, number, shape, visible
from bptui.lines.signs import FAIL, NON_FINITE, PASS_SIGNS
from bptui.lines.table import flush_left
from bptui.session.answer import Answer
from bptui.session.status_messages import failure_of

if TYPE_CHECKING:
    from bptui.session.session import Session
    from layers import Array

MOST_LISTED = 500
"""Iterations that are listed; of more, those around the cursor."""

MOST_NAMED = 3
"""Wrong nodes that are named of each."""

MOST_SEARCHED = 2_000_000
"""Elements of all listed iterations that are searched for NaN; of more, the outputs alone."""


@dataclass(frozen=True, eq=False)
class PassSummary:
    """One iteration: its steps, from ``first`` to ``last``, in which ``passes``, what came out, and its troubles."""

    iteration: int
    first: int
    last: int
    passes: tuple[Pass, ...]
    output: str
    value: Array | None
    troubles: tuple[str, ...]
    is_here: bool

    @property
    def steps_words(self) -> str:
        """Which steps it has."""
        return f"steps {self.first:,}-{self.last:,}"

    @property
    def signs(self) -> str:
        """The passes as signs, each in its column."""
        return " ".join(PASS_SIGNS[it] if it in self.passes else " " for it in Pass)

    @property
    def kind(self) -> str:
        """What the passes come to."""
        if Pass.UPDATE in self.passes:
            return "training"
        return "forward and back" if Pass.BACKWARD in self.passes else "forward only"

    @property
    def output_words(self) -> str:
        """What came out: the loss, where that is one number."""
        name = visible(self.output, limit=30)
        if self.value is None:
            return f"{name} is not reached"
        return f"{name} {number(float(self.value)) if self.value.size == 1 else shape(self.value)}"

    @property
    def record(self) -> dict[str, Any]:
        """It for other programs, as JSON."""
        is_number = self.value is not None and self.value.size == 1
        return {
            "iteration": self.iteration,
            "first": self.first,
            "last": self.last,
            "passes": [it.value for it in self.passes],
            "output": self.output,
            "value": json_number(float(self.value)) if is_number else None,  # type: ignore[arg-type]
            "troubles": list(self.troubles),
        }


def list_passes(session: Session) -> Answer:
    """Return the passes on a line each, and for other programs as records."""
    summaries = pass_summaries(session)
    rows = zip(pass_columns(summaries), summaries, strict=True)
    lines = [f"{'>' if it.is_here else ' '} {row}  {', '.join(it.troubles)}".rstrip() for row, it in rows]
    told = "\n".join((*lines, *omitted_words(session, summaries)))
    return Answer(told or "nothing has run yet", record={"passes": [it.record for it in summaries]})


def pass_columns(summaries: Sequence[PassSummary]) -> list[str]:
    """Return what is always known of each iteration, in columns."""
    return flush_left([(str(it.iteration), it.steps_words, it.signs, it.kind, it.output_words) for it in summaries])


def omitted_words(session: Session, summaries: Sequence[PassSummary]) -> Iterator[str]:
    """Yield how many iterations are not listed, if any."""
    count = iteration_count(session)
    if len(summaries) < count:
        yield f"{len(summaries)} of {count:,} iterations, those around the cursor: iteration N goes to any"


def pass_summaries(session: Session) -> list[PassSummary]:
    """Return the iterations that have begun to run, of very many those around the cursor."""
    count, here = iteration_count(session), session.moment.progress.iteration
    start = max(0, min(here - MOST_LISTED // 2, count - MOST_LISTED))
    listed = range(start, min(count, start + MOST_LISTED))
    is_searched = sum(element_count(session.tape, it) for it in listed) <= MOST_SEARCHED
    return [summary_of(session, it, is_searched=is_searched) for it in listed]


def iteration_count(session: Session) -> int:
    """Return how many iterations have begun to run."""
    return sum(session.tape.order.start(it) < len(session.tape) for it in range(len(session.tape.iterations)))


def summary_of(session: Session, iteration: int, *, is_searched: bool) -> PassSummary:
    """Return what there is to say of an iteration (from 0)."""
    tape, order = session.tape, session.tape.order
    passes = order.passes(iteration)
    graph, values = passes.graph, tape.iterations[iteration].values
    slot = graph.slots.get(graph.output)
    return PassSummary(
        iteration + 1,
        order.start(iteration) + 1,
        min(order.start(iteration + 1), len(tape)),
        tuple(pass_ for pass_, length in zip(Pass, passes.lengths, strict=True) if length),
        graph.output,
        np.asarray(values[slot]) if slot is not None and slot < len(values) else None,
        tuple(pass_troubles(session, iteration, is_searched=is_searched)),
        session.moment.progress.iteration == iteration,
    )


def pass_troubles(session: Session, iteration: int, *, is_searched: bool) -> Iterator[str]:
    """Yield what is known to be wrong in an iteration (from 0): nodes, NaN, and the end of the run."""
    tape = session.tape
    goes_back = tape.order.passes(iteration).backward
    if goes_back and session.has_checks and (wrong := session.checks.verdicts.wrong(iteration)):
        more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
        yield f"{FAIL} wrong: {', '.join(visible(it.node, limit=20) for it in wrong[:MOST_NAMED])}{more}"
    if is_searched and (name := first_non_finite(tape, iteration)):
        yield f"{NON_FINITE} NaN or infinity in {visible(name, limit=30)}"
    if tape.failure is not None and iteration == len(tape.iterations) - 1:
        yield f"{FAIL} the run ends here: {failure_of(tape.at(len(tape)))}"


def first_non_finite(tape: Tape, iteration: int) -> str:
    """Return the first value of an iteration (from 0) with NaN or infinity in it or in its gradient; "" for none."""
    names, columns = tape.order.passes(iteration).graph.names, tape.iterations[iteration]
    values = (name for name, value in zip(names, columns.values, strict=False) if has_non_finite(value))
    totals = (
        f"the gradient of {name}"
        for name, total in zip(names, columns.totals, strict=False)
        if total is not None and has_non_finite(total)
    )
    return next(values, "") or next(totals, "")


def has_non_finite(value: Value) -> bool:
    """Return whether NaN or infinity is among the elements of a value."""
    array = np.asarray(value)
    return array.dtype.kind == "f" and not np.isfinite(array).all()


def element_count(tape: Tape, iteration: int) -> int:
    """Return how many elements the values of an iteration have."""
    return sum(int(np.size(it)) for it in tape.iterations[iteration].values)
