"""No correct layer is accused, whatever values it is looked at with.

``pytest -m mutation -s`` prints the rate over all layers, shapes and kinds of values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pytest

from bptui.checking.subject import Subject
from checked import failures
from layer_cases import EXAMPLES, Row, every_layer, joined, names_of
from layers import Array, Layer
from sampled import one_in

Fill: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]

VALUES: Mapping[str, Fill] = {
    "normal": lambda draw, shape: draw.normal(size=shape),
    "ties and zeros": lambda draw, shape: draw.integers(-2, 3, shape).astype(float),
    "zeros": lambda _, shape: np.zeros(shape),
    "ones": lambda _, shape: np.ones(shape),
    "all alike": lambda draw, shape: np.full(shape, draw.normal()),
    "a thousand": lambda draw, shape: draw.choice([-1000.0, 1000.0, -1.0, 1.0], shape),
    "saturated": lambda draw, shape: 30 * draw.normal(size=shape),
    "tiny": lambda draw, shape: 1e-300 * draw.normal(size=shape),
    "small": lambda draw, shape: 1e-9 * draw.normal(size=shape),
    "far from 0": lambda draw, shape: 1e8 + draw.normal(size=shape),
    "huge": lambda draw, shape: 1e150 * draw.normal(size=shape),
    "of all sizes": lambda draw, shape: draw.normal(size=shape) * 10.0 ** draw.integers(-12, 12, shape),
    "float32": lambda draw, shape: draw.normal(size=shape).astype(np.float32).astype(float),
    "near kinks": lambda draw, shape: (
        draw.integers(-1, 2, shape) + draw.normal(size=shape) * 10.0 ** draw.integers(-16, -3, shape)
    ),
    "on bounds": lambda draw, shape: draw.choice([-0.5, 0.5, -1.0, 1.0, 0.0, 2.0], shape),
    "positive": lambda draw, shape: np.exp(4 * draw.normal(size=shape)),
    "extreme": lambda draw, shape: draw.choice([1e300, -1e300, 1e-300, 0.0, 5e-324, 1e308], shape),
}


def rows(layer: type[Layer]) -> list[Row]:
    if layer.__name__ in EXAMPLES:
        return EXAMPLES[layer.__name__]
    count = len(inspect.signature(layer.forward).parameters) - 1
    alike: list[Row] = [({}, (shape,) * count) for shape in [(2, 3), (3,), (), (4, 4), (1, 1), (0, 3)]]
    broadcast: list[Row] = [({}, shapes) for shapes in [((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 2))]]
    return alike + broadcast if count == 2 else alike


Look: TypeAlias = tuple[type[Layer], Row, str]
"""A layer, options and shapes of its inputs, and the kind of values that fill them."""


def looks() -> list[Look]:
    return [(layer, row, kind) for layer in every_layer for row in rows(layer) for kind in VALUES]


def subjects(looks: Sequence[Look], seed: int) -> Iterator[tuple[str, Subject]]:
    for layer, (options, slots), kind in looks:
        draw = np.random.default_rng([seed, len(kind)])
        inputs = tuple(VALUES[kind](draw, it) if isinstance(it, tuple) else it for it in slots)
        yield f"{layer.__name__} {options} {kind}", subject_of(layer, options, inputs)


def subject_of(layer: type[Layer], options: dict[str, Any], inputs: tuple[Array, ...]) -> Subject:
    names = names_of(layer, len(inputs))
    takes = tuple(name in layer.rules for name in names)
    called = tuple(f"{name}{at}" for at, name in enumerate(names))
    dtype = np.dtype(np.float64)
    return Subject(
        "node",
        layer.__name__,
        lambda: joined(layer(**options)),
        called,
        names,
        tuple(map(np.asarray, inputs)),
        takes,
        dtype,
    )


@pytest.mark.parametrize("first", one_in(3, [0, 211, 422]))
def test_correct_layers_are_not_accused(first: int) -> None:
    every = list(subjects(looks()[first::633], seed=0))
    accused = [(told, found) for told, it in every if (found := failures(it))]
    assert len(every) > 12
    assert len(accused) <= 0.01 * len(every), accused


@pytest.mark.mutation
def test_at_most_1_of_100_correct_layers_is_accused() -> None:
    checks = 0
    accused = []
    for seed in range(2):
        for told, it in subjects(looks(), seed):
            checks += 1
            accused += [(told, found[0].reason) for found in [failures(it)] if found]
    print(f"\n{checks:,} checks of correct layers: {len(accused) / checks:.2%} accused", *accused, sep="\n")  # noqa: T201
    assert len(accused) <= 0.01 * checks
