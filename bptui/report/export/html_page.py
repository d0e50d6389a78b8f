"""A run as a page that stands alone: the network, a step at a time with keys and a slider, and every step in the text.

Without JavaScript, in print and for a screen reader it is a document: all steps one below the other. Nothing is loaded
from anywhere, and what files say is text, never markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

import numpy as np

from bptui.core.lesson import Quiz
from bptui.core.step import BackwardStep, ForwardStep, UpdateStep
from bptui.core.text import escaped, number, shape, visible
from bptui.lines.line import Line
from bptui.lines.styles import DARK, LIGHT
from bptui.report.check_report import report_lines, tally_line
from bptui.report.export.account import Account, ToldStep
from bptui.report.export.markdown import KEPT
from bptui.report.export.network_drawing import is_small_enough, network_svg
from bptui.report.trace_report import BACKWARD_KEY, gradient_table
from layers import Array

LONGEST = 100_000

KEYS = "Keys: n and N or the arrows step, g and G go to the ends, [ and ] to a pass, ( and ) to a note, P predicts."

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""What a page may load: nothing."""


def html_text(account: Account) -> str:
    """Return a run as a page."""
    numbers = {name: place for place, name in enumerate(account.graph.names)}
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{shown(account.title)}</title>",
            f"<style>\n{resource('page.css')}\n{style_rules()}</style>\n</head>\n<body>",
            *page_body(account, numbers),
            f'<script type="application/json" id="steps">{page_data(account, numbers)}</script>',
            f"<script>\n{resource('page.js')}</script>\n</body>\n</html>\n",
        ]
    )


def page_body(account: Account, numbers: dict[str, int]) -> Iterator[str]:
    """Yield what can be seen of the page."""
    yield f"<header><h1>{shown(account.title)}</h1>"
    yield f"{paragraphs(account.about)}</header>"
    yield controls(len(account.steps))
    drawing = network_svg(account.graph, numbers, account.failures)
    if drawing:
        yield f'<figure id="network">{drawing}</figure>'
    elif account.graph.nodes:
        yield f'<p class="gap">The network has {len(account.graph.nodes):,} nodes, too many to be drawn here.</p>'
    yield "<main>"
    yield from (step_section(place, told, account.quiz) for place, told in enumerate(account.steps))
    yield "</main>"
    yield from closing_sections(account)


def controls(count: int) -> str:
    """Return what one steps with; hidden where there is no JavaScript."""
    return (
        '<nav id="controls" aria-label="Steps" hidden>'
        '<button id="previous" type="button" title="N or ←">◀ back</button>'
        '<button id="next" type="button" title="n or →">step ▶</button>'
        f'<label>step <input id="slider" type="range" min="0" max="{max(0, count - 1)}" value="0"></label>'
        '<output id="place" aria-live="polite"><span class="count"></span> <span class="unseen"></span></output>'
        '<label><input id="predict" type="checkbox"> predict</label>'
        '<label><input id="whole" type="checkbox"> all steps</label>'
        f'<p class="keys">{KEYS}</p></nav>'
    )


def step_section(place: int, told: ToldStep, wanted: Quiz) -> str:
    """Return one step as a section of the page; ``wanted`` says which steps predict mode asks about."""
    notes = "".join(f'<aside class="note">{paragraphs(note)}</aside>' for note in told.notes)
    lines = f"<pre>{line_spans(told.lines)}</pre>" if told.lines else ""
    failures = "".join(f'<p class="wrong">✗ {shown(it)}</p>' for it in told.failures)
    gap = f'<p class="gap">{shown(told.gap)}</p>' if told.gap else ""
    return (
        f'<section class="step {told.step.pass_.value}" id="step-{place}" aria-labelledby="head-{place}">'
        f'{gap}<h2 id="head-{place}">{shown(told.heading)}</h2>'
        f'<div class="hint">{quiz(told, wanted)}</div>'
        f'<div class="told"><p>{shown(told.sentence)}</p>{lines}{failures}</div>{notes}</section>'
    )


def quiz(told: ToldStep, wanted: Quiz) -> str:
    """Return the question that predict mode asks at a step; nothing where there is no number to ask for."""
    asked = asked_number(told) if wanted.asks(told.step.pass_, told.step.name) else None
    if asked is None:
        return ""
    what, answer = asked
    return (
        f'<form class="quiz" data-answer="{answer!r}" hidden><label>What is {shown(what)}? '
        '<input type="text" inputmode="decimal" autocomplete="off"></label>'
        '<button type="submit">Check</button><button type="button" class="reveal">Show</button>'
        '<output aria-live="polite"></output></form>'
    )


def asked_number(told: ToldStep) -> tuple[str, float] | None:
    """Return which number is asked for at a step, and what it is: the largest element of what the step has made."""
    match told.step:
        case ForwardStep(out=out) as step:
            return largest_element(step.name, out)
        case BackwardStep() as step:
            pairs = zip(step.node.inputs, step.gradients, strict=True)
            return next(
                (largest_element(f"d {name}", it) for name, it in pairs if it is not None and np.size(it)), None
            )
        case UpdateStep(after=after) as step:
            return largest_element(step.name, after)


def largest_element(name: str, array: Array) -> tuple[str, float] | None:
    """Return the largest element of an array, by size, with its name; None where there is none that is finite."""
    values = np.asarray(array, np.float64)
    if not values.size or not np.isfinite(values).all():
        return None
    index = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    places = f"[{', '.join(str(int(at)) for at in index)}]" if values.ndim else ""
    return f"{name}{places}", float(values[index])


def closing_sections(account: Account) -> Iterator[str]:
    """Yield what stands below the steps: the values at the start, the gradients, the verdicts, what was printed."""
    yield f"<footer><p>{shown(BACKWARD_KEY)}</p>"
    for heading, lines in account.leaf_lines():
        yield f"<h2>{heading}</h2><pre>{line_spans(lines)}</pre>"
    yield '<div class="ending">'
    if len(account.tape):
        table = list(gradient_table(account.tape))
        yield f"<h2>{line_spans(table[1:2])}</h2><pre>{line_spans(table[2:])}</pre>"
    if account.done:
        yield f"<h2>What was done</h2><pre>{escape(chr(10).join(account.done))}</pre>"
    if account.report:
        lines = [*list(report_lines(account.report.title, account.report))[1:], tally_line([account.report])]
        yield f"<h2>Verdicts</h2><pre>{line_spans(lines)}</pre>"
    if account.printed:
        printed = "\n".join(escape(escaped(line, limit=1000)) for line in account.printed.splitlines())
        yield f"<h2>Output</h2><pre>{printed}</pre>"
    yield "</div></footer>"


def page_data(account: Account, numbers: dict[str, int]) -> str:
    """Return, as JSON that ends no script, which box each step is about, and what it changes at the wires."""
    return json.dumps(list(step_data(account, numbers)), separators=(",", ":")).replace("<", "\\u003c")


def step_data(account: Account, numbers: dict[str, int]) -> Iterator[dict[str, object]]:
    """Yield of each step the values and gradients that are others than before, by what stands for them in the page."""
    before: dict[str, dict[int, str]] = {"v": {}, "g": {}}
    drawn = {name: number for name, number in numbers.items() if is_small_enough(account.graph)}
    for moment in (told.moment for told in account.steps):
        names = [name for name in moment.graph.names if name in drawn]
        now = {
            "v": {drawn[name]: in_few_characters(moment.value(name)) for name in names},
            "g": {drawn[name]: in_few_characters(moment.gradient(name)) for name in names},
        }
        yield {
            "at": numbers.get(moment.name or "", -1),
            "pass": moment.pass_.value if moment.pass_ else "",
            **{kind: changed(before[kind], now[kind]) for kind in now},
        }
        before = now


def changed(before: dict[int, str], now: dict[int, str]) -> dict[int, str]:
    """Return what is another now; "" for what is no longer there."""
    return {key: now.get(key, "") for key in {**before, **now} if before.get(key, "") != now.get(key, "")}


def in_few_characters(array: Array | None) -> str:
    """Return a value in a few characters: its number, or its shape."""
    if array is None:
        return ""
    return number(float(array), 4) if np.ndim(array) == 0 else shape(array)


def shown(words: str) -> str:
    """Return words as text of a page."""
    return escape(visible(words, limit=LONGEST), quote=True)


def paragraphs(words: str) -> str:
    """Return a note's paragraphs, with its bold and code."""
    blocks = (" ".join(block.split()) for block in words.strip().split("\n\n"))
    return "".join(f"<p>{''.join(marked_pieces(block))}</p>" for block in blocks if block)


def marked_pieces(words: str) -> Iterator[str]:
    """Yield the pieces of a paragraph, bold and code as such."""
    for at, piece in enumerate(KEPT.split(words)):
        if at % 2 == 0:
            yield escape(escaped(piece, limit=LONGEST))
        elif piece.startswith("`"):
            yield f"<code>{shown(piece[1:-1])}</code>"
        else:
            yield f"<strong>{shown(piece[2:-2])}</strong>"


def line_spans(lines: Iterable[Line]) -> str:
    """Return lines with their styles."""
    return "\n".join("".join(span_text(*span) for span in line).rstrip() for line in lines)


def span_text(text: str, style: str) -> str:
    """Return a span of text in its style."""
    return f'<span class="s-{style}">{escape(text)}</span>' if style in DARK else escape(text)


def style_rules() -> str:
    """Return how the styles look, on a light page and on a dark one."""
    return f"{colour_rules(LIGHT)}\n@media screen and (prefers-color-scheme: dark) {{\n{colour_rules(DARK)}\n}}\n"


def colour_rules(colours: Iterable[str]) -> str:
    """Return the rules for the colours of one background."""
    rules = []
    for name in colours:
        front, _, back = (LIGHT if colours is LIGHT else DARK)[name].partition(" on ")
        rules.append(f".s-{name} {{ color: {front};{f' background: {back};' if back else ''} }}")
    return "\n".join(rules)


def resource(name: str) -> str:
    """Return the text of a file that lies beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
