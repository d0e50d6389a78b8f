"""What the palette offers: every command, by its word, its keys and its help, and every value to run to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from bptui.core.command import key_or_word, needs_argument, usage, with_count
from bptui.core.text import counted, visible
from bptui.core.verbs import VERBS
from bptui.core.verbs.movement import RunTo
from bptui.core.verbs.stops import Continue, ReverseContinue
from bptui.session.answer import Answer
from bptui.session.ready_stops import ReadyStop, ready_stops
from bptui.tui.screen import DebuggerScreen

MOST_VALUES = 50
"""Values that one search offers."""


class Entry(NamedTuple):
    """Something to choose: what it is called, what it does, and what is done when it is chosen."""

    title: str
    help: str
    choose: Callable[[], object]


class CommandProvider(Provider):
    """Finds commands and values in which every word of what is typed occurs."""

    async def discover(self) -> Hits:
        if isinstance(self.screen, DebuggerScreen):
            for entry in command_entries(self.screen):
                yield DiscoveryHit(Text(entry.title), entry.choose, entry.title, entry.help)

    async def search(self, query: str) -> Hits:
        if isinstance(self.screen, DebuggerScreen):
            values = (entry for entry in value_entries(self.screen) if score(query, entry))
            for entry in (*command_entries(self.screen), *islice(values, MOST_VALUES)):
                if found := score(query, entry):
                    yield Hit(found, Text(entry.title), entry.choose, entry.title, entry.help)


def command_entries(screen: DebuggerScreen) -> Iterator[Entry]:
    """Yield every command, and what is Textual's own; what needs an argument is begun on the command line."""
    for verb in VERBS.values():
        begin = partial(screen.footer.open, ":", f"{verb.word} ")
        title = "   ".join(filter(None, (usage(verb), " ".join(verb.keys))))
        yield Entry(title, verb.help, begin if needs_argument(verb) else partial(screen.do, with_count(verb, 1)))
    for ready in ready_stops(screen.moment.graph):
        yield Entry(ready.title, ready.help, partial(set_stops, screen, ready))
    yield Entry("theme", "another theme", screen.app.action_change_theme)


def set_stops(screen: DebuggerScreen, ready: ReadyStop) -> None:
    """Set stops that were chosen; the keys that go from one to the next are told."""
    for command in ready.commands:
        screen.do(command)
    keys = f"{key_or_word(Continue)} goes to the next, {key_or_word(ReverseContinue)} to the one before"
    screen.tell(Answer(f"{ready.title.removeprefix('stop: ')}: {counted(len(ready.commands), 'stop')} set; {keys}"))


def value_entries(screen: DebuggerScreen) -> Iterator[Entry]:
    """Yield every value that has steps."""
    graph = screen.moment.graph
    for name in graph.inputs + graph.parameters:
        yield Entry(visible(name, limit=60), "run to where its gradient is complete", partial(screen.do, RunTo(name)))
    for node in graph.nodes:
        does = f"run to this {visible(node.layer, limit=40)}"
        yield Entry(visible(node.name, limit=60), does, partial(screen.do, RunTo(node.name)))


def score(query: str, entry: Entry) -> float:
    """Return how well an entry fits what is typed, from 0 to 1: best if its name begins so."""
    wanted, title, told = query.casefold().split(), entry.title.casefold(), entry.help.casefold()
    if not wanted or not all(word in f"{title} {told}" for word in wanted):
        return 0.0
    if title.startswith(wanted[0]):
        return 1.0
    return 0.7 if all(word in title for word in wanted) else 0.4
