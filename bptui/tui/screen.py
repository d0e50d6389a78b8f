"""The debugger's screen: it hands each moment to the panes, each command to the dispatcher, and shows the answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget

from bptui.core.command import Command, key_or_word, with_count
from bptui.core.command_parser import parse
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.text import visible
from bptui.core.verbs import VERBS
from bptui.core.verbs.movement import GoTo, JumpToMark, SetMark
from bptui.core.verbs.program import About, Help, OpenLine, OpenPalette, Quit, WriteNote
from bptui.core.verbs.selection import SearchNames, Select
from bptui.core.verbs.view import (
    ChangeScale,
    Check,
    Copy,
    Fold,
    HeatMap,
    NextPane,
    NextSlice,
    PreviousPane,
    PreviousSlice,
    SelectElement,
    ShowEvidence,
    ShowValue,
    TurnGradient,
)
from bptui.errors import CommandError
from bptui.session.answer import Answer, WayOn, refusal
from bptui.session.dispatcher import Dispatcher
from bptui.session.session import Session
from bptui.tui import arrangement
from bptui.tui.footer import Footer
from bptui.tui.keys import KeyContext, bindings
from bptui.tui.message import Asked
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
    from bptui.checking.finding import Finding
    from bptui.checking.verdicts import Judged
    from bptui.stepping.line_tape import LineCursor
    from bptui.tui.panels.check_panel import CheckScreen

ROOMY = 160
"""From this many columns on, the circuit gets what is to spare."""

PAUSE = 0.005
"""Seconds between two slices of work, in which keys are answered."""

LOOK_AGAIN = 0.05
"""Seconds after which it is looked whether there is something to check, or whether a guest's check is done."""

RECORDING_INTERVAL = 1.0
"""Seconds between two looks at whether the file of a recording is still what it was."""

AT_ONCE = 1.0
"""Seconds within which a second ctrl+c leaves."""

SHOWING_VERDICTS = TitleLine | CircuitPanel | NodePanel | TapePanel | GradientsPanel
"""The panes that show verdicts."""


class DebuggerScreen(Screen[None]):
    """All panes at one moment."""

    AUTO_FOCUS = "#node"
    BINDINGS = [*bindings()]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.dispatcher = Dispatcher(session, self)
        self.copied_at: float | None = None
        self.verdicts_shown: int | None = None
        self.overlay: CheckScreen | None = None
        self.is_telling = False
        self.is_behind = False
        self.focused_before: Widget | None = None
        self.arranged_for = Size(0, 0)

    def compose(self) -> ComposeResult:
        moment = self.session.moment
        self.title_line = TitleLine(moment, id="title", can_focus=False)
        self.title_line.name_shown = self.session.name
        self.circuit = CircuitPanel(moment, id="circuit")
        self.source = SourcePanel(moment, id="source")
        self.value = ValuePanel(moment, id="value")
        self.node = NodePanel(
            moment,
            id="node",
            title=self.session.title,
            about=self.session.about,
            notes=self.session.notes,
            remarks=self.session.remarks,
        )
        self.folding: tuple[Pane, ...] = (
            self.node,
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
        self.arrange_panes(self.app.size)  # before the panes are mounted: no style is worked out twice
        yield from (*self.panes, self.footer, self.too_small)

    def on_mount(self) -> None:
        self.title_line.recording = self.session.recording
        self.footer.show_keys(self.context)
        self.set_interval(RECORDING_INTERVAL, self.renew_recording)
        if self.session.is_under_way:
            self.call_after_refresh(self.keep_working)  # the first picture needs no step
        if self.session.idle is not None:
            self.set_timer(self.session.idle, self.start_checks)

    # What the panes show.

    @property
    def moment(self) -> Moment:
        """All that is known at the cursor."""
        return self.session.moment

    @property
    def selected(self) -> str | None:
        """The selected value's name."""
        return self.session.selection.name

    @property
    def context(self) -> KeyContext:
        """Where the person is, as far as keys mean something else there."""
        if self.session.lines is not None:
            return KeyContext.SOURCE
        return KeyContext.STEPS if self.session.can_record else KeyContext.REPLAY

    def show(self) -> None:
        """Show in all panes where the session is, once for a burst of keys."""
        self.title_line.recording = self.session.recording
        self.show_source(self.session.lines)
        self.footer.show_keys(self.context)
        if not self.is_behind:
            self.is_behind = True
            self.call_next(self.show_in_panes)

    def show_in_panes(self) -> None:
        """Show in all panes where the session is, at once."""
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

    def show_verdicts(self) -> None:
        """Show new verdicts wherever nodes are shown."""
        verdicts = self.session.checks.verdicts
        if self.verdicts_shown == verdicts.version:
            return
        self.verdicts_shown = verdicts.version
        for pane in self.panes:
            if isinstance(pane, SHOWING_VERDICTS):
                pane.renew()
        if self.overlay:
            before = self.overlay.pane.judged
            self.overlay.renew(verdicts.of(before.iteration, before.node) or before)

    def renew_recording(self) -> None:
        """Notice what has become of the recording, even while no key is pressed."""
        self.session.notice_recording_failure()
        if self.title_line.recording != self.session.recording:
            self.title_line.recording = self.session.recording
            self.title_line.renew()

    # Commands: from a key, the palette, a typed line or the mouse to the dispatcher, and the answer to the footer.

    def action_press(self, word: str) -> None:
        """Do what a key means, as often as the count before it says; Enter may go to what a pane points at."""
        verb, count = VERBS[word], self.footer.take_count()
        pointed_at = self.focused.pointed_at if isinstance(self.focused, Pane) else None
        self.do(pointed_at if verb is ShowEvidence and pointed_at else with_count(verb, count))

    def action_digit(self, digit: int) -> None:
        """Take a digit of a count."""
        self.copied_at = None
        self.footer.add_digit(digit)

    def on_key(self, event: events.Key) -> None:
        """Say of a key that means nothing here that it does not."""
        if event.is_printable and not self.footer.is_open:
            self.footer.take_count()
            self.tell(
                refusal(f"{visible(event.character or event.key)} means nothing here", WayOn(Help, "shows the keys"))
            )

    def do(self, command: Command) -> None:
        """Carry out a command, show where it led, and say what there is to say of it."""
        if not isinstance(command, Copy):
            self.copied_at = None
        answer = self.dispatcher.do(command)
        self.tell(answer)
        self.show()
        if answer.judged and not answer.is_pending and isinstance(command, Check | ShowEvidence):
            self.open_evidence(answer.judged)
        if self.dispatcher.is_busy:
            self.keep_working()
        if self.session.is_checking:
            self.start_checks()

    def tell(self, answer: Answer) -> None:
        """Write an answer over the footer; the next key, or what comes of it in the end, takes it away."""
        text = answer.text_with_way_on(key_or_word)
        if text or self.is_telling:
            self.footer.say(text, answer.style)
        self.is_telling = answer.is_pending

    def on_footer_entered(self, message: Footer.Entered) -> None:
        match message.kind:
            case "/":
                self.do(SearchNames(message.text))
            case ";":
                self.do(WriteNote(message.text))
            case "m":
                self.do(SetMark(message.text))
            case "'":
                self.do(JumpToMark(message.text))
            case _:
                self.read(message.text)

    def read(self, line: str) -> None:
        """Do what a line of the command line asks for."""
        try:
            self.do(parse(line, self.moment.graph.slots))
        except CommandError as error:
            self.tell(Answer(f"{error.message}: {error.hint}" if error.hint else error.message, "error"))

    def on_asked(self, message: Asked) -> None:
        self.footer.take_count()
        self.do(message.command)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a line is being typed, leave all keys but ctrl+c to it."""
        is_copy = action == "press" and parameters == (Copy.word,)
        return is_copy or not (self.is_mounted and self.footer.is_open)

    # What takes time goes on a slice at a time, while keys are answered.

    def keep_working(self) -> None:
        """Go on running and recording."""
        # Not self.work(): where the app ends before the worker begins, nobody would await that.
        self.run_worker(self.work, exclusive=True, group="work")  # type: ignore[arg-type]  # of Textual's three kinds

    async def work(self) -> None:
        """Run, record and wait for layers until nothing is left to do."""
        while self.dispatcher.is_busy:
            self.session.work()
            if self.session.is_waiting:
                self.session.catch_up()
                self.show()
            self.resume()
            await asyncio.sleep(PAUSE)
        self.session.catch_up()
        self.resume()
        self.show()

    def start_checks(self) -> None:
        """Let nodes be checked from now on: those that are asked for, and all while nobody waits."""
        if self.verdicts_shown is not None:
            return
        self.verdicts_shown = 0
        for pane in self.panes:
            if isinstance(pane, SHOWING_VERDICTS):
                pane.verdicts = self.session.checks.verdicts
        self.run_worker(self.check, group="checks")  # type: ignore[arg-type]  # as above

    async def check(self) -> None:
        """Check, for as long as the screen is there, whenever no key has come for a while."""
        checks = self.session.checks
        while True:
            pause = checks.pause()
            if pause is None or pause > 0:
                await asyncio.sleep(pause or LOOK_AGAIN)
                continue
            is_left = checks.work()
            self.show_verdicts()
            self.resume()
            await asyncio.sleep(PAUSE if is_left else LOOK_AGAIN)

    def resume(self) -> None:
        """Say what there is to say by now to what was asked last."""
        if answer := self.dispatcher.resume():
            self.tell(answer)
            self.show()

    # What is about the screen alone.

    def obey(self, command: Command) -> Answer:  # noqa: C901  (one case a command)
        """Carry out a command that is about the screen alone."""
        match command:
            case TurnGradient() | HeatMap() | NextSlice() | PreviousSlice() | SelectElement():
                return self.show_otherwise(command)
            case ChangeScale() | Fold():
                answer = self.circuit.obey(command)
                self.arrange_panes(self.size)
                return answer
            case Copy():
                return self.copy()
            case NextPane():
                self.focus_next()
            case PreviousPane():
                self.focus_previous()
            case OpenLine():
                self.footer.open(":")
            case SearchNames():
                self.footer.open("/")
            case WriteNote() | SetMark() | JumpToMark():
                self.footer.open(key_or_word(type(command)))
            case OpenPalette():
                self.app.action_command_palette()
            case About():
                self.set_focus(self.node)
                self.node.toggle_about()
            case Help():
                self.open_help()
            case Quit():
                self.app.exit(return_code=0)
        return Answer()

    def show_otherwise(self, command: ShowValue) -> Answer:
        """Show the selected value in another way, and give room to it."""
        if self.value.is_folded:
            self.set_focus(self.value)
        return self.value.obey(command)

    def copy(self) -> Answer:
        """Copy the selected number, and leave the second time, if that comes at once."""
        now = self.session.clock()
        if self.copied_at is not None and now - self.copied_at <= AT_ONCE:
            self.app.exit(return_code=130)
        self.copied_at = now
        number = self.value.selected_number()
        if not number:
            return Answer("press ctrl+c again at once to leave, or q", "warning")
        self.app.copy_to_clipboard(number)
        return Answer(f"copied {number}: ctrl+c again at once leaves", "warning")

    def open_help(self) -> None:
        """Show the help over the screen."""
        from bptui.tui.help_screen import HelpScreen  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

        self.app.push_screen(HelpScreen(self.moment, self.context))

    def open_evidence(self, judged: Judged) -> None:
        """Show the evidence behind a verdict over the screen."""
        from bptui.tui.panels.check_panel import CheckScreen  # noqa: PLC0415  (when it is first wanted)

        self.overlay = CheckScreen(self.moment, judged)
        self.app.push_screen(self.overlay, self.close_evidence)

    def close_evidence(self, finding: Finding | None) -> None:
        """Go to the element that was chosen, if one was."""
        if self.overlay is None:
            return
        judged, self.overlay = self.overlay.pane.judged, None
        if finding is not None:
            self.jump(judged, finding)

    def jump(self, judged: Judged, finding: Finding) -> None:
        """Go to the node's backward step, and look at the element in its input's gradient."""
        order = self.moment.order
        steps = (order.step_number(judged.iteration, pass_, judged.node) for pass_ in (Pass.BACKWARD, Pass.FORWARD))
        number = next(filter(None, steps), self.moment.position)
        if number != self.moment.position:
            self.do(GoTo(number))
        if finding.input is not None:
            self.do(Select(finding.input))
        self.show_in_panes()
        if finding.worst:
            self.value.select_element(finding.worst.index)
        self.set_focus(self.value)

    # Size and focus.

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget in self.folding:
            self.unfold(event.widget)

    def unfold(self, pane: object) -> None:
        """Give the room of a one-column screen to one pane."""
        for other in self.folding:
            other.set_class(other is pane, "unfolded")

    def on_resize(self, event: events.Resize) -> None:
        if event.size != self.arranged_for:
            self.arrange_panes(event.size)

    def arrange_panes(self, size: Size) -> None:
        """Give the panes what their content needs, at the screen's size and the circuit's scale."""
        self.arranged_for = size
        width, height = size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "tiny")
        self.set_class(width >= ROOMY, "roomy")
        layouts = arrangement.layouts(size)
        layout = list(layouts)[self.circuit.choose(list(layouts.values()))]
        rows = arrangement.pane_rows(size, layout, self.circuit.picture.size, self.moment)
        for other in arrangement.Layout:
            self.set_class(other is layout, other.value)
        if layout is arrangement.Layout.NARROW:
            self.circuit.styles.height = rows.circuit
        else:
            self.circuit.styles.clear_rule("height")
            self.styles.grid_rows = f"1 {rows.circuit} 1fr {rows.value} 1"
