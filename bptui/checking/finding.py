"""What a check has to say: a verdict on one rule at one node, with the element that shows it and the numbers there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import Enum
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from bptui.deferred_dataclass import dataclass
from bptui.errors import Location
from bptui.lines import signs
from bptui.lines.signs import SIGN_STYLES


class Verdict(Enum):
    """How a rule came out. A kink has no one slope, and any between its two sides is right."""

    PASS = "pass"  # noqa: S105  (no password)
    FAIL = "fail"
    KINK = "kink"
    SKIP = "skip"

    @property
    def sign(self) -> str:
        """The verdict as one character."""
        return SIGNS[self]

    @property
    def counted_as(self) -> str:
        """What stands behind a number of nodes: the sign, or a word where the sign is but a dot."""
        return "undecided" if self is Verdict.SKIP else self.sign

    @property
    def style(self) -> str:
        """The name of the style that its sign is written in."""
        return SIGN_STYLES[self.sign]


SIGNS: Mapping[Verdict, str] = {
    Verdict.PASS: signs.PASS,
    Verdict.FAIL: signs.FAIL,
    Verdict.KINK: signs.KINK,
    Verdict.SKIP: signs.SKIP,
}


DEPENDS = "depends"
"""The mistake of an element that is not to depend on another, and does."""


@dataclass(frozen=True)
class Worst:
    """The element that disagrees most: what backward says, what differences say, and how far those can be trusted."""

    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float


class Rung(NamedTuple):
    """The slopes measured with one size of step: on the left, on the right, and right through."""

    step: float
    left: float
    right: float
    central: float


@dataclass(frozen=True)
class Finding:
    """A verdict on one rule: ``gradient``, ``expect`` or one of the lint's. ``input`` is a value's name.

    ``reason`` is a sentence for a person. ``mistake`` names a known pattern, ``advice`` says what to do about it, and
    ``ladder`` has the slopes for smaller and smaller steps at ``worst``. ``where`` is the line of the user's file that
    does it, and ``slot`` what the layer calls the input; ``output`` is the one of several through which it is so. What
    is wrong because of a node ``follows`` from that. It is so ``since`` an iteration, from 0.
    """

    kind: ClassVar[str] = "check"

    node: str
    layer: str | None
    input: str | None
    rule: str
    verdict: Verdict
    worst: Worst | None = None
    reason: str = ""
    mistake: str | None = None
    advice: str | None = None
    ladder: tuple[Rung, ...] = ()
    where: Location | None = None
    slot: str = ""
    output: str = ""
    follows: str | None = None
    since: int = 0


@dataclass(frozen=True)
class Mark:
    """What a node, or a layer wherever it stands, has earned of its ``points``, and the ``reasons`` if it is not all.

    Nothing is earned by what could not be checked: nobody knows that it is right.
    """

    name: str
    nodes: tuple[str, ...]
    points: float
    verdict: Verdict
    reasons: tuple[Finding, ...] = ()

    @property
    def earned(self) -> float:
        """The points that it has: all of them or none."""
        return self.points if self.verdict in {Verdict.PASS, Verdict.KINK} else 0.0


@dataclass(frozen=True)
class Report:
    """The findings of a scenario, in the order of its nodes, and its marks, as where it is handed in.

    ``origins`` tells by node whose layer was judged, and ``what`` what it is a report on. ``remarks`` are said first.
    """

    title: str
    findings: tuple[Finding, ...]
    origins: Mapping[str, str] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    what: str = "scenario"
    remarks: tuple[str, ...] = ()

    @cached_property
    def counts(self) -> Counter[Verdict]:
        """How many findings have each verdict."""
        return Counter(finding.verdict for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.counts[Verdict.FAIL]


def verdict_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what several verdicts come to: one failure fails all, and a pass outweighs what was skipped."""
    found = set(verdicts)
    order = (Verdict.FAIL, Verdict.KINK, Verdict.PASS, Verdict.SKIP)
    return next((verdict for verdict in order if verdict in found), Verdict.PASS)


def plain_index(index: Iterable[Any]) -> tuple[int, ...]:
    """Return an element's index as Python integers."""
    return tuple(int(place) for place in index)
