"""The verdicts on a watched program while a person reads: its process checks a node at a time, and no key waits."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from time import monotonic

from bptui.checking.finding import Finding, Verdict
from bptui.core.tape import Tape
from bptui.errors import BptuiError
from bptui.program_checking.check_calls import (
    LONGEST,
    NodeCalls,
    begin_node_check,
    findings_in,
    first_calls,
    never_back,
    subject_of_calls,
    unknown,
)
from bptui.program_checking.check_program import wiring_in_pieces
from bptui.program_checking.checked_program import CheckedProgram
from bptui.session.check_scheduler import SLICE, Checking, Conclusion, Job, displayed_node

MOST_ITERATIONS = 1_000
"""Iterations in which a verdict is shown."""


class ProgramChecking(Checking):
    """The checks of a watched program: of each node once, for all iterations, and then of the wiring.

    Where all are wanted, the first node counts as asked for until that ``is_over``.
    """

    def __init__(
        self,
        tape: Tape,
        program: CheckedProgram,
        *,
        touched: Callable[[], float],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(tape, None, touched=touched, clock=clock)
        self.program = program
        self.waiting = deque(first_calls(program))
        counts = Counter(it.name for it in self.waiting)
        self.shared_names = frozenset(name for name, count in counts.items() if count > 1)
        self.verdicts.layerless = made_between_layers(program) - counts.keys()
        self.findings: dict[str, tuple[Finding, ...]] = {}
        self.is_waiting = False
        self.wants_all = False
        self.is_over = False
        self.rest = self.pieces_of_all()

    def obstacle(self, name: str, iteration: int) -> str:
        if self.graph.node(name) is None:
            return self.about_leaf(name, iteration)
        if name in self.verdicts.layerless:
            return f"{displayed_node(name)} is made by your code between layers: there is no layer to check"
        return ""

    def plan(self, iteration: int) -> None:
        """Do nothing: all nodes are checked anyway, one after the other."""

    def has_inputs(self, node: int, iteration: int) -> bool:  # noqa: ARG002  (all of it has run)
        return True

    def ask(self, name: str, iteration: int) -> None:
        """Check a node before all that have not begun."""
        self.asked.add(Job(self.index(name), iteration))
        self.waiting = deque(sorted(self.waiting, key=lambda it: it.name != name))

    @property
    def proviso(self) -> str:
        return "" if self.is_over else "what is handed to it is still to be checked"

    def ask_own(self, iteration: int) -> list[str]:  # noqa: ARG002  (a program is checked as a whole)
        """Check all that is left, the wiring too; return the program as long as anything is."""
        self.wants_all = not self.is_over
        if self.is_over:
            return []
        self.asked.add(Job(0, 0))
        return [self.program.program.title]

    def work(self) -> bool:
        end = self.clock() + SLICE
        while self.clock() < end:
            try:
                next(self.rest)
            except StopIteration:
                return False
            if self.is_waiting:
                return True
        return True

    def pieces_of_all(self) -> Iterator[None]:
        """Check every node, and then the wiring, a piece at a time."""
        while self.waiting:
            calls = self.waiting.popleft()
            yield from self.pieces_of_node(calls)
        failed = frozenset(name for name, found in self.findings.items() if any(map(is_fail, found)))
        wiring = yield from wiring_in_pieces(self.program, failed)
        for name, found in list(self.findings.items()):
            if more := tuple(it for it in wiring if it.node == name):
                self.judge(name, (*found, *more))
        self.is_over, self.wants_all = True, False
        self.asked.clear()

    def pieces_of_node(self, calls: NodeCalls) -> Iterator[None]:
        """Check one node, in the program's process."""
        if calls.backward is None:
            self.judge_object(calls, never_back(self.program, calls))
            return
        subject = subject_of_calls(self.program.facts, calls)
        end = self.clock() + LONGEST
        self.is_waiting = True
        try:
            ticket = begin_node_check(self.program, calls, subject)
            while (answer := self.program.answered(ticket)) is None:
                refuse_late(self.clock() > end)
                yield
            found = findings_in(self.program, subject, answer)
        except BptuiError as error:
            found = unknown(subject, error)
        finally:
            self.is_waiting = False
        self.judge_object(calls, found)
        yield

    def judge_object(self, calls: NodeCalls, findings: tuple[Finding, ...]) -> None:
        """Keep the verdict on a node; where several objects bear its name, in the iterations in which this one does."""
        assert calls.node.call is not None
        owner = calls.node.call.owner if calls.name in self.shared_names else 0
        self.judge(calls.name, findings, owner=owner)

    def judge(self, name: str, findings: tuple[Finding, ...], *, owner: int = 0) -> None:
        """Keep the verdict on a node, in each iteration in which it is, of an ``owner``'s where that is given."""
        self.findings[name] = (*self.findings.get(name, ()), *findings) if owner else findings
        order = self.tape.order
        iterations = tuple(
            iteration
            for iteration in range(min(order.iterations, MOST_ITERATIONS))
            if name in order.passes(iteration).graph.slots and (not owner or self.owner_at(name, iteration) == owner)
        )
        self.conclude_node(Conclusion(name, iterations, findings))
        self.asked = {job for job in self.asked if self.graph.nodes[job.node].name != name or self.wants_all}

    def owner_at(self, name: str, iteration: int) -> int:
        """Return what stands for the object that a node is of in an iteration, 0 for none."""
        watched = self.program.watched.passes[iteration]
        call = watched.nodes[watched.graph.node_index(name) or 0].call
        return call.owner if call else 0


def made_between_layers(program: CheckedProgram) -> frozenset[str]:
    """Return the names of all nodes that are no calls in some pass."""
    return frozenset(it.node.name for watched in program.watched.passes for it in watched.nodes if it.call is None)


def refuse_late(is_late: bool) -> None:  # noqa: FBT001  (what it is about)
    """Raise BptuiError where a check has taken too long."""
    if is_late:
        raise BptuiError(f"its check has not come back within {LONGEST:.0f} s")


def is_fail(finding: Finding) -> bool:
    """Return whether a finding is a failure."""
    return finding.verdict is Verdict.FAIL
