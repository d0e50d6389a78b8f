"""Inputs that a layer may go without: all of them are given, or none."""

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.load import loads
from bptui.scenario_tape import run

INPUTS = """
[inputs]
x = [[1.0, 4.0], [3.0, 0.0]]
mean = [2.0, 1.0]
var = [4.0, 1.0]
[nodes]
"""


def test_a_batch_normalisation_uses_the_mean_and_the_variance_that_it_is_given() -> None:
    tape = run(loads(f'{INPUTS}y = "BatchNorm(x, 1, 0, mean, var, eps=0)"'))
    np.testing.assert_allclose(np.asarray(tape.values["y"]), [[-0.5, 3.0], [0.5, -1.0]])
    np.testing.assert_allclose(np.asarray(tape.gradients["mean"]), [-1.0, -2.0])


def test_without_them_it_takes_those_of_the_batch() -> None:
    tape = run(loads(f'{INPUTS}y = "BatchNorm(x, 1, 0, 0)"'))  # the last number is beyond the inputs: it is eps
    np.testing.assert_allclose(np.asarray(tape.values["y"]), [[-1.0, 1.0], [1.0, -1.0]])


def test_one_alone_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"BatchNorm takes 3 or 5 inputs \(x, gamma, beta, mean, var\), got 4"):
        loads(f'{INPUTS}y = "BatchNorm(x, 1, 0, mean)"')
