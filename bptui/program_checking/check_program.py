"""The report on a watched program: on every node, and on the wiring between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import chain

from bptui.checking.finding import Finding, Mark, Report, Verdict, verdict_of
from bptui.core.text import counted, visible
from bptui.program_checking.carried_gradients import carried_gradient_findings
from bptui.program_checking.check_calls import check_calls
from bptui.program_checking.checked_program import CheckedProgram
from bptui.program_checking.handed_douts import RULE, handed_dout_findings
from bptui.program_checking.stale_caches import stale_cache_findings
from bptui.program_checking.wrong_updates import wrong_update_findings

WIRING = "wiring"
"""What the mark is called that is for what lies between the nodes."""


def check_program(program: CheckedProgram) -> Report:
    """Return all findings on a program whose watching is over."""
    findings = list(check_calls(program))
    failed = frozenset(it.node for it in findings if it.verdict is Verdict.FAIL)
    findings += wiring_findings(program, failed)
    graphs = [watched.graph for watched in program.watched.passes]
    origins = {node.name: node.origin for graph in graphs for node in graph.nodes if node.origin}
    followed, used = program.watched.followed
    remark = f"{counted(len(graphs), 'iteration')} watched, {followed} of {used} inputs followed"
    findings += raised_findings(program)
    full = program.watched.memory_words
    return Report(
        program.program.called,
        tuple(findings),
        origins,
        marks_of_program(findings, origins),
        what="program",
        remarks=(remark, full) if full else (remark,),
    )


def wiring_findings(program: CheckedProgram, failed: frozenset[str]) -> list[Finding]:
    """Return what is wrong between the nodes. ``failed`` are the nodes that are wrong themselves."""
    pieces = wiring_in_pieces(program, failed)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: list[Finding] = end.value
            return found


def wiring_in_pieces(program: CheckedProgram, failed: frozenset[str]) -> Generator[None, None, list[Finding]]:
    """Return what is wrong between the nodes, a piece at a time; what follows from a mistake is not told again."""
    found = list(handed_dout_findings(program, failed))
    yield
    wrong: list[Finding] = []
    for it in chain(stale_cache_findings(program), carried_gradient_findings(program)):
        if it is None:
            yield
        else:
            wrong.append(it)
    told = {it.node for it in wrong}
    graphs = [watched.graph for watched in program.watched.passes]
    behind = {name for graph in graphs for node in graph.nodes if node.name in told for name in node.inputs}
    wrong += [it for it in wrong_update_findings(program) if it.node not in behind]
    return [*(it for it in found if it.verdict is not Verdict.PASS or not wrong), *wrong]


def raised_findings(program: CheckedProgram) -> Iterator[Finding]:
    """Yield the finding on a program that an exception has ended."""
    failure = program.tape.failure
    if failure is not None:
        reason = visible(failure.message, limit=500)
        name = program.program.called
        mistake = "the program raises an error"
        yield Finding(name, None, None, "raises", Verdict.FAIL, reason=reason, mistake=mistake, where=failure.where)


def marks_of_program(findings: Sequence[Finding], origins: Mapping[str, str]) -> tuple[Mark, ...]:
    """Return a mark for each node, which counts 1, and one for the wiring, which is charged with all that is left."""
    found = defaultdict(list)
    for finding in findings:
        found[finding.node if finding.rule != RULE and finding.node in origins else WIRING].append(finding)
    return tuple(mark_with_reasons(name, found[name]) for name in (*origins, WIRING))


def mark_with_reasons(name: str, findings: Sequence[Finding]) -> Mark:
    """Return the mark for a node or the wiring, with what keeps it from its point: a failure, or why it is open."""
    verdict = mark_verdict(findings)
    costs = verdict in (Verdict.FAIL, Verdict.SKIP)
    return Mark(name, (name,), 1.0, verdict, tuple(it for it in findings if it.verdict is verdict) * costs)


def mark_verdict(findings: Sequence[Finding]) -> Verdict:
    """Return what the findings of one mark come to; of a node, gradients that could not be checked earn nothing."""
    verdicts = [it.verdict for it in findings]
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    gradients = [it.verdict for it in findings if it.rule == "gradient" and it.input is not None]
    return verdict_of(gradients or [it for it in verdicts if it is not Verdict.SKIP or findings[0].rule != RULE])
