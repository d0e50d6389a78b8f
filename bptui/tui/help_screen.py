"""The help: what the picture means, and every key of the table."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from textual.binding import Binding

from bptui.core.command import usage
from bptui.core.moment import Moment
from bptui.core.verbs import VERBS
from bptui.lines.line import Line, Span, line_width
from bptui.lines.paragraph import paragraph, wrap
from bptui.tui.keys import KeyContext
from bptui.tui.overlay import Overlay, OverlayPane

PICTURE: tuple[tuple[str, str, str], ...] = (
    ("forward", "▶", "forward: values are computed; a node's value stands above its wire"),
    ("backward", "◀", "backward: gradients flow; a value's gradient stands below its wire"),
    ("update", "↻", "update: each parameter takes a step against its gradient"),
    ("gradient", "dout", "the gradient that arrives at a node's output: how the result changes with that output"),
    ("gradient", "local", "the local derivative ∂out/∂x: what dout is multiplied by on its way to an input x"),
    ("value", "‖2.5‖", "the norm of an array, √ of the sum of squares: how large it is"),
    ("changed", "▸ 1.1", "what this step has changed"),
    ("good", "✓", "checked: the layer's backward is right, or all that a gradient came through is"),
    ("bad", "✗", "checked and wrong: = opens the element, the numbers and what the mistake may be"),
    ("warning", "◇", "checked and right, but at a kink: the slopes on its two sides differ"),
    ("error", "!", "NaN or infinity in a value or its gradient; a folded box has the signs of all nodes in it"),
    ("mark", "● ○", "a stop on a node, and a disabled one"),
    ("current", "┏━┓", "the node whose step has just run"),
    ("selected", "╔═╗", "the selected value, which the lower panes show"),
    ("warning", "▲", "worth a look: a warning, a value that no one uses"),
    ("dim", "·", "a step that has not run yet"),
    ("focus", "┏━┓", "a pane with a heavy frame has the focus: arrows choose or scroll in it, Enter goes there"),
)

HERE: Mapping[KeyContext, str] = {
    KeyContext.STEPS: "",
    KeyContext.SOURCE: "You are inside a layer's source: s runs a line, S goes back one, f leaves it.",
    KeyContext.EVIDENCE: "This is the evidence: Enter jumps to the element at ➤, Tab chooses the next, Esc closes it.",
    KeyContext.REPLAY: "This is a replay: nothing runs and nothing is written, so s, e, =, R and ; only say so.",
}


class HelpPane(OverlayPane):
    """All of the help, to scroll through."""

    def __init__(self, moment: Moment, context: KeyContext) -> None:
        super().__init__(moment)
        self.context = context

    def heading(self) -> Line:
        return (Span("Help", "title"),)

    def lines(self, width: int, height: int) -> list[Line]:  # noqa: ARG002
        return help_lines(width, self.context)


class HelpScreen(Overlay[None]):
    """The help over the whole screen."""

    BINDINGS = [Binding("escape,q,question_mark,enter", "close", show=False)]

    def __init__(self, moment: Moment, context: KeyContext) -> None:
        super().__init__(HelpPane(moment, context))


def help_lines(width: int, context: KeyContext = KeyContext.STEPS) -> list[Line]:
    """Return the help: where one is if that is elsewhere, what the signs mean, and the keys by group."""
    lines = [*paragraph(HERE[context], width, "strong"), ()] if HERE[context] else []
    lines.append((Span("The signs", "title"),))
    for style, sign, meaning in PICTURE:
        lines += explained((Span("  "), Span(f"{sign:<9}", style)), meaning, width)
    lines += [(), *paragraph("A run is a tape of steps, recorded first; the keys move a cursor over it.", width)]
    lines += [*paragraph("Lower case goes forward in time, the same letter in upper case back.", width, "dim")]
    for group, verbs in groupby(VERBS.values(), key=lambda verb: verb.group):
        lines += [(), (Span(group, "title"),)]
        for verb in verbs:
            label = (Span(f"  {' '.join(verb.keys):<9} ", "key"), Span(f"{usage(verb):<19} ", "dim"))
            lines += explained(label, verb.help, width)
    return lines + explained((Span(f"  {'5n':<9} ", "key"), Span(" " * 20)), "a count before a key repeats it", width)


def explained(label: Line, meaning: str, width: int) -> list[Line]:
    """Return a label with its meaning beside it, over as many lines as it takes."""
    start = line_width(label)
    first, *others = wrap(meaning, width - start) or [""]
    return [(*label, Span(first)), *((Span(" " * start + line),) for line in others)]
