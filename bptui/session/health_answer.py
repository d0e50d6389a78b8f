"""How all nodes fare in the iteration at the cursor, as an answer: what there is to say, a table, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bptui.core.text import json_number, number, visible
from bptui.explaining.health import Health, NodeHealth, health_of
from bptui.lines.cell_width import cells
from bptui.lines.table import flush_left, flush_right
from bptui.session.answer import Answer

if TYPE_CHECKING:
    from bptui.session.session import Session

COLUMNS = ("node", "layer", "in", "out", "gain ▶", "dout", "gradient", "gain ◀", "overall", "zeros", "flat")


def health_answer(session: Session) -> Answer:
    """Return how all nodes fare; the iteration at the cursor is run to its end first."""
    tape, iteration = session.tape, session.moment.progress.iteration
    end = tape.order.start(iteration + 1)
    if len(tape) < end and session.run is not None and not session.run.is_over:
        return Answer("running this iteration first …", "dim", is_pending=True)
    health = health_of(tape.at(min(end, len(tape))))
    return Answer("\n".join(health_lines(health)), record=health_record(health))


def is_health(answer: Answer) -> bool:
    """Return whether an answer tells how all nodes fare, which a screen shows as a panel."""
    return answer.record is not None and "sentences" in answer.record


def health_at(session: Session) -> Health:
    """Return how all nodes fare at the cursor; where its iteration has not begun, how they will fare in all of it."""
    moment, tape = session.moment, session.tape
    start = tape.order.start(moment.progress.iteration)
    if moment.position > start:
        return health_of(moment)
    return health_of(tape.at(min(tape.order.start(moment.progress.iteration + 1), len(tape))))


def health_lines(health: Health) -> Iterator[str]:
    """Yield what there is to say, and then all nodes, those in trouble first."""
    yield from health.sentences
    yield ""
    yield from table_lines([COLUMNS, *map(row_of, health.nodes)])
    if health.updates:
        yield ""
        yield updates_line(health)


def updates_line(health: Health) -> str:
    """Return how large the updates are, in a line."""
    told = (f"{visible(it.name, limit=30)} {it.ratio:.2g} of its size" for it in health.updates)
    return f"updates: {', '.join(told)}"


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as text, the first two columns flush on the left and the numbers on the right."""
    words, figures = flush_left([row[:2] for row in rows]), flush_right([row[2:] for row in rows])
    room = max(map(cells, words))
    return [f"{one}{' ' * (room - cells(one))}  {other}".rstrip() for one, other in zip(words, figures, strict=True)]


def row_of(it: NodeHealth) -> tuple[str, ...]:
    """Return a node's row of the table."""
    numbers = (it.norm_in, it.norm_out, it.gain, it.dout, it.gradient, it.backward_gain, it.cumulative)
    flat = it.dead if it.dead is not None else it.saturated
    shares = ("" if share is None else f"{share:.0%}" for share in (it.zeros, flat))
    told = ("·" if value is None else number(value, 3) for value in numbers)
    return (visible(it.name, limit=20), visible(it.layer, limit=16), *told, *shares)


def node_fields(node: NodeHealth) -> dict[str, Any]:
    """Return how a node fares as JSON."""
    return {key: json_number(it) if isinstance(it, float) else it for key, it in asdict(node).items()}


def health_record(health: Health) -> dict[str, Any]:
    """Return how all nodes fare as JSON."""
    nodes = [node_fields(node) for node in health.nodes]
    updates = [{"name": it.name, "ratio": json_number(it.ratio)} for it in health.updates]
    return {"sentences": list(health.sentences), "nodes": nodes, "updates": updates}
