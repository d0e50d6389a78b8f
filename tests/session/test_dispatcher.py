"""Every verb is said to the dispatcher, without any screen, and does what is written here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.command import Command, with_count
from bptui.core.command_parser import parse
from bptui.core.verbs import VERBS
from bptui.core.verbs.movement import Into
from bptui.core.verbs.program import Help, OpenLine, ToggleRecording, WriteNote
from bptui.core.verbs.selection import SearchNames
from bptui.core.verbs.view import Check, ShowEvidence, TurnGradient
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.session.answer import Answer
from bptui.session.dispatcher import Dispatcher
from bptui.session.session import Session
from guests import layer_file
from runs import session_on

SCENARIO = """
[inputs]
x = [[1.0, 2.0]]
[parameters]
w = [[3.0], [4.0]]
[nodes]
a = "x @ w"
b = "Relu(a)"
y = "Sum(b)"
[train]
optimizer = "SGD"
lr = 0.1
steps = 2
"""
"""Seven steps an iteration: a, b and y forward, y, b and a backward, and w's update."""


class Listener:
    """A display that keeps what it is asked for."""

    shows_selection = False

    def __init__(self) -> None:
        self.asked: list[Command] = []

    def obey(self, command: Command) -> Answer:
        """Keep it."""
        self.asked.append(command)
        return Answer("shown")


@pytest.fixture
def display() -> Listener:
    return Listener()


@pytest.fixture
def dispatcher(display: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dispatcher]:
    monkeypatch.chdir(tmp_path)
    session = session_on(Run(loads(SCENARIO)), "example")
    yield Dispatcher(session, display)
    session.close()


def say(dispatcher: Dispatcher, *lines: str) -> Answer:
    """Carry out lines to their end; return the answer to the last."""
    answers = [dispatcher.finish(parse(line, dispatcher.session.tape.graph.slots)) for line in lines]
    return answers[-1]


class Effect(NamedTuple):
    """Where a line leads after those ``before`` it: the cursor's step, the selected value, and words of the answer."""

    before: tuple[str, ...]
    line: str
    step: int
    selected: str | None
    words: str = ""
    ok: bool = True


EFFECTS = [
    Effect((), "next", 1, "a"),
    Effect((), "next 9", 9, "b"),
    Effect(("last",), "next", 14, "w", "this is the last step", ok=False),
    Effect((), "next 9999", 14, "w", "this is the last step"),
    Effect(("goto 3",), "back 4", 0, None, "this is the start"),
    Effect(("next 5",), "back", 4, "y"),
    Effect(("next 5",), "back 3", 2, "b"),
    Effect((), "back", 0, None, "this is the start", ok=False),
    Effect(("last",), "passes", 14, "w", "> 2  steps 8-14"),
    Effect((), "print 1 + 2", 0, None, "1 + 2 = 3"),
    Effect((), "predict", 0, None, "waits until its numbers are predicted"),
    Effect(("predict", "next"), "answer 11", 1, "a", "✓ right: a = x · w, so a[0, 0] = 11"),
    Effect(("predict", "next"), "answer 12", 0, None, "✗ 12 is not a[0, 0]: try again", ok=False),
    Effect(("predict", "last"), "hint", 0, None, "a = x · w"),
    Effect(("predict", "last"), "reveal", 1, "a", "11"),
    Effect(("predict",), "score", 0, None, "nothing was predicted yet"),
    Effect((), "score", 0, None, "nothing is asked for", ok=False),
    Effect(("last",), "print node == 'w' and pass == 'update'", 14, "w", "= true"),
    Effect(("next",), "print dout", 1, "a", "not reached"),
    Effect((), "print nothing", 0, None, "there is no value nothing", ok=False),
    Effect((), "into", 0, None, "nothing has run yet", ok=False),
    Effect(("next",), "into", 1, "a"),
    Effect(("next",), "line-back", 1, "a", "outside a layer's source", ok=False),
    Effect(("next", "into"), "line-back", 1, "a"),
    Effect((), "finish", 3, "y"),
    Effect((), "finish 2", 6, "a"),
    Effect(("goto 6",), "reverse-finish", 4, "y"),
    Effect(("goto 6",), "reverse-finish 2", 1, "a"),
    Effect(("goto 6",), "first", 1, "a"),
    Effect(("goto 1",), "first", 1, "a", "already there"),
    Effect((), "last", 14, "w"),
    Effect(("goto 12",), "forward-pass", 8, "a"),
    Effect((), "backward-pass", 4, "y"),
    Effect((), "goto 5", 5, "b"),
    Effect((), "goto 15", 0, None, "there is no step 15: the run has 14", ok=False),
    Effect((), "iteration 2", 8, "a"),
    Effect(("last",), "iteration 1", 1, "a"),
    Effect(("next",), "iteration 3", 1, "a", "there is no iteration 3: the run has 2", ok=False),
    Effect(("next",), "next-iteration", 8, "a"),
    Effect(("last",), "next-iteration", 14, "w", "this is the last iteration", ok=False),
    Effect(("last",), "previous-iteration 9", 7, "w"),
    Effect(("next",), "previous-iteration", 1, "a", "this is the first iteration", ok=False),
    Effect(("next", "note here", "last"), "previous-trouble", 1, "a", "✎ here"),
    Effect(("next 3", "note here", "first"), "next-trouble", 3, "y", "✎ here"),
    Effect(("next",), "next-trouble", 1, "a", "no trouble is known that way", ok=False),
    Effect(("next 3", "note here", "first"), "next-note", 3, "y", "✎ here"),
    Effect(("next 3", "note here", "note too", "first"), "next-note", 3, "y", "✎ here, and ✎ too"),
    Effect(("next", "note one", "next", "note two", "first", "back"), "next-note 2", 2, "b", "✎ two"),
    Effect(("next", "note one", "next", "note two", "last"), "previous-note 2", 1, "a", "✎ one"),
    Effect(("next", "note one", "next", "note two", "last"), "previous-note 9", 1, "a", "✎ one"),
    Effect(("next", "note red \x1b[31m\u202e", "last"), "previous-note", 1, "a", "✎ red \\x1b[31m"),
    Effect(("next", "note here"), "next-note", 1, "a", "there is no note that way", ok=False),
    Effect(("next", "note here"), "previous-note", 1, "a", "there is no note that way", ok=False),
    Effect(("next", "note here", "last", "previous-note"), "jump-back", 14, "w"),
    Effect(("next",), "mark here", 1, "a", "mark here at step 1"),
    Effect(("next", "mark here", "last"), "jump here", 1, "a"),
    Effect((), "jump there", 0, None, "there is no mark there", ok=False),
    Effect(("next 2", "last", "first"), "jump-back", 14, "w"),
    Effect(("next 2", "last", "first"), "jump-back 2", 2, "b"),
    Effect(("next 2", "last", "jump-back"), "jump-back", 2, "b", "no jump to come back from", ok=False),
    Effect(("next",), "break", 1, "a", "stop 1: a"),
    Effect(("next", "break"), "break", 1, "a", "stop 1 is removed"),
    Effect((), "break z", 0, None, "there is no value z", ok=False),
    Effect((), "break x update", 0, None, "x has no update step", ok=False),
    Effect((), "break on nosuch > 1", 0, None, "there is no value nosuch", ok=False),
    Effect((), "breaks", 0, None, "no stop is set"),
    Effect(("break a", "break on nan", "disable 1"), "breaks", 0, None, "  1  a  (disabled)\n  2  on nan"),
    Effect(("break a",), "delete 1", 0, None, "stop 1 is removed: a"),
    Effect((), "delete 1", 0, None, "there is no stop 1 (none is set)", ok=False),
    Effect(("break a",), "change 1 b backward if norm(dout) > 1", 0, None, "stop 1: b backward if norm(dout) > 1"),
    Effect(("break a", "change 1 b"), "continue", 2, "b", "stop 1"),
    Effect((), "change 1 b", 0, None, "there is no stop 1 (none is set)", ok=False),
    Effect(("break a",), "change 1 nothing", 0, None, "there is no value nothing", ok=False),
    Effect(("break a",), "disable 1", 0, None, "stop 1 is disabled"),
    Effect(("break a", "disable 1"), "enable 1", 0, None, "stop 1 is enabled"),
    Effect(("break a backward",), "continue", 6, "a", "stop 1: a backward"),
    Effect(("break a backward",), "continue 2", 13, "a", "stop 1: a backward"),
    Effect(("break a backward",), "continue 3", 14, "w", "no more stops that way: the end of the run"),
    Effect((), "continue", 14, "w", "no stop is set: the end of the run"),
    Effect(("break a", "disable 1"), "continue", 14, "w", "no more stops that way"),
    Effect(("break w",), "continue", 6, "a", "stop 1: w"),
    Effect(("break w update",), "continue", 7, "w", "stop 1: w update"),
    Effect(("break b backward after 1",), "continue", 12, "b", "stop 1: b backward after 1"),
    Effect(("break b if iteration == 2 and dout > 0",), "continue", 12, "b", "(iteration = 2, dout = [[1]])"),
    Effect(("break on node == 'b' and pass == 'backward'", "last"), "reverse-continue", 12, "b", "stop 1: on"),
    Effect(("break a", "last"), "reverse-continue 9", 0, None, "the start of the run"),
    Effect((), "watch norm(w)", 0, None, "watch 1: norm(w) = 5"),
    Effect((), "watch nosuch", 0, None, "there is no value nosuch", ok=False),
    Effect(("watch dout",), "watches", 0, None, "watch 1: dout: not reached"),
    Effect((), "watches", 0, None, "nothing is watched"),
    Effect(("watch dout",), "unwatch 1", 0, None, "dout is watched no longer"),
    Effect((), "unwatch 1", 0, None, "there is no watch 1", ok=False),
    Effect((), "plot sum(w)", 0, None, "sum(w) at iterations 1 to 2"),
    Effect((), "plot w", 0, None, "w is not a single number at any iteration", ok=False),
    Effect(("next 2",), "set x = [[3, 4]]", 2, "b", "branch b1: x = [[3, 4]], from step 1 on"),
    Effect(("goto 9",), "set w[0, 0] = 0", 9, "b", "branch b1: w[0, 0] = 0, from step 8 on"),
    Effect(("goto 9",), "set b = 0 * b", 9, "b", "branch b1: b = 0 * b, from step 9 on"),
    Effect(("goto 5",), "set dout = 2", 5, "b", "branch b1: dout = 2, from step 5 on"),
    Effect(("next",), "set dout = 2", 1, "a", "dout arrives in a backward step", ok=False),
    Effect(("next",), "set x = [1, 2, 3]", 1, "a", "it is [3], and x is [1, 2]", ok=False),
    Effect(("next",), "set x[2, 0] = 1", 1, "a", "there is no element [2, 0] in it", ok=False),
    Effect(("next",), "set v = 1", 1, "a", "there is no value v", ok=False),
    Effect(("next",), "set x = dout", 1, "a", "dout is not reached", ok=False),
    Effect((), "branches", 0, None, "➤ main"),
    Effect(("set x = 0 * x",), "branches", 0, None, "  main\n➤   b1   x = 0 * x, from step 1 on"),
    Effect((), "branch first", 0, None, "branch main is called first now"),
    Effect(("next 3", "set w = 0 * w"), "switch main", 3, "y", "branch main"),
    Effect((), "switch nowhere", 0, None, "there is no branch nowhere", ok=False),
    Effect(("next 3", "set w = 0 * w"), "drop b1", 3, "y", "branch b1 is removed"),
    Effect((), "drop main", 0, None, "main is what the run started with", ok=False),
    Effect((), "expand b", 0, None, "b: Relu has no expansion", ok=False),
    Effect((), "diff", 0, None, "there is nothing to compare with", ok=False),
    Effect((), "diff main", 0, None, "main and main are the same"),
    Effect(("set w = 0 * w",), "diff", 0, None, "first:   step 1, forward: w[1, 0]: 0 in b1, 4 in main"),
    Effect((), "diff nothing", 0, None, "there is no branch and no file nothing", ok=False),
    Effect(("last",), "why grad(w)[0, 0]", 14, "w", "x[0, 0] 1 × dout(a)[0, 0]"),
    Effect(("next",), "why a[0, 0]", 1, "a", "x[0, 1] 2 × w[1, 0] 4"),
    Effect(("next",), "why y", 1, "a", "y: not reached", ok=False),
    Effect(("next",), "why a[3, 0]", 1, "a", "there is no element [3, 0] in it", ok=False),
    Effect(("next",), "why w", 1, "a", "which element?", ok=False),
    Effect((), "paths x y", 0, None, "1 path leads from x to y"),
    Effect((), "paths y x", 0, None, "no path leads from y to x"),
    Effect((), "paths q y", 0, None, "there is no value q", ok=False),
    Effect((), "depends y on x[0, 1]", 0, None, "y depends on x[0, 1]: x → a → b → y"),
    Effect((), "depends a on y", 0, None, "a does not depend on y"),
    Effect((), "depends a on x[5, 5]", 0, None, "there is no element [5, 5] in it", ok=False),
    Effect((), "health", 0, None, "nothing stands out"),
    Effect((), "run-to b", 2, "b"),
    Effect((), "run-to b 2", 5, "b"),
    Effect((), "b", 2, "b"),
    Effect((), "run-to w", 6, "w"),
    Effect(("next", "select y"), "run-to", 3, "y"),
    Effect((), "run-to", 0, None, "select a node first", ok=False),
    Effect((), "run-to yy", 0, None, "there is no value yy", ok=False),
    Effect(("next",), "select w", 1, "w"),
    Effect(("next", "select w"), "next", 2, "b"),
    Effect((), "select v", 0, None, "there is no value v", ok=False),
    Effect(("next",), "consumer", 1, "b"),
    Effect(("next",), "consumer 2", 1, "y"),
    Effect(("select y",), "consumer", 0, "y", "nothing uses it", ok=False),
    Effect(("next",), "producer", 1, "x"),
    Effect(("next", "producer", "consumer"), "producer", 1, "w"),
    Effect(("select x",), "producer", 0, "x", "it is given, not computed", ok=False),
    Effect(("next",), "search relu", 1, "b", "match 1 of 1"),
    Effect(("next",), "search nothing", 1, "a", "nothing is called nothing", ok=False),
    Effect(("search u",), "next-match", 0, "b", "match 2 of 3"),
    Effect(("search u",), "next-match 2", 0, "y", "match 3 of 3"),
    Effect((), "next-match", 0, None, "nothing searched for yet", ok=False),
    Effect(("search u",), "previous-match", 0, "y", "match 3 of 3"),
    Effect(("next", "select a"), "check", 1, "a", "✓ a: MatMul is right"),
    Effect(("next",), "check", 1, "a", "no node is wrong: 3 of 3 right"),
    Effect((), "check b", 0, None, "✓ b: Relu is right"),
    Effect((), "check", 0, None, "no node is wrong"),
    Effect((), "check x", 0, None, "no layer to check", ok=False),
    Effect((), "check v", 0, None, "there is no value v", ok=False),
    Effect((), "evidence y", 0, None, "✓ y: Sum is right"),
    Effect((), "evidence", 0, None, "select a node first", ok=False),
    Effect((), "record", 0, None, "recording to example-1.jsonl"),
    Effect((), "record here.jsonl", 0, None, "recording to here.jsonl"),
    Effect((), "record no/where.jsonl", 0, None, "the folder does not exist", ok=False),
    Effect(("record",), "record", 0, None, "recorded 1 lines in example-1.jsonl"),
    Effect(("record",), "record other.jsonl", 0, None, "already recording", ok=False),
    Effect(("next",), "note the mask", 1, "a", "noted at step 1"),
    Effect(("search a",), "cancel", 0, None),
    Effect(("next", "select w"), "cancel", 1, "a"),
    *(
        Effect((), f"{verb} {argument}".strip(), 0, None, "shown")
        for verb, argument in [
            ("search", ""),
            ("mark", ""),
            ("jump", ""),
            ("note", ""),
            ("watch", ""),
            ("set", ""),
            ("gradient", ""),
            ("heat", ""),
            ("next-slice", "2"),
            ("previous-slice", ""),
            ("scale", ""),
            ("element", "[0, 1]"),
            ("about", ""),
            ("lecture", ""),
            ("play", ""),
            ("faster", ""),
            ("slower", ""),
            ("output", ""),
            ("fold", "a"),
            ("copy", ""),
            ("next-pane", ""),
            ("previous-pane", ""),
            ("command", ""),
            ("palette", ""),
            ("help", "next"),
            ("quit", ""),
        ]
    ),
]


def test_one_comes_back_from_a_jump_that_the_run_had_not_come_to_yet(dispatcher: Dispatcher) -> None:
    session = dispatcher.session
    assert session.run is not None
    session.run.advance(1)
    here = len(session.tape)
    say(dispatcher, f"goto {here}")
    assert dispatcher.do(parse("last")).is_pending
    assert session.moment.position == here
    say(dispatcher, "last", "jump-back")
    assert session.moment.position == here


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda it: "; ".join((*it.before, it.line)))
def test_what_a_line_does(dispatcher: Dispatcher, effect: Effect) -> None:
    if effect.before:
        say(dispatcher, *effect.before)
    answer = say(dispatcher, effect.line)
    session = dispatcher.session
    assert (session.moment.position, session.selection.name) == (effect.step, effect.selected)
    assert effect.words in answer.text
    assert bool(answer.text) == bool(effect.words)
    assert answer.ok == effect.ok
    assert not answer.is_pending


def test_every_verb_is_said() -> None:
    assert {effect.line.split()[0] for effect in EFFECTS} >= VERBS.keys()


def test_what_is_about_the_display_alone_is_handed_to_it_as_it_was_said(
    dispatcher: Dispatcher, display: Listener
) -> None:
    say(dispatcher, "search", "note", "gradient", "help next", "command", "next")
    assert display.asked == [SearchNames(), WriteNote(), TurnGradient(), Help("next"), OpenLine()]


def test_into_goes_line_by_line_and_says_when_the_method_has_ended(dispatcher: Dispatcher) -> None:
    say(dispatcher, "next", "into", "into 2")
    lines = dispatcher.session.lines
    assert lines is not None
    assert lines.index == 2
    answer = say(dispatcher, "into 99", "into")
    assert answer.text_with_way_on(lambda verb: verb.word) == "MatMul.forward has ended: finish leaves its source"
    assert say(dispatcher, "finish").ok
    assert dispatcher.session.lines is None


def test_cancel_forgets_the_matches(dispatcher: Dispatcher) -> None:
    say(dispatcher, "search a", "cancel")
    assert not say(dispatcher, "next-match").ok


def test_a_count_goes_to_the_verbs_that_know_of_one() -> None:
    assert str(with_count(Into, 3)) == "into 3"
    assert str(with_count(ShowEvidence, 3)) == "evidence"


def test_a_recording_has_the_words_that_were_said_and_the_notes_written_before_it(
    dispatcher: Dispatcher, tmp_path: Path
) -> None:
    say(
        dispatcher,
        "next",
        "note early",
        "record here.jsonl",
        "next 2",
        "run-to w",
        "search relu",
        "check a",
        "note late",
    )
    dispatcher.do(ToggleRecording())
    records = [json.loads(line) for line in (tmp_path / "here.jsonl").read_text().splitlines()]
    said = [record for record in records if record["kind"] == "action"]
    assert [(it["verb"], it["at"]) for it in said] == [("next", 3), ("run-to", 6), ("select", 6), ("check", 6)]
    assert said[1]["name"] == "w"
    notes = [(record["at"], record["text"]) for record in records if record["kind"] == "note"]
    assert notes == [(1, "early"), (6, "late")]


def test_a_replay_looks_and_changes_nothing(dispatcher: Dispatcher, display: Listener, tmp_path: Path) -> None:
    say(dispatcher, "record here.jsonl", "next 5", "record")
    tape = read_transcript(tmp_path / "here.jsonl")
    replay = Dispatcher(Session(tape.tape, "replay", notes=tape.notes), display)
    assert say(replay, "next 2").ok
    assert say(replay, "select w").ok
    for line in ("record", "note no", "note", "set", "set x = 2"):
        assert "this is a replay" in say(replay, line).text
    assert "a replay runs nothing" in say(replay, "check a").text
    assert "runs no code" in say(replay, "into").text
    stopped = say(replay, "last")
    assert (stopped.ok, replay.session.moment.position) == (True, 5)
    assert "the recording ends here" in stopped.text
    assert not say(replay, "goto 6").ok


NAMES = st.sampled_from(["x", "w", "a", "b", "y", "nothing", "2"])
COUNTS = st.integers(1, 5) | st.just(10**12 - 1)
ANY_ARGUMENT: dict[str, st.SearchStrategy[Any]] = {
    "count": COUNTS,
    "step": st.integers(0, 20),
    "iteration": COUNTS,
    "name": NAMES,
    "node": NAMES,
    "mark": st.sampled_from("ab"),
    "place": st.sampled_from([None, "largest", "nan", "[0, 1]", "[9]", "x"]),
    "text": st.sampled_from(["a", "u", "", "[/]"]),
    "scale": st.sampled_from(["map", None]),
    "topic": st.none(),
    "number": st.integers(1, 3),
    "edit": st.sampled_from(["x = 0 * x", "w[1, 0] = 2", "dout = 2 * dout", "b = a", "nothing = 1", "a[0, 0] = 'x'"]),
    "file": st.sampled_from([None, "main", "b1", "nothing"]),
    "element": st.sampled_from(["x[0, 0]", "grad(w)[1, 0]", "y", "nothing", "a[9]"]),
    "of_element": st.sampled_from(["y", "a[0, 0]", "nothing"]),
    "on_element": st.sampled_from(["x[0, 0]", "w", "w[7]"]),
    "from_name": NAMES,
    "to_name": NAMES,
    "label": st.sampled_from(["main", "b1", "b2", "c"]),
    "stop": st.sampled_from([None, "a", "x", "on nan", "on a > 1", "y backward if 1 + 'a' after 1"]),
    "expression": st.sampled_from(["x + w", "grad(y)", "nothing", "1 + 'a'"]),
}
"""What may stand in each field of a command, in this scenario or in none."""


def any_argument(field: Field[Any]) -> st.SearchStrategy[Any]:
    """Return what may stand in a field of a command; None only where that is its default."""
    found = ANY_ARGUMENT[field.name]
    return found if field.default is None else found.filter(lambda it: it is not None)


FAILING = """
    class Fails:
        def forward(self, x): return x * 2
        def backward(self, dout): raise ValueError("no backward yet")
    class Loops:
        def forward(self, x):
            while True: pass
        def backward(self, dout): return dout
    """


def of_own_layers(tmp_path: Path, formula: str) -> Dispatcher:
    text = f'[inputs]\nx = 1\n[nodes]\na = "{formula}(x)"\ny = "a * 2"\n'
    file = layer_file(tmp_path, FAILING)
    return Dispatcher(session_on(Run(loads(text, tmp_path / "a.toml", layers=[file.path])), "own"), Listener())


def test_a_command_that_stops_short_because_a_layer_fails_says_so_at_once(tmp_path: Path) -> None:
    dispatcher = of_own_layers(tmp_path, "Fails")
    answer = say(dispatcher, "last")
    assert (answer.ok, dispatcher.session.moment.position) == (False, 3)
    assert "✗ step 4, backward: a: Fails.backward: ValueError: no backward yet" in answer.text
    assert dispatcher.session.selection.name == "a"
    assert "no backward yet" in say(dispatcher, "next").text
    assert say(dispatcher, "into").ok
    dispatcher.session.close()


def test_troubles_are_visited_in_order_and_told(tmp_path: Path) -> None:
    text = '[inputs]\nx = -1\nz = 0\n[nodes]\na = "Wrong(x)"\nb = "Log(a)"\ny = "b + z"\n'
    layers = "class Wrong:\n    def forward(self, x): return x * 2\n    def backward(self, dout): return dout * 3\n"
    file = layer_file(tmp_path, layers)
    run = Run(loads(text, tmp_path / "a.toml", layers=[file.path]))
    dispatcher = Dispatcher(Session(run.tape, "own", run=run), Listener())
    first = say(dispatcher, "last", "first", "next-trouble")
    assert dispatcher.session.moment.name == "b"
    assert "NaN starts here: log(-2) at b" in first.text
    wrong = say(dispatcher, "next-trouble")
    assert (dispatcher.session.moment.position, dispatcher.session.moment.name) == (6, "a")
    assert "✗ a: Wrong is wrong" in wrong.text
    assert "log(-2) at b" in say(dispatcher, "previous-trouble").text
    dispatcher.session.close()
    run.close()


def test_looking_for_trouble_goes_on_in_slices(dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bptui.session.troubles.SLICE", 0.0)
    say(dispatcher, "last", "note here", "first")
    answer = dispatcher.do(parse("next-trouble"))
    assert answer.is_pending
    assert dispatcher.is_busy
    while answer.is_pending:
        answer = dispatcher.resume() or answer
    assert dispatcher.session.moment.position == 14
    assert not dispatcher.is_busy


def test_without_a_screen_a_layer_that_does_not_return_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bptui.session.session.TIME_LIMIT", 0.2)
    dispatcher = of_own_layers(tmp_path, "Loops")
    answer = say(dispatcher, "next")
    assert not answer.ok
    assert "was stopped after" in answer.text
    dispatcher.session.close()


ANY_COMMAND = st.one_of(
    [
        st.builds(verb, **{field.name: any_argument(field) for field in fields(verb)})
        for verb in VERBS.values()
        if verb not in (ToggleRecording, Check)
    ]
)


@given(st.lists(ANY_COMMAND, max_size=12))
def test_whatever_is_said_in_whatever_order_is_answered(commands: list[Command]) -> None:
    run = Run(loads(SCENARIO))
    dispatcher = Dispatcher(Session(run.tape, "example", run=run), Listener())
    for command in commands:
        answer = dispatcher.finish(command)
        assert answer.ok or answer.text
        assert 0 <= dispatcher.session.moment.position <= 14
        assert dispatcher.session.selection.name in {None, *dispatcher.session.tape.graph.names}


def test_a_command_is_answered_for_now_and_the_rest_comes_with_the_work(dispatcher: Dispatcher) -> None:
    say(dispatcher, "next")
    assert dispatcher.do(parse("check a")).is_pending
    while (answer := dispatcher.resume()) is None or answer.is_pending:
        dispatcher.work()
    assert "✓ a" in answer.text
    assert dispatcher.resume() is None
