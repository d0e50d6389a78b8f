"""The debugger's screen: it hands each moment to the panes, each command to the dispatcher, and shows the answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from bptui.core.assignment import element_text
from bptui.core.command import Command, key_or_word, with_count
from bptui.core.command_parser import parse
from bptui.core.moment import Moment
from bptui.core.step import BackwardStep
from bptui.core.verbs import VERBS
from bptui.core.verbs.branches import SetValue
from bptui.core.verbs.explaining import Why
from bptui.core.verbs.movement import JumpToMark, SetMark
from bptui.core.verbs.playback import Faster, Play, Slower
from bptui.core.verbs.program import About, Cancel, Help, OpenLine, OpenPalette, Output, Quit, WriteNote
from bptui.core.verbs.selection import SearchNames
from bptui.core.verbs.stops import Watch
from bptui.core.verbs.teaching import GiveAnswer, ToggleLecture
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
from bptui.errors import CommandError, ExpressionError
from bptui.session.answer import Answer, Pointed, WayOn, refusal
from bptui.session.dispatcher import Dispatcher
from bptui.session.questions import question_lines
from bptui.session.session import Session
from bptui.session.watches import watch_lines
from bptui.tui.arrangement import Layout, arrangements, pane_rows
from bptui.tui.background_work import BackgroundWork
from bptui.tui.footer import Footer
from bptui.tui.keys import ARROW_KEYS, KeyContext, bindings, pressed_key_name
from bptui.tui.message import Asked, Refused
from bptui.tui.overlays import Overlays
from bptui.tui.pane import Pane, VerdictPane
from bptui.tui.panels.circuit_panel import CircuitPanel
from bptui.tui.panels.gradients_panel import GradientsPanel
from bptui.tui.panels.node_panel import NodePanel
from bptui.tui.panels.source_panel import SourcePanel
from bptui.tui.panels.tape_panel import TapePanel
from bptui.tui.panels.timeline_panel import TimelinePanel
from bptui.tui.panels.value_panel import ValuePanel
from bptui.tui.player import Player
from bptui.tui.title import TitleLine
from bptui.tui.too_small import SMALLEST, TooSmall

if TYPE_CHECKING:
    from bptui.stepping.line_tape import LineCursor

TALL = 36
"""From this many rows on, one is for the timeline; in a replay there is always one."""

ROOMY = 160
"""From this many columns on, the circuit gets what is to spare."""

SAFE_SOON = 0.06
"""Seconds after which what was recorded last is on a disk that is quick."""

RECORDING_INTERVAL = 1.0
"""Seconds between two looks at whether the file of a recording is still what it was."""

AT_ONCE = 1.0
"""Seconds within which a second ctrl+c leaves, where no other key came between."""


class DebuggerScreen(Screen[None]):
    """All panes at one moment."""

    shows_selection = True
    AUTO_FOCUS = "#node"
    BINDINGS = [*bindings()]

    class Opened(Message):
        """The screen is there, in the mode that it was asked to begin in: keys may come."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.dispatcher = Dispatcher(session, self)
        self.footer = Footer(session.moment, id="footer")
        self.background = BackgroundWork(self, self, self.dispatcher)
        self.copied_at: tuple[int, float] | None = None
        self.verdicts_shown = 0
        self.overlays = Overlays(self, self)
        self.player = Player(self, self)
        self.is_telling = False
        self.has_wrong_expression = False
        self.is_behind = False
        self.focused_before: Widget | None = None
        self.arranged_for = Size(0, 0)

    def compose(self) -> ComposeResult:
        moment = self.session.moment
        self.title_line = TitleLine(moment, id="title", can_focus=False)
        self.title_line.name_shown = self.session.name
        self.circuit = CircuitPanel(moment, id="circuit", stops=self.session.stops)
        self.circuit.remarks = self.session.remarks
        self.source = SourcePanel(moment, id="source")
        self.value = ValuePanel(moment, id="value")
        self.node = NodePanel(
            moment,
            id="node",
            title=self.session.title,
            about=self.session.about,
            notes=self.session.notes,
            remarks=self.session.remarks,
            watched=partial(watch_lines, self.session),
            asked=partial(question_lines, self.session),
        )
        self.folding: tuple[Pane, ...] = (
            self.node,
            TapePanel(moment, id="tape", stops=self.session.stops),
            GradientsPanel(moment, id="gradients"),
            self.value,
        )
        playback = self.session.playback
        actions = [action.step for action in playback.actions] if playback else []
        self.timeline = TimelinePanel(
            moment, id="timeline", stops=self.session.stops, notes=self.session.notes, actions=actions
        )
        self.too_small = TooSmall(moment, id="small", can_focus=False)
        self.panes: tuple[Pane, ...] = (self.title_line, self.circuit, self.source, *self.folding, self.timeline)
        self.verdict_panes = [pane for pane in self.panes if isinstance(pane, VerdictPane)]
        for pane in self.folding:
            pane.add_class("panel")
        self.unfold(self.folding[0])
        self.arrange_panes(self.app.size)  # before the panes are mounted: no style is worked out twice
        yield from (*self.panes, self.footer, self.too_small)

    def on_mount(self) -> None:
        self.title_line.recording = self.session.recording
        self.footer.show_keys(self.context)
        self.show_branch()
        self.set_interval(RECORDING_INTERVAL, self.renew_recording)
        if self.session.is_under_way:
            self.call_after_refresh(self.background.go_on)  # the first picture needs no step
        if self.session.has_checks:
            self.start_checks()  # what was recorded is known at once
        elif self.session.idle is not None:
            self.set_timer(self.session.idle, self.start_checks)
        if self.session.welcome:
            self.tell(Answer(self.session.welcome))
        for command in self.session.opening:
            self.do(command)
        self.post_message(self.Opened())

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
        if self.overlays.evidence is not None:
            return KeyContext.EVIDENCE
        if self.session.lines is not None:
            return KeyContext.SOURCE
        return KeyContext.STEPS if self.session.can_record else KeyContext.REPLAY

    def show(self) -> None:
        """Show in all panes where the session is, once for a burst of keys."""
        if self.session.has_unsafe_records:
            self.set_timer(SAFE_SOON, self.renew_recording)
        self.title_line.recording = self.session.recording
        self.show_branch()
        self.show_source(self.session.lines)
        self.footer.show_keys(self.context)
        if not self.is_behind:
            self.is_behind = True
            self.call_next(self.show_in_panes)

    def show_branch(self) -> None:
        """Show which branch it is, with the verdicts on its nodes."""
        branches = self.session.branches
        name = branches.current if len(branches.by_name) > 1 else ""
        if name == self.title_line.branch:
            return
        self.title_line.branch = name
        verdicts = self.session.checks.verdicts if self.session.has_checks else None
        for pane in self.verdict_panes:
            pane.verdicts = verdicts
        self.verdicts_shown = 0
        self.node.remarks = self.circuit.remarks = self.session.remarks
        if self.session.idle is not None:
            self.start_checks()

    def show_in_panes(self) -> None:
        """Show in all panes where the session is, at once."""
        self.is_behind = False
        moment = self.moment
        for pane in self.panes:
            pane.show(moment, self.selected)
        self.overlays.show(moment, self.selected)

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

    def renew_recording(self) -> None:
        """Notice what has become of the recording, even while no key is pressed."""
        self.session.notice_recording_failure()
        if self.title_line.recording != self.session.recording:
            self.title_line.recording = self.session.recording
            self.title_line.renew()

    # Commands: from a key, the palette, a typed line or the mouse to the dispatcher, and the answer to the footer.

    def action_press(self, word: str) -> None:
        """Do what a key means, as often as the count before it says; Enter may go to what a pane points at."""
        verb, was_filled = VERBS[word], self.footer.is_filled
        count = self.footer.take_count()
        if verb is Cancel and was_filled and self.dispatcher.is_at_rest:
            return
        pointed_at = self.focused.pointed_at if isinstance(self.focused, Pane) else None
        self.do(pointed_at if verb is ShowEvidence and pointed_at else with_count(verb, count))

    def action_digit(self, digit: int) -> None:
        """Take a digit of a count."""
        self.footer.add_digit(digit)

    def on_key(self, event: events.Key) -> None:
        """Say of a key that means nothing here that it does not."""
        if self.footer.is_open:
            self.footer.on_key(event)  # it takes the focus only once the screen is there, and keys come before
            return
        self.footer.take_count()
        if not (isinstance(self.focused, Pane) and event.key in ARROW_KEYS):
            self.tell(refusal(f"{pressed_key_name(event)} means nothing here", WayOn(Help, "shows the keys")))

    def on_refused(self, message: Refused) -> None:
        self.footer.take_count()
        self.tell(refusal(message.text))

    def do(self, command: Command) -> Answer:
        """Carry out a command, show where it led, say what there is to say of it, and return that."""
        answer = self.dispatcher.do(command)
        if answer.ok and isinstance(command, Why):
            self.overlays.open_why(command)
            return answer
        self.tell(answer)
        self.show()
        if self.asks(answer) and not isinstance(self.app.screen, ModalScreen):
            self.open_line(f"{GiveAnswer.word} ")
        if answer.judged and not answer.is_pending and isinstance(command, Check | ShowEvidence):
            self.overlays.open_evidence(answer.judged)
        if self.dispatcher.is_busy:
            self.background.go_on()
        if self.session.is_checking:
            self.start_checks()
        return answer

    def open_line(self, text: str) -> None:
        """Let a line of the command line be typed that begins so."""
        self.footer.open(":", text)

    def asks(self, answer: Answer) -> bool:
        """Return whether a number is asked for at the cursor, and an answer has led to it or was not right."""
        prediction, here = self.session.prediction, self.session.moment.position
        if prediction is None or prediction.asked(here) is None or answer.is_pending:
            return False
        return (
            bool(answer.record and "question" in answer.record) or bool(prediction.tries) or here + 1 in prediction.done
        )

    def tell(self, answer: Answer) -> None:
        """Write an answer over the footer; the next key, or what comes of it in the end, takes it away."""
        text = answer.text_with_way_on(key_or_word)
        self.has_wrong_expression = answer.pointed is not None
        if self.has_wrong_expression:
            text = f"{text}: {key_or_word(Help)} shows the functions"
        if self.overlays.open_for(answer):
            text = ""
        elif "\n" in text:
            self.overlays.open_answer(text)
        elif text or self.is_telling:
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
            case "w":
                self.read(f"{Watch.word} {message.text}")
            case _:
                self.read(message.text)

    def read(self, line: str) -> None:
        """Do what a line of the command line asks for."""
        try:
            self.do(parse(line, self.moment.graph.slots))
        except CommandError as error:
            text = f"{error.message}: {error.hint}" if error.hint else error.message
            is_of_expression = isinstance(error.__cause__, ExpressionError)
            self.tell(Answer(text, "error", pointed=Pointed(line, error.position) if is_of_expression else None))

    def on_asked(self, message: Asked) -> None:
        self.footer.take_count()
        self.do(message.command)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a line is being typed, leave all keys but ctrl+c to it."""
        is_copy = action == "press" and parameters == (Copy.word,)
        return is_copy or not self.footer.is_open

    # What the work in the background has to tell.

    def start_checks(self) -> None:
        """Let nodes be checked from now on, and what is found be shown."""
        for pane in self.verdict_panes:
            pane.verdicts = self.session.checks.verdicts
        self.background.start_checks()

    def show_verdicts(self) -> None:
        """Show new verdicts wherever nodes are shown."""
        verdicts = self.session.checks.verdicts
        if self.verdicts_shown == verdicts.version:
            return
        self.verdicts_shown = verdicts.version
        for pane in self.verdict_panes:
            pane.renew()
        self.overlays.show_verdicts(verdicts)

    def resume(self) -> None:
        """Say what there is to say by now to what was asked last."""
        if answer := self.dispatcher.resume():
            self.tell(answer)
            self.show()

    # What is about the screen alone.

    def obey(self, command: Command) -> Answer:  # noqa: C901, PLR0912  (one case a command)
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
            case SetValue():
                self.footer.open(":", f"{SetValue.word} {self.target_to_set()} = ")
            case OpenLine():
                self.footer.open(":")
            case SearchNames():
                self.footer.open("/")
            case WriteNote() | SetMark() | JumpToMark() | Watch():
                self.footer.open(key_or_word(type(command)))
            case OpenPalette():
                self.app.action_command_palette()
            case About():
                self.set_focus(self.node)
                self.node.toggle_about()
            case Help() if self.has_wrong_expression:
                from bptui.session.expression_value import expression_help  # noqa: PLC0415  (when it is wanted)

                self.overlays.open_answer(expression_help())
            case Help() | Output():
                return self.overlays.open_overlay(command)
            case Play() | Faster() | Slower():
                return self.player.obey(command)
            case ToggleLecture():
                self.overlays.open_lecture()
            case Quit():
                self.app.exit(return_code=0)
        return Answer()

    def target_to_set(self) -> str:
        """Return what a person who looks at a value most likely wants to set: it, its element, or the dout here."""
        name, array = self.value.selected or self.moment.graph.names[0], self.value.array
        step = self.moment.step
        is_dout = self.value.shows_gradient and isinstance(step, BackwardStep) and step.name == name
        index = self.value.selected_index() if array is not None and self.focused is self.value else None
        return element_text("dout" if is_dout else name, index)

    def show_otherwise(self, command: ShowValue) -> Answer:
        """Show the selected value in another way, and give room to it."""
        if self.value.is_folded:
            self.set_focus(self.value)
        return self.value.obey(command)

    def copy(self) -> Answer:
        """Copy the selected number, and leave the second time, if that comes at once."""
        press, now = self.session.presses, self.session.clock()
        if self.copied_at and press == self.copied_at[0] + 1 and now <= self.copied_at[1] + AT_ONCE:
            self.app.exit(return_code=130)
        self.copied_at = press, now
        if self.dispatcher.question is not None:
            return self.dispatcher.do(Cancel())
        number = self.value.selected_number()
        if not number:
            return Answer("press ctrl+c again at once to leave, or q", "warning")
        self.app.copy_to_clipboard(number)
        return Answer(f"copied {number}: ctrl+c again at once leaves", "warning")

    def renew_keys(self) -> None:
        """Show the keys that mean something now."""
        self.footer.show_keys(self.context)

    def look_at(self, index: tuple[int, ...] | None) -> None:
        """Look at the numbers of the selected value, at an element of them."""
        self.show_in_panes()
        if index is not None:
            self.value.select_element(index)
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
        is_timed = height >= TALL or (self.session.playback is not None and height > SMALLEST[1])
        self.set_class(is_timed, "timed")
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "tiny")
        self.set_class(width >= ROOMY, "roomy")
        size = Size(width, height - is_timed)
        choices = arrangements(size)
        chosen = choices[self.circuit.choose([choice.room for choice in choices])]
        rows = pane_rows(size, chosen, self.circuit.picture.size, self.moment)
        for layout in Layout:
            self.set_class(chosen.layout is layout, layout.value)
        if chosen.layout is Layout.NARROW:
            self.circuit.styles.height = rows.circuit
        else:
            self.circuit.styles.clear_rule("height")
            self.styles.grid_rows = f"1 {rows.circuit} 1fr {rows.value} 1{' 1' * is_timed}"
