"""The command language: what is written is read again, and what is typed is a command or an error with a place."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptui.core.command import Command, CountedCommand, ExpressionCommand, NumberedCommand, usage
from bptui.core.command_parser import command_of, parse
from bptui.core.verbs import VERBS
from bptui.core.verbs.explaining import FindDependence, Why
from bptui.core.verbs.movement import BackwardPass, GoTo, GoToIteration, Next, RunTo
from bptui.core.verbs.program import WriteNote
from bptui.core.verbs.selection import SearchNames, Select
from bptui.core.verbs.view import Check
from bptui.errors import CommandError

NUMBERS = st.integers(1, 10**12 - 1)
NAMES = st.text(min_size=1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "count": NUMBERS,
    "step": st.just(0) | NUMBERS,
    "iteration": NUMBERS,
    "name": NAMES,
    "node": NAMES,
    "place": st.sampled_from(["largest", "nan"]) | st.lists(st.integers(0, 10**9 - 1), min_size=1).map(str),
    "mark": NAMES,
    "scale": st.sampled_from(["whole", "boxes", "map"]),
    "topic": NAMES,
    "text": st.text(),
    "file": st.text(),
    "number": NUMBERS,
    "stop": st.sampled_from(
        [
            "z1 backward if norm(dout) > 1 after 3",
            "on nan",
            "on (nan)",
            "on norm(x) > 1 after 2",
            '"on" after 2',
            '"a b" if x > 1',
            "if",
            "after update",
        ]
    ),
    "edit": st.sampled_from(["W1[0, 2] = 2 * W1", "dout = 1", '"a b"[1] = x == 2', "x = 3", "2 = 4"]),
    "label": NAMES,
    "element": st.sampled_from(["x", "W1[0, 2]", "grad(W1)[0, 2]", 'grad("a b")', '"[]"[1]']),
    "of_element": st.sampled_from(["x", "W1[0, 2]"]),
    "on_element": st.sampled_from(["x", "on", "W1[0, 2]"]),
    "from_name": NAMES,
    "to_name": NAMES,
    "expression": st.sampled_from(["W1", "norm(grad(a))  >  10", "'x' == node", "x[0, 1:] @ W.T"]),
}
"""What may stand in each field of a command."""


def arguments_of(verb: type[Command]) -> dict[str, st.SearchStrategy[Any]]:
    """Return what each argument of a verb may be, its default included."""
    defaults = {it.name: st.nothing() if it.default is MISSING else st.just(it.default) for it in fields(verb)}
    return {name: default | VALUES[name] for name, default in defaults.items()}


COMMANDS = st.one_of([st.builds(verb, **arguments_of(verb)) for verb in VERBS.values()])


@settings(max_examples=50)  # there are as many verbs
@given(COMMANDS)
def test_what_is_written_is_read_again(command: Command) -> None:
    assert parse(str(command)) == command
    assert str(command).isprintable()


@given(COMMANDS)
def test_a_command_is_made_again_from_its_word_and_its_arguments_by_name(command: Command) -> None:
    arguments = {field.name: getattr(command, field.name) for field in fields(command)}
    assert command_of(command.word, arguments) == command


WORDS = st.sampled_from([*VERBS, '"', "0", "7", "-1", "x y", "\t", "\\", "é", "1e9", '"a b"', '"a', "[1]"])


@given(st.text() | st.lists(WORDS).map(" ".join))
def test_whatever_is_typed_is_a_command_or_points_at_the_mistake(line: str) -> None:
    read = read_or_error(line)
    if isinstance(read, CommandError):
        assert 0 <= read.position <= len(line)
        assert read.text == line
        assert read.message
    else:
        assert parse(str(read)) == read


def read_or_error(line: str) -> Command | CommandError:
    try:
        return parse(line)
    except CommandError as error:
        return error


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("next", Next(1)),
        ("  next   12 ", Next(12)),
        ("7", GoTo(7)),
        ("goto 0", GoTo(0)),
        ("iteration 3", GoToIteration(3)),
        ("backward-pass", BackwardPass()),
        ("run-to W1 2", RunTo("W1", 2)),
        ("run-to", RunTo(None)),
        ('select "a b"', Select("a b")),
        (r'select "a\"b\\"', Select('a"b\\')),
        ("select grad[0]", Select("grad[0]")),
        ("check", Check(None)),
        ("note the mask is wrong  here", WriteNote("the mask is wrong  here")),
        ('note he said "no"', WriteNote('he said "no"')),
        ('note " at the edge "', WriteNote(" at the edge ")),
        ("search", SearchNames(None)),
        ("why d W1[0,2]", Why("grad(W1)[0, 2]")),
        ("why d", Why("d")),
        ("depends d on x[0]", FindDependence("d", "x[0]")),
    ],
)
def test_a_line_says_what_it_seems_to_say(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "position", "message"),
    [
        ("", 0, "missing"),
        ("nxt", 0, "no command nxt"),
        ("  nxt 3", 2, "no command nxt"),
        ("next x", 5, "whole number"),
        ("next 0", 5, "least"),
        ("next -1", 5, "whole number"),
        ("next 1234567890123", 5, "digits"),
        ("next 3 4", 7, "nothing more"),
        ("first 2", 6, "nothing more"),
        ("goto", 4, "needs STEP"),
        ("select ", 7, "needs NAME"),
        ('select ""', 7, "needs NAME"),
        ('select "a b', 7, "not closed"),
        ("run-to a b", 9, "whole number"),
        ("3 4", 2, "nothing more"),
    ],
)
def test_a_mistake_is_pointed_at(line: str, position: int, message: str) -> None:
    with pytest.raises(CommandError, match=message) as caught:
        parse(line)
    assert caught.value.position == position


@pytest.mark.parametrize("line", ["break a if x > 1{}z", "why a[0{}z", "why a 0{}z", "set a[0{}z] = 1"])
def test_a_line_with_a_long_gap_is_gone_over_once(line: str) -> None:
    with pytest.raises(CommandError):
        parse(line.format(" " * 100_000), ["a", "x"])


def test_a_name_alone_runs_there_unless_a_command_is_called_so() -> None:
    names = {"W1", "next", "a b", "7"}
    assert parse("W1", names) == RunTo("W1")
    assert parse('"a b"', names) == RunTo("a b")
    assert parse("next", names) == Next()
    assert parse("7", names) == GoTo(7)
    for line in ("W2", "W1 3"):
        with pytest.raises(CommandError):
            parse(line, names)


def test_a_key_may_stand_for_its_word_where_no_value_is_called_so() -> None:
    assert parse("n 3") == Next(3)
    assert parse("]") == BackwardPass()
    assert parse("n", {"n"}) == RunTo("n")


def test_a_slip_is_told_what_it_may_have_meant() -> None:
    with pytest.raises(CommandError) as caught:
        parse("finsh")
    assert caught.value.hint == "did you mean finish?"


@pytest.mark.parametrize(
    ("word", "arguments"),
    [
        ("nxt", {}),
        ("next", {"count": "3"}),
        ("next", {"count": 0}),
        ("next", {"count": True}),
        ("next", {"steps": 3}),
        ("goto", {}),
        ("goto", {"step": -1}),
        ("goto", {"step": 10**40}),
        ("select", {"name": None}),
        ("select", {"name": ""}),
        ("select", {"name": ["W"]}),
    ],
)
def test_what_is_no_command_is_not_made_from_arguments(word: str, arguments: dict[str, object]) -> None:
    with pytest.raises(CommandError):
        command_of(word, arguments)


def test_help_can_say_how_each_verb_is_written() -> None:
    assert usage(Next) == "next [N]"
    assert usage(GoTo) == "goto STEP"
    assert all(verb.help and verb.group for verb in VERBS.values())


def test_no_word_and_no_key_means_two_things() -> None:
    keys = [key for verb in VERBS.values() for key in verb.keys]
    assert len(keys) == len(set(keys))
    families = (CountedCommand, NumberedCommand, ExpressionCommand)
    assert len(VERBS) == sum(len(it.__subclasses__()) for it in (Command, *families)) - len(families)


def test_an_expression_that_cannot_be_read_is_pointed_at_in_the_line() -> None:
    with pytest.raises(CommandError, match="expected a value") as raised:
        parse("print x @@ W1")
    assert (raised.value.text, raised.value.position) == ("print x @@ W1", 9)
