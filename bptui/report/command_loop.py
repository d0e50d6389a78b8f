"""``bptui exec``: commands one after the other, from the command line, a file or a person, and an answer to each."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from bptui.core.command import Command, usage
from bptui.core.command_parser import parse
from bptui.core.text import visible
from bptui.core.text_file import read_text
from bptui.core.verbs import VERBS
from bptui.core.verbs.movement import Travel
from bptui.core.verbs.program import Help, Quit
from bptui.errors import CommandError, Location
from bptui.report.answers import answer_record, answer_text, step_text
from bptui.report.caret_line import below, caret_line
from bptui.session.answer import Answer, refusal
from bptui.session.completion import completions
from bptui.session.dispatcher import Dispatcher
from bptui.session.session import Session

PROMPT = "(bptui) "

LONGEST = 20_000
"""Characters of a line; of a longer one the rest is a line of its own."""


class CommandLine(NamedTuple):
    """A line with a command, and where it stands."""

    text: str
    where: Location


class LineDisplay:
    """What there is in the place of a screen."""

    has_left = False
    shows_selection = False

    def obey(self, command: Command) -> Answer:
        """Carry out what is about the display alone."""
        match command:
            case Help(None):
                return Answer("\n".join(command_help()))
            case Help(str(word)):
                return explain(word)
            case Quit():
                self.has_left = True
                return Answer()
        if usage(type(command)) != command.word:
            return refusal(f"without a screen it is {usage(type(command)).replace('[', '').replace(']', '')}")
        return refusal(f"{command.word} needs the screen of bptui run")


def explain(word: str) -> Answer:
    """Return how a verb is written, and what it does."""
    verb = VERBS.get(word)
    if verb is None:
        return refusal(f"there is no command {visible(word, limit=40)}")
    keys = f"   (on the screen: {' '.join(verb.keys)})" if verb.keys else ""
    return Answer(f"{usage(verb)}   {verb.help}{keys}")


def command_help() -> Iterator[str]:
    """Yield what there is to be said."""
    yield from (f"{usage(verb):<22}{verb.help}" for verb in VERBS.values())
    yield f"{'STEP':<22}a step's number alone goes there, a name alone runs there"


class CommandLoop:
    """Reads commands, has them carried out, and prints what each answers."""

    def __init__(self, session: Session, file: TextIO, *, as_json: bool) -> None:
        self.session = session
        self.display = LineDisplay()
        self.dispatcher = Dispatcher(session, self.display)
        self.file = file
        self.as_json = as_json
        self.has_failed = False

    def run(self, lines: Iterable[CommandLine]) -> None:
        """Carry out lines until one of them says quit. Raises CommandError for one that cannot be read."""
        for line in lines:
            self.carry_out(line)
            if self.display.has_left:
                return

    def carry_out(self, line: CommandLine) -> None:
        """Carry out a line, if there is anything in it but a comment."""
        if line.text.strip() and not line.text.lstrip().startswith("#"):
            self.answer(self.read(line))

    def read(self, line: CommandLine) -> Command:
        """Return what a line asks for. Raises CommandError."""
        try:
            return parse(line.text, self.session.tape.graph.slots)
        except CommandError as error:
            error.where = line.where._replace(column=error.position + 1)
            raise

    def answer(self, command: Command) -> None:
        """Carry out a command, and print the answer."""
        answer = self.dispatcher.finish(command)
        self.has_failed |= not answer.ok
        if self.as_json:
            self.print(json.dumps(answer_record(command, answer, self.session), allow_nan=False))
        elif told := answer_text(command, answer, self.session):
            self.print(told)

    def print(self, told: str) -> None:
        """Print an answer, at once: another program may wait for it."""
        self.file.write(f"{told}\n")
        self.file.flush()

    def converse(self) -> None:
        """Read commands from a person at a terminal, until that person leaves."""
        self.print(f"{visible(self.session.title)}: help tells the commands, quit leaves")
        self.print(step_text(self.session.moment))
        again = ""
        with_history(self.session.tape.graph.names)
        while not self.display.has_left:
            try:
                typed = input(PROMPT)
                again = self.hear(typed or again)
            except EOFError:
                self.print("")
                return
            except KeyboardInterrupt:
                self.session.debugger.goal = self.session.debugger.position
                self.print("\nstopped: quit leaves")

    def hear(self, typed: str) -> str:
        """Carry out what a person has typed; return what an empty line stands for after it: the same step again."""
        try:
            self.carry_out(CommandLine(typed, Location("")))
            return typed if typed and isinstance(parse(typed, self.session.tape.graph.slots), Travel) else ""
        except CommandError as error:
            self.print(" " * len(PROMPT) + below(error.text[: error.position]))
            self.print(f"{error.message}: {error.hint}" if error.hint else error.message)
            return ""


def with_history(names: Sequence[str]) -> None:
    """Let lines be edited, brought back and completed, where Python can."""
    try:
        import readline  # noqa: PLC0415  (not on Windows)
    except ImportError:
        return

    def complete(_: str, place: int) -> str | None:
        found = list(completions(readline.get_line_buffer()[: readline.get_endidx()], names))
        return found[place] if place < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims(" ")
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")


def pointed(error: CommandError) -> str:
    """Return an error with its place, its line, and a caret below that."""
    line, caret = caret_line(error.text, error.position)
    hint = f"\nhint: {error.hint}" if error.hint else ""
    return f"{error.where}: error: {error.message}\n{line}\n{caret}{hint}"


def command_lines(text: str, path: str) -> Iterator[CommandLine]:
    """Yield the lines of a text."""
    for number, line in enumerate(text.splitlines(), start=1):
        yield CommandLine(line, Location(path, number))


def lines_of_file(path: Path) -> Iterator[CommandLine]:
    """Yield the lines of a file with commands; - is standard input. Raises BptuiError where it cannot be read."""
    if str(path) == "-":
        yield from lines_as_they_come(sys.stdin)
    else:
        yield from command_lines(read_text(path), visible(str(path)))


def lines_as_they_come(file: TextIO | None) -> Iterator[CommandLine]:
    """Yield lines from another program, each as soon as it is there; none where the file is closed."""
    if isinstance(file, io.TextIOWrapper):
        file.reconfigure(errors="backslashreplace")
    number = 0
    while file is not None and (line := file.readline(LONGEST)):
        number += 1
        yield CommandLine(line.rstrip("\r\n"), Location("standard input", number))
