"""The layers of a watched pass that runs again: its calls, made once more, and what code between layers has made."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from time import monotonic, sleep
from typing import Any, NamedTuple

import numpy as np

from bptui.core.columns import Value
from bptui.core.engine import TIME_LIMIT, AnyLayer, Calls, NotReadyError, calls_of
from bptui.core.text import visible
from bptui.errors import LayerError
from bptui.program_branches.call_job import CALL
from bptui.program_branches.known_of_pass import is_passed_on
from bptui.program_checking.check_calls import NodeCalls, calls_of_pass, shared_out
from bptui.program_checking.checked_program import CheckedProgram
from bptui.programs.derived_gradients import derived_gradients
from bptui.programs.derived_values import derived_value
from bptui.programs.pass_graph import PassNode
from layers import Array

LOOK = 0.001
"""Seconds between two looks whether an answer has come."""


class CallLayers:
    """Where a pass of a ``program`` has its layers from when it runs again."""

    def __init__(self, program: CheckedProgram, iteration: int) -> None:
        self.program = program
        self.iteration = iteration
        self.watched = program.watched.passes[iteration]
        self.called = {calls.place: calls for calls in calls_of_pass(self.watched)}

    @property
    def calls(self) -> Calls:
        """How its nodes are run. Constants get gradients, too, where the program's layers return some."""
        kinds: list[type[AnyLayer]] = [CodeLayer if it.call is None else CallLayer for it in self.watched.nodes]
        calls = calls_of(self.watched.graph, self.program.tape.leaves_of(self.iteration), kinds)
        return calls._replace(masks={}, special=calls.several)

    def make(self, node: int) -> AnyLayer:
        """Return what stands for a node."""
        it = self.watched.nodes[node]
        if it.call is None:
            return CodeLayer(it)
        calls = self.called[node]
        return CallLayer(self.program, calls, self.trials(node), adds_up=self.has_gone_back_before(calls))

    def trials(self, node: int) -> Iterator[Trial]:
        """Yield what a node was given in the program, and what it made of that: forward, and where it went, back."""
        tape = self.program.tape
        columns, passes = tape.iterations[self.iteration], tape.order.passes(self.iteration)
        inputs, outs = tape.inputs(self.iteration, node), [columns.values[it] for it in passes.graph.slots_of(node)]
        yield Trial(inputs, (), outs)
        if (rank := passes.backward_ranks[node]) is not None:
            dout = columns.douts[rank]
            douts = dout if isinstance(dout, tuple) else (dout,)
            given = [np.zeros_like(out) if it is None else it for it, out in zip(douts, outs, strict=True)]
            yield Trial(inputs, given, columns.contributions[passes.edges_of(rank)])

    def has_gone_back_before(self, calls: NodeCalls) -> bool:
        """Return whether the object of a call has gone back already in this pass, when the call goes back."""
        before = takewhile(lambda it: it[1] is not calls.backward, self.watched.backwards)
        return any(call.owner == calls.backward.owner for _, call in before) if calls.backward else False

    def begin_iteration(self, iteration: int) -> None:
        """Do nothing: there is only one."""


class Trial(NamedTuple):
    """What a node was given, and what it ``made`` of that: its outputs, or where ``douts`` arrived its gradients."""

    inputs: Sequence[Value]
    douts: Sequence[Value]
    made: Sequence[Value | None]


class CodeLayer:
    """What the person's code has made between layers."""

    def __init__(self, node: PassNode) -> None:
        assert node.derived is not None
        self.derived = node.derived

    def forward(self, *inputs: Value) -> Value:
        """Return what is made of the inputs."""
        return derived_value(self.derived, list(map(np.asarray, inputs)))[()]

    def backward(self, dout: Value) -> Any:
        """Return the gradient of each input."""
        gradients = derived_gradients(self.derived, np.asarray(dout))
        return tuple(it[()] for it in gradients)


class CallLayer:
    """A watched call: each time a new copy of its object goes forward, and back. Raises NotReadyError meanwhile.

    Before anything else it has to do what it did in the program, which ``trials`` tell: forward, and back. Raises
    LayerError else. Where it ``adds_up`` its gradients, those of its other calls in this pass are taken off again.
    """

    def __init__(self, program: CheckedProgram, calls: NodeCalls, trials: Iterable[Trial], *, adds_up: bool) -> None:
        self.program = program
        self.node = calls.node
        self.trials = deque(trials)
        self.inputs: Sequence[Value] = ()
        self.under_way: AskedCall | None = None
        back = calls.backward
        is_loss = calls.node.call is not None and calls.node.call.is_loss
        self.arguments: Mapping[str, Any] = {
            "forward": calls.node.call.number if calls.node.call else 0,
            "backward": back.number if back and not is_loss else 0,
            "shared": shared_out(program.facts, calls),
            "inputs": len(calls.node.node.inputs),
            "adds_up": back is not None and back.adds_up and adds_up,
        }

    def forward(self, *inputs: Value) -> Any:
        """Return the value at ``inputs``, or the values."""
        self.inputs = inputs
        self.prove(backward=False)
        outs = self.outs_in(self.answer(*inputs))
        return outs[0] if len(outs) == 1 else tuple(outs)

    def backward(self, *douts: Value) -> Any:
        """Return the gradient of each input, None where there is none of its shape."""
        self.prove(backward=True)
        return tuple(self.gradients_in(self.answer(*self.inputs, *douts), self.inputs))

    def prove(self, *, backward: bool) -> None:
        """Let the call do once more what it did in the program. Raises LayerError where it does something else."""
        while self.trials and (backward or not self.trials[0].douts):
            trial = self.trials[0]
            answer = self.answer(*trial.inputs, *trial.douts)
            made = self.gradients_in(answer, trial.inputs) if trial.douts else self.outs_in(answer)
            if len(made) != len(trial.made) or not all(map(is_passed_on, trial.made, made)):
                name, layer = (visible(it, limit=40) for it in (self.node.node.name, self.node.node.layer))
                message = f"{name}: {layer} does not do once more what it did: what it would do now is not known"
                raise LayerError(message, where=self.node.node.call)
            self.trials.popleft()

    def outs_in(self, answer: Mapping[str, Any]) -> list[Value]:
        """Return the outputs in an answer, those that the node has a name for."""
        outs = arrays_in_answer(answer)[: answer["outs"]]
        return [as_recorded(it, seen.recorded) for it, seen in zip(outs, self.node.outs, strict=False)]

    def gradients_in(self, answer: Mapping[str, Any], inputs: Sequence[Value]) -> list[Value | None]:
        """Return the gradients in an answer, None where there is none of its input's shape."""
        known = iter(arrays_in_answer(answer)[answer["outs"] :])
        found = [next(known)[()] if there else None for there in answer["mask"]]
        pairs = zip(found, inputs, strict=True) if found else ()
        return [it if it is not None and np.shape(it) == np.shape(value) else None for it, value in pairs]

    def answer(self, *arrays: Value) -> Mapping[str, Any]:
        """Return what the program's process answers. Raises NotReadyError where it has not yet, and LayerError."""
        if self.under_way is None:
            self.under_way = AskedCall(self.program, self.program.begin(CALL, *arrays, **self.arguments))
        if not self.under_way.wait(0):
            raise NotReadyError(self.under_way)
        asked, self.under_way = self.under_way, None
        return asked.result()


class AskedCall:
    """A call that is under way in the program's process."""

    def __init__(self, program: CheckedProgram, ticket: int) -> None:
        self.program = program
        self.ticket = ticket
        self.since = monotonic()
        self.outcome: Mapping[str, Any] | LayerError | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since it went out."""
        return monotonic() - self.since

    def wait(self, seconds: float) -> bool:
        """Wait for it no longer than ``seconds``, and return whether it is done, or late."""
        until = monotonic() + seconds
        while self.outcome is None:
            try:
                self.outcome = self.program.answered(self.ticket)
            except LayerError as error:
                self.outcome = error
            if self.outcome is None and self.elapsed > TIME_LIMIT:
                self.outcome = LayerError(f"a call has not come back within {TIME_LIMIT:.0f} s")
            if self.outcome is not None or monotonic() >= until:
                break
            sleep(LOOK)
        return self.outcome is not None

    def result(self) -> Mapping[str, Any]:
        """Return the answer, which has come. Raises LayerError where it tells of one, or none has come in time."""
        if isinstance(self.outcome, LayerError):
            raise self.outcome
        assert self.outcome is not None
        return self.outcome

    def insist(self, seconds: float) -> None:
        """Wait for it for ``seconds``; whoever asks after that is told that it is late."""
        self.wait(seconds)

    def give_up(self, why: str) -> None:
        """Do nothing: the process goes on with it, and nobody listens."""


def arrays_in_answer(answer: Mapping[str, Any]) -> Sequence[Array]:
    """Return the arrays of an answer."""
    return [np.asarray(it) for it in answer["arrays"]]


def as_recorded(out: Array, recorded: Value) -> Value:
    """Return an output as a tape has it: a number of Python's is a float, as it was when it was seen."""
    kind = np.asarray(recorded).dtype
    return out.astype(kind)[()] if not out.shape and out.dtype != kind else out[()]
