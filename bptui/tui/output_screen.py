"""What a program has printed, up to the step at the cursor, and dimly what it has printed after that."""

from __future__ import annotations

from textual.binding import Binding

from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.program import PrintedPieces
from bptui.lines.line import Line, Span
from bptui.lines.paragraph import wrap
from bptui.tui.overlay import Overlay, OverlayPane


class OutputPane(OverlayPane):
    """The output, to scroll through."""

    def __init__(self, moment: Moment, printed: PrintedPieces) -> None:
        super().__init__(moment)
        self.printed = printed

    def heading(self) -> Line:
        return (
            Span("Output", "title"),
            Span(f" · what is behind the rule came after step {self.moment.position}", "dim"),
        )

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return printed_rows(self.printed, self.moment.position, width)


class OutputScreen(Overlay[None]):
    """The output over the whole screen."""

    BINDINGS = [Binding("escape,q,p,enter", "close", show=False)]

    def __init__(self, moment: Moment, printed: PrintedPieces) -> None:
        super().__init__(OutputPane(moment, printed))


def printed_rows(printed: PrintedPieces, position: int, width: int) -> list[Line]:
    """Return the lines of the output; those that came after ``position`` steps stand behind a rule, and are dim."""
    found: list[Line] = []
    is_later = False
    for at, piece in printed:
        if at > position and not is_later:
            found.append((Span("─" * width, "frame"),))
        is_later = at > position
        style = "dim" if is_later else ""
        for line in piece.splitlines():
            found += [(Span(part, style),) for part in wrap(text.escaped(line, limit=2_000), width) or [""]]
    return found
