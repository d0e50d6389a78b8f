"""The debugger's screen: it hands each moment to the panes, and each key to the debugger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from bptui.core.command import (
    Back,
    Command,
    Finish,
    First,
    GoTo,
    Into,
    Last,
    LineBack,
    Next,
    PassStart,
    ReverseFinish,
    RunTo,
)
from bptui.core.moment import Moment
from bptui.core.schedule import Pass
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.tui import command_line, search
from bptui.tui.circuit_panel import CircuitPanel
from bptui.tui.footer import Footer
from bptui.tui.gradients_panel import GradientsPanel
from bptui.tui.keys import bindings
from bptui.tui.line import Span
from bptui.tui.message import NodeSelected, StepClicked
from bptui.tui.node_panel import NodePanel
from bptui.tui.pane import Pane
from bptui.tui.session import Session
from bptui.tui.source_panel import SourcePanel
from bptui.tui.tape_panel import TapePanel
from bptui.tui.title import TitleLine
from bptui.tui.too_small import SMALLEST, TooSmall
from bptui.tui.tour import Tour
from bptui.tui.value_panel import ValuePanel

if TYPE_CHECKING:
    from bptui.core.source.line_tape import LineCursor

WIDE = (100, 28)
"""From this many columns and rows on, the panes stand side by side; below, in one column."""

ROOMY = 160
"""From this many columns on, the circuit gets what is to spare."""

MOST_DIGITS = 7
"""Of a count: enough to cross a tape of a million steps at once."""

LOOK_AGAIN = 0.05
"""Seconds after which a guest that is on its way through its lines is looked for again."""

PAUSE = 0.005
"""Seconds between two slices of a long run, in which keys are answered."""


class DebuggerScreen(Screen[None]):
    """All panes at one moment, and what is selected."""

    AUTO_FOCUS = "#node"
    BINDINGS = [*bindings(), Binding("ctrl+c", "interrupt", show=False, priority=True)]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.selected: str | None = None
        self.tour = Tour(session.tape.graph)
        self.matches: list[str] = []
        self.count = ""
        self.is_interrupted = False
        self.is_following = True
        self.is_telling = False
        self.is_behind = False
        self.focused_before: Widget | None = None

    def compose(self) -> ComposeResult:
        moment = self.session.moment
        self.title_line = TitleLine(moment, id="title", can_focus=False)
        self.title_line.name_shown = self.session.name
        self.circuit = CircuitPanel(moment, id="circuit")
        self.source = SourcePanel(moment, id="source")
        self.folding = panels(self.session)
        self.footer = Footer(moment, id="footer")
        self.too_small = TooSmall(moment, id="small", can_focus=False)
        self.panes: tuple[Pane, ...] = (self.title_line, self.circuit, self.source, *self.folding)
        for pane in self.folding:
            pane.add_class("panel")
        self.unfold(self.folding[0])
        yield from (*self.panes, self.footer, self.too_small)

    def on_mount(self) -> None:
        self.title_line.recording = self.session.recording
        if self.session.is_under_way:
            self.call_after_refresh(self.keep_working)  # the first picture needs no step

    # What the panes show.

    @property
    def moment(self) -> Moment:
        """All that is known at the cursor."""
        return self.session.moment

    def show(self, moment: Moment) -> None:
        """Show a moment in all panes."""
        if self.is_following:
            self.selected = moment.name
        self.title_line.recording = self.session.recording
        self.show_source(self.session.debugger.lines)
        if not self.is_behind:
            self.is_behind = True
            self.call_next(self.show_in_panes)

    def show_in_panes(self) -> None:
        """Show in all panes what a burst of keys has led to, once."""
        self.is_behind = False
        moment = self.moment
        for pane in self.panes:
            pane.show(moment, self.selected)

    def show_source(self, lines: LineCursor | None) -> None:
        """Give room to a layer's source while the debugger is inside it, and the focus."""
        was_inside = self.source.cursor is not None
        self.source.cursor = lines
        if was_inside == (lines is not None):
            return
        self.set_class(lines is not None, "inside")
        if lines:
            self.focused_before = self.focused
            self.set_focus(self.source)
        else:
            self.set_focus(self.focused_before)

    def select(self, name: str | None) -> None:
        """Select a value, until the next step selects its own."""
        self.selected = name
        self.is_following = False
        self.show(self.moment)

    def say(self, text: str, style: str = "") -> None:
        """Write a message over the footer; the next key takes it away."""
        self.is_telling = False
        self.footer.message = (Span(f" {text}", style),) if text else ()
        self.footer.renew()

    def do(self, command: Command) -> None:
        """Carry out a command and show where it led."""
        before = self.session.debugger.position
        moment = self.session.do(command)
        self.is_following = True
        self.show(moment)
        if self.session.is_under_way:
            self.keep_working()
        if self.session.is_waiting:
            self.say_how_it_runs()
        elif moment.position == before and not isinstance(command, Into | LineBack):
            self.say_where_it_ends(moment)

    def say_where_it_ends(self, moment: Moment) -> None:
        """Say why a command led nowhere."""
        if self.session.failure and moment.position == len(moment.tape):
            self.say(f"the run ended here: {visible(self.session.failure.message)}", "error")
        elif moment.position == 0:
            self.say("this is the start: n goes forward")
        elif moment.position == len(moment.schedule):
            self.say("this is the last step: N goes back")
        else:
            self.say("already there")

    def keep_working(self) -> None:
        """Go on running and recording, a slice at a time, while keys are answered."""
        self.run_worker(self.work(), exclusive=True, group="work")

    async def work(self) -> None:
        """Run and record until nothing is left to do."""
        while self.session.is_under_way:
            self.session.work()
            if self.session.is_waiting:
                self.show(self.session.catch_up())
                self.say_how_it_runs()
            await asyncio.sleep(PAUSE)
        self.show(self.session.catch_up())
        if self.session.failure:
            self.say(f"the run ended here: {visible(self.session.failure.message)}", "error")
        elif self.is_telling:
            self.say("")

    def say_how_it_runs(self) -> None:
        """Say how far a run is on its way to where the cursor was asked to go, or who holds it up."""
        if self.session.held_up:
            self.say(f"{self.session.held_up}: Esc gives it up", "warning")
        else:
            self.say(f"running: {len(self.session.tape):,} of {self.session.debugger.goal:,} steps …", "dim")
        self.is_telling = True

    # Keys: first what comes before any of them.

    def take_count(self) -> int:
        """Return the count that was typed before a key, 1 without, and forget it."""
        count, self.count = int(self.count or 1), ""
        self.is_interrupted = False
        if self.footer.message or self.footer.count:
            self.footer.message, self.footer.count = (), ""
            self.footer.renew()
        return count

    def action_digit(self, digit: int) -> None:
        """Take a digit of a count."""
        if len(self.count) < MOST_DIGITS and (self.count or digit):
            self.count += str(digit)
            self.footer.message, self.footer.count = (), self.count
            self.footer.renew()

    def action_cancel(self) -> None:
        """Forget the count, the message and the matches, and wait no longer for a layer that does not return."""
        self.take_count()
        if self.session.held_up:
            self.session.give_up()
        self.matches = []

    def action_next(self) -> None:
        """Go forward by the count."""
        self.do(Next(self.take_count()))

    def action_back(self) -> None:
        """Go back by the count."""
        self.do(Back(self.take_count()))

    def action_finish(self) -> None:
        """Finish this pass."""
        self.do(Finish(self.take_count()))

    def action_reverse_finish(self) -> None:
        """Go back to the start of this pass."""
        self.do(ReverseFinish(self.take_count()))

    def action_into(self) -> None:
        """Go into the layer's source, or on in it."""
        lines = self.session.debugger.lines
        if lines and lines.is_at_end:
            self.take_count()
            self.say(f"{lines.tape.method} has ended: n goes on, f leaves its source")
            return
        self.go_into(Into(self.take_count()), self.session.debugger.position)

    def go_into(self, command: Into, position: int) -> None:
        """Go into the layer of the step at ``position``, if the cursor is still there; a guest is asked again."""
        debugger = self.session.debugger
        if debugger.position != position:
            return
        try:
            self.do(command)
        except BptuiError as error:
            self.say(error.message, "warning")
            if debugger.entrance.is_waiting:
                self.set_timer(LOOK_AGAIN, partial(self.go_into, command, position))

    def action_line_back(self) -> None:
        """Go back in the layer's source."""
        count = self.take_count()
        if self.session.debugger.lines is None:
            self.say("S goes back a line inside a layer's source: s goes into it")
            return
        self.do(LineBack(count))

    def action_first(self) -> None:
        """Go to the first step."""
        self.take_count()
        self.do(First())

    def action_last(self) -> None:
        """Go to the last step."""
        self.take_count()
        self.do(Last())

    def action_forward_pass(self) -> None:
        """Go to the start of the forward pass."""
        self.take_count()
        self.do(PassStart(Pass.FORWARD))

    def action_backward_pass(self) -> None:
        """Go to the start of the backward pass."""
        self.take_count()
        self.do(PassStart(Pass.BACKWARD))

    def action_run_to(self) -> None:
        """Run to the selected node."""
        count = self.take_count()
        if self.selected is None:
            self.say("select a node first: u, d, / or the mouse")
            return
        for _ in range(min(count, len(self.moment.schedule))):
            self.do(RunTo(self.selected))

    def action_consumer(self) -> None:
        """Select a consumer of the selected value."""
        self.walk(self.tour.consumer, "nothing uses it")

    def action_producer(self) -> None:
        """Select a producer of the selected value."""
        self.walk(self.tour.producer, "it is given, not computed")

    def walk(self, way: Callable[[str], str | None], otherwise: str) -> None:
        """Select what lies that way, ``count`` times."""
        name = self.selected or self.moment.graph.nodes[0].name
        for _ in range(self.take_count()):
            following = way(name)
            if following is None:
                self.say(f"{visible(name, limit=40)}: {otherwise}")
                break
            name = following
        self.select(name)

    def action_next_match(self) -> None:
        """Select the next match of the search."""
        self.go_to_match(1)

    def action_previous_match(self) -> None:
        """Select the previous match of the search."""
        self.go_to_match(-1)

    def go_to_match(self, direction: int) -> None:
        """Select the ``count``-th match from here."""
        name = self.selected
        for _ in range(self.take_count()):
            name = search.neighbour(self.moment.graph, self.matches, name, direction)
        if name is None or not self.matches:
            self.say("nothing searched for yet: / searches")
            return
        self.select(name)
        self.say(f"{visible(name, limit=40)}: match {self.matches.index(name) + 1} of {len(self.matches)}")

    def action_next_pane(self) -> None:
        """Move the focus on."""
        self.take_count()
        self.focus_next()

    def action_previous_pane(self) -> None:
        """Move the focus back."""
        self.take_count()
        self.focus_previous()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget in self.folding:
            self.unfold(event.widget)

    def unfold(self, pane: object) -> None:
        """Give the room of a one-column screen to one pane."""
        for other in self.folding:
            other.set_class(other is pane, "unfolded")

    # Commands typed out.

    def action_command(self) -> None:
        """Open the command line."""
        self.take_count()
        self.open_prompt(":")

    def action_search(self) -> None:
        """Open the search line."""
        self.take_count()
        self.open_prompt("/")

    def action_note(self) -> None:
        """Open the line for a note."""
        self.take_count()
        if self.session.recorder is None:
            self.say("a note needs a recording: R starts one")
            return
        self.open_prompt(";")

    def open_prompt(self, kind: str) -> None:
        """Let a line be typed at the bottom."""
        self.footer.open(kind)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While a line is being typed, leave all keys but ctrl+c to it."""
        return action == "interrupt" or not (self.is_mounted and self.footer.is_open)

    # The recording.

    def action_record(self) -> None:
        """Start or stop recording."""
        self.take_count()
        if not self.session.can_record:
            self.say("this is a replay, which is not recorded again")
        elif self.session.recorder:
            path, count = self.session.recorder.path, self.session.recorder.count
            self.session.stop_recording()
            self.show(self.moment)
            self.say(f"recorded {count} lines in {visible(str(path))}")
        else:
            self.start_recording()

    def start_recording(self) -> None:
        """Record to a new file in the working directory."""
        path = free_path(self.session.name)
        try:
            self.session.record(path)
        except BptuiError as error:
            self.say(error.message, "error")
            return
        self.show(self.moment)
        self.say(f"recording to {visible(str(path))}: R stops, ; writes a note")

    # The program.

    def action_palette(self) -> None:
        """Open the palette."""
        self.take_count()
        self.app.action_command_palette()

    def action_help(self) -> None:
        """Show the help."""
        from bptui.tui.help_screen import HelpScreen  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

        self.take_count()
        self.app.push_screen(HelpScreen(self.moment))

    def action_quit(self) -> None:
        """Leave."""
        self.app.exit(return_code=0)

    def action_interrupt(self) -> None:
        """Warn first, and leave the second time."""
        if self.is_interrupted:
            self.app.exit(return_code=130)
            return
        self.take_count()
        self.is_interrupted = True
        self.say("press ctrl+c again to leave, or q", "warning")

    # What was typed.

    def on_footer_entered(self, message: Footer.Entered) -> None:
        match message.kind:
            case "/":
                self.search_for(message.text)
            case ";":
                self.write_note(message.text)
            case _:
                self.obey(message.text)

    def search_for(self, text: str) -> None:
        """Find every match, and select the nearest."""
        self.matches = search.matches(self.moment.graph, text)
        if not self.matches:
            self.say(f"nothing is called {visible(text, limit=40)}", "error")
            return
        self.go_to_match(1)

    def write_note(self, text: str) -> None:
        """Record a note."""
        if self.session.recorder:
            self.session.recorder.note(text, self.moment)
            self.show(self.moment)
            self.say(f"noted at step {self.moment.position}")

    def obey(self, text: str) -> None:
        """Do what a line of the command line asks for."""
        match command_line.parse(text, self.moment.graph):
            case command_line.Step(number):
                self.do(GoTo(number))
            case command_line.Name(name):
                self.do(RunTo(name))
                self.select(name)
            case command_line.Call(key, count):
                self.count = count
                self.call_next(self.run_action, key.action)
            case command_line.Mistake(message):
                self.say(message, "error")

    # What is pointed at, and the size.

    def on_node_selected(self, message: NodeSelected) -> None:
        self.take_count()
        self.select(message.name)

    def on_step_clicked(self, message: StepClicked) -> None:
        self.take_count()
        self.do(GoTo(message.number))

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "tiny")
        self.set_class(width < WIDE[0] or height < WIDE[1], "narrow")
        self.set_class(width >= ROOMY, "roomy")


def panels(session: Session) -> tuple[Pane, ...]:
    """Return the panes that share the room beside the circuit, in the order of Tab."""
    moment = session.moment
    return (
        NodePanel(moment, id="node", title=session.title, about=session.about),
        TapePanel(moment, id="tape"),
        GradientsPanel(moment, id="gradients"),
        ValuePanel(moment, id="value"),
    )


def free_path(title: str) -> Path:
    """Return the first of ``NAME-1.jsonl``, ``NAME-2.jsonl``, ... that does not exist in the working directory."""
    stem = "".join(character if character.isalnum() or character in "-_" else "_" for character in title)[:60]
    number = 1
    while (path := Path(f"{stem}-{number}.jsonl")).exists():
        number += 1
    return path
