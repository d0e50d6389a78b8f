"""The verdict on a node, opened to its evidence: a pane over the screen, and the way from there to the element."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from bptui.checking.evidence_lines import elements, evidence_lines
from bptui.checking.finding import Finding
from bptui.checking.verdicts import Judged
from bptui.core.moment import Moment
from bptui.core.text import visible
from bptui.lines.line import Line, Span
from bptui.tui.pane import Pane


class CheckPane(Pane):
    """All of the evidence, to scroll through; one of the elements in it is chosen."""

    def __init__(self, moment: Moment, judged: Judged) -> None:
        super().__init__(moment)
        self.judged = judged
        self.place = 0

    @property
    def chosen(self) -> Finding | None:
        """The finding whose element Enter jumps to."""
        found = elements(self.judged)
        return found[self.place % len(found)] if found else None

    def choose_next(self) -> None:
        """Choose the next element, and scroll to it."""
        self.place += 1
        self.renew()
        for y, line in enumerate(self.content(*self.inside)):
            if any(span.text == "➤" for span in line):
                if not self.origin.y <= y < self.origin.y + self.inside.height - 2:
                    self.move(0, y - self.origin.y - self.inside.height // 3)
                return

    def heading(self) -> Line:
        judged = self.judged
        name = Span(f"{visible(judged.node, limit=40)} · {visible(judged.layer, limit=40)}", "title")
        return (Span(f"{judged.sign} ", judged.verdict.style), name)

    def footing(self) -> Line:
        keys = [("Enter", "jump there"), ("Tab", "next element")][: min(2, len(elements(self.judged)))]
        below = self.extent.height - self.origin.y - self.inside.height
        more = (Span(f"↓ {below} more  ", "dim"),) if below > 0 else ()
        shown = (*keys, ("Esc", "closes"))
        return (*more, *(span for key, word in shown for span in (Span(f"{key} ", "key"), Span(f"{word} ", "dim"))))

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return evidence_lines(self.judged, width, self.chosen)


class CheckScreen(ModalScreen[Finding | None]):
    """The evidence over the screen; it ends with the finding whose element to jump to, if to any."""

    CSS = (
        "CheckScreen { align: center middle; } CheckPane { width: 100%; max-width: 100; height: 100%; max-height: 44; }"
    )
    BINDINGS = [
        Binding("escape,q,equals_sign", "close", show=False),
        Binding("enter", "jump", show=False),
        Binding("tab", "next_element", show=False),
    ]

    def __init__(self, moment: Moment, judged: Judged) -> None:
        super().__init__()
        self.pane = CheckPane(moment, judged)

    def compose(self) -> ComposeResult:
        yield self.pane

    def renew(self, judged: Judged) -> None:
        """Show what is known by now of the same node."""
        if judged is not self.pane.judged:
            self.pane.judged = judged
            self.pane.renew()

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)

    def action_jump(self) -> None:
        """Back, to the element that is chosen."""
        self.dismiss(self.pane.chosen)

    def action_next_element(self) -> None:
        """Choose the next element."""
        self.pane.choose_next()
