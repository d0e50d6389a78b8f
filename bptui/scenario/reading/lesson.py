"""``[[notes]]``, ``[predict]`` and ``[points]``: what a scenario has for a class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bptui.core.graph import Graph
from bptui.core.lesson import Lesson, PlannedNote, Quiz
from bptui.core.order import Pass, Schedule
from bptui.core.text import visible
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.stops import read_known, read_pass, read_words, tables_of
from bptui.scenario.reading.table_keys import check_keys, real_number, table, whole_number
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.toml import Document, Path

NOTE_KEYS = ("text", "step", "node", "pass")
NO_STEP_HINT = "nodes have forward and backward steps, and with [train] parameters have an update"
QUIZ_KEYS = ("nodes", "pass")


def read_lesson(document: Document, order: Schedule, problems: Problems) -> Lesson:
    """Return what the scenario has for a class; mistakes go to ``problems``."""
    graph = order.graph
    notes = tuple(read_notes(document, order, problems))
    return Lesson(notes, read_quiz(document, graph, problems), dict(read_points(document, graph, problems)))


def read_notes(document: Document, order: Schedule, problems: Problems) -> Iterator[PlannedNote]:
    """Yield the notes."""
    for path, written in tables_of(document, "notes", problems):
        check_keys(document, path, written, NOTE_KEYS, problems)
        with problems.collecting():
            note = read_note(document, path, written, order.graph)
            check_note_place(document, path, note, order)
            yield note


def read_note(document: Document, path: Path, written: Mapping[str, Any], graph: Graph) -> PlannedNote:
    """Return one note. Raises ScenarioError."""
    if "text" not in written:
        raise document.key_error("a note: its text is missing", *path, hint='text = "..."')
    text = read_words(document, (*path, "text"), written["text"])
    if "step" in written:
        for key in [it for it in ("node", "pass") if it in written]:
            raise document.key_error(f"{key}: the note has a step already", *path, key)
        return PlannedNote(text, whole_number(document, (*path, "step"), written["step"], least=0))
    node = read_known(document, (*path, "node"), written["node"], graph.slots) if "node" in written else None
    pass_ = read_pass(document, (*path, "pass"), written["pass"]) if "pass" in written else None
    return PlannedNote(text, node=node, pass_=pass_)


def check_note_place(document: Document, path: Path, note: PlannedNote, order: Schedule) -> None:
    """Raise ScenarioError where a note is at no step of the run."""
    if note.position(order) is not None:
        return
    if note.step is not None:
        raise document.error(f"a note at step {note.step}: the run has {len(order)}", *path, "step")
    pass_ = (note.pass_ or Pass.FORWARD).value
    if note.node is None:
        raise document.error(f"a note at the {pass_} pass, which the run does not have", *path, "pass")
    name = visible(note.node, limit=80)
    raise document.error(f"a note at {name}, which has no {pass_} step", *path, "node", hint=NO_STEP_HINT)


def read_quiz(document: Document, graph: Graph, problems: Problems) -> Quiz:
    """Return what is hidden in predict mode."""
    written = table(document, "predict", problems)
    check_keys(document, ("predict",), written, QUIZ_KEYS, problems)
    nodes: tuple[str, ...] = ()
    pass_ = None
    with problems.collecting():
        if "nodes" in written:
            nodes = tuple(read_quiz_nodes(document, ("predict", "nodes"), written["nodes"], graph))
    with problems.collecting():
        if "pass" in written:
            pass_ = read_pass(document, ("predict", "pass"), written["pass"])
    return Quiz(nodes, pass_)


def read_quiz_nodes(document: Document, path: Path, written: object, graph: Graph) -> list[str]:
    """Return a list of names of values. Raises ScenarioError."""
    if not isinstance(written, list):
        raise document.error(f"{path[-1]}: got {toml_kind(written)}, wanted a list of names", *path)
    return [read_known(document, (*path, place), it, graph.slots) for place, it in enumerate(written)]


def read_points(document: Document, graph: Graph, problems: Problems) -> Iterator[tuple[str, float]]:
    """Yield the points of each node or layer that has any."""
    layers = {node.layer for node in graph.nodes}
    known = {*(node.name for node in graph.nodes), *layers}
    for key, written in table(document, "points", problems).items():
        with problems.collecting():
            if key not in known:
                what = f"no node or layer is called {visible(key, limit=80)}"
                raise document.key_error(what, "points", key, hint=nearest(key, known))
            points = real_number(document, ("points", key), written)
            if points < 0:
                raise document.error(f"{key}: points are not negative", "points", key)
            yield key, points
