"""Checks cut into pieces, for those who have other things to do in between: each ``next`` is a few milliseconds.

Between two pieces NumPy's global state is what it was, for whoever works then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np

from bptui.checking.check_guest import begin_check, broken, findings_of
from bptui.checking.check_node import BUDGET, NodeCheck, broken_down
from bptui.checking.finding import Finding, Verdict
from bptui.checking.quick_look import looks_right
from bptui.checking.random_sources import borrowed_random_state
from bptui.checking.several_outputs import through_each, views
from bptui.checking.subject import Subject
from bptui.checking.work import Work
from bptui.errors import LayerError
from bptui.guest.guest_layer import GuestLayer

Pieces: TypeAlias = Work[tuple[Finding, ...]]

PATIENCE = 20.0
"""Seconds that a guest's check may take: beyond, its process is ended."""

QUICK = "a quick look: one random direction through all elements"


def check_in_pieces(subject: Subject) -> Pieces:
    """Check a node in full. An exception in the check itself is a finding at its node, and ends nobody's session."""
    work = through_each(subject, lambda view: NodeCheck(view, BUDGET).findings())
    while True:
        with undisturbed():
            try:
                next(work)
            except StopIteration as end:
                found: tuple[Finding, ...] = end.value
                return found
            except Exception as error:  # noqa: BLE001  (the fence around what nobody has asked for)
                return (broken_down(subject, error),)
        yield


def look_in_pieces(subject: Subject) -> Pieces:
    """Look at a node in passing; nothing is found where that leaves doubts, which only a full check settles."""
    with undisturbed():
        try:
            is_right = all(map(looks_right, views(subject)))
        except Exception:  # noqa: BLE001  (the full check that follows tells of it)
            is_right = False
    yield
    if not is_right:
        return ()
    names = [subject.names[position] for position in subject.taking]
    return tuple(Finding(subject.node, subject.layer, name, "gradient", Verdict.PASS, reason=QUICK) for name in names)


def check_guest_in_pieces(subject: Subject, layer: GuestLayer) -> Pieces:
    """Check a layer of the user's own in its process, and look now and then whether it is done."""
    try:
        call = begin_check(subject, layer)
    except LayerError as error:
        return (broken(subject, error),)
    while not call.is_ready():
        yield
        if call.elapsed > PATIENCE:
            call.insist(0)
    return findings_of(subject, call)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave NumPy's global state, its random numbers and its warnings, as a piece has found it."""
    with borrowed_random_state(), np.errstate(all="ignore"):
        yield
