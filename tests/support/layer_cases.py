"""Example inputs for every layer there is: what a new layer needs to come under the contract and the torch tests."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import layers
from deep_layer_examples import IMAGES, SEQUENCES
from layers import Array, Layer

Shape: TypeAlias = "tuple[int, ...]"
Row: TypeAlias = "tuple[dict[str, Any], tuple[Shape | Array, ...]]"
"""Options, and for each input the shape to fill with numbers, or the array itself (targets)."""

SHAPES: list[Shape] = [(2, 3), (3,), (), (1, 4), (2, 3, 2), (0, 3)]
REDUCTIONS: list[Row] = [
    *[({}, (shape,)) for shape in SHAPES],
    *[({"keepdims": True}, (shape,)) for shape in SHAPES],
    ({"axis": 0}, ((2, 3),)),
    ({"axis": -1}, ((2, 3, 2),)),
    ({"axis": [0, 2]}, ((2, 3, 2),)),
    ({"axis": [1, 0], "keepdims": True}, ((2, 3, 2),)),
]
CHOICES: list[Row] = [row for row in REDUCTIONS if row[1] != ((0, 3),)] + [({"axis": 1}, ((0, 3),))]
ALONG_AN_AXIS: list[Row] = [
    ({}, ((2, 3),)),
    ({}, ((3,),)),
    ({"axis": 0}, ((2, 3),)),
    ({"axis": 1}, ((2, 3, 2),)),
    ({}, ((1, 4),)),
    ({}, ((0, 3),)),
]

TARGETS: list[tuple[Shape, Array]] = [
    ((2, 3), np.array([0, 2])),
    ((2, 3), np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])),
    ((3,), np.array(1)),
    ((2, 2, 3), np.array([[0, 2], [1, 1]])),
    ((1, 3), np.array([2])),
    ((0, 3), np.zeros(0, dtype=int)),
]
"""Probabilities, by their shapes, and labels or distributions for them."""

EXAMPLES: dict[str, list[Row]] = {
    **IMAGES,
    **SEQUENCES,
    "Affine": [
        ({}, ((2, 3), (3, 4), (4,))),
        ({}, ((3,), (3, 2), (2,))),
        ({}, ((1, 3), (3, 1), (1,))),
        ({}, ((2, 2, 3), (3, 2), (2,))),
        ({}, ((2, 3), (3, 4), ())),
        ({}, ((2, 3), (3, 4), (1, 4))),
        ({}, ((0, 3), (3, 2), (2,))),
    ],
    "BatchNorm": [
        *[({}, (x, gamma, gamma)) for x, gamma in (((4, 3), (3,)), ((2, 3, 2), (3,)), ((2, 3, 2, 2), (3,)))],
        ({"eps": 0.1}, ((4, 3), (), (3,))),
        ({"axis": 1}, ((2, 4), (2,), (2,))),
        ({"axis": [0, 1]}, ((2, 3, 2), (2,), (2,))),
        ({}, ((2, 3, 2), (1, 3, 1), (3,))),
        ({}, ((4, 3), *[(3,)] * 4)),
        ({}, ((2, 2, 3), *[(2,)] * 4)),
        ({"eps": 0.1}, ((0, 3), *[(3,)] * 4)),
    ],
    "BinaryCrossEntropy": [
        ({"reduction": reduction}, inputs)
        for reduction in ("mean", "sum", "none")
        for inputs in (
            ((3,), np.array([1, 0, 1])),
            ((2, 2), np.array([[0.0, 0.25], [1.0, 0.5]])),
            ((), np.array(0)),
            ((0, 2), np.zeros((0, 2), dtype=int)),
        )
    ],
    "BroadcastTo": [
        ({"shape": [2, 3]}, ((3,),)),
        ({"shape": [2, 3]}, ((2, 1),)),
        ({"shape": 3}, ((),)),
        ({"shape": [4, 2, 3]}, ((1, 2, 3),)),
        ({"shape": [0, 3]}, ((1, 3),)),
        ({"shape": [0, 3]}, ((0, 3),)),
    ],
    "Clip": [
        *[({"min": -1, "max": 1.0}, (shape,)) for shape in SHAPES],
        ({"min": 0.5}, ((2, 3),)),
        ({"max": 0.5}, ((2, 3),)),
    ],
    "Concat": [
        ({}, ((2, 3), (1, 3))),
        ({"axis": 1}, ((2, 3), (2, 1), (2, 2))),
        ({"axis": -1}, ((2,), (3,))),
        ({}, ((2, 3),)),
        ({}, ((0, 3), (2, 3), (0, 3))),
    ],
    "CrossEntropy": [
        *[({"eps": 0, "reduction": reduction}, it) for reduction in ("mean", "sum", "none") for it in TARGETS],
        *[({"eps": 0.25}, it) for it in TARGETS],
        ({}, TARGETS[0]),
    ],
    "CumSum": [
        *[row for row in ALONG_AN_AXIS if "axis" in row[0]],
        ({}, ((4, 3),)),
        ({"axis": -1}, ((2, 3, 2),)),
        ({"axis": 1}, ((0, 3),)),
    ],
    "Dropout": [
        *[({"ratio": 0.4}, (shape,)) for shape in SHAPES],
        ({"ratio": 0}, ((2, 3),)),
        ({"train": False}, ((2, 3),)),
    ],
    "Einsum": [
        ({"equation": "ij,jk->ik"}, ((2, 3), (3, 4))),
        ({"equation": "ij->"}, ((2, 3),)),
        ({"equation": "ij->j"}, ((0, 3),)),
        ({"equation": "ii"}, ((3, 3),)),
        ({"equation": "iij->ij"}, ((2, 2, 3),)),
        ({"equation": "i,j->ij"}, ((2,), (3,))),
        ({"equation": "bij, bjk, k -> bi"}, ((2, 2, 3), (2, 3, 2), (2,))),
        ({"equation": "...ij,...jk->...ik"}, ((2, 1, 2, 3), (3, 3, 2))),
        ({"equation": "...i,i"}, ((2, 3), (3,))),
        ({"equation": "ij,k->i"}, ((2, 3), (2,))),
        ({"equation": ",->"}, ((), ())),
    ],
    "Flatten": [({}, (shape,)) for shape in SHAPES if shape],
    "Gather": [
        ({"indices": [1, 0, 1]}, ((2, 3),)),
        ({"indices": [[0, 2], [2, 2]]}, ((3, 2),)),
        ({"indices": -1}, ((4,),)),
        ({"indices": [0]}, ((1, 2),)),
        ({"indices": []}, ((2, 3),)),
        ({"indices": []}, ((0, 3),)),
        ({}, ((3, 2), np.array([2, 0, 2]))),
        ({}, ((3,), np.array([[0, -1]]))),
        ({}, ((2, 2), np.array(1))),
    ],
    "Gelu": [({"approximate": it}, (shape,)) for it in (False, "tanh") for shape in SHAPES],
    "GroupNorm": [
        ({"groups": 2}, ((2, 4), (4,), (4,))),
        ({"groups": 1}, ((2, 3, 2), (3,), (3,))),
        ({"groups": 2, "eps": 0.1}, ((2, 4, 2, 1), (4,), ())),
        ({"groups": 3}, ((2, 3, 2), (3,), (3,))),
        ({"groups": 1}, ((0, 3), (3,), (3,))),
    ],
    "Huber": [
        ({"reduction": reduction, "delta": 0.75}, (shape, shape))
        for reduction in ("mean", "sum", "none")
        for shape in SHAPES
    ],
    "KLDivergence": [
        ({"reduction": reduction}, (shape, shape))
        for reduction in ("mean", "batchmean", "sum", "none")
        for shape in SHAPES
    ],
    "L1Loss": [({"reduction": reduction}, (shape, shape)) for reduction in ("mean", "sum", "none") for shape in SHAPES],
    "LayerNorm": [
        ({}, ((2, 3), (3,), (3,))),
        ({}, ((4,), (4,), (4,))),
        ({"axes": 2}, ((2, 3, 2), (3, 2), (3, 2))),
        ({"eps": 0.1}, ((2, 2, 3), (3,), ())),
        ({"axes": 2}, ((2, 3), (3,), (2, 3))),
        ({}, ((0, 3), (3,), (3,))),
    ],
    "LogSoftmax": ALONG_AN_AXIS,
    "MatMul": [
        ({}, ((2, 3), (3, 4))),
        ({}, ((3,), (3,))),
        ({}, ((3,), (3, 2))),
        ({}, ((2, 3), (3,))),
        ({}, ((1, 3), (3, 1))),
        ({}, ((2, 2, 3), (2, 3, 2))),
        ({}, ((3, 1, 2, 3), (2, 3, 2))),
        ({}, ((2, 2, 3), (3,))),
        ({}, ((3,), (2, 3, 2))),
        ({}, ((0, 3), (3, 2))),
    ],
    "Max": CHOICES,
    "Mean": REDUCTIONS,
    "MeanSquaredError": [
        ({"reduction": reduction}, (shape, shape)) for reduction in ("mean", "sum", "half_sum") for shape in SHAPES
    ],
    "Min": CHOICES,
    "MulticlassHinge": [
        ({"reduction": reduction} | options, inputs)
        for reduction in ("mean", "sum", "none")
        for options, inputs in (
            ({}, ((2, 3), np.array([0, 2]))),
            ({"margin": 0.5}, ((3,), np.array(1))),
            ({"margin": 0.9}, ((2, 2, 3), np.array([[0, 2], [1, 1]]))),
            ({"margin": 0.3}, ((3, 4), np.array([3, 0, 1]))),
            ({}, ((0, 3), np.zeros(0, dtype=int))),
        )
    ],
    "NegativeLogLikelihood": [
        ({"reduction": reduction}, inputs) for reduction in ("mean", "sum", "none") for inputs in TARGETS
    ]
    + [({"ignore_index": -1}, ((3, 2), np.array([1, -1, 0])))],
    "Norm": REDUCTIONS,
    "Pad": [
        ({"widths": 1}, ((2, 3),)),
        ({"widths": [1, 2], "value": 0.5}, ((3,),)),
        ({"widths": [[0, 1], [2, 0]]}, ((2, 3),)),
        ({"widths": 2}, ((),)),
        ({"widths": 0}, ((1, 4),)),
        ({"widths": [0, 1]}, ((0, 3),)),
    ],
    "Prod": REDUCTIONS,
    "RMSNorm": [
        ({}, ((2, 3), (3,))),
        ({}, ((4,), (4,))),
        ({"eps": 0.1}, ((2, 2, 3), ())),
        ({}, ((0, 3), (3,))),
    ],
    "Reshape": [
        ({"shape": [3, 2]}, ((2, 3),)),
        ({"shape": [-1]}, ((2, 3),)),
        ({"shape": []}, ((1,),)),
        ({"shape": [1, 1]}, ((),)),
        ({"shape": [-1, 3]}, ((0, 3),)),
    ],
    "SigmoidWithLoss": [
        ({}, ((3,), np.array([1, 0, 1]))),
        ({}, ((2, 2), np.array([[0.0, 0.25], [1.0, 0.5]]))),
        ({}, ((1,), np.array([1]))),
        ({}, ((), np.array(0))),
        ({}, ((0, 2), np.zeros((0, 2), dtype=int))),
    ],
    "Slice": [
        ({"start": 1}, ((3, 2),)),
        ({"axis": 1, "start": -2, "stop": 3}, ((2, 4),)),
        ({"axis": -1, "stop": 99}, ((2, 3, 2),)),
        ({"start": 2, "stop": 1}, ((3,),)),
        ({}, ((1, 2),)),
        ({"stop": 1}, ((0, 3),)),
    ],
    "Softmax": ALONG_AN_AXIS,
    "SoftmaxWithLoss": [
        ({"reduction": reduction} | options, inputs)
        for reduction in ("mean", "sum", "none")
        for options, inputs in (
            ({}, ((2, 3), np.array([0, 2]))),
            ({}, ((2, 3), np.array([[0, 0, 1], [1, 0, 0]]))),
            ({}, ((2, 3), np.array([[0.5, 0.25, 0.25], [0.75, 1.0, 0.25]]))),
            ({}, ((3,), np.array(1))),
            ({}, ((3,), np.array([0.0, 1.0, 0.0]))),
            ({}, ((2, 2, 3), np.array([[0, 2], [1, 1]]))),
            ({}, ((1, 3), np.array([2]))),
            ({}, ((3, 3), np.array([1, 1, 0]))),
            ({"ignore_index": -1}, ((3, 2), np.array([1, -1, 0]))),
            ({"ignore_index": 0}, ((3, 2), np.array([1, 0, 0]))),
            ({}, ((0, 3), np.zeros(0, dtype=int))),
        )
    ],
    "Split": [
        ({}, ((4, 3),)),
        ({"axis": 1, "parts": 3}, ((2, 6),)),
        ({"axis": -1, "parts": [1, 0, 2]}, ((2, 2, 3),)),
        ({"parts": 1}, ((3,),)),
        ({"axis": 1, "parts": [1, 2]}, ((0, 3),)),
    ],
    "Stack": [
        ({}, ((2, 3), (2, 3))),
        ({"axis": 1}, ((2, 3), (2, 3), (2, 3))),
        ({"axis": -1}, ((3,), (3,))),
        ({}, ((), ())),
        ({}, ((2, 3),)),
        ({"axis": 1}, ((0, 3), (0, 3))),
    ],
    "Sum": REDUCTIONS,
    "Transpose": [
        *[({}, (shape,)) for shape in SHAPES],
        ({"axes": [0, 2, 1]}, ((2, 3, 4),)),
        ({"axes": [2, 0, 1]}, ((2, 3, 4),)),
        ({"axes": [-1, 0]}, ((2, 3),)),
    ],
    "Var": REDUCTIONS,
    "Where": [
        ({}, (np.array([[1, 0, 0], [0, 1, 1]]), (2, 3), (2, 3))),
        ({}, (np.array([0.0, 2.5, -1.0]), (2, 3), (3,))),
        ({}, (np.array([[True], [False]]), (), (1, 3))),
        ({}, (np.array(1), (), ())),
        ({}, (np.zeros((0, 3)), (0, 3), (3,))),
    ],
}
"""The layers that do not take just any arrays that broadcast, and without options; each with an empty batch."""

DOMAINS: Mapping[tuple[str, str], Callable[[Array], Array]] = {
    ("BatchNorm", "var"): lambda x: np.abs(x) + 0.25,
    ("BinaryCrossEntropy", "p"): lambda x: (x + 2.5) / 5,
    ("CrossEntropy", "p"): lambda x: (x + 2.5) / 5,
    ("Div", "y"): lambda x: np.copysign(np.abs(x) + 0.5, x),
    ("KLDivergence", "q"): lambda x: (x + 2.5) / 5,
    ("Log", "x"): lambda x: np.abs(x) + 0.25,
    ("Pow", "x"): lambda x: np.abs(x) + 0.25,
    ("Sqrt", "x"): lambda x: np.abs(x) + 0.25,
}
"""Where an input must not be just any number, what turns one into a fitting one."""


@dataclass(frozen=True, eq=False)
class Case:
    """A layer with options and inputs to try it on, arrays read-only; ``names`` has its inputs' names in ``rules``."""

    layer: type[Layer]
    options: dict[str, Any]
    inputs: tuple[Array, ...]
    names: tuple[str, ...]
    dout: Array

    def make(self) -> Layer:
        """Return a fresh layer; one with several outputs as if it had one."""
        return joined(self.layer(**self.options))

    def is_target(self, position: int) -> bool:
        """Return whether an input is a label."""
        return self.names[position] in self.layer.targets

    def map(self, function: Callable[[Array], Any]) -> tuple[Any, ...]:
        """Return the inputs, each that is not a label changed by ``function``."""
        return tuple(x if self.is_target(i) else function(x) for i, x in enumerate(self.inputs))


class Joined(Layer):
    """A layer with several outputs as one with a single output: all their elements in a row."""

    formula, rules = "", {}

    def __init__(self, *, layer: Any) -> None:
        self.layer = layer

    def forward(self, *inputs: Any) -> Array:
        outs = self.layer.forward(*inputs)
        self.shapes = [np.shape(out) for out in outs]
        return np.concatenate([np.ravel(out) for out in outs])

    def backward(self, dout: Any) -> Any:
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        parts = np.split(np.asarray(dout), np.cumsum(sizes)[:-1])
        return self.layer.backward(*[part.reshape(shape)[()] for part, shape in zip(parts, self.shapes, strict=True)])

    def out_shape(self, *shapes: Shape) -> Shape:
        return (sum(int(np.prod(shape)) for shape in self.layer.out_shapes(*shapes)),)

    def local(self) -> tuple[Array | None, ...]:
        return tuple(self.layer.local())


def joined(layer: Any, count: int | None = None) -> Any:
    """Return a layer as one with a single output; ``count`` is how many it has where it does not say."""
    return Joined(layer=layer) if (count or len(layer.outputs)) > 1 else layer


def names_of(layer: type[Layer], count: int) -> tuple[str, ...]:
    """Return the names by which ``rules`` knows ``count`` inputs."""
    parameters = list(inspect.signature(layer.forward).parameters.values())[1:]
    if parameters[0].kind is inspect.Parameter.VAR_POSITIONAL:
        return ("x",) * count
    return tuple(parameter.name for parameter in parameters)[:count]


def takes_any_arrays(layer: type[Layer]) -> bool:
    """Return whether it looks as if the layer takes any arrays that broadcast, and no options that must be given."""
    inputs = list(inspect.signature(layer.forward).parameters.values())[1:]
    options = inspect.signature(layer).parameters.values()
    return (
        not layer.targets
        and all(it.kind is not inspect.Parameter.VAR_POSITIONAL for it in inputs)
        and all(it.default is not inspect.Parameter.empty for it in options)
    )


def rows_of(layer: type[Layer]) -> st.SearchStrategy[Row]:
    """Return the layer's rows in EXAMPLES, or without any: arrays that broadcast, no options."""
    if rows := EXAMPLES.get(layer.__name__):
        return st.sampled_from(rows)
    if not takes_any_arrays(layer):
        pytest.fail(f"{layer.__name__} has no example inputs: add a row to EXAMPLES in {__file__}")
    count = len(inspect.signature(layer.forward).parameters) - 1
    shapes = arrays.mutually_broadcastable_shapes(num_shapes=count, min_side=0, max_side=3, max_dims=3)
    return st.builds(lambda it: ({}, it.input_shapes), shapes)


def case_of(layer: type[Layer], row: Row, seed: int) -> Case:
    """Return a case whose numbers lie between -2 and 2, and keep away from 0, ±0.5, ±1 and each other."""
    options, slots = row
    draw = np.random.default_rng(seed)
    names = names_of(layer, len(slots))
    count = sum(int(np.prod(slot)) for slot in slots if isinstance(slot, tuple))
    numbers = (draw.permutation(count) - count // 2 + 0.3) * 4 / max(count, 1)
    inputs = []
    for name, slot in zip(names, slots, strict=True):
        if isinstance(slot, tuple):
            x, numbers = numbers[: int(np.prod(slot))].reshape(slot), numbers[int(np.prod(slot)) :]
            inputs.append(frozen(DOMAINS.get((layer.__name__, name), np.array)(x)))
        else:
            inputs.append(frozen(slot.copy()))
    try:
        out = joined(layer(**options)).forward(*inputs)
    except ValueError as error:
        pytest.fail(f"{layer.__name__} does not take its example inputs ({error}): see EXAMPLES in {__file__}")
    return Case(layer, options, tuple(inputs), names, frozen(draw.uniform(-2, 2, np.shape(out))))


def frozen(array: Any) -> Array:
    """Return an array that raises where somebody writes into it."""
    array = np.asarray(array)
    array.flags.writeable = False
    return array


every_layer = sorted(set(layers.library.values()), key=lambda layer: layer.__name__)


single_output_layers = [layer for layer in every_layer if len(layer.outputs) == 1]


def cases_of(layer: type[Layer]) -> st.SearchStrategy[Case]:
    """Return what draws cases for a layer."""
    return st.builds(case_of, st.just(layer), rows_of(layer), st.integers(0, 2**32 - 1))


def empty_case_of(layer: type[Layer]) -> Case:
    """Return a case with a batch of no samples."""
    count = len(inspect.signature(layer.forward).parameters) - 1
    rows: list[Row] = EXAMPLES.get(layer.__name__, [({}, ((0, 3),) * count)])
    empty = [row for row in rows if any(0 in (it if isinstance(it, tuple) else it.shape) for it in row[1])]
    if not empty:
        pytest.fail(f"{layer.__name__} has no example with 0 rows: add one to EXAMPLES in {__file__}")
    return case_of(layer, empty[0], seed=0)
