"""What a layer draws at random: anew in each iteration and node, and the same whenever it is looked at again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bptui.checking import Verdict
from bptui.checking.check_scenario import check_at
from bptui.core.tape import Tape
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from bptui.tui.content.curve import curve_of
from layers import Array
from layers.dropout import Dropout

TRAINING = """
seed = {seed}
dtype = "{dtype}"
[inputs]
x = {{ shape = [4, 50], init = "ones" }}
[parameters]
w = 2.0
[nodes]
y = "Dropout(x * w, ratio=0.25)"
z = "Sum(Dropout(y))"
{nodes}
[train]
lr = 1e-6
steps = 3
"""


def training(*, seed: int = 0, dtype: str = "float64", nodes: str = "") -> str:
    return TRAINING.format(seed=seed, dtype=dtype, nodes=nodes)


def masks(text: str, name: str = "y") -> list[Array]:
    """Return which elements a node keeps, in each iteration."""
    tape = run(loads(text))
    slot = tape.graph.slots[name]
    return [np.asarray(columns.values[slot]) != 0 for columns in tape.iterations]


def test_every_iteration_and_node_draws_its_own() -> None:
    one, two, three = masks(training())
    assert len({it.tobytes() for it in (one, two, three, *masks(training(), "z.1"))}) == 6
    assert np.mean([one, two, three]) == pytest.approx(0.75, abs=0.1)


def test_the_same_seed_draws_the_same_whatever_else_there_is() -> None:
    for again in (
        masks(training()),
        masks(training(nodes='a = "Dropout(x)"\nb = "Detach(a)"') + "[run]\noutput = 'z'"),
    ):
        assert all(map(np.array_equal, again, masks(training())))
    assert not np.array_equal(masks(training(seed=1))[0], masks(training())[0])


def test_float32_drops_what_float64_drops() -> None:
    assert all(map(np.array_equal, masks(training(dtype="float32")), masks(training())))


def test_what_is_kept_is_scaled_up_and_backward_goes_the_same_way() -> None:
    # Saito, ch. 6.4.3, with the division at once: the mask that forward drew stops the gradient, too
    tape = run(loads(training()))
    for iteration, kept in enumerate(masks(training())):
        (local,) = tape.local(iteration, tape.graph.node_index("y") or 0)
        assert local is not None
        assert local.ravel().tolist() == pytest.approx((kept / 0.75).ravel().tolist())


def test_the_mean_stays_what_it_was() -> None:
    out: Any = Dropout(ratio=0.3).forward(np.ones((200, 500)))
    assert out.mean() == pytest.approx(1, abs=0.01)


def test_after_training_nothing_is_dropped() -> None:
    x = np.array([1.0, -2.0])
    dropout = Dropout(train=False)
    assert dropout.forward(x).tolist() == [1, -2]
    assert dropout.backward(np.array([3.0, 4.0])).tolist() == [3, 4]


def test_the_check_holds_the_mask_still_in_any_iteration() -> None:
    it = Run(loads(training()))
    it.finish()
    for iteration in range(3):
        for node in range(len(it.graph.nodes)):
            verdicts = {finding.verdict for finding in check_at(it, node, iteration=iteration)}
            assert verdicts <= {Verdict.PASS}


def test_a_run_that_is_gone_on_with_draws_what_it_would_have_drawn() -> None:
    whole = Run(loads(training()))
    whole.finish()
    rest = Run(whole.scenario, whole.tape.fork(len(whole.tape) // 2))
    rest.finish()
    assert same_values(rest.tape, whole.tape)


def same_values(one: Tape, other: Tape) -> bool:
    pairs = zip(one.iterations, other.iterations, strict=True)
    return all(np.array_equal(a, b) for x, y in pairs for a, b in zip(x.values, y.values, strict=True))


def test_it_has_no_curve() -> None:
    tape = run(loads('[inputs]\nx = [0.5, 1.0, 2.0]\n[nodes]\ny = "Dropout(x)"'))
    assert curve_of(tape.at(1), "y") is None
