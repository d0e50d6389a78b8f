"""The lists to work on over the screen: stops, watches, branches and passes, and what the keys do with a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bptui.core.command import Command
from bptui.core.text import escaped, visible
from bptui.core.verbs.branches import Diff, DropBranch, SwitchBranch
from bptui.core.verbs.movement import GoToIteration
from bptui.core.verbs.stops import ChangeStop, DeleteStop, DisableStop, EnableStop, Plot, Unwatch
from bptui.lines.line import Line, Span
from bptui.lines.signs import DISABLED_STOP, SIGN_STYLES, STOP
from bptui.session.passes import pass_columns, pass_summaries
from bptui.session.session import Session
from bptui.session.watches import value_at, watched_text


class RowKey(NamedTuple):
    """What a key does with a row: a command, or a line to be typed on; the list stays open unless it ``closes``."""

    does: Command | str
    closes: bool = False


@dataclass(frozen=True)
class ListRow:
    """A row, and what the keys do with it, by Textual's names for them; ``is_here`` is the row that one is at."""

    line: Line
    by_key: Mapping[str, RowKey] = field(default_factory=dict)
    is_here: bool = False


@dataclass(frozen=True)
class Listing:
    """A list: what it is called, which keys it tells of, its rows, and what is said where there is none."""

    title: str
    keys: tuple[tuple[str, str], ...]
    rows: Callable[[Session], Iterator[ListRow]]
    empty: str


def stop_rows(session: Session) -> Iterator[ListRow]:
    """Yield a row for each stop: its number, how it is written, and whether it is disabled."""
    stops = session.stops
    for number, stop in stops.by_number.items():
        is_disabled = number in stops.disabled
        line = (
            Span(f"{number:>3} "),
            Span(f"{DISABLED_STOP if is_disabled else STOP} ", "dim" if is_disabled else "mark"),
            Span(escaped(str(stop)), "dim" if is_disabled else ""),
            Span("  disabled" * is_disabled, "dim"),
        )
        edit = RowKey(str(ChangeStop(number, str(stop))), closes=True)
        yield ListRow(
            line,
            {
                "space": RowKey(EnableStop(number) if is_disabled else DisableStop(number)),
                "delete": RowKey(DeleteStop(number)),
                "enter": edit,
                "e": edit,
            },
        )


def watch_rows(session: Session) -> Iterator[ListRow]:
    """Yield a row for each watch: its number, the expression, and what it comes to now."""
    for number, expression in session.watches.by_number.items():
        told = watched_text(expression, value_at(expression, session.moment))
        by_key = {"delete": RowKey(Unwatch(number)), "enter": RowKey(Plot(expression), closes=True)}
        yield ListRow((Span(f"{number:>3} "), Span(told)), by_key)


def branch_rows(session: Session) -> Iterator[ListRow]:
    """Yield a row for each branch, below the one that it comes from."""
    for name, depth in branch_tree(session, None, 0):
        branch, is_here = session.branches.by_name[name], name == session.branches.current
        line = (
            Span("➤ " if is_here else "  ", "mark"),
            Span(f"{'   ' * (depth - 1)}└─ " if depth else "", "wire"),
            Span(visible(name, limit=40), "strong" if is_here else ""),
            Span("; ".join(f"  {it}" for it in branch.changes), "dim"),
        )
        by_key = {
            "enter": RowKey(SwitchBranch(name), closes=True),
            "delete": RowKey(DropBranch(name)),
            "D": RowKey(Diff(name), closes=True),
        }
        yield ListRow(line, by_key, is_here=is_here)


def branch_tree(session: Session, parent: str | None, depth: int) -> Iterator[tuple[str, int]]:
    """Yield the branches that come from one, each with those that come from it, and how deep they stand."""
    for name, branch in session.branches.by_name.items():
        if branch.parent == parent:
            yield name, depth
            yield from branch_tree(session, name, depth + 1)


def pass_rows(session: Session) -> Iterator[ListRow]:
    """Yield a row for each iteration: its steps and passes, what came out, and what is wrong there."""
    summaries = pass_summaries(session)
    for it, told in zip(summaries, pass_columns(summaries), strict=True):
        line = (
            Span("➤ " if it.is_here else "  ", "mark"),
            Span(told, "strong" if it.is_here else ""),
            *(Span(f"  {trouble}", SIGN_STYLES[trouble[0]]) for trouble in it.troubles),
        )
        yield ListRow(line, {"enter": RowKey(GoToIteration(it.iteration), closes=True)}, is_here=it.is_here)


LISTINGS: Mapping[str, Listing] = {
    "stops": Listing(
        "Stops", (("Space", "disable or enable"), ("Enter", "edit"), ("Del", "remove")), stop_rows, "no stop is set"
    ),
    "watches": Listing("Watches", (("Enter", "its course"), ("Del", "remove")), watch_rows, "nothing is watched"),
    "passes": Listing("Passes", (("Enter", "go there"),), pass_rows, "nothing has run yet"),
    "branches": Listing(
        "Branches", (("Enter", "go there"), ("D", "compare"), ("Del", "remove")), branch_rows, "there is no branch"
    ),
}
"""The lists, by the key under which an answer has them for other programs."""
