"""Calls a layer that may do anything, and turns whatever it does wrong into one fault with a name.

This is the fence around a layer: nothing that it raises goes further.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, process_time
from typing import Any, TypeVar

import numpy as np

from bptui.checking.compare_arrays import copies
from bptui.checking.fault import FaultError
from bptui.checking.mend import Shapes, mended
from bptui.checking.random_sources import RandomSources, shared_generators
from bptui.checking.subject import Checked, Subject
from bptui.core.text import visible
from bptui.errors import LayerError, Location, named_reason_of
from bptui.guest.child.generators import Generator
from layers import Array

T = TypeVar("T")

PATIENCE = 8.0
"""Seconds of the process's time in which one finds what is behind the failures of a node, as far as one may look."""

LONGEST_WAIT = 25.0
"""Seconds after which whoever waits for the check is told what is known by then."""

ROOMS = tuple(str(Path(__file__).parents[1] / room) for room in ("checking", "core", "guest"))
NOT_THE_USER_S = ("site-packages", "<__array_function__", "<frozen", *ROOMS)
"""In the names of files whose lines are of no help to whoever wrote a layer."""


@dataclass(frozen=True, eq=False)
class Visit:
    """A forward and the layer that made it: ``given`` are the very arrays that it got, and ``out`` is a copy."""

    layer: Checked
    given: tuple[Array, ...]
    handed: Any
    out: Array


class Probe:
    """Runs a subject's layer. With ``is_frozen`` everything that draws at random stands still at every forward.

    ``faults`` keeps what backward did wrong and was mended, once each; ``unfit`` are the inputs whose gradients could
    not be mended.
    """

    def __init__(self, subject: Subject, *, is_frozen: bool = False) -> None:
        self.subject = subject
        self.is_frozen = is_frozen
        self.shapes: Shapes = tuple([x.shape for x in subject.inputs])
        self.faults: dict[tuple[str, int | None, str | None], FaultError] = {}
        self.unfit: set[int] = set()
        self.end = self.last_moment = 0.0
        self.is_limited = False
        self.shared: list[Generator] | None = None

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Let what looks for an explanation take no longer than a few seconds, all in all: then a visit is a fault."""
        self.end = self.end or process_time() + PATIENCE
        self.last_moment = self.last_moment or monotonic() + LONGEST_WAIT
        self.is_limited = True
        try:
            yield
        finally:
            self.is_limited = False

    @property
    def is_out_of_time(self) -> bool:
        """Whether one has looked for an explanation for long. How much one looks is bounded by numbers, not by this."""
        return process_time() > self.end or monotonic() > self.last_moment

    def fresh(self) -> Checked:
        """Return a new instance."""
        return called(self.subject.make, "making the layer")

    def forward(self, inputs: tuple[Array, ...]) -> Array:
        """Return a fresh instance's value at ``inputs``, as an array of float64; what it writes into are copies."""
        return self.visit(copies(inputs)).out

    def visit(self, inputs: tuple[Array, ...], layer: Checked | None = None) -> Visit:
        """Send ``inputs`` forward through a fresh instance, or through ``layer``."""
        if self.is_limited and self.is_out_of_time:
            raise FaultError("raises", "takes too long to be looked at further")
        layer = layer or self.fresh()
        given = tuple([x[()] for x in inputs])
        self.shapes = tuple([x.shape for x in inputs])
        if self.is_frozen:
            self.hold_still(layer, given)
        handed = called(lambda: layer.forward(*given), "forward")
        return Visit(layer, given, handed, as_number(handed))

    def hold_still(self, layer: Checked, given: tuple[Array, ...]) -> None:
        """Set everything that draws at random to where a forward is to find it."""
        self.random_sources(layer, given).hold()

    def random_sources(self, layer: Checked, given: tuple[Array, ...]) -> RandomSources:
        """Return what a layer may draw from; what all of its kind share is looked for once."""
        instance = called(lambda: self.subject.inside(layer, given), "making the layer")
        if self.shared is None:
            self.shared = shared_generators(type(instance), self.subject.functions)
        return RandomSources(instance, self.shared)

    def backward(self, layer: Checked, dout: Array) -> tuple[Any, ...]:
        """Return what backward hands back, one for each input; what could be mended is, and is kept as a fault."""
        handed = called(lambda: layer.backward(dout[()]), "backward")
        mended_ = mended(handed, self.subject, self.shapes, dout.shape)
        for fault in mended_.faults:
            self.faults.setdefault((fault.rule, fault.position, fault.mistake), fault)
        self.unfit |= mended_.unfit
        return mended_.gradients


def called(work: Callable[[], T], what: str) -> T:
    """Return what ``work`` returns; whatever it raises is a fault."""
    try:
        with np.errstate(all="ignore"):
            return work()
    except LayerError as error:
        place = f" ({error.where})" if error.where else ""
        raise FaultError("raises", f"{what}: {visible(error.message, limit=500)}{place}", line=error.where) from None
    except Exception as error:  # noqa: BLE001  (the fence: a layer may raise anything)
        line = line_of(error)
        place = f" ({visible(Path(line.path).name)}:{line.line})" if line else ""
        raise FaultError(
            "raises", f"{what} raises {visible(named_reason_of(error), limit=500)}{place}", line=line
        ) from None


def line_of(error: Exception) -> Location | None:
    """Return the user's line that raised."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [it for it in frames if not any(part in it.filename for part in NOT_THE_USER_S)]
    return Location(own[-1].filename, own[-1].lineno) if own else None


def as_number(handed: Any) -> Array:
    """Return a value as an array of float64, a copy."""
    try:
        array = np.asarray(handed)
    except ValueError:
        array = np.empty((), object)
    if array.dtype.kind not in "fiub" or isinstance(handed, list | tuple):
        kind = "nothing" if handed is None else f"a {type(handed).__name__}"
        raise FaultError("value", f"forward returns {kind}, not an array of numbers")
    return array.astype(np.float64)
