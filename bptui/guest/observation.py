"""What a guest did that does not end a run and is worth saying: it wrote into its input, it printed, NumPy warned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bptui.core.order import Pass
from bptui.core.text import index, visible
from bptui.guest.wire import Message
from bptui.lines.signs import CAUTION

MOST_SHOWN = 200
"""Characters of what was printed."""


class Remark(NamedTuple):
    """``text`` is the sentence, and ``pass_`` the pass in which it was noticed.

    ``rule`` is one of mutates, finite, warns, prints, returns, repeats, unpaired and inputs.
    """

    node: str
    rule: str
    text: str
    pass_: Pass = Pass.FORWARD

    def sentence(self, count: int) -> str:
        """Return it as it is told, with how often it was noticed."""
        return f"{CAUTION} {visible(self.node)}: {self.text}{f' ({count} times)' if count > 1 else ''}"


def unpaired_at(node: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what a layer keeps that cannot be checked, with the reason in words; no name for a layer not looked at."""
    for name in names:
        shown = visible(f"{node}.{name}" if name else node)
        if name:
            words = f"{shown} takes part in forward, and no gradient of it was found, as d{visible(name)} or in grads"
            yield f"{node}.{name}", f"{words}: it is not checked and not trained"
        else:
            yield "", f"parameters that {shown} may make itself were not looked for: it fails, or takes too long"


def remarks_on(node: str, call: str, pass_: Pass, answer: Message) -> Iterator[Remark]:
    """Yield what an answer tells beside what was asked; ``call`` is the method that was called, in a pass."""
    for name in answer.get("mutated", ()):
        yield Remark(node, "mutates", f"{call} writes into {visible(str(name))}, which is not its own", pass_)
    if "non_finite" in answer:
        yield Remark(node, "finite", f"{call} {words_of_non_finite(answer['non_finite'])}", pass_)
    for kind, count in answer.get("warnings", {}).items():
        times = f" {int(count)} times" if count > 1 else ""
        yield Remark(node, "warns", f"{call} warns{times}: {visible(str(kind))}", pass_)
    text, count = answer["printed"]
    if count:
        yield Remark(node, "prints", f"{call} prints {count:,} bytes: {visible(text, limit=MOST_SHOWN)}", pass_)


def words_of_non_finite(found: Message) -> str:
    """Return in words what the child has found out about a number that is not finite."""
    place = f" at {index([*map(int, found['index'])])}" if found["index"] else ""
    told = f"makes {visible(str(found['kind']))} of finite numbers{place}"
    if not (origin := found.get("origin")):
        return told
    line = f"line {int(origin['line'])}"
    where = f" at {index([*map(int, origin['place'])])}" if origin["place"] else ""
    note = f": {visible(str(origin['note']))}" if origin["note"] else ""
    return f"{told}: {visible(str(origin['words']))}{where} in {visible(str(origin['expression']))}, {line}{note}"
