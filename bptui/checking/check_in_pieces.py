"""Checks cut into pieces, for those who have other things to do in between: each ``next`` is a few milliseconds.

Between two pieces NumPy's global state is what it was, for whoever works then. A bug of the check itself is caught by
whoever asked for it, so that it ends no session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np

from bptui.checking.check_guest import begin_check, broken, findings_of
from bptui.checking.check_node import BUDGET, NodeCheck
from bptui.checking.finding import Finding, Verdict
from bptui.checking.random_direction_check import agrees_in_one_direction
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


def check_in_pieces(subject: Subject, *, keeps_rules: bool = False) -> Pieces:
    """Check a node in full; with ``keeps_rules`` as ``check_node`` does."""
    work = through_each(subject, lambda view: NodeCheck(view, BUDGET, keeps_rules=keeps_rules).findings())
    while True:
        with undisturbed():
            try:
                next(work)
            except StopIteration as end:
                found: tuple[Finding, ...] = end.value
                return found
        yield


def quick_check_in_pieces(subject: Subject) -> Pieces:
    """Check a node in passing; nothing is found where that leaves doubts, which only a full check settles."""
    with undisturbed():
        is_right = all(map(agrees_in_one_direction, views(subject)))
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
