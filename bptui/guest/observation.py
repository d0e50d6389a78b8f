"""What a guest did that does not end a run and is worth saying: it wrote into its input, it printed, NumPy warned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bptui.core.text import visible
from bptui.guest.wire import Message

MOST_SHOWN = 200
"""Characters of what was printed."""


class Remark(NamedTuple):
    """``rule`` is one of mutates, warns, prints, returns, gradients, repeats and unpaired; ``text`` is the sentence."""

    node: str
    rule: str
    text: str


def unpaired_at(node: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what a layer keeps and nobody can check, with the reason in words; no name for a layer not looked at."""
    for name in names:
        shown = visible(f"{node}.{name}" if name else node)
        if name:
            words = f"{shown} takes part in forward, and no gradient of it was found, as d{visible(name)} or in grads"
            yield f"{node}.{name}", f"{words}: it is not checked and not trained"
        else:
            yield "", f"parameters that {shown} may make itself were not looked for: it fails, or takes too long"


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
