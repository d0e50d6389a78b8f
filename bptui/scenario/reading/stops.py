"""``[[breakpoints]]``: the stops that a scenario begins with, each on a node or on what holds at any step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bptui.core.expression import check_names, parse_expression
from bptui.core.graph import Graph
from bptui.core.order import Pass
from bptui.core.stop import Stop, StopEvent
from bptui.core.text import visible
from bptui.errors import ExpressionError, ScenarioError
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.table_keys import check_keys, whole_number
from bptui.scenario.reading.value_forms import toml_kind
from bptui.scenario.toml import Document, Path

KEYS = ("node", "pass", "if", "after", "on")


def read_stops(document: Document, graph: Graph, problems: Problems) -> Iterator[Stop]:
    """Yield the stops; mistakes go to ``problems``."""
    for path, written in tables_of(document, "breakpoints", problems):
        check_keys(document, path, written, KEYS, problems)
        with problems.collecting():
            yield read_stop_table(document, path, written, graph)


def tables_of(document: Document, name: str, problems: Problems) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the tables of an array ``[[name]]``, each with its place; mistakes go to ``problems``."""
    written = document.data.get(name, [])
    with problems.collecting():
        if not isinstance(written, list):
            raise document.key_error(f"{name}: got {toml_kind(written)}, wanted tables", name, hint=f"[[{name}]]")
        for place, it in enumerate(written):
            with problems.collecting():
                if not isinstance(it, dict):
                    raise document.error(f"{name}: got {toml_kind(it)}, wanted a table", name, place)
                yield (name, place), it


def read_stop_table(document: Document, path: Path, written: Mapping[str, Any], graph: Graph) -> Stop:
    """Return one stop. Raises ScenarioError."""
    if ("node" in written) is ("on" in written):
        what = "one of node and on, not both" if "node" in written else "node or on is missing"
        raise document.key_error(f"a breakpoint: {what}", *path, hint='node = "z1", or on = "nan"')
    after = whole_number(document, (*path, "after"), written.get("after", 0), least=0)
    if "on" in written:
        for key in {"pass", "if"} & set(written):
            raise document.key_error(f"{key}: belongs to a breakpoint on a node", *path, key)
        on = read_words(document, (*path, "on"), written["on"])
        if on in {event.value for event in StopEvent}:
            return Stop(event=StopEvent(on), after=after)
        return Stop(condition=read_condition(document, (*path, "on"), on, graph.slots), after=after)
    node = read_known(document, (*path, "node"), written["node"], graph.slots)
    pass_ = read_pass(document, (*path, "pass"), written["pass"]) if "pass" in written else None
    condition = None
    if "if" in written:
        text = read_words(document, (*path, "if"), written["if"])
        condition = read_condition(document, (*path, "if"), text, graph.slots)
    return Stop(node, pass_, condition, after=after)


def read_words(document: Document, path: Path, written: object) -> str:
    """Return text in quotes. Raises ScenarioError for anything else, and for none."""
    if not isinstance(written, str) or not written.strip():
        what = "empty text" if isinstance(written, str) else toml_kind(written)
        raise document.error(f"{path[-1]}: got {what}, wanted text in quotes", *path)
    return written.strip()


def read_known(document: Document, path: Path, written: object, names: Collection[str]) -> str:
    """Return the name of a value. Raises ScenarioError where nothing has it."""
    name = read_words(document, path, written)
    if name not in names:
        raise document.error(f"nothing is called {visible(name, limit=80)}", *path, hint=nearest(name, names))
    return name


def read_pass(document: Document, path: Path, written: object) -> Pass:
    """Return a pass by its name. Raises ScenarioError for another name."""
    name = read_words(document, path, written)
    known = [it.value for it in Pass]
    if name not in known:
        hint = nearest(name, known) or f"there are {', '.join(known)}"
        raise document.error(f"there is no pass {visible(name, limit=80)}", *path, hint=hint)
    return Pass(name)


def read_condition(document: Document, path: Path, text: str, names: Collection[str]) -> str:
    """Return an expression. Raises ScenarioError, which points into it."""
    try:
        parse_expression(text)
        check_names(text, names)
    except ExpressionError as error:
        where = document.where_character(path, error.position)
        raise ScenarioError(f"{path[-1]}: {error.message}", hint=error.hint, where=where) from None
    return text
