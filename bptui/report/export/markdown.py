"""A run as Markdown (CommonMark): to be read as it is, or on a page.

Names and numbers stand in blocks of code. All else is escaped, so that nothing that a file says becomes markup; notes
and what a scenario says of itself keep their paragraphs, bold and code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bptui.core.text import escaped, visible
from bptui.report.check_report import report_lines, tally_line
from bptui.report.export.account import Account, ToldStep, text_block
from bptui.report.trace_report import BACKWARD_KEY, gradient_table

SPECIAL = re.compile(r"([\\`*_\[\]<>|~&$^#])")
"""What means something in Markdown anywhere."""

AT_START = re.compile(r"^(\d*)([-+=.)])", re.MULTILINE)
"""What means something at the beginning of a line: of a list, a rule."""

KEPT = re.compile(r"(`[^`\n]+`|\*\*[^*\n]+\*\*)")
"""What a note may have: code, and bold."""

LONGEST = 100_000


def markdown_text(account: Account) -> str:
    """Return a run as Markdown."""
    return "\n\n".join(markdown_blocks(account)) + "\n"


def markdown_blocks(account: Account) -> Iterator[str]:
    """Yield the blocks, which empty lines part."""
    yield f"# {escaped_markdown(account.title)}"
    if account.about:
        yield safe_markdown(account.about)
    for heading, lines in account.leaf_lines():
        yield f"## {heading}"
        yield code_block(text_block(lines))
    if account.printed:
        yield "## Output"
        yield code_block("\n".join(visible(line, limit=1000) for line in account.printed.splitlines()))
    yield "## Steps"
    yield escaped_markdown(BACKWARD_KEY)
    for told in account.steps:
        yield from step_blocks(told)
    if len(account.tape):
        table = list(gradient_table(account.tape))
        yield f"## {escaped_markdown(text_block(table[1:2]))}"
        yield code_block(text_block(table[2:]))
    if account.done:
        yield "## What was done"
        yield code_block("\n".join(account.done))
    if account.report:
        yield "## Verdicts"
        report = account.report
        yield code_block(text_block([*list(report_lines(report.title, report))[1:], tally_line([report])]))


def step_blocks(told: ToldStep) -> Iterator[str]:
    """Yield the blocks of one step."""
    if told.gap:
        yield escaped_markdown(told.gap)
    yield f"### {escaped_markdown(told.heading)}"
    yield escaped_markdown(told.sentence)
    if told.lines:
        yield code_block(text_block(told.lines))
    for failure in told.failures:
        yield f"**✗ {inside_line(failure)}**"
    for note in told.notes:
        yield "\n".join(f"> {line}".rstrip() for line in safe_markdown(note).splitlines())


def escaped_markdown(words: str) -> str:
    """Return words in which nothing means anything to Markdown."""
    return AT_START.sub(r"\1\\\2", inside_line(words))


def inside_line(words: str) -> str:
    """Return words in which nothing means anything inside a line of Markdown."""
    return SPECIAL.sub(r"\\\1", escaped(words, limit=LONGEST))


def safe_markdown(words: str) -> str:
    """Return words of which nothing but paragraphs, bold and code mean anything to Markdown."""
    paragraphs = re.split(r"\n\s*\n", words.strip())
    return "\n\n".join(safe_paragraph(" ".join(it.split())) for it in paragraphs)


def safe_paragraph(words: str) -> str:
    """Return a paragraph in which bold and code are as they were, and the rest is escaped."""
    return AT_START.sub(r"\1\\\2", "".join(safe_pieces(words)))


def safe_pieces(words: str) -> Iterator[str]:
    """Yield the pieces of a paragraph: bold and code as they are, the rest without a meaning inside a line."""
    for at, piece in enumerate(KEPT.split(words)):
        if at % 2 == 0:
            yield inside_line(piece)
        elif piece.startswith("`"):
            yield f"`{visible(piece[1:-1], limit=LONGEST)}`"
        else:
            yield f"**{inside_line(piece[2:-2])}**"


def code_block(text: str) -> str:
    """Return a block of code, whose fence is longer than any in it."""
    longest = max((len(it) for it in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
