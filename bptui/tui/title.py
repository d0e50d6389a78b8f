"""The title line: what is open, how far both passes are, the step, and whether this is being recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.core.text import visible
from bptui.lines.line import Line, Span, cut, fitted, line_width
from bptui.lines.signs import FAIL, PASS_SIGNS
from bptui.tui.pane import VerdictPane

if TYPE_CHECKING:
    from bptui.checking.verdicts import Verdicts

MOST_DOTS = 10
"""Longest progress of one pass, in cells; a longer pass is drawn to scale."""


class TitleLine(VerdictPane):
    """One row at the top."""

    is_framed = False
    recording: str = ""
    name_shown: str = ""
    branch: str = ""

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        name = f"{self.name_shown} ⑂ {self.branch}" if self.branch else self.name_shown
        return [title_line(self.moment, name, self.recording, width, self.verdicts)]


def title_line(moment: Moment, title: str, recording: str, width: int, verdicts: Verdicts | None = None) -> Line:
    """Return the title line. Where room is short the words go first, what is wrong and the step never."""
    told, wrong = (checked(verdicts, moment), only_wrong(verdicts, moment)) if verdicts else ((), ())
    left = (Span(" bptui  ", "title"), Span(visible(title, limit=80), "strong"))
    right = (Span("  "), *status(moment), *recording_state(recording), Span(" "))
    if line_width(right) > width * 3 // 4:
        right = (Span("  "), *status(moment), *recording_state(recording.partition(":")[0]), Span(" "))
    room = width - line_width(right)
    worded, signs = progress(moment, is_worded=True), progress(moment, is_worded=False)
    for middle, also in ((worded, told), (signs, told), (signs, wrong), ((), wrong)):
        space = room - line_width(left) - line_width(middle) - line_width(also)
        if space >= 4:
            before = space // 2 if middle else space
            return (*left, Span(" " * before), *middle, Span(" " * (space - before)), *also, *right)
    return (*fitted(cut(left, room) if line_width(left) > room else left, max(0, room)), *right)


def checked(verdicts: Verdicts, moment: Moment) -> Line:
    """Return how many nodes are checked, and how many of them are wrong, at a kink, or could not be checked."""
    count, total = len(verdicts.marks(moment.iteration - 1)), len(verdicts.to_judge(moment.graph))
    if not count:
        return ()
    odd = [
        span
        for verdict, number in verdicts.odd(moment.iteration - 1).items()
        for span in (Span(" · ", "dim"), Span(f"{number} {verdict.counted_as}", verdict.style))
    ]
    return (Span(f"checked {count} of {total}", "dim"), *odd)


def only_wrong(verdicts: Verdicts, moment: Moment) -> Line:
    """Return how many nodes are wrong, nothing where none is."""
    wrong = verdicts.wrong(moment.iteration - 1)
    return (Span(f"{len(wrong)} {FAIL}", "bad"),) if wrong else ()


def status(moment: Moment) -> Line:
    """Return the step and, when training, the iteration."""
    step = Span(f"step {moment.position}/{len(moment.order)}", "strong")
    if moment.order.iterations == 1:
        return (step,)
    return (step, Span(f" · iteration {moment.iteration}/{moment.order.iterations}", "dim"))


def recording_state(recording: str) -> Line:
    """Return the state of the recording, if there is one."""
    if not recording:
        return ()
    if recording.startswith("not"):
        return (Span(" · ", "dim"), Span(f"{FAIL} {visible(recording)}", "error"))
    return (Span(" · ", "dim"), Span("● " if recording.startswith("rec") else "", "mark"), Span(recording, "strong"))


def progress(moment: Moment, *, is_worded: bool) -> Line:
    """Return how far each pass of this iteration is: ``forward ▶▶▶│◀◀○ backward``."""
    (forward, backward, update), done = moment.passes.lengths, moment.progress
    line = [
        Span("forward ", "forward") if is_worded else Span(""),
        *dots(Pass.FORWARD, done.forward, forward),
        Span("│", "dim"),
        *dots(Pass.BACKWARD, done.backward, backward),
        Span(" backward", "backward") if is_worded else Span(""),
    ]
    if update:
        line += [
            Span(" · " if is_worded else "│", "dim"),
            *dots(Pass.UPDATE, done.update, update),
        ]
        line += [Span(" update", "update")] if is_worded else []
    return tuple(span for span in line if span.text)


def dots(pass_: Pass, done: int, total: int) -> Line:
    """Return ``done`` of ``total`` as signs, to scale where there are many: the first and the last step both show."""
    cells = min(total, MOST_DOTS)
    if total > MOST_DOTS:
        done = cells if done == total else min(cells - 1, -(-done * cells // total))
    return Span(PASS_SIGNS[pass_] * done, pass_.value), Span("○" * (cells - done), "dim")
