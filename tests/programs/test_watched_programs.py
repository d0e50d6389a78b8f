"""Whole programs, watched: the numbers of the book, the names of its objects, and every wire."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bptui.core.step import UpdateStep
from bptui.programs.program_run import WatchLimits
from programs import BOOK_NET, NAIVE_LAYERS, watched, wires

FRUIT = """
import sys
from naive_layers import *

apple, apple_num, orange, orange_num, tax = 100, 2, 150, 3, 1.1
mul_apple_layer, mul_orange_layer, mul_tax_layer = MulLayer(), MulLayer(), MulLayer()
add_apple_orange_layer = AddLayer()

apple_price = mul_apple_layer.forward(apple, apple_num)
orange_price = mul_orange_layer.forward(orange, orange_num)
all_price = add_apple_orange_layer.forward(apple_price, orange_price)
price = mul_tax_layer.forward(all_price, tax)

dall_price, dtax = mul_tax_layer.backward(1)
dapple_price, dorange_price = add_apple_orange_layer.backward(dall_price)
dorange, dorange_num = mul_orange_layer.backward(dorange_price)
dapple, dapple_num = mul_apple_layer.backward(dapple_price)
print("price:", price, __name__, sys.argv[1:], len(sys.path[0]) > 1)
print("orange:", dorange, dorange_num)
"""


def test_the_numbers_of_the_book_and_the_names_of_its_objects(tmp_path: Path) -> None:
    """Saito, Deep Learning from Scratch, ch. 5.4.2: price 715, and the gradients below."""
    with watched(tmp_path, FRUIT) as run:
        assert wires(run) == {
            "mul_apple_layer": ("apple", "apple_num"),
            "mul_orange_layer": ("orange", "orange_num"),
            "add_apple_orange_layer": ("mul_apple_layer", "mul_orange_layer"),
            "mul_tax_layer": ("add_apple_orange_layer", "tax"),
        }
        assert run.tape.values["mul_tax_layer"] == pytest.approx(715)
        book = {"apple": 2.2, "apple_num": 110, "orange": 3.3, "orange_num": 165, "tax": 650}
        assert {name: run.tape.gradients[name] for name in book} == pytest.approx(book)


def test_a_watched_program_prints_what_it_prints_alone(tmp_path: Path) -> None:
    with watched(tmp_path, FRUIT, None, "--lr", "0.1") as run:
        alone = [sys.executable, str(tmp_path / "program.py"), "--lr", "0.1"]
        assert run.printed.text == subprocess.run(alone, capture_output=True, text=True, check=True).stdout


def test_where_numbers_coincide_the_names_decide(tmp_path: Path) -> None:
    """2 x 2 is 4 twice, and small integers are one object: the wires are those that the source says."""
    program = """
from naive_layers import *
apples, oranges, total, twice = MulLayer(), MulLayer(), AddLayer(), AddLayer()
a = apples.forward(2, 2)
b = oranges.forward(2, 2)
four = 4
c = total.forward(b, four)
twice.forward(a, total.forward(a, 4))
"""
    with watched(tmp_path, program) as run:
        assert wires(run) == {
            "apples": ("2", "2"),
            "oranges": ("2", "2"),
            "total": ("oranges", "four"),
            "total#2": ("apples", "4"),
            "twice": ("apples", "total#2"),
        }


TRAINING = (
    BOOK_NET
    + """
for step in range(5):
    grad = network.gradient(x_batch, t_batch)
    for key in network.params:
        network.params[key] -= 0.1 * grad[key]
    print(step, network.loss(x_batch, t_batch))
"""
)


def test_a_training_is_iterations_with_updates_and_looks_at_the_loss_in_between(tmp_path: Path) -> None:
    with watched(tmp_path, TRAINING, WatchLimits(passes=2)) as run:
        tape = run.tape
        assert wires(run) == {
            "Affine1": ("x", "W1", "b1"),
            "Relu1": ("Affine1",),
            "Affine2": ("Relu1", "W2", "b2"),
            "lastLayer": ("Affine2", "t"),
        }
        assert [tape.order.passes(it).lengths for it in range(len(tape.iterations))] == [
            (4, 4, 4),
            (4, 0, 0),
            (4, 4, 4),
        ]
        assert run.watched.followed[0] == run.watched.followed[1]
        for step in tape:
            if isinstance(step, UpdateStep):
                assert step.gradient is not None
                np.testing.assert_array_equal(step.after, step.before - 0.1 * step.gradient)
        assert run.end is not None
        assert run.end.how == "passes"
        assert run.printed.text.count("\n") == 1


MADE_BETWEEN = """
h = network.layers["Affine1"].forward(x_batch)
z = np.tanh(h)
y = network.layers["Affine2"].forward(z)
"""


def test_what_code_between_layers_has_made_is_a_leaf_with_its_line(tmp_path: Path) -> None:
    program = BOOK_NET + MADE_BETWEEN
    with watched(tmp_path, program) as run:
        graph = run.tape.graph
        assert wires(run)["Affine2"][0] == "z"
        assert str(graph.computed["z"]).endswith(f"program.py:{program[: program.index('z = np')].count(chr(10)) + 1}")
        assert run.watched.followed == (1, 2)


def test_zeros_invent_no_wire(tmp_path: Path) -> None:
    program = BOOK_NET + "h = Relu().forward(np.zeros((2, 2)))\nz = Relu().forward(np.zeros((2, 2)))\n"
    with watched(tmp_path, program) as run:
        assert {name for inputs in wires(run).values() for name in inputs} <= set(run.tape.graph.leaves)


def test_the_layers_may_be_called_layers_and_the_program_may_exit(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text(NAIVE_LAYERS)
    program = "import sys\nfrom layers import *\nmul = MulLayer()\nmul.forward(2.0, 3.0)\nsys.exit(3)\n"
    with watched(tmp_path, program) as run:
        assert wires(run) == {"mul": ("2.0", "3.0")}
        assert run.end is not None
        assert (run.end.how, run.end.status, run.failure) == ("exit", 3, None)


def test_an_exception_is_the_run_s_failure_at_the_line_of_the_person_s_code(tmp_path: Path) -> None:
    program = BOOK_NET + "network.predict(np.zeros((2, 3)))\n"
    with watched(tmp_path, program) as run:
        assert run.failure is not None
        assert run.failure.message.startswith("ValueError")
        assert "book_layers.py:" in str(run.failure.where)
        assert "Traceback" in run.printed.text
