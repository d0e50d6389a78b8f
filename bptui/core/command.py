"""What a person can ask for, one class a verb: its word, its keys and its help stand here, once.

Keys, the palette, the ``:`` line, ``bptui exec``, recordings and tests all speak these. ``str`` writes a command as it
is typed, and ``parse`` reads it again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from itertools import islice
from typing import Any, ClassVar, TypeAlias

from bptui.core.argument import ARGUMENTS, Argument, Reader
from bptui.core.text import visible
from bptui.errors import CommandError

MOVE, LOOK, KEEP, PROGRAM = "Move in time", "Look", "Keep", "Program"
"""What commands are for, as the help groups them."""

MOST_CANDIDATES = 2_000
"""Names among which one that is spelt like an unknown word is looked for."""


@dataclass(frozen=True)
class Command:
    """One thing that a person has asked for.

    ``word`` is the verb, ``keys`` are those that mean it, as a person writes them, ``help`` says what it does. The
    fields are its arguments, in the order in which they are typed.
    """

    word: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]
    group: ClassVar[str]
    help: ClassVar[str]

    def __init_subclass__(cls, *, word: str = "", group: str = "", help: str = "", keys: str = "") -> None:  # noqa: A002  (what it is)
        if word:
            cls.word, cls.keys, cls.group, cls.help = word, tuple(keys.split()), group, help

    def __str__(self) -> str:
        written = [(field, getattr(self, field.name)) for field in fields(self)]
        while written and written[-1][1] == written[-1][0].default:
            written.pop()
        return " ".join([self.word, *(field_argument(field).write(argument) for field, argument in written)])


@dataclass(frozen=True)
class CountedCommand(Command):
    """A command whose one argument is how often.

    Verbs without arguments of their own are no dataclasses of their own: making one takes a third of a millisecond, and
    the program starts with all of them.
    """

    count: int = 1


# Move in time.


class Next(CountedCommand, word="next", keys="n F10", group=MOVE, help="next step"):
    """Go ``count`` steps forward in time."""


class Back(CountedCommand, word="back", keys="N", group=MOVE, help="previous step"):
    """Go ``count`` steps back in time."""


class Into(
    CountedCommand, word="into", keys="s", group=MOVE, help="into the layer's own source; inside, the next line"
):
    """Go into the source of this step's layer, to the ``count``-th line that runs; inside, ``count`` lines on.

    Where the step asked for before has failed, it is that step's layer.
    """


class LineBack(
    CountedCommand,
    word="line-back",
    keys="S",
    group=MOVE,
    help="inside a layer's source, back a line; from the first, out of it",
):
    """Inside a layer's source go ``count`` lines back, and out of it where there are fewer."""


class Finish(
    CountedCommand,
    word="finish",
    keys="f",
    group=MOVE,
    help="to the end of this pass, or of the next; inside a layer's source, out of it",
):
    """Go to the last step of this pass, or of the next where this one is finished; ``count`` times.

    Inside a layer's source the first time leaves it at the method's end.
    """


class ReverseFinish(
    CountedCommand,
    word="reverse-finish",
    keys="F",
    group=MOVE,
    help="back to the start of this pass, or of the one before; of this node, inside its source",
):
    """Go back to the first step of this pass, or of the one before where this one has just begun; ``count`` times.

    Inside a layer's source the first time leaves it at the method's start: the step before.
    """


class First(Command, word="first", keys="g", group=MOVE, help="first step"):
    """Go to the first step."""


class Last(Command, word="last", keys="G", group=MOVE, help="last step"):
    """Go to the last step."""


class ForwardPass(Command, word="forward-pass", keys="[", group=MOVE, help="start of this iteration's forward pass"):
    """Go to the first step of this iteration's forward pass, either way."""


class BackwardPass(Command, word="backward-pass", keys="]", group=MOVE, help="start of this iteration's backward pass"):
    """Go to the first step of this iteration's backward pass, either way."""


@dataclass(frozen=True)
class RunTo(
    Command, word="run-to", keys="t", group=MOVE, help="run to the selected node, or the one named, either way"
):
    """Go to the nearest later step of a node, or where there is none to the nearest earlier one; ``count`` times.

    A leaf's steps are its update and the one that completes its gradient. No name means the selected value.
    """

    name: str | None = None
    count: int = 1


@dataclass(frozen=True)
class GoTo(Command, word="goto", group=MOVE, help="the step with this number; 0 is before the first"):
    """Go to the step with this number; 0 is before the first."""

    step: int


@dataclass(frozen=True)
class GoToIteration(Command, word="iteration", group=MOVE, help="start of the iteration with this number"):
    """Go to the first step of this iteration, counted from 1."""

    iteration: int


class NextIteration(
    CountedCommand, word="next-iteration", keys="}", group=MOVE, help="the same step of the next iteration"
):
    """Go to the same step of the ``count``-th iteration after this."""


class PreviousIteration(
    CountedCommand, word="previous-iteration", keys="{", group=MOVE, help="the same step of the previous iteration"
):
    """Go to the same step of the ``count``-th iteration before this."""


class NextTrouble(
    CountedCommand, word="next-trouble", keys="x", group=MOVE, help="next trouble: a ✗, NaN, Inf, a warning or a note"
):
    """Go to the ``count``-th step after this that a person should look at."""


class PreviousTrouble(CountedCommand, word="previous-trouble", keys="X", group=MOVE, help="previous trouble"):
    """Go to the ``count``-th step before this that a person should look at."""


@dataclass(frozen=True)
class SetMark(Command, word="mark", keys="m", group=MOVE, help="set a mark, a letter, at this step"):
    """Remember this step under a name; None asks for the name."""

    mark: str | None = None


@dataclass(frozen=True)
class JumpToMark(Command, word="jump", keys="'", group=MOVE, help="jump to a mark"):
    """Go to the step that was marked with a name; None asks for the name."""

    mark: str | None = None


class JumpBack(CountedCommand, word="jump-back", keys="ctrl+o", group=MOVE, help="back to where the last jump began"):
    """Go back to where the ``count``-th last jump began: a move that was not to a step beside."""


# Look.


@dataclass(frozen=True)
class Select(Command, word="select", group=LOOK, help="select the value with this name"):
    """Select a value, until the next step selects its own."""

    name: str


class Consumer(
    CountedCommand,
    word="consumer",
    keys="u",
    group=LOOK,
    help="select a consumer of the selected value; again for the next",
):
    """Select a node that uses the selected value, and so on, ``count`` times."""


class Producer(
    CountedCommand,
    word="producer",
    keys="d",
    group=LOOK,
    help="select a producer of the selected value; again for the next",
):
    """Select a value that the selected node uses, and so on, ``count`` times."""


@dataclass(frozen=True)
class SearchNames(Command, word="search", keys="/", group=LOOK, help="search names and layers"):
    """Find the values whose name or layer contains ``text``, and select the nearest; None asks for the text."""

    text: str | None = None


class PreviousMatch(CountedCommand, word="previous-match", keys=",", group=LOOK, help="previous match"):
    """Select the ``count``-th match of the search before the selected value."""


class NextMatch(CountedCommand, word="next-match", keys=".", group=LOOK, help="next match"):
    """Select the ``count``-th match of the search after the selected value."""


@dataclass(frozen=True)
class ChangeScale(
    Command,
    word="scale",
    keys="z",
    group=LOOK,
    help="the circuit at the next scale: whole with its numbers, boxes with names alone, a map of all nodes",
):
    """Show the circuit at a scale, by default at the next."""

    scale: str | None = None


@dataclass(frozen=True)
class Fold(
    Command,
    word="fold",
    keys="o",
    group=LOOK,
    help="open or close the nodes that belong to the selected one: a formula's parts",
):
    """Draw the nodes of a composite as one, or as they are; by default those of the selected value."""

    name: str | None = None


class TurnGradient(
    Command,
    word="gradient",
    keys="v",
    group=LOOK,
    help="the value's gradient instead of its numbers, or the other way round",
):
    """Show the selected value's gradient instead of its numbers, or the other way round."""


class HeatMap(
    Command, word="heat", keys="h", group=LOOK, help="numbers as colours, a heat map, or the other way round"
):
    """Show numbers as colours, or the other way round."""


class NextSlice(
    CountedCommand, word="next-slice", keys=">", group=LOOK, help="of an array with more than two axes, the next slice"
):
    """Show the ``count``-th next slice of an array with more than two axes."""


class PreviousSlice(CountedCommand, word="previous-slice", keys="<", group=LOOK, help="the previous slice"):
    """Show the ``count``-th slice before."""


@dataclass(frozen=True)
class SelectElement(
    Command,
    word="element",
    keys="j",
    group=LOOK,
    help="to the element [I, J], the largest by size, or the next NaN or infinity; alone, what stands out most",
):
    """Select an element of the array that is shown: that of an index, the largest, or the next that is not finite."""

    place: str | None = None


@dataclass(frozen=True)
class Check(Command, word="check", keys="=", group=LOOK, help="check the selected node; once checked, its evidence"):
    """Check a node, by default the selected one; where that is done, show what came of it."""

    node: str | None = None


@dataclass(frozen=True)
class ShowEvidence(
    Command, word="evidence", keys="Enter", group=LOOK, help="the evidence behind the selected node's verdict"
):
    """Show what is behind a node's verdict, by default the selected one's."""

    node: str | None = None


class Copy(
    Command,
    word="copy",
    keys="ctrl+c",
    group=LOOK,
    help="copy the selected number, with all its digits; at once again, quit",
):
    """Copy the selected number, and leave the second time."""


class NextPane(Command, word="next-pane", keys="Tab", group=LOOK, help="next pane"):
    """Move the focus on."""


class PreviousPane(Command, word="previous-pane", keys="shift+Tab", group=LOOK, help="previous pane"):
    """Move the focus back."""


# Keep.


@dataclass(frozen=True)
class ToggleRecording(Command, word="record", keys="R", group=KEEP, help="start or stop recording"):
    """Start recording to a new file, by default one named after the scenario; or stop recording."""

    file: str | None = None


@dataclass(frozen=True)
class WriteNote(Command, word="note", keys=";", group=KEEP, help="write a note at this step"):
    """Write a note at this step; None asks for the text."""

    text: str | None = None


# Program.


class OpenLine(
    Command, word="command", keys=":", group=PROGRAM, help="command line: a step's number, a name, or a command"
):
    """Let a command be typed."""


class OpenPalette(Command, word="palette", keys="ctrl+p", group=PROGRAM, help="the palette: every command by name"):
    """Show every command by name."""


@dataclass(frozen=True)
class Help(Command, word="help", keys="?", group=PROGRAM, help="help"):
    """Show what there is to ask for, or all about one verb."""

    topic: str | None = None


class About(Command, word="about", keys="a", group=PROGRAM, help="what the scenario says of itself; again, the node"):
    """Show the scenario's own words until the next step."""


class Cancel(
    Command,
    word="cancel",
    keys="Esc",
    group=PROGRAM,
    help="back to the current step's node; drops a count, a message and the matches",
):
    """Select the value of the step at the cursor, forget the matches, and wait no longer for a layer that hangs."""


class Quit(Command, word="quit", keys="q", group=PROGRAM, help="quit"):
    """Leave."""


Travel: TypeAlias = (
    Next
    | Back
    | Into
    | LineBack
    | Finish
    | ReverseFinish
    | First
    | Last
    | ForwardPass
    | BackwardPass
    | RunTo
    | GoTo
    | GoToIteration
    | NextIteration
    | PreviousIteration
)
"""What moves the debugger's cursor."""

Jump: TypeAlias = NextTrouble | PreviousTrouble | JumpToMark | JumpBack
"""What moves the cursor to a place that the session knows of."""

Selecting: TypeAlias = Select | Consumer | Producer | SearchNames | PreviousMatch | NextMatch
"""What selects a value."""

ShowCircuit: TypeAlias = ChangeScale | Fold
"""How the circuit is shown."""

ShowValue: TypeAlias = TurnGradient | HeatMap | NextSlice | PreviousSlice | SelectElement
"""How the selected value is shown."""

VERBS: Mapping[str, type[Command]] = {
    verb.word: verb
    for verb in tuple(vars().values())
    if isinstance(verb, type) and issubclass(verb, Command) and "word" in vars(verb)
}
"""Every command by its word, in the order of the help."""

BY_KEY: Mapping[str, type[Command]] = {key: verb for verb in VERBS.values() for key in verb.keys}
"""The command that each key means."""


def parse(line: str, names: Collection[str] = ()) -> Command:
    """Return the command that a line asks for. A number alone goes to that step, one of ``names`` alone runs there.

    A key may stand for its word, where no name is spelt so. Raises CommandError where it is none of these.
    """
    reader = Reader(line)
    if reader.is_at_end:
        raise reader.error("a command is missing", "help tells what there is")
    start = reader.token
    if (verb := VERBS.get(start)) is not None:
        reader.take()
        return read_arguments(verb, reader)
    if start.isascii() and start.isdigit():
        return read_arguments(GoTo, reader)
    name = ARGUMENTS["name"].read(reader)
    if name in names and reader.is_at_end:
        return RunTo(name)
    if (verb := BY_KEY.get(start)) is not None:
        return read_arguments(verb, reader)
    raise Reader(line).error(f"there is no command {visible(start, limit=40)}", nearest_word(start, names))


def needs_argument(verb: type[Command]) -> bool:
    """Return whether a verb alone says too little."""
    return any(field.default is MISSING for field in fields(verb))


def with_count(verb: type[Command], count: int) -> Command:
    """Return a verb that was asked for without arguments, ``count`` times where it knows of a count."""
    return verb(**({"count": count} if any(field.name == "count" for field in fields(verb)) else {}))


def command_of(word: str, arguments: Mapping[str, object]) -> Command:
    """Return the command with this word, and with its arguments by name. Raises CommandError."""
    verb = VERBS.get(word)
    if verb is None:
        raise CommandError(f"there is no command {visible(word, limit=40)}", word, 0, hint=nearest_word(word))
    kinds = {field.name: field_argument(field) for field in fields(verb)}
    for name, argument in arguments.items():
        if name not in kinds or not kinds[name].is_valid(argument):
            raise CommandError(f"{word} has no such {visible(name, limit=40)}", word, 0, hint=usage(verb))
    missing = [it.name for it in fields(verb) if it.default is MISSING and arguments.get(it.name) is None]
    if missing:
        raise CommandError(f"{word} lacks its {missing[0]}", word, 0, hint=usage(verb))
    return verb(**arguments)


def read_arguments(verb: type[Command], reader: Reader) -> Command:
    """Return a verb with the arguments that follow it."""
    arguments = []
    for field in fields(verb):
        start = reader.position
        argument = None if reader.is_at_end else field_argument(field).read(reader)
        if argument is None and field.default is MISSING:
            raise CommandError(f"{verb.word} needs {field_argument(field).label}", reader.line, start, hint=usage(verb))
        arguments.append(field.default if argument is None else argument)
    if not reader.is_at_end:
        raise reader.error("nothing more is expected here", usage(verb))
    return verb(*arguments)


def field_argument(field: Field[Any]) -> Argument:
    """Return what kind of argument a field of a command has."""
    return ARGUMENTS[field.name]


def usage(verb: type[Command]) -> str:
    """Return how a command is written: ``next [N]``."""
    labels = [(field_argument(field).label, field.default is MISSING) for field in fields(verb)]
    return " ".join([verb.word, *(label if is_needed else f"[{label}]" for label, is_needed in labels)])


def nearest_word(word: str, names: Collection[str] = ()) -> str:
    """Return the hint for an unknown word: the verb, or the one of ``names``, that is spelt most like it."""
    from difflib import get_close_matches  # noqa: PLC0415  (few mistype, and the program starts sooner)

    near = get_close_matches(word, [*VERBS, *islice(names, MOST_CANDIDATES)], n=1)
    return f"did you mean {visible(near[0], limit=40)}?" if near else "help tells what there is"
