"""A run with the user's own layers: their values on the tape, and their faults at their nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptui.checking.check_scenario import check_at
from bptui.checking.finding import Verdict
from bptui.core import engine
from bptui.core.order import Pass
from bptui.errors import LayerError, ScenarioError, UnansweredError
from bptui.explaining.equations import forward_equation
from bptui.explaining.formula_words import is_built_in
from bptui.guest import pending_call
from bptui.guest.host_supply import HostSupply
from bptui.recording.codec import encode_line
from bptui.recording.run_records import records
from bptui.recording.transcript import read_transcript
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from guests import ARRIVE, forget_arrival, layer_file, line_of, wait_for_arrival
from waiting import work_until

BOOK = """
    class Relu:
        def forward(self, x):
            self.mask = x <= 0
            out = x.copy()
            out[self.mask] = 0
            return out
        def backward(self, dout):
            dout[self.mask] = 0
            return dout

    class Affine:
        def __init__(self, W, b):
            self.params, self.grads = [W, b], [np.zeros_like(W), np.zeros_like(b)]
        def forward(self, x):
            W, b = self.params
            self.x = x
            return np.dot(x, W) + b
        def backward(self, dout):
            self.grads[0][...] = np.dot(self.x.T, dout)
            self.grads[1][...] = np.sum(dout, axis=0)
            return np.dot(dout, self.params[0].T)

    class Twice:
        def forward(self, x):
            if np.size(x) and np.max(x) > 100:
                while True: ARRIVE  # HERE
            return x * 2
        def backward(self, dout):
            return dout * 2

    class Fails:
        def forward(self, x):
            return x * 1
        def backward(self, dout):
            raise ValueError("not today")  # BACK
    """.replace("ARRIVE", ARRIVE)

NETWORK = """
seed = 3
[inputs]
x = [[1.0, 0.5], [0.2, -0.3]]
t = [0, 1]
[parameters]
W1 = {{ shape = [2, 3], init = "he" }}
b1 = [0.1, -0.2, 0.3]
W2 = {{ shape = [3, 2], init = "he" }}
b2 = {{ shape = [2], init = "zeros" }}
[nodes]
a1 = "Affine(x, W1, b1)"
z1 = "Relu(a1)"
a2 = "Affine(z1, W2, b2)"
loss = "SoftmaxWithLoss(a2, t)"
[train]
optimizer = "{optimizer}"
lr = 0.1
steps = 4
"""


SIMPLE = "[inputs]\nx = 1\n[nodes]\ny = 'Twice(x)'\n"


@contextmanager
def running(folder: Path, text: str, layers: str = BOOK) -> Iterator[Run]:
    """Yield a run that has not begun, and end its process."""
    file = layer_file(folder, layers)
    made = Run(loads(text, folder / "a.toml", layers=[file.path]))
    try:
        yield made
    finally:
        made.close()


def failure(made: Run) -> LayerError:
    made.finish()
    assert made.failure is not None
    return made.failure


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_a_training_with_the_books_layers_is_the_training_with_ours_in_every_bit(
    tmp_path: Path, optimizer: str
) -> None:
    text = NETWORK.format(optimizer=optimizer)
    ours = run(loads(text))
    with running(tmp_path, text) as theirs:
        theirs.finish()
        assert theirs.failure is None
        assert len(theirs.tape) == len(ours)
        for number in range(1, len(ours) + 1):
            for name in ours.graph.names:
                one, other = ours.at(number), theirs.tape.at(number)
                assert_same(one.value(name), other.value(name))
                assert_same(one.gradient(name), other.gradient(name))


def assert_same(ours: Any, theirs: Any) -> None:
    assert (ours is None) == (theirs is None)
    if ours is not None:
        assert np.shape(ours) == np.shape(theirs)
        assert np.asarray(ours).tobytes() == np.asarray(theirs).tobytes()


def test_what_a_guest_writes_into_does_not_reach_the_tape(tmp_path: Path) -> None:
    text = "[inputs]\nx = [-1, 2]\n[nodes]\nr = 'Relu(x)'\ny = 'r + x'\n"
    with running(tmp_path, text) as made:
        made.finish()
        assert made.tape.gradients["x"] is not None
        assert made.tape.gradients["x"].tolist() == [1.0, 2.0]  # the book's Relu would have made it [0, 2]
        assert [(remark.node, remark.rule) for remark in made.remarks] == [("r", "mutates")]


def test_a_loop_keeps_the_run_waiting_and_not_its_reader(tmp_path: Path) -> None:
    text = "[inputs]\nx = 30\n[nodes]\na = 'Twice(x)'\nb = 'Twice(a)'\nc = 'Twice(b)'\nd = 'Twice(c)'\n"
    with running(tmp_path, text) as made:
        work_until(lambda: len(made.tape) == 2, lambda: made.advance(100))
        made.advance(100)
        assert made.waiting is not None
        assert made.node_waited_for is made.graph.nodes[2]
        assert (len(made.tape), made.is_over) == (2, False)
        assert made.tape.values["b"] == 120.0
        made.give_up()
        assert made.failure is not None
        assert "c: Twice.forward: was stopped after" in str(made.failure)
        assert made.is_over
        made.advance(5)
        made.give_up()
        assert len(made.tape) == 2


def test_a_run_that_is_closed_while_it_waits_is_over(tmp_path: Path) -> None:
    with running(tmp_path, "[inputs]\nx = 300\n[nodes]\ny = 'Twice(x)'\n") as made:
        made.advance(1)
        assert made.waiting is not None
        made.close()
        assert "was closed" in failure(made).message


def test_the_shell_gives_a_call_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path, "[inputs]\nx = 300\n[nodes]\ny = 'Twice(x)'\n") as made:
        forget_arrival(made.scenario.layer_files[0])
        made.advance(1)
        wait_for_arrival(made.scenario.layer_files[0])
        monkeypatch.setattr(engine, "TIME_LIMIT", 0.0)
        error = failure(made)
        assert "did not return within 0 s" in error.message
        assert error.line == line_of(made.scenario.layer_files[0], "HERE")
        assert len(made.tape) == 0


def test_a_value_behind_a_guest_that_would_be_too_large_is_refused_before_it_is_made(tmp_path: Path) -> None:
    text = "[inputs]\nx = 1\n[nodes]\na = 'Twice(x)'\nb = 'BroadcastTo(a, shape=[1000000, 1000000])'\ny = 'Max(b)'\n"
    with running(tmp_path, text) as made:
        error = failure(made)
        assert error.message.startswith("b: BroadcastTo: its value would be [1000000, 1000000], which is more than")
        assert error.line == 5
        assert len(made.tape) == 1


def test_a_fault_in_backward_leaves_the_forward_pass_and_the_steps_before_it(tmp_path: Path) -> None:
    text = "[inputs]\nx = [1, 2]\n[nodes]\na = 'Fails(x)'\nb = 'a * 3'\ny = 'Sum(b)'\n"
    with running(tmp_path, text) as made:
        error = failure(made)
        assert error.message == "a: Fails.backward: ValueError: not today"
        assert error.line == line_of(made.scenario.layer_files[0], "BACK")
        assert [(step.pass_, step.name) for step in made.tape] == [
            *[(Pass.FORWARD, name) for name in "aby"],
            (Pass.BACKWARD, "y"),
            (Pass.BACKWARD, "b"),
        ]
        assert made.tape.at(5).gradient("a") is not None
        kinds = [record.kind for record in records(made)]
        assert kinds == ["header"]  # it is over already
    with running(tmp_path, text) as made:
        assert [record.kind for record in records(made)] == ["header", *["step"] * 5]


def test_a_built_in_layer_that_a_guest_has_misled_fails_at_its_own_node(tmp_path: Path) -> None:
    text = "[inputs]\nx = [1, 2]\n[nodes]\na = 'Longer(x)'\nb = 'a + x'\n"
    layers = """
        class Longer:
            def forward(self, x): return np.append(x, 1)
            def backward(self, dout): return dout[:-1]
        """
    with running(tmp_path, text, layers) as made:
        error = failure(made)
        assert error.message == "b: Add: shapes (3,) and (2,) do not broadcast"
        assert (error.line, len(made.tape)) == (5, 1)


@pytest.mark.parametrize(("dout", "gradient"), [("", 2.0), ("[run]\ndout = 3\n", 6.0)])
def test_dout_takes_the_shape_that_only_the_run_can_know(tmp_path: Path, dout: str, gradient: float) -> None:
    with running(tmp_path, f"[inputs]\nx = [1, 2]\n[nodes]\ny = 'Twice(x)'\n{dout}") as made:
        made.finish()
        assert made.tape.gradients["x"] is not None
        assert made.tape.gradients["x"].tolist() == [gradient, gradient]
        assert made.tape.gradients["y"] is not None
        assert made.tape.gradients["y"].shape == (2,)


def test_a_dout_of_another_shape_than_the_output_ends_the_run(tmp_path: Path) -> None:
    with running(tmp_path, "[inputs]\nx = [1, 2]\n[nodes]\ny = 'Twice(x)'\n[run]\ndout = [1, 2, 3]\n") as made:
        assert failure(made).message == "dout is [3], but y is [2]"


def test_a_broken_import_is_told_with_its_line(tmp_path: Path) -> None:
    layers = "import torch_is_not_here  # HERE\n" + BOOK.replace("\n    ", "\n")
    error = refusal(tmp_path, layers)
    assert error.message == "ModuleNotFoundError: No module named 'torch_is_not_here'"
    assert error.line == 2
    assert "environment" in (error.hint or "")


def refusal(folder: Path, layers: str) -> ScenarioError:
    with (
        pytest.raises(ScenarioError) as caught,
        running(folder, "[inputs]\nx = 1\n[nodes]\ny = 'Twice(x)'\n", layers),
    ):
        pass
    return caught.value


def test_running_from_python_raises_what_a_guest_did(tmp_path: Path) -> None:
    file = layer_file(tmp_path, BOOK)
    with pytest.raises(LayerError, match="not today"):
        run(loads("[inputs]\nx = 1\n[nodes]\ny = 'Fails(x)'\n", tmp_path / "a.toml", layers=[file.path]))


def test_a_step_can_be_looked_into_after_the_process_is_gone(tmp_path: Path) -> None:
    with running(tmp_path, "[inputs]\nx = [1, -2]\n[nodes]\ny = 'Relu(x)'\n") as made:
        made.finish()
        made.close()
        step = made.tape[1]
        assert step.local[0].tolist() == [1.0, 0.0]  # type: ignore[union-attr]
        assert made.tape.kept(0, 0)["mask"].tolist() == [False, True]


def test_a_layer_that_is_not_repeatable_shows_what_was_recorded_and_is_remarked_upon(tmp_path: Path) -> None:
    layers = """
        import itertools
        count = itertools.count()
        class Random:
            def forward(self, x): return x + next(count)
            def backward(self, dout): return dout
        class Frozen:
            def forward(self, x): return x + np.random.rand()
            def backward(self, dout): return dout
        """
    text = "[inputs]\nx = 1\n[nodes]\na = 'Random(x)'\ny = 'Frozen(a)'\n"
    with running(tmp_path, text, layers) as made:
        made.finish()
        recorded = made.tape.values["a"]
        for step in made.tape.steps[2:]:
            assert step.local  # type: ignore[union-attr]
        assert made.tape.values["a"] == recorded
        assert [(remark.node, remark.rule) for remark in made.remarks] == [("a", "repeats")]


def test_random_layers_draw_anew_in_each_iteration_and_alike_in_each_run(tmp_path: Path) -> None:
    layers = """
        class Noise:
            def forward(self, x): return x + np.random.rand()
            def backward(self, dout): return dout
        """
    text = "[parameters]\nx = 1\n[nodes]\ny = 'Noise(x)'\n[train]\noptimizer = 'SGD'\nlr = 1e-300\nsteps = 2\n"
    runs = []
    for _ in range(2):
        with running(tmp_path, text, layers) as made:
            made.finish()
            runs.append([float(iteration.values[-1]) for iteration in made.tape.iterations])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


def test_nothing_of_a_guest_runs_again_for_a_run_that_waits(tmp_path: Path) -> None:
    text = "[inputs]\nx = 60\n[nodes]\na = 'Twice(x)'\nb = 'Twice(a)'\n"
    with running(tmp_path, text) as made:
        work_until(lambda: len(made.tape) == 1, lambda: made.advance(100))
        made.advance(100)
        assert made.tape.local(0, 0) == (None,)
        assert made.tape.kept(0, 0) == {}


@settings(max_examples=20)
@given(slices=st.lists(st.integers(1, 5), max_size=20))
def test_however_a_run_is_sliced_the_tape_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, slices: list[int]
) -> None:
    text = NETWORK.format(optimizer="SGD")
    whole = run(loads(text))
    with running(tmp_path_factory.getbasetemp(), text) as made:
        for steps in slices:
            made.advance(steps)
        made.finish()
        for name in whole.graph.names:
            assert_same(whole.values[name], made.tape.values[name])


def test_a_replay_does_not_take_ones_own_layer_for_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    with running(tmp_path, "[inputs]\nx = 2\n[nodes]\ny = 'Relu(x)'\nz = 'Sigmoid(y)'\n") as made:
        path = tmp_path / "session.jsonl"
        path.write_text("".join(map(encode_line, records(made))))
        replayed = read_transcript(path)
        for tape in (made, replayed):
            assert str(forward_equation(tape.tape.at(2), "y")) == "y = Relu(x) = 2"
            assert [is_built_in(tape.tape, node) for node in tape.tape.graph.nodes] == [False, True]


def test_of_two_files_with_a_class_of_one_name_the_last_gives_it_whatever_the_order_of_the_nodes(
    tmp_path: Path,
) -> None:
    times = "    def forward(self, x): return x * {0}\n    def backward(self, dout): return dout * {0}\n"
    first = layer_file(tmp_path, f"class A:\n{times.format(2)}class B:\n{times.format(3)}", name="first.py")
    last = layer_file(tmp_path, f"class B:\n{times.format(5)}", name="last.py")
    text = "[inputs]\nx = 1\n[nodes]\ny = 'B(x)'\nz = 'A(y)'\n"
    assert run(loads(text, tmp_path / "a.toml", layers=[first.path, last.path])).values["z"] == 10.0


def test_a_file_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = dedent(BOOK) + f"while True: {ARRIVE}  # IMPORT\n"
    file = layer_file(tmp_path, layers)
    supply = HostSupply([file], {})
    monkeypatch.setattr(pending_call, "LOADING_LIMIT", 0.0)
    told: list[str] = []

    def wait_then_tell(words: str) -> None:
        wait_for_arrival(file)
        told.append(words)

    with pytest.raises(ScenarioError) as caught:
        supply.given(wait_then_tell)
    assert "was not imported within 0 s" in caught.value.message
    assert caught.value.line == line_of(file, "IMPORT")
    (words,) = told
    assert "still running after" in words
    assert "__main__" in words


HANGS_BACKWARD = f"""
    class Waits:
        def forward(self, x):
            return x * 2
        def backward(self, dout):
            while True: {ARRIVE}  # HERE
    """


def test_a_backward_that_was_given_up_is_not_waited_for_again_by_the_check(tmp_path: Path) -> None:
    file = layer_file(tmp_path, HANGS_BACKWARD)
    made = Run(loads(SIMPLE.replace("Twice", "Waits"), tmp_path / "a.toml", layers=[file.path]))
    forget_arrival(file)

    def has_arrived() -> bool:
        made.advance(1)
        return Path(f"{file.path}.arrived").exists()

    try:
        work_until(has_arrived)
        made.give_up()
        made.finish()
        assert isinstance(made.failure, UnansweredError)
        (finding,) = check_at(made, 0)
    finally:
        made.close()
    assert finding.verdict is Verdict.FAIL
    assert finding.where is not None
    assert finding.where.line == line_of(file, "HERE")
