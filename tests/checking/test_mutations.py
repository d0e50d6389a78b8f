"""Every mistake that can be made mechanically in a built-in layer's backward is found.

A mutant counts where it behaves differently from the layer by more than a millionth; ``pytest -m mutation -s`` tries
them all, at all examples, and prints the rate.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import cycle, product

import numpy as np
import pytest

from bptui.checking.blame import Blame
from checked import failures, subject_of_case
from layer_cases import EXAMPLES, Case, Row, case_of, every_layer, joined
from layers import Layer
from mutants import Mutant, behaviour, differs, mutants_of
from sampled import one_in

EVERY = 167
"""In the default run, one mutant of a layer out of so many is tried, each at another of its examples."""


def cases(layer: type[Layer]) -> list[Case]:
    count = len(inspect.signature(layer.forward).parameters) - 1
    shapes = [(2, 3), (3,), (), (4, 4)]
    rows: list[Row] = EXAMPLES.get(layer.__name__, [({}, (shape,) * count) for shape in shapes])
    return [case_of(layer, row, seed=0) for row in rows]


def is_mistaken(mutant: Mutant, case: Case) -> bool:
    draw = np.random.default_rng(5)
    douts = (case.dout, draw.normal(size=case.dout.shape), 0 * case.dout)
    right = behaviour(case.make, case.inputs, douts)
    return differs(right, behaviour(lambda: joined(mutant.make_class(**case.options)), case.inputs, douts))


def pairs(layer: type[Layer]) -> Iterator[tuple[Mutant, Case]]:
    yield from product(mutants_of(layer), cases(layer))


def is_found(mutant: Mutant, case: Case) -> bool:
    return bool(failures(subject_of_case(case, lambda: joined(mutant.make_class(**case.options)))))


@pytest.mark.parametrize("first", one_in(4, range(4)))
def test_mistakes_sampled_from_all_are_found(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    monkeypatch.setattr(Blame, "mended", lambda *_: None)  # how a mistake is mended has tests of its own
    every = [
        pair for layer in every_layer[first::4] for pair in zip(mutants_of(layer, every=EVERY), cycle(cases(layer)))
    ]
    mistaken = [pair for pair in every if is_mistaken(*pair)]
    assert len(mistaken) > 5
    missed = [
        f"{mutant} at {[x.shape for x in case.inputs]}" for mutant, case in mistaken if not is_found(mutant, case)
    ]
    assert len(missed) <= 0.01 * len(mistaken), missed


@pytest.mark.mutation
def test_at_least_99_of_100_mistakes_are_found() -> None:
    mistaken = found = mutants = 0
    missed = []
    for layer in every_layer:
        mutants += len(list(mutants_of(layer)))
        for mutant, case in pairs(layer):
            if is_mistaken(mutant, case):
                mistaken += 1
                if is_found(mutant, case):
                    found += 1
                else:
                    missed.append(f"{mutant} {case.options} {[x.shape for x in case.inputs]}")
    rate = f"{found / mistaken:.2%} found"
    print(f"\n{mutants:,} mutants, wrong at {mistaken:,} examples: {rate}", *missed, sep="\n")  # noqa: T201
    assert found >= 0.99 * mistaken
