"""The check of a layer with several outputs: through each of them by itself, and then whether they add up.

Seen through one output, the others get a dout of zeros, so that a gradient which is wrong belongs to that output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from bptui.checking.compare_arrays import copies
from bptui.checking.fault import FaultError
from bptui.checking.finding import Finding, Verdict
from bptui.checking.probe import Probe
from bptui.checking.sample_points import random_douts
from bptui.checking.subject import Checked, Subject
from bptui.checking.work import Work
from bptui.core.graph import UNNAMED
from bptui.core.text import visible
from layers import Array

SEVERITY = (Verdict.FAIL, Verdict.KINK, Verdict.SKIP, Verdict.PASS)

PRECISE, COARSE = 1e-9, 1e-4
"""How far the gradient for all douts at once may be from the sum of those for each, compared with their size.

The second is for a gradient of fewer digits than float64 has, as in an array of float32 that a layer writes it to.
"""


class SeveralOutputs:
    """A layer with several outputs as one with a single one: ``join`` makes one of them, ``split`` douts of one."""

    def __init__(
        self,
        layer: Checked,
        count: int,
        join: Callable[[Sequence[Any]], Any],
        split: Callable[[Any, Sequence[Any]], Sequence[Any]],
    ) -> None:
        self.layer = layer
        self.count = count
        self.join = join
        self.split = split
        self.outs: Sequence[Any] = ()

    def forward(self, *inputs: Any) -> Any:
        """Return what the outputs are joined to. Raises ValueError where they are not as many as they should be."""
        outs = self.layer.forward(*inputs)
        if not isinstance(outs, tuple | list) or len(outs) != self.count:
            got = f"{len(outs)} values" if isinstance(outs, tuple | list) else "one value"
            raise ValueError(f"{got} for {self.count} outputs")
        self.outs = outs
        return self.join(outs)

    def backward(self, dout: Any) -> Any:
        """Return the gradient of each input."""
        return self.layer.backward(*self.split(dout, self.outs))


def through_each(subject: Subject, check: Callable[[Subject], Work[tuple[Finding, ...]]]) -> Work[tuple[Finding, ...]]:
    """Return the findings of a check through each output of a subject; where it has but one, those of the check."""
    if len(subject.outputs) < 2:
        return (yield from check(subject))
    by_output: dict[str, tuple[Finding, ...]] = {}
    for name, view in zip(judged_outputs(subject), views(subject), strict=True):
        by_output[name] = yield from check(view)
    return (*merged(by_output), *not_adding_up(subject, by_output), *not_taken(subject))


def views(subject: Subject) -> list[Subject]:
    """Return a subject as it is through each of its outputs whose gradient it takes; itself where it has but one."""
    count = len(subject.outputs)
    if count < 2:
        return [subject]
    places = map(subject.outputs.index, judged_outputs(subject))
    return [seen_through(subject, count, *one_output(place)) for place in places]


def judged_outputs(subject: Subject) -> list[str]:
    """Return the outputs whose gradients backward takes."""
    return [name for name in subject.outputs if name not in subject.ignored]


def not_taken(subject: Subject) -> Iterator[Finding]:
    """Yield for each output with a name whose gradient backward does not take that it was not checked, or is lost."""
    for name in subject.ignored:
        if UNNAMED in name:
            continue
        reason = f"backward takes no gradient of {visible(name)}: what comes back to it would be lost"
        found = Finding(subject.node, subject.layer, None, "gradient", Verdict.SKIP, reason=reason, slot=name)
        if name in subject.lost and moves_with_inputs(subject, subject.outputs.index(name)):
            reason = f"backward takes no gradient of {visible(name)}: what comes back is lost, and the inputs move it"
            found = replace(found, verdict=Verdict.FAIL, reason=reason, mistake="the gradient of an output is lost")
        yield replace(found, output=name)


def moves_with_inputs(subject: Subject, place: int) -> bool:
    """Return whether an output is another for inputs that are a little different."""
    probe = Probe(seen_through(subject, len(subject.outputs), *one_output(place)), is_frozen=True)
    others = subject.changed(subject.inputs, lambda x: x * 1.001 + 0.001)
    try:
        here, beside = probe.forward(subject.inputs), probe.forward(others)
    except FaultError:
        return False
    return here.shape == beside.shape and not np.array_equal(here, beside, equal_nan=True)


def seen_through(
    subject: Subject,
    count: int,
    join: Callable[[Sequence[Any]], Any],
    split: Callable[[Any, Sequence[Any]], Sequence[Any]],
) -> Subject:
    """Return a subject whose outputs are joined to one."""
    remade = subject.remade

    def inside(layer: Any, values: Sequence[Any]) -> Any:
        return subject.inside(layer.layer, values)

    return replace(
        subject,
        make=lambda: SeveralOutputs(subject.make(), count, join, split),
        outputs=(),
        remade=remade and (lambda changed: SeveralOutputs(remade(changed), count, join, split)),
        inside=inside,
    )


def one_output(place: int) -> tuple[Callable[[Sequence[Any]], Any], Callable[[Any, Sequence[Any]], Sequence[Any]]]:
    """Return how one of several outputs is taken, and how its dout is set among zeros."""

    def split(dout: Any, outs: Sequence[Any]) -> list[Any]:
        return [dout if at == place else np.zeros_like(out, np.float64)[()] for at, out in enumerate(outs)]

    return lambda outs: outs[place], split


def all_in_a_row(outs: Sequence[Any]) -> Array:
    """Return the elements of all outputs in one row."""
    return np.concatenate([np.ravel(out) for out in outs])


def cut_to_outputs(row: Array, outs: Sequence[Any]) -> list[Any]:
    """Return the elements of a row as arrays of the shapes of the outputs."""
    ends = np.cumsum([0, *map(np.size, outs)])
    parts = [row[start:end] for start, end in pairwise(ends)]
    return [part.reshape(np.shape(out))[()] for part, out in zip(parts, outs, strict=True)]


def merged(by_output: Mapping[str, Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what the outputs' findings come to: each failure with its output, all else once, the worst standing."""
    found: dict[tuple[str, str | None], dict[str, Finding]] = {}
    for output, findings in by_output.items():
        for it in findings:
            found.setdefault((it.rule, it.input), {})[output] = it
    for parts in found.values():
        wrong = {output: it for output, it in parts.items() if it.verdict in {Verdict.FAIL, Verdict.KINK}}
        told = {(it.reason, it.mistake) for it in wrong.values()}
        if len(wrong) == len(by_output) and len(told) == 1 and next(iter(wrong.values())).worst is None:
            yield next(iter(wrong.values()))
        elif wrong:
            yield from (replace(it, output=output) for output, it in wrong.items())
        else:
            yield min(parts.values(), key=lambda it: SEVERITY.index(it.verdict))


def not_adding_up(subject: Subject, by_output: Mapping[str, Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the finding on gradients that are right for each output, and not for all of them at once."""
    if any(it.verdict is Verdict.FAIL for findings in by_output.values() for it in findings):
        return
    try:
        wrong = differing_inputs(seen_through(subject, len(subject.outputs), all_in_a_row, cut_to_outputs))
    except FaultError:
        return
    if wrong:
        names = ", ".join(map(subject.called, wrong))
        reason = f"the gradients for the douts of all outputs at once are not the sums of those for each: {names}"
        yield Finding(subject.node, subject.layer, None, "linear", Verdict.FAIL, reason=reason)


def differing_inputs(joined: Subject) -> list[int]:
    """Return the inputs whose gradient for one dout is not the sum of those for its two halves. Raises FaultError."""
    probe = Probe(joined, is_frozen=True)

    def gradients(dout: Array) -> tuple[Any, ...]:
        handed = probe.backward(probe.visit(copies(joined.inputs)).layer, dout)
        return tuple([None if it is None else np.array(it) for it in handed])

    dout, _ = random_douts(probe.forward(joined.inputs))
    cuts = cut_to_outputs(dout, outputs_of_a_visit(probe, joined))
    parts = [gradients(masked(cuts, place)) for place in range(len(cuts))]
    whole = gradients(dout)
    return [at for at in joined.taking if not is_sum_of_parts(whole[at], [part[at] for part in parts])]


def outputs_of_a_visit(probe: Probe, joined: Subject) -> Sequence[Any]:
    """Return the outputs of a layer that joins them."""
    layer = probe.visit(copies(joined.inputs)).layer
    assert isinstance(layer, SeveralOutputs)
    return layer.outs


def masked(cuts: Sequence[Array], place: int) -> Array:
    """Return douts in a row, all but one of them zeros."""
    return all_in_a_row([cut if at == place else np.zeros_like(cut) for at, cut in enumerate(cuts)])


def is_sum_of_parts(whole: Array | None, parts: Sequence[Array | None]) -> bool:
    """Return whether a gradient is the sum of its parts."""
    if whole is None or any(part is None for part in parts):
        return True
    total = np.sum(np.array(parts, np.float64), axis=0)
    size = float(np.abs(np.array(parts, np.float64)).max(initial=0))
    tolerance = PRECISE if whole.dtype.itemsize >= 8 else COARSE
    return bool(np.allclose(whole, total, rtol=0, atol=tolerance * size, equal_nan=True))
