"""The pane that writes down what happened at the selected value; at the very start, a welcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.geometry import Offset, Size

from bptui.core import text
from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.explaining import value_state
from bptui.lines.line import Line, Span
from bptui.lines.paragraph import paragraph
from bptui.tui.content.welcome import about_lines, markdown_lines, welcome_lines
from bptui.tui.pane import VerdictPane

if TYPE_CHECKING:
    from bptui.guest.observation import Remark


def unwatched(width: int) -> Iterable[Line]:  # noqa: ARG001  (nothing has no width)
    """Return what there is of watches where there are none."""
    return ()


class NodePanel(VerdictPane):
    """The selected node or leaf; at the very start, a welcome. What is wrong comes first."""

    def __init__(
        self,
        moment: Moment,
        *,
        id: str | None = None,  # noqa: A002
        can_focus: bool = True,
        title: str = "",
        about: str = "",
        notes: Mapping[int, Sequence[str]] | None = None,
        remarks: Mapping[Remark, int] | None = None,
        watched: Callable[[int], Iterable[Line]] = unwatched,
        asked: Callable[[int], Iterable[Line]] = unwatched,
    ) -> None:
        super().__init__(moment, id=id, can_focus=can_focus)
        self.rest: Iterator[Line] = iter(())
        self.title = title
        self.about = about
        self.notes = {} if notes is None else notes
        self.remarks = {} if remarks is None else remarks
        self.watched = watched
        self.asked = asked
        self.tells_about = False

    def toggle_about(self) -> None:
        """Show what the scenario says of itself until the next step, or the node again."""
        self.tells_about = not self.tells_about
        self.origin = Offset(0, 0)
        self.renew()

    def show(self, moment: Moment, selected: str | None) -> None:
        if (moment.position, selected) != (self.moment.position, self.selected):
            self.tells_about, self.origin = False, Offset(0, 0)
        super().show(moment, selected)

    def heading(self) -> Line:
        if self.tells_about:
            return (Span("About", "title"),)
        if self.selected is None:
            return (Span("Welcome", "title"),)
        heading = heading_of(self.moment, self.selected)
        return (*heading, Span(" · selected, not current", "warning")) if self.is_elsewhere else heading

    @property
    def is_elsewhere(self) -> bool:
        """Whether the selected value is not that of the step at the cursor."""
        return self.selected is not None and self.moment.name not in (None, self.selected)

    def footing(self) -> Line:
        below = self.extent.height - self.origin.y - self.inside.height
        more = (Span("↓ more", "dim"),) if below > 0 else ()
        if not self.is_elsewhere:
            return more
        here = text.visible(self.moment.name or "", limit=20)
        return (Span("Esc ", "key"), Span(f"back to {here} ", "dim"), *more)

    def content(self, width: int, height: int) -> Sequence[Line]:
        """Return the lines down to one below those in sight: most are never looked at, so they are not written."""
        if self.made is None:
            self.rest, self.made = iter(self.lines(width, height)), []
        wanted = self.origin.y + height + 1 - len(self.made)
        self.made = [*self.made, *islice(self.rest, max(0, wanted))]
        return self.made

    def folded_line(self, width: int) -> Line:
        """Return the first line that says something: not the title of a pass."""
        titles = {pass_.value for pass_ in Pass}
        return next((line for line in self.view(width, 3) if line and line[0].style not in titles), ())

    def lines(self, width: int, height: int) -> Iterable[Line]:  # type: ignore[override]
        notes = [line for note in self.notes.get(self.moment.position, ()) for line in note_lines(note, width)]
        if self.tells_about:
            return [*paragraph(text.visible(self.title), width, "title"), (), *about_lines(self.about, width)]
        if self.selected is None:
            above = [*self.asked(width), *self.invitation(width), *notes, *self.watched(width)]
            return [*above, *welcome_lines(width, height - len(above), self.title, self.about)]
        from bptui.tui.content.node_lines import alarm_lines, node_lines, step_sentence  # noqa: PLC0415  (app.import_ahead)

        wrong = [*self.verdict(self.selected, width, height), *alarm_lines(self.moment, self.selected, width)]
        above = [*wrong, *self.warnings(self.selected, width), *self.unused(self.selected, width), *notes]
        above += self.watched(width)
        above = [*self.asked(width), *above]
        sentence = step_sentence(self.moment, self.selected, width, height)
        return chain(above, sentence, node_lines(self.moment, self.selected, width, height))

    def verdict(self, name: str, width: int, height: int) -> list[Line]:
        """Return that a value's node is wrong, if it is."""
        if self.verdicts is None or not self.verdicts.wrong(self.moment.iteration - 1):
            return []
        from bptui.tui.content.verdict_lines import verdict_lines  # noqa: PLC0415  (once something is wrong)

        return verdict_lines(self.verdicts, self.moment, name, width, height)

    def warnings(self, name: str, width: int) -> list[Line]:
        """Return what a layer of the user's own has done that is odd, once its step in that pass has run."""
        told = (
            remark.sentence(count)
            for remark, count in self.remarks.items()
            if remark.node == name and self.moment.step_of(name, remark.pass_)
        )
        return [line for words in told for line in paragraph(words, width, "warning")]

    def unused(self, name: str, width: int) -> list[Line]:
        """Return that no one uses a value, where that is so."""
        if name not in self.moment.graph.unused:
            return []
        from bptui.tui.content.verdict_lines import unused_lines  # noqa: PLC0415  (few graphs have such values)

        return unused_lines(self.moment.graph, [name], width)

    def invitation(self, width: int) -> list[Line]:
        """Return what is wrong further on, and how to come there."""
        graph = self.moment.graph
        is_wrong = self.verdicts is not None and self.verdicts.wrong(self.moment.iteration - 1)
        if not is_wrong and self.moment.tape.failure is None and not graph.unused:
            return []
        from bptui.tui.content.verdict_lines import invitation_lines  # noqa: PLC0415  (once something is wrong)

        return [*invitation_lines(self.verdicts, self.moment, width), ()]

    @property
    def extent(self) -> Size:
        return Size(self.inside.width, len(self.content(*self.inside)))

    def point_end(self) -> None:
        """Scroll to the end."""
        self.made = [*self.content(*self.inside), *self.rest]
        self.move(0, len(self.made))


def note_lines(note: str, width: int) -> list[Line]:
    """Return what a person or the scenario has written down at the step."""
    return markdown_lines(f"✎ {note.lstrip()}", width, "mark")


def heading_of(moment: Moment, name: str) -> Line:
    """Return ``a2 · Affine``, with the file and line of a layer of the user's own, or what kind of leaf it is."""
    kind = value_state.kind_of_value(moment, name)
    node = moment.graph.node(name)
    origin = f" · {text.visible(PurePath(node.origin).name)}" if node and node.origin else ""
    return (Span(text.visible(name), "title"), Span(f" · {kind}{origin}", "dim"))
