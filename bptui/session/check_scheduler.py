"""Checking nodes while the person reads: in slices, such that no key ever waits, first in passing, then in full.

Layers of the user's own are checked in a process of their own, which is not the one that runs them: a check that
hangs keeps nobody waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from bptui.checking.verdicts import Judged, Verdicts
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import named_reason_of
from bptui.running import Run, guests_of

if TYPE_CHECKING:
    from bptui.checking.check_in_pieces import Pieces
    from bptui.checking.finding import Finding
    from bptui.checking.known_kinds import KnownKinds
    from bptui.guest.guests import Guests

SHORT_IDLE = 0.03
"""Seconds without a key after which a check goes on that was asked for."""

SLICE = 0.008
"""Seconds of checking after which a key may be answered."""


class Job(NamedTuple):
    """A check to be made: of a node, with the values of an iteration (both from 0), in passing or in full."""

    node: int
    iteration: int
    is_quick: bool = False


class Conclusion(NamedTuple):
    """What the full check of a node has found, with the values of some iterations (from 0)."""

    node: str
    iterations: tuple[int, ...]
    findings: tuple[Finding, ...]


class Checking:
    """The checks of one run, if ``tape`` is one's: those asked for, then, unasked, those of all nodes of an iteration.

    ``touched`` tells when the last key came. ``conclusions`` are those so far, and each is ``heard`` when it is drawn.
    """

    def __init__(
        self, tape: Tape, run: Run | None, *, touched: Callable[[], float], clock: Callable[[], float] = monotonic
    ) -> None:
        self.tape = tape
        self.run = run
        self.graph = tape.graph
        self.verdicts = Verdicts(self.graph)
        self.touched = touched
        self.clock = clock
        self.asked: set[Job] = set()
        self.lanes = (Lane(), Lane())
        self.conclusions: list[Conclusion] = []
        self.heard: Callable[[Conclusion], None] = lambda _: None
        self.unchecked = "was not checked when this was recorded: a check runs its layer, and a replay runs nothing"

    # What is to be done.

    def obstacle(self, name: str, iteration: int) -> str:
        """Return why a value can never be checked, nothing if it can."""
        if self.graph.node(name) is None:
            return self.about_leaf(name, iteration)
        if self.run is None:
            return f"{displayed_node(name)} {self.unchecked}"
        return ""

    def about_leaf(self, name: str, iteration: int) -> str:
        """Return what there is to say of a value that no layer computes."""
        path = self.verdicts.path(iteration, name)
        given = f"{displayed_node(name)} is given, so there is no layer to check"
        if path.culprit is not None:
            return f"{given}; its gradient comes through {displayed_node(path.culprit)}, which is wrong"
        return f"{given}; its gradient comes through nodes that are right" if path.verdict else given

    def ask(self, name: str, iteration: int) -> None:
        """Check a node in full, before all others."""
        job = Job(self.index(name), iteration)
        if job not in self.asked:
            self.asked.add(job)
            self.lane(job.node).put_first(job)

    @property
    def proviso(self) -> str:
        """What of a verdict is still open, "" for nothing."""
        return ""

    def ask_own(self, iteration: int) -> list[str]:
        """Check the layers of the user's own before all others; return the nodes that are not judged yet."""
        names = [self.graph.nodes[job.node].name for job in self.guest_jobs(iteration)]
        for name in names:
            self.ask(name, iteration)
        return names

    def plan(self, iteration: int) -> None:
        """Check all nodes of an iteration, as far as they are not checked already."""
        if self.run is not None:
            for lane, jobs in zip(self.lanes, (self.own_jobs(iteration), self.guest_jobs(iteration)), strict=True):
                lane.plan = jobs

    def own_jobs(self, iteration: int) -> Iterator[Job]:
        """Yield the checks of built-in layers: all in passing, then all in full."""
        for is_quick in (True, False):
            for node in range(len(self.graph.nodes)):
                if not self.is_guest(node) and self.is_open(node, iteration, is_quick=is_quick):
                    yield Job(node, iteration, is_quick)

    def guest_jobs(self, iteration: int) -> Iterator[Job]:
        """Yield the checks of layers of the user's own, but not of one that has ended the run: it may hang again."""
        for node in self.run.scenario.guests if self.run else ():
            if self.is_open(node, iteration, is_quick=False) and not self.has_failed(node):
                yield Job(node, iteration)

    def has_all_guests(self, iteration: int) -> bool:
        """Return whether the run has come to every layer of the user's own in an iteration."""
        return self.run is None or all(self.has_inputs(node, iteration) for node in self.run.scenario.guests)

    def is_open(self, node: int, iteration: int, *, is_quick: bool) -> bool:
        """Return whether a check of a node would tell anything new."""
        judged = self.verdicts.of(iteration, self.graph.nodes[node].name)
        return (judged is None or (judged.is_quick and not is_quick)) and self.has_inputs(node, iteration)

    def has_failed(self, node: int) -> bool:
        """Return whether a node has ended the run."""
        if self.run is None or self.run.failure is None:
            return False
        return self.run.next_node is self.graph.nodes[node]

    # Doing it.

    def pause(self, idle: float | None) -> float | None:
        """Return how many seconds to wait before the next slice; None where nothing is asked for.

        What was not asked for waits until no key has come for ``idle`` seconds, for ever where that is None.
        """
        seconds = SHORT_IDLE if self.asked else idle
        return None if seconds is None else max(0.0, self.touched() + seconds - self.clock())

    def work(self) -> bool:
        """Check for a slice of time; return whether there is anything left to do."""
        end = self.clock() + SLICE
        own, guests = self.lanes
        is_left = self.advance(guests)
        while self.advance(own):
            is_left = True
            if self.clock() >= end:
                break
        return is_left

    def advance(self, lane: Lane) -> bool:
        """Do a piece of a lane's work; return whether there was any."""
        if lane.current is None and (job := lane.next_job()):
            lane.current = job, self.all_pieces(job)
        if lane.current is None:
            return False
        job, pieces = lane.current
        try:
            next(pieces)
        except StopIteration as end:
            lane.current = None
            self.conclude(job, end.value)
        except Exception as error:  # noqa: BLE001  (a check that nobody has asked for ends no session)
            lane.current = None
            self.conclude(job, (self.broken_off(job, error),))
        return True

    def broken_off(self, job: Job, error: Exception) -> Finding:
        """Return the finding that the check of a node has failed itself: a bug of ours, or too little memory."""
        from bptui.checking.finding import Finding, Verdict  # noqa: PLC0415

        node = self.graph.nodes[job.node]
        reason = f"could not be checked: {visible(named_reason_of(error), limit=300)}"
        return Finding(node.name, node.layer, None, "raises", Verdict.SKIP, reason=reason)

    def all_pieces(self, job: Job) -> Pieces:
        """Do a job a piece at a time, its preparation with the first."""
        return (yield from self.pieces(job))

    def pieces(self, job: Job) -> Pieces:
        """Return a job as something to be done a piece at a time."""
        from bptui.checking import check_in_pieces  # noqa: PLC0415  (most of what a check needs; the program starts sooner)
        from bptui.checking.check_scenario import subject_of  # noqa: PLC0415

        assert self.run is not None
        subject = subject_of(self.run, job.node, job.iteration)
        if self.is_guest(job.node):
            return check_in_pieces.check_guest_in_pieces(subject, self.guests.make(job.node, job.iteration))
        if job.is_quick:
            return check_in_pieces.quick_check_in_pieces(subject)
        return self.known_kinds.check_in_pieces(subject, self.graph.nodes[job.node])

    def conclude(self, job: Job, findings: tuple[Finding, ...]) -> None:
        """Keep what a check has found; a look in passing may have found nothing."""
        self.asked.discard(job)
        node = self.graph.nodes[job.node]
        if not job.is_quick:
            self.conclude_node(Conclusion(node.name, (job.iteration,), findings))
        elif findings:
            self.verdicts.add(Judged(node.name, node.layer, job.iteration, findings, job.is_quick))

    def conclude_node(self, conclusion: Conclusion) -> None:
        """Keep what a full check has found, and let it be heard."""
        self.keep(conclusion)
        self.heard(conclusion)

    def keep(self, conclusion: Conclusion) -> None:
        """Keep what a full check has found, in each iteration in which there is that node, from where it is so on."""
        self.conclusions.append(conclusion)
        for iteration in conclusion.iterations:
            graph = self.tape.order.passes(iteration).graph
            node = graph.node(conclusion.node) if conclusion.node in graph.slots else None
            if node is not None and node.name == conclusion.node:
                so_far = tuple(it for it in conclusion.findings if it.since <= iteration)
                self.verdicts.add(Judged(node.name, node.layer, iteration, so_far))

    @cached_property
    def known_kinds(self) -> KnownKinds:
        """The kinds of built-in layers that were found right, of which further ones need no lint."""
        from bptui.checking.known_kinds import KnownKinds  # noqa: PLC0415

        return KnownKinds()

    @cached_property
    def guests(self) -> Guests:
        """The layers of the user's own, in the process of the checks."""
        assert self.run is not None
        return guests_of(self.run.scenario)

    def close(self) -> None:
        """End the process of the checks, if there is one."""
        if "guests" in vars(self):
            self.guests.close()

    # Nodes.

    def index(self, name: str) -> int:
        """Return a node's index in forward order."""
        index = self.graph.node_index(name)
        assert index is not None
        return index

    def is_guest(self, node: int) -> bool:
        """Return whether a node's layer is the user's own."""
        return self.run is not None and node in self.run.scenario.guests

    def lane(self, node: int) -> Lane:
        """Return the lane in which a node is checked."""
        return self.lanes[self.is_guest(node)]

    def has_inputs(self, node: int, iteration: int) -> bool:
        """Return whether the run has come to a node in an iteration."""
        if self.run is None or iteration >= len(self.run.tape.iterations):
            return False
        return len(self.run.tape.iterations[iteration].values) > max(self.graph.edges[node], default=0)


class Lane:
    """Checks that are made one after the other: those asked for, then those planned."""

    def __init__(self) -> None:
        self.first: deque[Job] = deque()
        self.plan: Iterator[Job] = iter(())
        self.current: tuple[Job, Pieces] | None = None

    def put_first(self, job: Job) -> None:
        """Let a job come before all that have not begun."""
        self.first.append(job)

    def next_job(self) -> Job | None:
        """Return what is to be done next."""
        return self.first.popleft() if self.first else next(self.plan, None)


def displayed_node(name: str) -> str:
    """Return a name as messages write it."""
    return visible(name, limit=40)
