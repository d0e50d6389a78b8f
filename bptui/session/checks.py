"""The checks of a session: asked for by a command, and in idle time, unasked, those of the iteration at the cursor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from bptui.checking.finding import Verdict
from bptui.checking.verdict_words import summary
from bptui.checking.verdicts import Judged, Verdicts
from bptui.core.order import RecordedOrder
from bptui.core.text import visible
from bptui.core.verbs.view import ShowEvidence
from bptui.lines.signs import SIGN_STYLES
from bptui.session.answer import Answer, WayOn, refusal
from bptui.session.check_scheduler import Checking, Conclusion
from bptui.session.recorded_verdicts import recorded_conclusions, verdict_record

if TYPE_CHECKING:
    from bptui.program_checking.checked_program import CheckedProgram
    from bptui.recording.replay_tape import Recording
    from bptui.session.branch import Branch
    from bptui.session.session import Session

CHECKED_IN_MAIN = "is checked as your program called it: switch main, and check it there"
"""What is said of the nodes of a program's branch."""

MOST_NAMED = 5
"""Wrong nodes that one answer names."""


class SessionChecks:
    """The checks of one session's nodes."""

    def __init__(self, session: Session, checking: Checking | None = None) -> None:
        self.session = session
        self.checking = checking or checking_of(session)
        self.checking.heard = self.record
        self.planned: int | None = None
        self.asked_for: defaultdict[int, int] = defaultdict(int)

    @property
    def verdicts(self) -> Verdicts:
        """What is known so far."""
        return self.checking.verdicts

    def pause(self) -> float | None:
        """Return how many seconds to wait before the next slice; None where nothing is asked for."""
        return self.checking.pause(self.session.idle)

    def work(self) -> bool:
        """Check for a few milliseconds; return whether anything is left."""
        if self.session.idle is not None and not self.session.is_under_way:
            self.plan(self.session.moment.iteration - 1)
        return self.checking.work()

    def plan(self, iteration: int) -> None:
        """Go on with the nodes of an iteration (from 0)."""
        if self.planned != iteration:
            self.planned = iteration
            self.checking.plan(iteration)

    def record(self, conclusion: Conclusion) -> None:
        """Record what a check has found, if anything is recorded."""
        if recorder := self.session.recorder:
            record = verdict_record(conclusion, self.session.moment.position, recorder.elapsed)
            recorder.verdict(record, self.checking.tape)

    def record_all(self) -> None:
        """Record what the checks so far have found."""
        for conclusion in self.checking.conclusions:
            self.record(conclusion)

    def check(self, name: str, iteration: int) -> Answer:
        """Return a node's verdict in an iteration (from 0); until it is reached the answer is pending."""
        if (judged := self.verdicts.of(iteration, name)) and not judged.is_quick:
            return verdict_answer(judged, self.checking.proviso)
        if obstacle := self.checking.obstacle(name, iteration):
            return refusal(obstacle)
        if not self.checking.has_inputs(self.checking.index(name), iteration):
            text = f"{visible(name, limit=40)}: the run has not come this far"
            return Answer(text, "warning", ok=False, is_pending=self.session.is_under_way)
        self.checking.ask(name, iteration)
        return Answer(f"checking {visible(name, limit=40)} …", "dim", is_pending=True)

    def evidence(self, name: str, iteration: int) -> Answer:
        """Return what is known of a node by now, and have it checked in full."""
        judged = self.verdicts.of(iteration, name)
        answer = self.check(name, iteration)
        return verdict_answer(judged, self.checking.proviso) if judged and answer.is_pending else answer

    def check_all(self, iteration: int) -> Answer:
        """Return what the verdicts on all nodes come to; until they are reached the answer is pending.

        In a program that takes its wiring, too, and all of its iterations: what is handed to a layer that is right may
        be wrong, and from a later iteration on. In a replay they are those that were recorded.
        """
        nodes, checked = self.session.tape.graph.nodes, self.verdicts.thorough[iteration]
        if self.session.is_edited_program:
            return refusal(f"every node {CHECKED_IN_MAIN}")
        if self.session.program is not None:
            return self.check_own(iteration) or verdicts_answer(self.verdicts.worst())
        if self.session.is_replay and self.checking.conclusions:
            return self.recorded_answer(iteration)
        if refused := self.ask_for_all(iteration):
            return refused
        if len(checked) < len(nodes):
            return Answer(f"checked {len(checked)} of {len(nodes)} nodes …", "dim", is_pending=True)
        return verdicts_answer([checked[node.name] for node in nodes])

    def recorded_answer(self, iteration: int) -> Answer:
        """Return the verdicts that were recorded of an iteration, of a program all, and how many nodes have none."""
        is_program = isinstance(self.session.tape.order, RecordedOrder)
        checked = self.verdicts.thorough[iteration]
        judged = list(self.verdicts.worst() if is_program else checked.values())
        nodes = len(self.session.tape.graph.nodes)
        if not judged:
            return refusal(f"no verdict of iteration {iteration + 1} was recorded, and a replay runs nothing")
        answer = verdicts_answer(judged)
        if len(judged) >= nodes:
            return answer
        of_these = f"of the {len(judged)} of {nodes} nodes that were checked when this was recorded"
        return replace(answer, text=f"{of_these}, {answer.text}")

    def ask_for_all(self, iteration: int) -> Answer | None:
        """Have the nodes checked that the run has come to since this was last called; return what forbids it."""
        for index in range(self.asked_for[iteration], len(self.session.tape.graph.nodes)):
            answer = self.check(self.session.tape.graph.nodes[index].name, iteration)
            if answer.judged is None and not answer.is_pending:
                return answer
            if not self.checking.has_inputs(index, iteration):
                break
            self.asked_for[iteration] = index + 1
        return None

    def check_own(self, iteration: int) -> Answer | None:
        """Have the user's own layers checked in an iteration (from 0); return a pending answer, None once it is done.

        Of a run that has failed, those are checked that it has come to; of a program all are, and its wiring.
        """
        names = self.checking.ask_own(iteration)
        if not names and (not self.session.is_under_way or self.checking.has_all_guests(iteration)):
            return None
        told = ", ".join(visible(name, limit=40) for name in names[:MOST_NAMED])
        return Answer(f"checking {told or 'your own layers'} first …", "dim", is_pending=True)


def checking_of(session: Session) -> Checking:
    """Return what makes the checks: of a scenario's run, of a program, or of none."""
    if session.program is None or session.is_edited_program:
        return checking_of_branch(session, session.branches.here)
    from bptui.session.program_checks import ProgramChecking  # noqa: PLC0415  (few sessions are of a program)

    program = cast("CheckedProgram", session.program)
    return ProgramChecking(session.tape, program, touched=lambda: session.touched_at, clock=session.clock)


def checking_of_branch(session: Session, branch: Branch) -> Checking:
    """Return what makes the checks of a branch: of its run, or of none."""
    checking = Checking(branch.tape, branch.run, touched=lambda: session.touched_at, clock=session.clock)
    if session.program is not None:
        checking.unchecked = CHECKED_IN_MAIN
    return checking


def recall_verdicts(session: Session, branch: Branch, recording: Recording) -> None:
    """Let the nodes of a branch be judged as they were when it was recorded."""
    if not recording.verdicts:
        return
    if branch is session.branches.here:
        checks = session.checks
    else:
        checks = branch.checks = branch.checks or SessionChecks(session, checking_of_branch(session, branch))
    for conclusion in recorded_conclusions(recording):
        checks.checking.keep(conclusion)


def verdict_answer(judged: Judged, proviso: str) -> Answer:
    """Return a node's verdict as an answer, with what is still open of it; one that fails is a command that failed."""
    is_open = proviso and judged.verdict is not Verdict.FAIL
    return Answer(
        f"{summary(judged)}; {proviso}" if is_open else summary(judged),
        SIGN_STYLES[judged.sign],
        ok=judged.verdict is not Verdict.FAIL,
        judged=judged,
        way_on=WayOn(ShowEvidence, "shows why"),
    )


def verdicts_answer(judged: Iterable[Judged]) -> Answer:
    """Return the verdicts on all nodes as one answer: the first that failed, and the names of the others."""
    told = list(judged)
    wrong = [it for it in told if it.verdict is Verdict.FAIL]
    if wrong:
        others = f"; wrong, too: {nodes_by_name(wrong[1:])}" if wrong[1:] else ""
        text = f"{summary(wrong[0])}{others}"
        return Answer(text, "bad", ok=False, judged=wrong[0], way_on=WayOn(ShowEvidence, "shows why"))
    right = sum(it.verdict is Verdict.PASS for it in told)
    parts = [f"no node is wrong: {right} of {len(told)} right" if right else "no node is wrong"]
    for label, verdict in (("at a kink", Verdict.KINK), ("not checked", Verdict.SKIP)):
        several = [it for it in told if it.verdict is verdict]
        parts += [f"{label}: {nodes_by_name(several)}"] * bool(several)
    return Answer("; ".join(parts), "good")


def nodes_by_name(judged: list[Judged]) -> str:
    """Return the nodes of some verdicts, the first few by name."""
    names = [visible(it.node, limit=40) for it in judged[:MOST_NAMED]]
    more = len(judged) - MOST_NAMED
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
