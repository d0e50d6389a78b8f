"""The terms of a number over the screen: one is chosen and gone on to, so that one walks along real numbers."""

from __future__ import annotations

from textual.binding import Binding

from bptui.core.moment import Moment
from bptui.explaining.term import Element, Terms
from bptui.lines.line import Line, Span, fitted
from bptui.lines.paragraph import paragraph
from bptui.session.session import Session
from bptui.session.why import element_line, explained_terms, product_lines
from bptui.tui.choice_pane import ChoicePane
from bptui.tui.overlay import Overlay


class WhyPane(ChoicePane):
    """The terms of an element; the arrows choose one of them."""

    def __init__(self, moment: Moment, session: Session, terms: Terms) -> None:
        super().__init__(moment)
        self.session = session
        self.terms = terms
        self.before: list[tuple[Terms, int]] = []

    def heading(self) -> Line:
        trail = " ← ".join(str(terms.element) for terms, _ in self.before[-3:])
        return (
            Span("Why ", "dim"),
            Span(str(self.terms.element), "title"),
            Span(f"  from {trail}" if trail else "", "dim"),
        )

    def key_words(self) -> tuple[tuple[str, str], ...]:
        back = (("ctrl+o", "back"),) if self.before else ()
        return (("Enter", "on to this term"), *back, ("Esc", "closes"))

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return [*paragraph(element_line(self.terms), width - 1, indent=1), *self.term_rows(width)]

    def term_rows(self, width: int) -> list[Line]:
        """Return a row for each term, the chosen one marked, and their sum."""
        rows: list[Line] = []
        for place, line in enumerate(product_lines(self.terms, len(self.terms.terms), width)):
            is_chosen = place == self.chosen and place < len(self.terms.terms)
            sign, style = ("▸", "selected") if is_chosen else (" ", "")
            rows.append(fitted((Span(sign, "mark"), Span(line, style)), width))
        return rows

    @property
    def count(self) -> int:
        return len(self.terms.terms)

    @property
    def first_row(self) -> int:
        return len(self.content(*self.inside)) - len(self.term_rows(self.inside.width))

    @property
    def source(self) -> Element | None:
        """What the chosen term goes on to."""
        terms = self.terms.terms
        return terms[self.chosen].source if self.chosen < len(terms) else None

    def go_on(self) -> None:
        """Go on to the element that the chosen term comes from."""
        source = self.source
        terms = explained_terms(self.session, source) if source else None
        if terms is None:
            self.say("this term leads no further")
            return
        self.before.append((self.terms, self.chosen))
        self.terms, self.chosen, self.said = terms, 0, ""
        self.point_home()

    def go_back(self) -> None:
        """Go back to where one came from."""
        if not self.before:
            self.say("this is where one began")
            return
        self.terms, self.chosen = self.before.pop()
        self.said = ""
        self.renew()


class WhyScreen(Overlay[None]):
    """The terms over the screen."""

    BINDINGS = [
        Binding("escape,q", "close", show=False),
        Binding("enter", "go_on", show=False, priority=True),
        Binding("ctrl+o", "go_back", show=False, priority=True),
    ]

    def __init__(self, session: Session, terms: Terms) -> None:
        super().__init__(WhyPane(session.moment, session, terms))

    def action_go_on(self) -> None:
        """Go on to where the chosen term comes from."""
        if isinstance(self.pane, WhyPane):
            self.pane.go_on()

    def action_go_back(self) -> None:
        """Go back a term."""
        if isinstance(self.pane, WhyPane):
            self.pane.go_back()
