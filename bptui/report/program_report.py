"""The readable trace of a watched program: what it printed, and every step of its first and its last iteration."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.core import text
from bptui.core.graph import Graph
from bptui.core.order import Passes
from bptui.core.tape import Tape
from bptui.explaining.whole_array import named_array
from bptui.lines.line import Line, indented, styled
from bptui.lines.table import flush_right
from bptui.programs.program_run import ProgramRun
from bptui.report.first_non_finite import find_first_non_finite
from bptui.report.trace_report import gradient_table, iteration_lines
from bptui.report.training import chosen_iterations

MOST_IN_FULL = 2
"""Iterations all of which are told step by step; of more, the first and the last."""


def program_lines(run: ProgramRun) -> Iterator[Line]:
    """Yield the lines of the trace of a program that is over."""
    yield styled(text.visible(" ".join((run.program.called, *run.program.arguments)), limit=1000), "title")
    yield from printed_lines(run)
    yield ()
    yield styled(watched_words(run), "heading")
    tape = run.tape
    count = len(tape.iterations)
    if count > MOST_IN_FULL:
        yield from iterations_table(tape)
    origin = find_first_non_finite(tape) if len(tape) else None
    for iteration in dict.fromkeys((1, count) if count > MOST_IN_FULL else range(1, count + 1)):
        yield ()
        yield styled(f"Iteration {iteration}", "title")
        yield from leaf_lines(tape, iteration)
        yield from iteration_lines(tape, iteration, origin)
    if len(tape):
        yield from gradient_table(tape)
    if origin is not None:
        yield ()
        yield styled(origin.told, "warning")
    yield from exception_lines(run)


def exception_lines(run: ProgramRun) -> Iterator[Line]:
    """Yield the person's own lines that an exception has come through, the innermost last."""
    if run.end is None or not run.end.traceback:
        return
    yield ()
    yield styled("Exception", "heading")
    for file, line, function, source in run.end.traceback:
        within = f" in {function}" if function else ""
        yield styled(text.visible(f"{run.facts.shown(str(file))}:{line}{within}", limit=1000), indent=2)
        yield styled(text.escaped(str(source), limit=200), indent=4)
    yield styled(text.visible(run.end.error, limit=1000), "warning", indent=2)


def printed_lines(run: ProgramRun) -> Iterator[Line]:
    """Yield what the program has printed."""
    if not run.printed.text:
        return
    yield ()
    yield styled("Output", "heading")
    for line in run.printed.text.splitlines():
        yield styled(text.escaped(line, limit=1000), indent=2)


def watched_words(run: ProgramRun) -> str:
    """Return how much was watched, and why no more."""
    followed, used = run.watched.followed
    words = f"Watched: {text.counted(len(run.tape.iterations), 'iteration')}, {text.counted(len(run.tape), 'step')}"
    words += f", {followed} of {used} inputs followed"
    match run.end.how if run.end else "":
        case "passes":
            words += f"; after {run.limits.passes} forward and backward pass{'es' * (run.limits.passes != 1)} "
            words += "it ran on unwatched" if run.limits.runs_on else "the program was ended"
        case "memory":
            words += f"; then the {run.limits.memory >> 20} MB for it were full, and the program ran on unwatched"
            words += f", to its end or that of pass {run.limits.skip + run.limits.passes}" * (not run.limits.runs_on)
            words += "; --memory gives it more"
    return words


def iterations_table(tape: Tape) -> Iterator[Line]:
    """Yield a line on each iteration, or on some of many."""
    rows = []
    for iteration in chosen_iterations(len(tape.iterations)):
        passes = tape.order.passes(iteration - 1)
        moment = tape.at(min(tape.order.start(iteration), len(tape)))
        out = moment.value(passes.graph.output)
        told = "" if out is None else text.number(out.item()) if out.size == 1 else text.shape(out)
        rows.append((str(iteration), pass_words(passes), text.visible(passes.graph.output), told))
    for line in flush_right([("iteration", "passes", "output", "value"), *rows]):
        yield styled(line, indent=2)


def pass_words(passes: Passes) -> str:
    """Return which passes an iteration has."""
    if not passes.backward:
        return "forward"
    return "forward, backward, update" if passes.updated else "forward, backward"


def leaf_lines(tape: Tape, iteration: int) -> Iterator[Line]:
    """Yield the values that an iteration starts from."""
    graph: Graph = tape.order.passes(iteration - 1).graph
    moment = tape.at(min(tape.order.start(iteration - 1) + 1, len(tape)))
    for heading, names in (("Inputs", graph.inputs), ("Parameters", graph.parameters)):
        if names:
            yield ()
            yield styled(heading, "heading")
        for name in names:
            value = moment.value(name)
            if value is not None:
                yield from indented(named_array(name, value), 2)
            if name in graph.computed:
                yield styled(f"computed by your code, {graph.computed[name]}", "dim", indent=4)
