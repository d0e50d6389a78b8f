"""The debugger's screen: it hands each moment to the panes, and each key to the debugger."""

from __future__ import annotations

import asyncio
from functools import cached_property, partial
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from bptui.core.command import GoTo, Into, LineBack, RunTo, Travel
from bptui.core.moment import Moment
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.session import recording, status_messages
from bptui.session.selection import Selection
from bptui.session.session import Session
from bptui.tui import command_line
from bptui.tui.footer import Footer
from bptui.tui.keys import COMMANDS, bindings
from bptui.tui.message import NodeSelected, StepClicked
from bptui.tui.pane import Pane
from bptui.tui.panels.circuit_panel import CircuitPanel
from bptui.tui.panels.gradients_panel import GradientsPanel
from bptui.tui.panels.node_panel import NodePanel
from bptui.tui.panels.source_panel import SourcePanel
from bptui.tui.panels.tape_panel import TapePanel
from bptui.tui.panels.value_panel import ValuePanel
from bptui.tui.title import TitleLine
from bptui.tui.too_small import SMALLEST, TooSmall

if TYPE_CHECKING:
    from bptui.stepping.line_tape import LineCursor
    from bptui.tui.check_controller import ScreenChecks

WIDE = (100, 28)
"""From this many columns and rows on, the panes stand side by side; below, in one column."""

ROOMY = 160
"""From this many columns on, the circuit gets what is to spare."""

LOOK_AGAIN = 0.05
"""Seconds after which a guest that is on its way through its lines is looked for again."""

PAUSE = 0.005
"""Seconds between two slices of a long run, in which keys are answered."""

LOOK_AFTER = 1.0
"""Seconds between two looks at whether the file of a recording is still what it was."""


class DebuggerScreen(Screen[None]):
    """All panes at one moment, and what is selected."""

    AUTO_FOCUS = "#node"
    BINDINGS = [*bindings()]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.selection = Selection(session.tape.graph)
        self.is_leaving = False
        self.is_telling = False
        self.is_behind = False
        self.focused_before: Widget | None = None

    def compose(self) -> ComposeResult:
        moment = self.session.moment
        self.title_line = TitleLine(moment, id="title", can_focus=False)
        self.title_line.name_shown = self.session.name
        self.circuit = CircuitPanel(moment, id="circuit")
        self.source = SourcePanel(moment, id="source")
        self.value = ValuePanel(moment, id="value")
        self.folding: tuple[Pane, ...] = (
            NodePanel(moment, id="node", title=self.session.title, about=self.session.about, notes=self.session.notes),
            TapePanel(moment, id="tape"),
            GradientsPanel(moment, id="gradients"),
            self.value,
        )
        self.footer = Footer(moment, id="footer")
        self.too_small = TooSmall(moment, id="small", can_focus=False)
        self.panes: tuple[Pane, ...] = (self.title_line, self.circuit, self.source, *self.folding)
        for pane in self.folding:
            pane.add_class("panel")
        self.unfold(self.folding[0])
        yield from (*self.panes, self.footer, self.too_small)

    def on_mount(self) -> None:
        self.title_line.recording = self.session.recording
        self.set_interval(LOOK_AFTER, self.look_after_recording)
        if self.session.is_under_way:
            self.call_after_refresh(self.keep_working)  # the first picture needs no step
        if self.session.idle is not None:
            self.set_timer(self.session.idle, self.start_checks)

    # What the panes show.

    @property
    def moment(self) -> Moment:
        """All that is known at the cursor."""
        return self.session.moment

    def show(self, moment: Moment) -> None:
        """Show a moment in all panes."""
        if self.selection.is_following:
            self.selection.name = moment.name
        self.title_line.recording = self.session.recording
        self.show_source(self.session.lines)
        if not self.is_behind:
            self.is_behind = True
            self.call_next(self.show_in_panes)

    def show_in_panes(self) -> None:
        """Show in all panes what a burst of keys has led to, once."""
        self.is_behind = False
        moment = self.moment
        for pane in self.panes:
            pane.show(moment, self.selection.name)

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

    @property
    def selected(self) -> str | None:
        """The selected value's name."""
        return self.selection.name

    def select(self, name: str | None) -> None:
        """Select a value, until the next step selects its own."""
        self.selection.choose(name)
        self.show(self.moment)

    def say(self, text: str, style: str = "") -> None:
        """Write a message over the footer; the next key takes it away."""
        self.is_telling = False
        self.footer.say(text, style)

    def do(self, command: Travel) -> None:
        """Carry out a command and show where it led."""
        before = self.session.debugger.position
        moment = self.session.do(command)
        self.selection.is_following = True
        self.show(moment)
        if self.session.is_under_way:
            self.keep_working()
        if self.session.is_waiting:
            self.say_how_it_runs()
        elif moment.position == before and not isinstance(command, Into | LineBack):
            self.say_where_it_ends()

    def say_where_it_ends(self) -> None:
        """Say why a command led nowhere, and where the run has failed, point at the node."""
        if failed := status_messages.failed_turn(self.moment):
            self.select(failed.name)
        self.say(*status_messages.dead_end(self.session))

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
            self.say_where_it_ends()
        elif self.is_telling:
            self.say("")

    def say_how_it_runs(self) -> None:
        """Say how far a run is on its way to where the cursor was asked to go, or who holds it up."""
        self.say(*status_messages.how_it_runs(self.session))
        self.is_telling = True

    # Keys: first what comes before any of them.

    def take_count(self) -> int:
        """Return the count that was typed before a key, 1 without, and forget it and what was said."""
        self.is_leaving = False
        return self.footer.take_count()

    def action_digit(self, digit: int) -> None:
        """Take a digit of a count."""
        self.is_leaving = False
        self.footer.add_digit(digit)

    def action_cancel(self) -> None:
        """Forget the count, the message and the matches, and wait no longer for a layer that does not return."""
        self.take_count()
        if self.session.held_up:
            self.session.give_up()
        self.selection.matches = ()

    def action_travel(self, command: str) -> None:
        """Move the cursor as a command of the key table says."""
        count, travel = self.take_count(), COMMANDS[command].travel
        if travel:
            self.do(travel(count))

    def action_into(self) -> None:
        """Go into the layer's source, or on in it."""
        lines = self.session.lines
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
        if self.session.lines is None:
            self.say("S goes back a line inside a layer's source: s goes into it")
            return
        self.do(LineBack(count))

    def action_run_to(self) -> None:
        """Run to the selected node."""
        count = self.take_count()
        if self.selected is None:
            self.say("select a node first: u, d, / or the mouse")
            return
        name = self.selected
        for _ in range(min(count, len(self.moment.order))):
            self.do(RunTo(name))

    def action_consumer(self) -> None:
        """Select a consumer of the selected value."""
        self.show_selected(self.selection.consumer(self.take_count()))

    def action_producer(self) -> None:
        """Select a producer of the selected value."""
        self.show_selected(self.selection.producer(self.take_count()))

    def action_next_match(self) -> None:
        """Select the next match of the search."""
        self.show_selected(self.selection.match(self.take_count(), 1))

    def action_previous_match(self) -> None:
        """Select the previous match of the search."""
        self.show_selected(self.selection.match(self.take_count(), -1))

    def show_selected(self, said: str) -> None:
        """Show what has been selected, and say what there is to say of it."""
        self.show(self.moment)
        if said:
            self.say(said)

    def action_gradient(self) -> None:
        """Show the selected value's gradient, or its numbers."""
        self.take_count()
        self.value.toggle_gradient()

    def action_heat(self) -> None:
        """Show the selected value as colours, or as numbers."""
        self.take_count()
        if self.app.no_color:
            self.say("a heat map needs colours, which NO_COLOR has switched off")
            return
        self.open_up(self.value)
        self.value.toggle_heat()

    def action_next_slice(self) -> None:
        """Show the next slice of the selected value."""
        self.open_up(self.value)
        self.value.next_slice(self.take_count())

    def action_previous_slice(self) -> None:
        """Show the previous slice of the selected value."""
        self.open_up(self.value)
        self.value.next_slice(-self.take_count())

    def open_up(self, pane: Pane) -> None:
        """Give room to a pane that is folded."""
        if pane.is_folded:
            self.set_focus(pane)

    def action_copy(self) -> None:
        """Copy the selected number, and leave the second time."""
        if self.is_leaving:
            self.app.exit(return_code=130)
            return
        self.take_count()
        self.is_leaving = True
        number = self.value.selected_number()
        if number:
            self.app.copy_to_clipboard(number)
            self.say(f"copied {number}: ctrl+c again leaves", "warning")
        else:
            self.say("press ctrl+c again to leave, or q", "warning")

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

    # Checks.

    @cached_property
    def checks(self) -> ScreenChecks:
        """The checks of nodes, and their evidence."""
        from bptui.tui.check_controller import ScreenChecks  # noqa: PLC0415  (after the first picture: the program starts sooner)

        return ScreenChecks(self)

    def start_checks(self) -> None:
        """Let all nodes be checked from now on, while nobody waits."""
        self.checks.start()

    def action_check(self) -> None:
        """Check the selected node, or show what came of it."""
        self.take_count()
        self.checks.check(self.selected)

    def action_evidence(self) -> None:
        """Show what is behind the selected node's verdict."""
        self.take_count()
        self.checks.show_evidence(self.selected)

    def on_unmount(self) -> None:
        if "checks" in vars(self):
            self.checks.checking.close()

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
        if not self.session.can_record:
            self.say(recording.REPLAYED)
            return
        if self.session.recorder is None:
            self.say("a note needs a recording: R starts one")
            return
        self.open_prompt(";")

    def open_prompt(self, kind: str) -> None:
        """Let a line be typed at the bottom."""
        self.footer.open(kind)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """While a line is being typed, leave all keys but ctrl+c to it."""
        return action == "copy" or not (self.is_mounted and self.footer.is_open)

    # The recording.

    def action_record(self) -> None:
        """Start or stop recording."""
        self.take_count()
        try:
            said = recording.toggle(self.session)
        except BptuiError as error:
            self.say(error.message, "error")
            return
        self.show(self.moment)
        self.say(said)
        if self.session.is_under_way:
            self.keep_working()

    def look_after_recording(self) -> None:
        """Notice what has become of the recording, even while no key is pressed."""
        self.session.look_after_recording()
        if self.title_line.recording != self.session.recording:
            self.title_line.recording = self.session.recording
            self.title_line.renew()

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
        found = self.selection.search(text)
        if found:
            self.show_selected(found)
        else:
            self.say(f"nothing is called {visible(text, limit=40)}", "error")

    def write_note(self, text: str) -> None:
        """Record a note."""
        if self.session.recorder:
            self.session.write_note(text)
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
                self.footer.count = count
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
