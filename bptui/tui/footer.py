"""The bottom line: the keys that matter most, what has just been said, or a line that is being typed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, chain

from textual import events
from textual.message import Message
from textual.widget import Widget

from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.text import escaped
from bptui.core.verbs import movement, playback, program, selection, stops, view
from bptui.lines.line import Line, Span, fitted, line_width
from bptui.session.completion import missing, missing_in_expression
from bptui.session.line_editor import EDITS, TypedLine
from bptui.tui.keys import KeyContext
from bptui.tui.pane import Pane

HINTS: Mapping[str, str] = {
    ":": "a step's number, a name, or a command: next, last, record …   Enter does it, Esc leaves",
    "/": "a part of a name or of a layer   Enter searches, Esc leaves",
    ";": "a note at this step   Enter writes it down, Esc leaves",
    "m": "a letter that marks this step",
    "'": "the letter of the mark to jump to",
    "w": "an expression to be shown at every step: norm(grad(W1))   Enter watches it, Esc leaves",
}
"""The kinds of line that can be typed, by the key that opens them."""

ONE_LETTER = frozenset({"m", "'"})
"""The kinds that are entered with the first letter."""

ALWAYS = 2
"""Keys at the end of the line that are there however narrow it is."""

AT_STEPS: Mapping[type[Command], str] = {
    movement.Next: "next",
    movement.Back: "back",
    movement.Into: "into",
    movement.Finish: "finish pass",
    stops.Continue: "continue",
    stops.Break: "break",
    movement.Last: "last",
    movement.BackwardPass: "backward pass",
    selection.SearchNames: "search",
    view.Check: "check",
    movement.NextTrouble: "trouble",
    view.NextPane: "pane",
    program.OpenLine: "command",
    program.Help: "help",
    program.Quit: "quit",
}

IN_SOURCE: Mapping[type[Command], str] = {
    movement.Into: "next line",
    movement.LineBack: "line back",
    movement.Finish: "out of the source",
    movement.Next: "next step",
    movement.Back: "step back",
    movement.ReverseFinish: "before this step",
    program.Help: "help",
    program.Quit: "quit",
}

AT_EVIDENCE: Mapping[type[Command], str] = {
    view.ShowEvidence: "jump there",
    view.NextPane: "next element",
    program.Help: "help",
    program.Cancel: "close",
}

SHOWN: Mapping[KeyContext, Mapping[type[Command], str]] = {
    KeyContext.STEPS: AT_STEPS,
    KeyContext.SOURCE: IN_SOURCE,
    KeyContext.EVIDENCE: AT_EVIDENCE,
    KeyContext.REPLAY: {
        playback.Play: "play or pause",
        **{verb: word for verb, word in AT_STEPS.items() if verb not in (movement.Into, view.Check)},
    },
}
"""The keys that matter most, with a word for each."""

MOST_DIGITS = 7
"""Of a count: enough to cross a tape of a million steps at once."""


class Footer(Pane):
    """One row at the bottom. A message stays until the next key; a typed line until it is entered or left."""

    is_framed = False

    class Entered(Message):
        """A line was typed: of which kind, and what."""

        def __init__(self, kind: str, text: str) -> None:
            super().__init__()
            self.kind = kind
            self.text = text

    def __init__(self, moment: Moment, *, id: str | None = None) -> None:  # noqa: A002  (Textual's word)
        super().__init__(moment, id=id, can_focus=False)
        self.message: Line = ()
        self.count = ""
        self.kind = ""
        self.typed = TypedLine()
        self.before: Widget | None = None
        self.history: dict[str, str] = {}
        self.context = KeyContext.STEPS

    def show_keys(self, context: KeyContext) -> None:
        """Show the keys that matter where the person is."""
        if context is not self.context:
            self.context = context
            self.renew()

    def say(self, text: str, style: str = "") -> None:
        """Write a message over the keys; the next key takes it away."""
        self.message = (Span(f" {text}", style),) if text else ()
        self.renew()

    def add_digit(self, digit: int) -> None:
        """Take a digit of a count."""
        if len(self.count) < MOST_DIGITS and (self.count or digit):
            self.count += str(digit)
            self.say("")

    def take_count(self) -> int:
        """Return the count that was typed, 1 without, and forget it and the message."""
        count = int(self.count or 1)
        if self.message or self.count:
            self.count = ""
            self.say("")
        return count

    @property
    def is_filled(self) -> bool:
        """Whether a message or a count stands where the keys do."""
        return bool(self.message or self.count)

    @property
    def is_open(self) -> bool:
        """Whether a line is being typed."""
        return bool(self.kind)

    def open(self, kind: str, text: str = "") -> None:
        """Let a line be typed, which begins with ``text``, and take the focus for it."""
        self.kind, self.typed, self.message = kind, TypedLine(text, len(text)), ()
        self.before = self.screen.focused
        self.can_focus = True
        self.screen.set_focus(self)
        self.renew()

    def close(self) -> None:
        """Give the focus back."""
        self.kind = ""
        self.screen.set_focus(self.before)
        self.can_focus = False
        self.renew()

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        if self.is_open:
            return [fitted(typed_line(self.kind, self.typed, self.completion, width), width)]
        typed: Line = (Span(f" {self.count}", "mark"), Span(" times …", "dim")) if self.count else ()
        return [fitted(self.message or (*typed, *key_line(width - line_width(typed), self.context)), width)]

    @property
    def completion(self) -> str:
        """What Tab would add."""
        names = self.moment.graph.names
        match self.kind:
            case ":":
                return missing(self.typed.text, names)
            case "w":
                return missing_in_expression(self.typed.text, names)
        return ""

    def on_key(self, event: events.Key) -> None:
        event.stop()
        if not self.is_open:
            self.app.simulate_key(event.key)  # typed before the line above was closed, and meant for the screen
            return
        match event.key:
            case "escape":
                self.close()
            case "enter" | "ctrl+j":  # the terminal says Enter so, as long as the program has not taken it over
                self.enter()
            case "up":
                text = self.history.get(self.kind, "")
                self.typed = TypedLine(text, len(text))
            case "tab" | "right" if self.completion and self.typed.cursor == len(self.typed.text):
                self.typed = self.typed.insert(self.completion)
            case "backspace" if not self.typed.text:
                self.close()
            case key if key in EDITS:
                self.typed = EDITS[key](self.typed)
            case _ if event.is_printable and event.character:
                self.typed = self.typed.insert(event.character)
                if self.kind in ONE_LETTER:
                    self.enter()
        self.renew()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self.is_open and event.text.strip():
            self.typed = self.typed.insert(event.text.strip().splitlines()[0])
            self.renew()

    def enter(self) -> None:
        """Hand the line over."""
        kind, text = self.kind, self.typed.text.strip()
        self.close()
        if text:
            self.history[kind] = text
            self.post_message(self.Entered(kind, text))


def typed_line(kind: str, typed: TypedLine, rest: str, width: int) -> Line:
    """Return a line that is being typed, its cursor as a block; the end that fits where it is long."""
    if not typed.text:
        return (Span(f" {kind}", "key"), Span(" ", "cursor"), Span(f" {HINTS[kind]}", "dim"))
    start = max(0, typed.cursor - max(1, width - 8))
    before, after = escaped(typed.text[start : typed.cursor]), typed.text[typed.cursor :]
    under = escaped(after[:1]) or " "
    if rest and not after:
        return (Span(f" {kind}", "key"), Span(before), Span(rest[0], "cursor"), Span(escaped(rest[1:]), "dim"))
    return (Span(f" {kind}", "key"), Span(before), Span(under, "cursor"), Span(escaped(after[1:])))


def key_line(width: int, context: KeyContext = KeyContext.STEPS) -> Line:
    """Return as many of the footer's keys as fit, the last ones before all others."""
    entries = [(Span(f" {verb.keys[0]}", "key"), Span(f" {word} ", "dim")) for verb, word in SHOWN[context].items()]
    first, last = entries[:-ALWAYS], entries[-ALWAYS:]
    room = width - sum(map(line_width, last))
    ends = accumulate(map(line_width, first))
    kept = [entry for entry, end in zip(first, ends, strict=True) if end <= room]
    return tuple(chain.from_iterable([*kept, *last]))
