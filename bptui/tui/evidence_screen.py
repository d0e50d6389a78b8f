"""The verdict on a node, opened to its evidence: a pane over the screen, and the way from there to the element."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding

from bptui.checking.evidence_lines import elements, evidence_lines
from bptui.checking.finding import Finding
from bptui.checking.verdicts import Judged, Verdicts
from bptui.core import text
from bptui.core.command import Command
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.verbs.movement import GoTo
from bptui.core.verbs.selection import Select
from bptui.lines.line import Line, Span
from bptui.tui.keys import KeyContext
from bptui.tui.overlay import Overlay, OverlayPane


class EvidencePane(OverlayPane):
    """All of the evidence, to scroll through; one of the elements in it is chosen."""

    def __init__(self, moment: Moment, judged: Judged) -> None:
        super().__init__(moment)
        self.judged = judged
        self.chosen_at = 0

    @property
    def chosen(self) -> Finding | None:
        """The finding whose element Enter jumps to."""
        found = elements(self.judged)
        return found[self.chosen_at % len(found)] if found else None

    def choose_next(self) -> None:
        """Choose the next element, and scroll to it."""
        self.said = "" if len(elements(self.judged)) > 1 else "there is no other element to choose"
        self.chosen_at += 1
        self.renew()
        for y, line in enumerate(self.content(*self.inside)):
            if any(span.text == "➤" for span in line):
                if not self.origin.y <= y < self.origin.y + self.inside.height - 2:
                    self.move(0, y - self.origin.y - self.inside.height // 3)
                return

    def heading(self) -> Line:
        judged = self.judged
        name = Span(f"{text.visible(judged.node, limit=40)} · {text.visible(judged.layer, limit=40)}", "title")
        return (Span(f"{judged.sign} ", judged.verdict.style), name)

    def key_words(self) -> tuple[tuple[str, str], ...]:
        jumps = (("Enter", "jump there"), ("Tab", "next element"))[: min(2, len(elements(self.judged)))]
        return (*jumps, ("Esc", "closes"))

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return evidence_lines(self.judged, width, self.chosen)


class EvidenceScreen(Overlay[Finding | None]):
    """The evidence over the screen; it ends with the finding whose element to jump to, if to any."""

    BINDINGS = [
        Binding("escape,q,equals_sign", "close", show=False),
        Binding("enter", "jump", show=False),
        Binding("tab", "next_element", show=False),
        Binding("question_mark", "help", show=False),
    ]

    def __init__(self, moment: Moment, judged: Judged) -> None:
        self.evidence = EvidencePane(moment, judged)
        super().__init__(self.evidence)

    def renew(self, verdicts: Verdicts) -> None:
        """Show what is known by now of the same node."""
        before = self.evidence.judged
        judged = verdicts.of(before.iteration, before.node)
        if judged is not None and judged is not before:
            self.evidence.judged = judged
            self.evidence.renew()

    def way_to(self, finding: Finding, moment: Moment) -> Iterator[Command]:
        """Yield what leads to the step that a finding is about, and to the input whose gradient it is."""
        judged = self.evidence.judged
        passes = (Pass.BACKWARD, Pass.FORWARD)
        steps = (moment.order.step_number(judged.iteration, pass_, judged.node) for pass_ in passes)
        number = next(filter(None, steps), moment.position)
        if number != moment.position:
            yield GoTo(number)
        if finding.input is not None:
            yield Select(finding.input)

    def action_jump(self) -> None:
        """Back, to the element that is chosen."""
        if self.evidence.chosen is None:
            self.evidence.say("there is no element to jump to")
        else:
            self.dismiss(self.evidence.chosen)

    def action_next_element(self) -> None:
        """Choose the next element."""
        self.evidence.choose_next()

    def action_help(self) -> None:
        """Show the help over the evidence."""
        from bptui.tui.help_screen import HelpScreen  # noqa: PLC0415  (when it is first wanted)

        self.app.push_screen(HelpScreen(self.evidence.moment, KeyContext.EVIDENCE))
