"""Runs of scenarios written as text, for tests of what is said about a run."""

from __future__ import annotations

from typing import Any

from bptui.core.debugger import Debugger
from bptui.core.graph import Graph, Node
from bptui.core.order import RecordedOrder
from bptui.core.tape import Tape
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from bptui.session.session import Session
from bptui.stepping.step_into import LayerEntrance

BUY_APPLES = """
[inputs]
apple = 100
apple_num = 2
orange = 150
orange_num = 3
tax = 1.1
[nodes]
apple_price = "apple * apple_num"
orange_price = "orange * orange_num"
all_price = "apple_price + orange_price"
price = "all_price * tax"
"""

TWO_LAYERS = """
[inputs]
x = [[1.0, 0.5], [0.2, -0.3]]
t = [0, 2]
[parameters]
W1 = { shape = [2, 3], init = "he" }
b1 = 0.5
[nodes]
a1 = "x @ W1 + b1"
z1 = "Relu(a1)"
loss = "SoftmaxWithLoss(z1, t)"
[train]
optimizer = "SGD"
lr = 0.1
steps = 2
"""


def tape_of(text: str) -> Tape:
    return run(loads(text))


def nodes(text: str, values: str = "x = -2") -> Tape:
    return tape_of(f"[inputs]\n{values}\n[nodes]\n{text}")


def session_on(run: Run, name: str, **more: Any) -> Session:
    """Return a session on a run, as the command line opens it."""
    return Session(run.tape, name, run=run, **more)


def debugger_of(scenario: Scenario) -> Debugger:
    """Return a debugger over a whole run, which can go into its layers."""
    run = Run(scenario)
    run.finish()
    return Debugger(run.tape, lambda: LayerEntrance(run))


def tape_of_two_graphs() -> Tape:
    """Return the tape of a program that computes Exp in its first iteration, and Log in its second."""
    first, second = (Graph(("x",), (), (), (Node(*it, ("x",)),), it[0]) for it in (("a", "Exp"), ("b", "Log")))
    order = RecordedOrder(first)
    tape = Tape(order, [1.0])
    tape.begin_iteration()
    tape.add_forward(2.0)
    order.begin_iteration(second)
    tape.begin_iteration([1.0])
    tape.add_forward(3.0)
    return tape
