"""The stops of a session: setting them, listing and changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bptui.core.debugger import steps_of
from bptui.core.expression import check_names
from bptui.core.order import Order, Pass
from bptui.core.stop import Stop, StopEvent, Stops, read_stop
from bptui.core.text import escaped, visible
from bptui.core.verbs.stops import Break, ChangeStop, DeleteStop, DisableStop, EnableStop, ListStops, Stopping
from bptui.errors import BptuiError
from bptui.session.answer import Answer
from bptui.session.selecting import named_or_selected

if TYPE_CHECKING:
    from bptui.session.session import Session


MOST_GRAPHS = 1_000
"""Graphs of a program whose names are known."""


def change_stops(session: Session, command: Stopping) -> Answer:
    """Set, list or change stops. Raises BptuiError where that cannot be done."""
    stops = session.stops
    match command:
        case Break(None):
            answer = toggle_stop(session)
        case Break(str(text)):
            answer = set_stop(session, read_stop(text))
        case ChangeStop(number, text):
            stops.existing(number)
            check_stop(session, stop := read_stop(text))
            stops.replace(number, stop)
            answer = Answer(f"stop {number}: {escaped(str(stop))}", record={"stop": number})
        case ListStops():
            records = stop_records(stops)
            return Answer("\n".join(map(stop_line, records)) or "no stop is set", record={"stops": records})
        case DeleteStop(number):
            answer = Answer(f"stop {number} is removed: {escaped(str(stops.existing(number)))}")
            stops.remove(number)
        case DisableStop(number):
            answer = Answer(f"stop {number} is disabled: {escaped(str(stops.existing(number)))}")
            stops.disable(number)
        case EnableStop(number):
            answer = Answer(f"stop {number} is enabled: {escaped(str(stops.existing(number)))}")
            stops.enable(number)
    session.log(command)
    return answer


def toggle_stop(session: Session) -> Answer:
    """Set a stop on the selected node, or remove the one that is there."""
    stop = Stop(named_or_selected(session, None))
    number = session.stops.number_of(stop)
    if number is None:
        return set_stop(session, stop)
    session.stops.remove(number)
    return Answer(f"stop {number} is removed: {escaped(str(stop))}", record={"stop": number})


def set_stop(session: Session, stop: Stop) -> Answer:
    """Set a stop, and answer its number. Raises BptuiError where it could never stop."""
    check_stop(session, stop)
    if stop.event in (StopEvent.FAIL, StopEvent.WARNING) and session.is_replay:
        raise BptuiError("this is a replay: no layer runs, so there is nothing to stop on")
    number = session.stops.add(stop)
    return Answer(f"stop {number}: {escaped(str(stop))}", record={"stop": number})


def check_stop(session: Session, stop: Stop) -> None:
    """Raise BptuiError for a stop on what has no steps, and for a condition that speaks of what is not there."""
    order = session.tape.order
    if stop.node is not None:
        if stop.node not in known_names(session):
            named_or_selected(session, stop.node)
        if not any(stop_steps(order, it, stop) for it in range(min(order.iterations, MOST_GRAPHS))):
            where = f"{stop.pass_.value} " if stop.pass_ else ""
            raise BptuiError(f"{visible(stop.node, limit=40)} has no {where}step")
    if stop.condition is not None:
        check_names(stop.condition, known_names(session))


def known_names(session: Session) -> set[str]:
    """Return the values of all graphs of a run; a program has one for each iteration."""
    order = session.tape.order
    if order.iterations < 2 or order.passes(0).graph is order.passes(order.iterations - 1).graph:
        return set(session.tape.graph.slots)
    graphs = (order.passes(it).graph for it in range(min(order.iterations, MOST_GRAPHS)))
    return {name for graph in graphs for name in graph.slots} | set(session.tape.graph.slots)


def stop_steps(order: Order, iteration: int, stop: Stop) -> list[int]:
    """Return the steps of an iteration (from 0) that a stop on a node is about, in order."""
    assert stop.node is not None
    if stop.pass_ is None:
        return sorted(steps_of(order, iteration, stop.node))
    number = order.step_number(iteration, stop.pass_, stop.node)
    if number is None and stop.pass_ is Pass.BACKWARD and order.passes(iteration).graph.is_leaf(stop.node):
        number = order.complete_at(iteration, stop.node)
    return [] if number is None else [number]


def stop_records(stops: Stops) -> list[dict[str, Any]]:
    """Return each stop as JSON: its number, how it is written, and whether it is enabled."""
    return [
        {"stop": number, "text": str(stop), "enabled": number not in stops.disabled}
        for number, stop in stops.by_number.items()
    ]


def stop_line(record: dict[str, Any]) -> str:
    """Return a stop on a line."""
    return f"{record['stop']:>3}  {escaped(record['text'])}{'' if record['enabled'] else '  (disabled)'}"
