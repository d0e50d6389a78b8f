"""Running a layer's forward or backward again on recorded inputs, to see every line of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from bptui.core.pass_functions import name_of_function
from bptui.errors import BptuiError
from bptui.stepping.line_tape import Event, LineStep, LineTape
from bptui.stepping.line_tracer import MOST_STEPS, Tracer, exception_snapshot
from bptui.stepping.snapshot import Snapshot
from bptui.stepping.source_listing import source_listing
from layers import Array

Recorded: TypeAlias = "Sequence[Array | None] | None"
"""What the first run gave: a forward's outputs, or a backward's gradients, one per input and None where not known."""

ULPS = 64
"""Roundings by which a run may differ from the one before: NumPy adds in another order where memory lies otherwise."""


def visit(
    make: Callable[[], Any],
    inputs: Sequence[Any],
    douts: Sequence[Any] = (),
    *,
    recorded: Recorded = None,
    most_steps: int = MOST_STEPS,
) -> LineTape:
    """Return the course of a fresh layer's forward on ``inputs`` or, with ``douts``, of its backward after that.

    An exception in the method is the tape's last step. Raises BptuiError where there are no lines to show, and
    whatever forward raises on the way to a backward.
    """
    layer = make()
    with np.errstate(all="ignore"):
        if not douts:
            traced = TracedCall(layer, type(layer).__name__, "forward", layer.forward, inputs)
        else:
            layer.forward(*inputs)
            traced = TracedCall(layer, type(layer).__name__, "backward", layer.backward, douts)
        return trace_method(traced, recorded=recorded, most_steps=most_steps)


@dataclass(frozen=True, eq=False, slots=True)
class TracedCall:
    """A call, about to be made, of the function that is the ``method`` (forward or backward) of a layer.

    ``layer`` keeps the results, ``name`` is what a person calls it, and ``result`` makes a value or gradients of what
    the function returns. ``is_followed`` tells in which files besides the function's own its calls are followed.
    """

    layer: object
    name: str
    method: str
    function: Callable[..., Any]
    arguments: Sequence[Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    result: Callable[[Any], Any] = lambda returned: returned
    is_followed: Callable[[str], bool] = lambda _: False

    @property
    def called(self) -> str:
        """What a person calls the function: ``Affine.backward``, ``affine_backward``."""
        function = inspect.unwrap(self.function)
        is_pythons = hasattr(function, "__code__")  # NumPy's functions have names of their own, too
        return name_of_function(self.name, function.__qualname__) if is_pythons else f"{self.name}.{self.method}"


def trace_method(traced: TracedCall, *, recorded: Recorded = None, most_steps: int = MOST_STEPS) -> LineTape:
    """Return the course of one call of a layer's method. An exception in it is the tape's last step.

    Raises BptuiError where the method has no line to show.
    """
    name = traced.called
    function = inspect.unwrap(traced.function)
    code = getattr(function, "__code__", None)
    if code is None:
        raise BptuiError(f"{name} is not written in Python")
    tracer = Tracer(traced.layer, code.co_filename, most_steps=most_steps, is_followed=traced.is_followed)
    result, error = run_traced(tracer, lambda: traced.result(traced.function(*traced.arguments, **traced.options)))
    steps = with_end(tracer.steps, error)
    if not steps:
        raise BptuiError(f"{name} ran without a line of its own")
    noun = "value" if traced.method == "forward" else "gradient"
    difference = f"it raised {error.text}" if error else difference_of(result, recorded, noun)
    if recorded is None:
        difference = ""
    return LineTape(
        code.co_filename,
        traced.name,
        traced.method,
        code.co_firstlineno,
        source_listing(
            code.co_filename, function.__globals__, lines_in("", steps) | {code.co_firstlineno}, code.co_firstlineno
        ),
        steps,
        notes_of(tracer, difference),
        is_repeatable=not difference,
        called=name,
        others=other_sources(tracer, steps),
    )


def other_sources(tracer: Tracer, steps: Sequence[LineStep]) -> dict[str, Mapping[int, str]]:
    """Return the lines to show of each other file in which some ran."""
    files = dict.fromkeys(step.file for step in steps if step.file)
    return {
        file: source_listing(file, tracer.modules[file], lines_in(file, steps), min(lines_in(file, steps)))
        for file in files
    }


def lines_in(file: str, steps: Sequence[LineStep]) -> set[int]:
    """Return the lines of a file that ran."""
    return {step.line for step in steps if step.file == file}


def run_traced(tracer: Tracer, call: Callable[[], Any]) -> tuple[Any, Snapshot | None]:
    """Return what ``call`` returns, or the exception that it raises."""
    try:
        with tracer.tracing():
            return call(), None
    except Exception as error:  # noqa: BLE001  (the fence around a layer)
        return None, exception_snapshot(error)


def with_end(steps: Sequence[LineStep], error: Snapshot | None) -> tuple[LineStep, ...]:
    """Return ``steps`` up to the method's end; where too many lines ran, its exception was not among them."""
    if not steps or error is None or steps[-1].event is Event.EXCEPTION:
        return tuple(steps)
    last = steps[-1]
    return (*steps, LineStep(last.line, last.depth, last.names, frozenset(), Event.EXCEPTION, error, last.file))


def notes_of(tracer: Tracer, difference: str) -> tuple[str, ...]:
    """Return what there is to say of a run that is not as it should be."""
    notes = [f"not repeatable: {difference}"] if difference else []
    if tracer.is_cut_short:
        notes.append(f"more than {tracer.most_steps} lines ran: those after them are not shown")
    return tuple(notes)


def difference_of(result: Any, recorded: Recorded, noun: str) -> str:
    """Return how ``result`` differs from the recorded one, in words; empty where it does not.

    It is made of values, or of gradients, as ``noun`` says.
    """
    if recorded is None:
        return ""
    if noun == "value" and len(recorded) == 1:
        same = is_repeated(result, recorded[0])
        return "" if same else "this run returns another value than the recorded one"
    is_several = isinstance(result, tuple) or (isinstance(result, list) and len(recorded) > 1)
    results = tuple(result) if is_several else (result,)
    if not any(gradient is not None for gradient in recorded[len(results) :]):
        results += (None,) * (len(recorded) - len(results))  # the last inputs are labels, which need no gradient
    if len(results) != len(recorded):  # none are returned for inputs that take none
        recorded = [gradient for gradient in recorded if gradient is not None]
    if len(results) != len(recorded):
        return f"this run returns {len(results)} {noun}s, the recorded one {len(recorded)}"
    pairs = zip(results, recorded, strict=True)
    wrong = [
        str(at) for at, (now, then) in enumerate(pairs, start=1) if then is not None and not is_repeated(now, then)
    ]
    return f"this run returns another {noun} {' and '.join(wrong)} than the recorded one" if wrong else ""


def is_repeated(now: Any, then: Array | None) -> bool:
    """Return whether two results are the same but for the last digits."""
    try:
        got, wanted = np.asarray(now), np.asarray(then)
    except ValueError:  # lists of different lengths
        return False
    if got.shape != wanted.shape:
        return False
    if got.dtype.kind not in "fiub" or wanted.dtype.kind != "f":
        return np.array_equal(got, wanted)
    tolerance = ULPS * float(np.finfo(wanted.dtype).eps)
    scale = float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0))
    return bool(np.isclose(got, wanted, rtol=tolerance, atol=tolerance * scale, equal_nan=True).all())
