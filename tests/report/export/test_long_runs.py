"""A run of more steps than anybody reads: what is left out is said, what was noted is not, and a step can be chosen."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from bptui.errors import BptuiError
from bptui.report.export.account import MOST_STEPS, Account
from bptui.report.export.exporting import Exported
from bptui.running import Run
from bptui.scenario.load import loads
from exported import account_of, exported
from layers import Array

LONG = """
title = "Long"
[inputs]
x = [1.0, 2.0]
[parameters]
w = [0.5, -1.0]
[nodes]
y = "Sum(Square(x * w))"
[train]
optimizer = "SGD"
lr = 0.01
steps = 100
[[notes]]
step = 353
text = "half way"
"""


@pytest.fixture(scope="module")
def long_run() -> Exported:
    return exported(Run(loads(LONG)))


def told(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^### Step (\d+) of 700", text, re.MULTILINE)]


def test_what_is_left_out_is_said_and_what_was_noted_is_told(long_run: Exported) -> None:
    text = long_run.text(".md")
    assert told(text) == [*range(1, 8), 353, *range(694, 701)]
    assert "Steps 8 to 352 are left out" in text
    assert "Steps 354 to 693 are left out" in text
    assert "> half way" in text


@pytest.mark.parametrize("suffix", [".md", ".html", ".cast"])
def test_the_iteration_of_the_step_chosen_is_told(long_run: Exported, suffix: str) -> None:
    assert "iteration 30 of 100" not in long_run.text(suffix)
    assert "Step 204 of 700, iteration 30 of 100, forward: y.1" in long_run.text(suffix, 205)


def test_any_step_can_be_drawn(long_run: Exported) -> None:
    assert "Step 205 of 700" in long_run.text(".svg", 205)
    with pytest.raises(BptuiError, match="there is no step 701"):
        long_run.text(".svg", 701)


def test_the_iteration_of_the_step_chosen_is_written_out(long_run: Exported) -> None:
    text = long_run.text(".py", 205)
    assert text.startswith('"""Long, iteration 30 of 100')
    namespace: dict[str, dict[str, Array]] = {}
    exec(compile(text, "test_long.py", "exec"), namespace)
    w = np.array([0.5, -1.0])
    for _ in range(29):
        w = w - 0.01 * 2 * w * np.array([1.0, 4.0])  # the gradient of Σ (x w)² is 2 x² w
    np.testing.assert_allclose(namespace["leaves"]["w"], w, rtol=1e-12)
    np.testing.assert_allclose(namespace["gradients"]["w"], 2 * w * np.array([1.0, 4.0]), rtol=1e-12)


def test_one_iteration_of_very_many_steps_is_bounded_too() -> None:
    chain = "\n".join(f'n{at} = "Relu(n{at - 1})"' for at in range(1, MOST_STEPS))
    run = Run(loads(f"[inputs]\nn0 = 1.0\n[nodes]\n{chain}\n"))
    whole = exported(run).account
    account = Account(whole.title, "", whole.tape, chosen=300)
    numbers = [it.number for it in account.steps]
    assert len(numbers) < MOST_STEPS + 110
    assert {1, 250, 300, 350, 2 * (MOST_STEPS - 1)} <= {*numbers}
    assert 380 not in numbers


def test_the_numbers_at_the_wires_of_a_page_add_up_to_those_of_each_step() -> None:
    account = account_of("two_layer").account
    names = account.graph.names
    match = re.search(r'id="steps">(.*?)</script>', account_of("two_layer").text(".html"))
    assert match is not None
    known: dict[str, str] = {}
    for step, told_step in zip(json.loads(match[1]), account.steps, strict=True):
        known |= step["g"]
        there = {names[int(number)] for number, text in known.items() if text}
        assert there == {name for name in names if told_step.moment.gradient(name) is not None}
