"""What is opened over the debugger's screen: help, output, long answers, terms, health, evidence, a lecture."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from textual.screen import Screen

from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.verbs.explaining import Why
from bptui.core.verbs.movement import GoTo
from bptui.core.verbs.program import Help, Output
from bptui.core.verbs.selection import Select
from bptui.session.answer import Answer, refusal
from bptui.session.health_answer import is_health
from bptui.session.session import Session
from bptui.tui.keys import KeyContext

if TYPE_CHECKING:
    from bptui.checking.finding import Finding
    from bptui.checking.verdicts import Judged, Verdicts
    from bptui.core.tape_diff import Difference
    from bptui.session.answer import RunComparison
    from bptui.tui.evidence_screen import EvidenceScreen
    from bptui.tui.health_screen import HealthScreen


LISTED = ("stops", "watches", "branches", "passes")
"""What an answer has for other programs that is shown as a list to work on."""


class Underneath(Protocol):
    """The debugger's screen, as far as what lies over it needs it."""

    session: Session

    @property
    def context(self) -> KeyContext:
        """Where the person is."""

    def do(self, command: Command) -> Answer:
        """Carry out a command, and return what was answered at once."""

    def open_line(self, text: str) -> None:
        """Let a line be typed that begins so."""

    def renew_keys(self) -> None:
        """Show the keys that mean something now."""

    def look_at(self, index: tuple[int, ...] | None) -> None:
        """Look at the numbers of the selected value, at an element of them."""


class Overlays:
    """Opens what lies over a Textual ``screen``, which is ``underneath``, and does what was chosen there."""

    def __init__(self, screen: Screen[None], underneath: Underneath) -> None:
        self.screen = screen
        self.underneath = underneath
        self.evidence: EvidenceScreen | None = None
        self.health: HealthScreen | None = None

    @property
    def session(self) -> Session:
        """What is looked at."""
        return self.underneath.session

    @property
    def moment(self) -> Moment:
        """All that is known at the cursor."""
        return self.session.moment

    def show(self, moment: Moment, selected: str | None) -> None:
        """Show another moment in what follows the cursor."""
        if self.health is not None:
            self.health.health.show(moment, selected)

    def show_verdicts(self, verdicts: Verdicts) -> None:
        """Show new verdicts in the evidence."""
        if self.evidence is not None:
            self.evidence.renew(verdicts)

    def open_for(self, answer: Answer) -> bool:
        """Show what an answer is about, where there is a screen for it: health, differences, a list to work on."""
        record = answer.record or {}
        if is_health(answer):
            self.open_health()
        elif answer.compared is not None and answer.compared.diff.differs:
            self.open_differences(answer.compared)
        elif listing := next((name for name in LISTED if record.get(name)), None):
            self.open_list(listing)
        else:
            return False
        return True

    def open_differences(self, comparison: RunComparison) -> None:
        """Show what two runs differ in, side by side."""
        from bptui.tui.diff_screen import DiffScreen  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

        self.screen.app.push_screen(DiffScreen(self.moment, comparison), self.close_differences)

    def close_differences(self, chosen: Difference | None) -> None:
        """Go to the step of the difference that was chosen."""
        if chosen is not None:
            self.underneath.do(GoTo(chosen.step))
            self.underneath.do(Select(chosen.turn.name))

    def open_list(self, name: str) -> None:
        """Show a list that can be worked on: stops, watches, branches or passes."""
        from bptui.tui.content.listings import LISTINGS  # noqa: PLC0415  (when it is first wanted: the program starts sooner)
        from bptui.tui.list_screen import ListScreen  # noqa: PLC0415

        screen = ListScreen(self.session, LISTINGS[name], self.underneath.do)
        self.screen.app.push_screen(screen, self.close_list)

    def close_list(self, chosen: Command | str | None) -> None:
        """Do what was chosen, or let it be typed on."""
        if isinstance(chosen, str):
            self.underneath.open_line(chosen)
        elif chosen is not None:
            self.underneath.do(chosen)

    def open_answer(self, text: str) -> None:
        """Show an answer of several lines."""
        from bptui.tui.answer_screen import AnswerScreen  # noqa: PLC0415  (when it is first wanted: the program starts sooner)

        self.screen.app.push_screen(AnswerScreen(self.moment, text))

    def open_overlay(self, command: Help | Output) -> Answer:
        """Show the help, or what the program has printed, over the screen."""
        from bptui.tui.help_screen import HelpScreen  # noqa: PLC0415  (when it is first wanted: the program starts sooner)
        from bptui.tui.output_screen import OutputScreen  # noqa: PLC0415

        printed = self.session.printed
        if isinstance(command, Output) and not printed:
            return refusal("nothing was printed" if self.session.program else "there is no program here that prints")
        match command:
            case Help():
                self.screen.app.push_screen(HelpScreen(self.moment, self.underneath.context))
            case Output():
                self.screen.app.push_screen(OutputScreen(self.moment, printed))
        return Answer()

    def open_why(self, command: Why) -> None:
        """Show the terms of an element over the screen."""
        from bptui.session.why import element_at, explained_terms  # noqa: PLC0415  (when it is first wanted)
        from bptui.tui.why_screen import WhyScreen  # noqa: PLC0415

        terms = explained_terms(self.session, element_at(self.session, command.element))
        if terms is not None:
            self.screen.app.push_screen(WhyScreen(self.session, terms))

    def open_health(self) -> None:
        """Show the health of all nodes over the screen, at the cursor."""
        from bptui.tui.health_screen import HealthScreen  # noqa: PLC0415  (when it is first wanted)

        self.health = HealthScreen(self.session, self.underneath.do)
        self.screen.app.push_screen(self.health, self.close_health)

    def close_health(self, node: str | None) -> None:
        """Select the node that was chosen, if one was."""
        self.health = None
        if node is not None:
            self.underneath.do(Select(node))

    def open_lecture(self) -> None:
        """Show one large panel over the screen, at the cursor."""
        from bptui.tui.lecture_screen import LectureScreen  # noqa: PLC0415  (when it is first wanted)

        self.screen.app.push_screen(LectureScreen(self.session, self.underneath.do))

    def open_evidence(self, judged: Judged) -> None:
        """Show the evidence behind a verdict over the screen."""
        from bptui.tui.evidence_screen import EvidenceScreen  # noqa: PLC0415  (when it is first wanted)

        self.evidence = EvidenceScreen(self.moment, judged)
        self.screen.app.push_screen(self.evidence, partial(self.close_evidence, self.evidence))
        self.underneath.renew_keys()

    def close_evidence(self, evidence: EvidenceScreen, finding: Finding | None) -> None:
        """Go to the element that was chosen, if one was."""
        self.evidence = None
        self.underneath.renew_keys()
        if finding is not None:
            self.go_to_element(finding, evidence.way_to(finding, self.moment))

    def go_to_element(self, finding: Finding, way: Iterable[Command]) -> None:
        """Go to where an element can be seen, and look at it."""
        for command in way:
            self.underneath.do(command)
        self.underneath.look_at(finding.worst.index if finding.worst else None)
