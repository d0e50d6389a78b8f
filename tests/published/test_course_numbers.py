"""Numbers that courses print for inputs that they fill with evenly spaced numbers, and the README of micrograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from bptui.scenario.load import loads
from bptui.scenario_tape import run

PRINTED = 5e-9
"""Half of the last of eight decimals."""


class Exercise(NamedTuple):
    """An exercise of CS231n (Stanford, assignments 2 and 3): ranges and shapes of the inputs, and what is printed."""

    inputs: Mapping[str, tuple[float, float, tuple[int, ...]]]
    formula: str
    printed: Mapping[str, list[Any]]


EXERCISES = {
    "affine": Exercise(
        {"x": (-0.1, 0.5, (2, 120)), "w": (-0.2, 0.3, (120, 3)), "b": (-0.3, 0.1, (3,))},
        'out = "Affine(x, w, b)"',
        {"out": [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]]},
    ),
    "convolution": Exercise(
        {"x": (-0.1, 0.5, (2, 3, 4, 4)), "w": (-0.2, 0.3, (3, 3, 4, 4)), "b": (-0.1, 0.2, (3,))},
        'out = "Conv2d(x, w, b, stride=2, pad=1)"',
        {
            "out": [
                [
                    [[-0.08759809, -0.10987781], [-0.18387192, -0.2109216]],
                    [[0.21027089, 0.21661097], [0.22847626, 0.23004637]],
                    [[0.50813986, 0.54309974], [0.64082444, 0.67101435]],
                ],
                [
                    [[-0.98053589, -1.03143541], [-1.19128892, -1.24695841]],
                    [[0.69108355, 0.66880383], [0.59480972, 0.56776003]],
                    [[2.36270298, 2.36904306], [2.38090835, 2.38247847]],
                ],
            ]
        },
    ),
    "recurrence": Exercise(
        {
            "x": (-0.4, 0.7, (3, 10)),
            "h": (-0.2, 0.5, (3, 4)),
            "Wx": (-0.1, 0.9, (10, 4)),
            "Wh": (-0.3, 0.7, (4, 4)),
            "b": (-0.2, 0.4, (4,)),
        },
        'out = "RNNStep(x, h, Wx, Wh, b)"',
        {
            "out": [
                [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
                [0.66854692, 0.79562378, 0.87755553, 0.92795967],
                [0.97934501, 0.99144213, 0.99646691, 0.99854353],
            ]
        },
    ),
    "long short-term memory": Exercise(
        {
            "x": (-0.4, 1.2, (3, 4)),
            "h": (-0.3, 0.7, (3, 5)),
            "c": (-0.4, 0.9, (3, 5)),
            "Wx": (-2.1, 1.3, (4, 20)),
            "Wh": (-0.7, 2.2, (5, 20)),
            "b": (0.3, 0.7, (20,)),
        },
        '"out, state" = \'LSTMStep(x, h, c, Wx, Wh, b, gates="ifog")\'',
        {
            "out": [
                [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904],
                [0.49223563, 0.55611431, 0.61507696, 0.66844003, 0.7159181],
                [0.56735664, 0.66310127, 0.74419266, 0.80889665, 0.858299],
            ],
            "state": [
                [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407],
                [0.66382255, 0.76674007, 0.87195994, 0.97902709, 1.08751345],
                [0.74192008, 0.90592151, 1.07717006, 1.25120233, 1.42395676],
            ],
        },
    ),
}


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_has_the_printed_outcome(name: str) -> None:
    inputs, formula, printed = EXERCISES[name]
    evenly = {key: np.linspace(low, high, np.prod(shape)).reshape(shape) for key, (low, high, shape) in inputs.items()}
    text = "".join(f"{key} = {value.tolist()}\n" for key, value in evenly.items())
    tape = run(loads(f"[parameters]\n{text}[nodes]\n{formula}\n[run]\noutput = 'out'\n"))
    for key, value in printed.items():
        np.testing.assert_allclose(np.asarray(tape.values[key]), value, rtol=0, atol=PRINTED)


MICROGRAD = """
[parameters]
a = -4.0
b = 2.0
[nodes]
c = "a + b"
d = "a * b + b ** 3"
c1 = "c + (c + 1)"
c2 = "c1 + (1 + c1 + (-a))"
d1 = "d + (d * 2 + Relu(b + a))"
d2 = "d1 + (3 * d1 + Relu(b - a))"
e = "c2 - d2"
f = "e ** 2"
half = "f / 2.0"
g = "half + 10.0 / f"
"""


def test_the_readme_of_micrograd_has_these_numbers() -> None:
    tape = run(loads(MICROGRAD))
    found = (tape.values["g"], tape.gradients["a"], tape.gradients["b"])
    np.testing.assert_allclose([float(np.asarray(it)) for it in found], [24.7041, 138.8338, 645.5773], atol=5e-5)
