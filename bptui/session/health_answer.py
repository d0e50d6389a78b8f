"""How all nodes fare in the iteration at the cursor, as an answer: what there is to say, a table, and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bptui.core.text import json_number, number, visible
from bptui.explaining.health import Health, NodeHealth, health_of
from bptui.session.answer import Answer

if TYPE_CHECKING:
    from bptui.session.session import Session

COLUMNS = ("node", "layer", "in", "out", "gain", "dout", "gradient", "gain", "overall", "zeros", "flat")


def health_answer(session: Session) -> Answer:
    """Return how all nodes fare; the iteration at the cursor is run to its end first."""
    tape, iteration = session.tape, session.moment.progress.iteration
    end = tape.order.start(iteration + 1)
    if len(tape) < end and session.run is not None and not session.run.is_over:
        return Answer("running this iteration first …", "dim", is_pending=True)
    health = health_of(tape.at(min(end, len(tape))))
    return Answer("\n".join(health_lines(health)), record=health_record(health))


def health_lines(health: Health) -> Iterator[str]:
    """Yield what there is to say, and then all nodes, those in trouble first."""
    yield from health.sentences
    yield ""
    rows = [COLUMNS, *map(row_of, health.nodes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        cells = [
            it.ljust(width) if at < 2 else it.rjust(width)
            for at, (it, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
    if health.updates:
        yield ""
        yield "updates: " + ", ".join(
            f"{visible(it.name, limit=30)} {it.ratio:.2g} of its size" for it in health.updates
        )


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
