"""What a guest did that does not end a run and is worth saying: it wrote into its input, it printed, NumPy warned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bptui.core.text import visible
from bptui.guest.wire import Message

MOST_SHOWN = 200
"""Characters of what was printed."""


class Remark(NamedTuple):
    """``rule`` is one of mutates, warns, prints, returns, gradients and repeats; ``text`` is the sentence."""

    node: str
    rule: str
    text: str


def remarks_on(node: str, call: str, answer: Message) -> Iterator[Remark]:
    """Yield what an answer tells beside what was asked; ``call`` is the method that was called."""
    for name in answer.get("mutated", ()):
        yield Remark(node, "mutates", f"{call} writes into {visible(str(name))}, which is not its own")
    for kind, count in answer.get("warnings", {}).items():
        times = f" {int(count)} times" if count > 1 else ""
        yield Remark(node, "warns", f"{call} warns{times}: {visible(str(kind))}")
    text, count = answer["printed"]
    if count:
        yield Remark(node, "prints", f"{call} prints {count:,} bytes: {visible(text, limit=MOST_SHOWN)}")
