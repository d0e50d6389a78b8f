"""The contract that every layer keeps, whatever it computes: one small check a rule, each on a visit of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bptui.checking.compare_arrays import (
    Gradients,
    alike,
    copied,
    copies,
    finite,
    first_difference,
    first_true,
    same,
    without,
)
from bptui.checking.fault import FaultError
from bptui.checking.line_watch import attributes_of, line_that_changes
from bptui.checking.probe import Probe, Visit, called
from bptui.checking.random_sources import RandomSources
from bptui.core import text
from bptui.errors import Where
from layers import Array

RULES = (
    "raises",
    "value",
    "repeatable",
    "mutates",
    "gradients",
    "shape",
    "dtype",
    "finite",
    "shared-memory",
    "second-backward",
    "draws-again",
    "linear",
    "stale-cache",
)
"""The rules of the lint, in the order in which they are looked at."""

LARGE = 2.0**20
"""What dout is multiplied by to see that nothing is clipped on the way."""

LARGEST = 1e100
"""Gradients beyond this are left alone: their sums may overflow on the way."""


COARSE = 1e5
"""How many times less is asked of the last digits of layers that work in float32."""

DRAWS_AGAIN = "draws again"
IGNORES_DOUT = "ignores dout"
PART_WITHOUT_DOUT = "a part without dout"

TAKES_STEP = "updates inside backward"

PAUSE = None
"""Where one may pause between two faults."""

Faults: TypeAlias = Iterator[FaultError | None]


@dataclass(frozen=True, eq=False)
class Lint:
    """What a layer is linted with: a probe, the inputs, and two different douts."""

    probe: Probe
    inputs: tuple[Array, ...]
    dout: Array
    other: Array

    def gradients(self, dout: Array) -> Gradients:
        """Return what a fresh layer hands back for ``dout``, as float64 copies."""
        visit = self.probe.visit(copies(self.inputs))
        return copied(self.probe.backward(visit.layer, dout.copy()))

    def changed(self, change: Callable[[Array], Array]) -> tuple[Array, ...]:
        """Return the inputs, those that take a gradient changed."""
        return self.probe.subject.changed(self.inputs, change)

    def faults(self) -> Faults:
        """Yield what the layer does wrong: a rule that cannot be looked at hides no other. Raises what hides all."""
        visit = self.probe.visit(copies(self.inputs))
        yield from self.touched(visit, None, None, "forward")
        dout = self.dout.copy()
        handed = self.probe.backward(visit.layer, dout)
        takes_step = yield from self.taking_step(visit, handed)
        if not takes_step:
            yield from self.touched(visit, self.dout, dout, "backward")
        yield from self.precision(handed, visit)
        yield from self.sharing(handed, visit, dout)
        first = copied(handed)
        yield PAUSE
        draws_again = yield from self.drawing(first)
        rules: list[Faults] = [self.truncation(first)]
        if not takes_step:
            rules = [self.linear(first), *rules, self.stale(visit.out, first)]
        for rule in rules if draws_again or takes_step else [self.second(visit, handed, first), *rules]:
            yield PAUSE
            try:
                yield from rule
            except FaultError as fault:
                yield fault

    def taking_step(self, visit: Visit, handed: tuple[Any, ...]) -> Generator[FaultError | None, None, bool]:
        """Find out whether backward updates parameters itself, which many do; what is worked out before is right."""
        subject = self.probe.subject
        found = False
        for position, (before, after) in enumerate(zip(self.inputs, visit.given, strict=True)):
            if not subject.is_held(position) or handed[position] is None or same(before, np.asarray(after)):
                continue
            rate = rate_of(np.asarray(after) - before, np.asarray(handed[position]))
            if rate is not None:
                found = True
                reason = f"backward updates {subject.called(position)} itself, by -{text.number(rate)} × its gradient"
                reason += "; the run does its own updates, and starts each forward from its own numbers"
                yield FaultError("mutates", reason, position, TAKES_STEP, is_caution=True)
        if not found and subject.is_users and self.forgets(visit) and self.follows_dout():
            reason = "backward changes what forward works with, as if it took the step of an optimiser itself"
            yield FaultError("mutates", reason, None, TAKES_STEP, is_caution=True)
            return True
        return found

    def forgets(self, visit: Visit) -> bool:
        """Return whether forward gives another value on the same inputs once backward has run."""
        fresh = self.probe.visit(copies(self.inputs))
        again = self.probe.visit(copies(self.inputs), fresh.layer)
        if not same(again.out, visit.out):
            return False
        self.probe.backward(fresh.layer, self.dout.copy())
        return not same(self.probe.visit(copies(self.inputs), fresh.layer).out, visit.out)

    def follows_dout(self) -> bool:
        """Return whether what backward changes on the layer is twice as much for twice the dout, as a step is."""
        once, twice = (self.changes(times * self.dout) for times in (1.0, 2.0))
        pairs = [(change, twice[name]) for name, change in once.items() if name in twice]
        return bool(pairs) and all(np.allclose(2 * one, two, rtol=1e-6, atol=1e-12) for one, two in pairs)

    def changes(self, dout: Array) -> dict[str, Array]:
        """Return by how much backward changes the arrays that a layer keeps, by attribute."""
        visit = self.probe.visit(copies(self.inputs))
        instance = self.probe.subject.inside(visit.layer, visit.given)
        before = {name: it.copy() for name, it in attributes_of(instance).items() if isinstance(it, np.ndarray)}
        self.probe.backward(visit.layer, dout)
        now = {name: it for name, it in attributes_of(instance).items() if isinstance(it, np.ndarray)}
        kept = [name for name, old in before.items() if old.dtype.kind == "f" and name in now]
        moved = {name: now[name] - before[name] for name in kept if now[name].shape == before[name].shape}
        return {name: change for name, change in moved.items() if change.any()}

    def drawing(self, first: Gradients) -> Generator[FaultError | None, None, bool]:
        """Rule ``draws-again``: what is drawn at random is drawn in forward. Return whether backward draws, too."""
        visit = self.probe.visit(copies(self.inputs))
        sources = self.sources(visit)
        before = sources.state()
        self.probe.backward(visit.layer, self.dout.copy())
        if sources.state() == before:
            return False
        again = self.probe.visit(copies(self.inputs))
        self.sources(again).draw()
        position = first_difference(copied(self.probe.backward(again.layer, self.dout.copy())), first)
        if position is None:
            return False
        reason = "backward draws random numbers anew: it has to use those that forward has drawn, kept on self"
        yield FaultError("draws-again", reason, mistake=DRAWS_AGAIN, line=self.drawing_line())
        return True

    def drawing_line(self) -> Where | None:
        """Return the line of backward that draws random numbers."""
        visit = self.probe.visit(copies(self.inputs))
        state = self.sources(visit).state
        return line_that_changes(state, lambda: self.probe.backward(visit.layer, self.dout.copy()))

    def sources(self, visit: Visit) -> RandomSources:
        """Return what a layer may draw from."""
        subject = self.probe.subject
        return RandomSources(subject.inside(visit.layer, visit.given), subject.functions)

    @cached_property
    def is_coarse(self) -> bool:
        """Whether forward itself works in float32: it gives the same value for inputs cut to that."""
        visit = self.probe.visit(copies(self.inputs))
        if np.asarray(visit.handed).dtype.itemsize < 8:
            return True
        rounded = self.changed(to_float32)
        is_cut = any(not same(x, y) for x, y in zip(self.inputs, rounded, strict=True))
        if not is_cut or not same(self.probe.forward(rounded), visit.out):
            return False
        return not same(self.probe.forward(self.changed(lambda x: x * (1 + 2.0**-10))), visit.out)

    def touched(self, visit: Visit, before: Array | None, dout: Array | None, method: str) -> Iterator[FaultError]:
        """Rule ``mutates``: inputs, dout and the output stay as they were."""
        for position, (x, given) in enumerate(zip(self.inputs, visit.given, strict=True)):
            if not same(x, given):
                reason = f"{method} writes into its input {self.probe.subject.called(position)}, which others still use"
                yield FaultError("mutates", reason, position, "writes into its input")
        if before is not None and dout is not None and not same(before, dout):
            reason = f"{method} writes into dout, which is also the gradient of other nodes"
            yield FaultError("mutates", reason, mistake="writes into dout")
        if not same(visit.out, np.asarray(visit.handed)):
            yield FaultError("mutates", f"{method} writes into what forward returned", mistake="writes into its output")

    def precision(self, handed: tuple[Any, ...], visit: Visit) -> Iterator[FaultError]:
        """Rule ``dtype``: gradients have all the digits that the value has."""
        digits = np.asarray(visit.handed).dtype.itemsize
        for position, gradient in enumerate(handed):
            if gradient is None or not self.probe.subject.takes_gradient[position]:
                continue
            dtype = np.asarray(gradient).dtype
            is_cut = dtype.itemsize < 8 and dtype.itemsize < digits and not self.is_coarse
            if is_cut and not self.is_made_in_float32(position):
                name = self.probe.subject.called(position)
                reason = f"the gradient of {name} is {dtype.name} though everything given is float64"
                yield FaultError("dtype", reason, position, f"truncates to {dtype.name}")

    def is_made_in_float32(self, position: int) -> bool:
        """Return whether a layer holds an input that has no more digits: then its gradient needs no more, either."""
        own = self.probe.subject.inputs[position]
        return self.probe.subject.is_held(position) and same(own, to_float32(own))

    def sharing(self, handed: tuple[Any, ...], visit: Visit, dout: Array) -> Iterator[FaultError]:
        """Rule ``shared-memory``: whoever changes one gradient changes no other, nor an input."""
        own = [
            (i, it) for i, it in enumerate(handed) if isinstance(it, np.ndarray) and not np.may_share_memory(it, dout)
        ]
        called = self.probe.subject.called
        for (i, one), (j, two) in combinations(own, 2):
            if np.shares_memory(one, two):
                reason = f"the gradients of {called(i)} and {called(j)} are the same memory"
                yield FaultError("shared-memory", reason, i, "gradients share memory")
        for i, one in own:
            for j, x in enumerate(visit.given):
                if isinstance(x, np.ndarray) and np.may_share_memory(one, x) and np.shares_memory(one, x):
                    reason = f"the gradient of {called(i)} is the memory of the input {called(j)}"
                    yield FaultError("shared-memory", reason, i, "gradient is a view of an input")

    def second(self, visit: Visit, handed: tuple[Any, ...], first: Gradients) -> Iterator[FaultError]:
        """Rule ``second-backward``: backward leaves the layer as it was, and hands out new memory each time."""
        other = self.other.copy()
        answer = copied(self.probe.backward(visit.layer, other))
        yield from self.touched(visit, self.other, other, "backward")
        is_changed = not all(a is None or same(a, np.asarray(b)) for a, b in zip(first, handed, strict=True))
        again = copied(self.probe.backward(visit.layer, self.dout.copy()))
        if first_difference(again, first) is not None and self.adds_until_forward(visit, first):
            reason = "backward adds to what an earlier call has left, until forward runs again"
            yield FaultError("second-backward", reason, None, "adds up", is_caution=True)
            return
        if is_changed:
            reason = "a second backward changes the gradients that the first one returned"
            yield FaultError("shared-memory", reason, mistake="uses its memory again")
        if growing := self.growing(again, first, answer):
            yield self.adds_up(growing)
        position = first_difference(without(again, growing), without(first, growing))
        if position is not None:
            reason = "backward called once more with the same dout gives another gradient"
            yield FaultError("second-backward", reason, position, "backward changes the layer, or is random")
            return
        fresh = self.gradients(self.other)
        growing = self.growing(answer, fresh, first)
        position = first_difference(without(answer, growing), without(fresh, growing))
        if position is not None:
            reason = "backward called once more with another dout gives what no first call would"
            yield FaultError("second-backward", reason, position, "stale cache")

    def adds_until_forward(self, visit: Visit, first: Gradients) -> bool:
        """Return whether earlier calls still show in what backward returns, and a new forward lets it start anew.

        An engine for automatic differentiation that sums into ``.grad`` does so: its objects are made in forward.
        """
        taking = [at for at in self.probe.subject.taking if not self.probe.subject.is_held(at)]
        left = copied(self.probe.backward(visit.layer, np.zeros_like(self.dout)))
        if not any(left[at] is not None and np.any(left[at]) for at in taking):
            return False
        fresh = self.gradients(np.zeros_like(self.dout))
        if any(it is not None and np.any(it) for it in fresh):
            return False
        anew = self.probe.visit(tuple(np.array(x) for x in visit.given), visit.layer)
        return first_difference(copied(self.probe.backward(anew.layer, self.dout.copy())), first) is None

    def growing(self, got: Gradients, alone: Gradients, before: Gradients) -> tuple[int, ...]:
        """Return for which inputs a layer keeps the sum of all calls: one alone, and what was there before it."""
        parts = enumerate(zip(got, alone, before, strict=True))
        return tuple([at for at, it in parts if self.probe.subject.is_held(at) and self.is_sum(*it)])

    def is_sum(self, got: Array | None, one: Array | None, other: Array | None) -> bool:
        """Return whether a gradient is the sum of two others, and not one of them alone."""
        if got is None or one is None or other is None or alike(got, one, 1e-10):
            return False
        size = float(np.nan_to_num(np.abs(one) + np.abs(other)).max(initial=0))
        return bool(np.allclose(got, one + other, rtol=1e-9 * self.loss, atol=1e-12 * self.loss * size))

    def adds_up(self, growing: tuple[int, ...]) -> FaultError:
        """Return the caution about gradients that are summed over all calls, as some frameworks do it."""
        names = " and ".join(self.probe.subject.called(at) for at in growing)
        told = f"the gradients of {names} grow" if len(growing) > 1 else f"the gradient of {names} grows"
        reason = f"{told} from call to call until {'they are' if len(growing) > 1 else 'it is'} zeroed"
        return FaultError("second-backward", reason, growing[0], "adds up", is_caution=True)

    def linear(self, first: Gradients) -> Faults:
        """Rule ``linear``: the gradient follows dout: none for none, twice for twice, sums for sums."""
        nothing = self.gradients(np.zeros_like(self.dout))
        position = first_true(it is not None and bool(np.nan_to_num(it).any()) for it in nothing)
        if position is not None:
            ignored = all(alike(one, two, 0.0) for one, two in zip(nothing, first, strict=True))
            told = "backward ignores dout: with dout = 0 it gives the same gradient"
            if not ignored:
                told = "dout = 0 gives a gradient: a part of it is not multiplied by dout"
            yield FaultError("linear", told, position, IGNORES_DOUT if ignored else PART_WITHOUT_DOUT)
            return
        yield PAUSE
        second = self.gradients(self.other)
        for a, b, what in (
            (0.75, -1.25, "a sum of two douts"),
            (LARGE, 0.0, "a large dout"),
            (1 / LARGE, 0.0, "a small dout"),
        ):
            yield PAUSE
            mixed = self.gradients(a * self.dout + b * self.other)
            position = self.bent(mixed, first, second, a, b)
            if position is not None:
                reason = f"the gradient does not follow dout: {what} does not give what it should"
                yield FaultError("linear", reason, position, "not linear in dout")
                return

    def bent(self, mixed: Gradients, first: Gradients, second: Gradients, a: float, b: float) -> int | None:
        """Return the first position whose gradient is not ``a`` times the first and ``b`` times the second."""
        loss = self.loss
        floor = 1e-12 * loss * (abs(a) + abs(b)) * float(np.abs(self.dout).max(initial=0))
        for position, (got, one, two) in enumerate(zip(mixed, first, second, strict=True)):
            if got is None or one is None or two is None or not np.abs(one).max(initial=0) < LARGEST:
                continue
            with np.errstate(all="ignore"):
                allowed = 1e-9 * loss * (abs(a) * np.abs(one) + abs(b) * np.abs(two)) + floor
                allowed += 1e-11 * loss * float(np.abs(np.nan_to_num(a * one)).max(initial=0))
                off = np.abs(got - (a * one + b * two)) > allowed
            if (off & np.isfinite(one) & np.isfinite(two) & np.isfinite(a * one)).any():
                return position
        return None

    @cached_property
    def loss(self) -> float:
        """How many times less may be asked of the last digits."""
        return COARSE if self.is_coarse or self.has_few_digits else 1.0

    @cached_property
    def has_few_digits(self) -> bool:
        """Whether a gradient is of fewer digits than float64 has."""
        visit = self.probe.visit(copies(self.inputs))
        handed = self.probe.backward(visit.layer, self.dout.copy())
        return any(np.asarray(it).dtype.itemsize < 8 for it in handed if isinstance(it, np.ndarray | np.floating))

    def truncation(self, first: Gradients) -> Faults:
        """Rule ``dtype``: the gradient sees every digit of the inputs."""
        if self.is_coarse:
            return
        rounded = self.changed(to_float32)
        if all(same(x, y) for x, y in zip(self.inputs, rounded, strict=True)) or not all(map(finite, rounded)):
            return
        visit = self.probe.visit(rounded)
        got = copied(self.probe.backward(visit.layer, self.dout.copy()))
        yield PAUSE
        exact = self.probe.visit(self.changed(next_digit))
        moved = copied(self.probe.backward(exact.layer, self.dout.copy()))
        for position, (one, two, three) in enumerate(zip(first, got, moved, strict=True)):
            if one is None or two is None or three is None:
                continue
            seen = self.sensitive(position, one)
            if seen.any() and same(one[seen], two[seen]) and same(one[seen], three[seen]):
                reason = "the gradient is the same for inputs cut to float32: digits are lost on the way"
                yield FaultError("dtype", reason, position, "truncates to float32")

    def sensitive(self, position: int, gradient: Array) -> NDArray[np.bool_]:
        """Return where a gradient is bound to change when the inputs do so by less than a float32 can tell."""
        visit = self.probe.visit(self.changed(lambda x: x * (1 + 2.0**-10)))
        there = copied(self.probe.backward(visit.layer, self.dout.copy()))[position]
        if there is None or there.shape != gradient.shape:
            return np.zeros(gradient.shape, np.bool_)
        change = np.abs(there - gradient)
        least = 2.0**-46 * np.fmax(np.abs(gradient), np.abs(self.dout).max(initial=0))
        return np.asarray((change * 2.0**-20 > least) & (change < 2.0**-6 * np.abs(gradient)))

    def stale(self, out: Array, first: Gradients) -> Faults:
        """Rule ``stale-cache``: neither what went through before nor another instance leaves a trace."""
        others = self.changed(elsewhere)
        used = self.probe.visit(others)
        dout = self.other.copy() if used.out.shape == self.other.shape else used.out * 0 + 1
        left = copied(self.probe.backward(used.layer, dout))
        yield PAUSE
        again = self.probe.visit(copies(self.inputs), used.layer)
        if not same(again.out, out):
            reason = "after other inputs went through, forward gives another value than a fresh layer"
            yield FaultError("stale-cache", reason, mistake="stale cache")
        got = copied(self.probe.backward(used.layer, self.dout.copy()))
        growing = self.growing(got, first, left)
        position = first_difference(without(got, growing), without(first, growing))
        if position is not None:
            reason = "after other inputs went through, backward gives another gradient than a fresh layer"
            yield FaultError("stale-cache", reason, position, "stale cache")
            return
        yield PAUSE
        visit = self.probe.visit(copies(self.inputs))
        self.probe.visit(others)
        position = first_difference(copied(self.probe.backward(visit.layer, self.dout.copy())), first)
        if position is not None:
            reason = "another instance's forward changes this one's backward: what is kept belongs on self"
            yield FaultError("stale-cache", reason, position, "kept on the class instead of on self")


def draws(probe: Probe, inputs: tuple[Array, ...]) -> bool:
    """Return whether forward draws random numbers."""
    layer, given = probe.fresh(), copies(inputs)
    instance = called(lambda: probe.subject.inside(layer, given), "making the layer")
    sources = RandomSources(instance, probe.subject.functions)
    before = sources.state()
    probe.visit(given, layer)
    return sources.state() != before


def is_repeatable(probe: Probe, inputs: tuple[Array, ...]) -> bool:
    """Return whether two forwards agree bit for bit."""
    return same(probe.forward(copies(inputs)), probe.forward(copies(inputs)))


def rate_of(change: Array, gradient: Array) -> float | None:
    """Return how many times a gradient a change takes off, None where it is not that."""
    if change.shape != gradient.shape or not gradient.any():
        return None
    rate = -float(np.sum(change * gradient)) / float(np.sum(gradient * gradient))
    return rate if rate > 0 and np.allclose(change, -rate * gradient, rtol=1e-6, atol=1e-12) else None


def to_float32(x: Array) -> Array:
    """Return numbers with the digits that float32 has."""
    return x.astype(np.float32).astype(np.float64)


def elsewhere(x: Array) -> Array:
    """Return values of the same shape and size as those of ``x``, in another order."""
    return x.reshape(-1)[::-1].reshape(x.shape) * np.random.default_rng(x.size + 2).uniform(0.5, 0.9, x.shape)


def next_digit(x: Array) -> Array:
    """Return ``x`` changed by less than a float32 can tell."""
    return x * (1 + 2.0**-30)


def has_grown(one: Array, two: Array) -> bool:
    """Return whether each number is further from 0 than before, or as far, on the same side."""
    return bool(one.shape == two.shape and np.all(np.nan_to_num(two * np.sign(one)) >= np.nan_to_num(np.abs(one))))
