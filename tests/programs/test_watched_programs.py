"""Whole programs, watched: the numbers of the book, the names of its objects, and every wire."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import jsonschema
import numpy as np
import pytest

from bptui.cli import main
from bptui.core.step import BackwardStep, UpdateStep
from bptui.errors import LayerError
from bptui.programs.program_run import ProgramRun, WatchLimits
from bptui.programs.read_program import read_program
from bptui.recording.codec import encode_line, encode_record
from bptui.recording.program_recording import ProgramRecording
from bptui.recording.program_records import program_records
from bptui.recording.record_schema import record_schema
from bptui.recording.recorder import Recorder
from bptui.recording.run_records import step_record
from bptui.recording.transcript import read_transcript
from guests import ARRIVE
from programs import BOOK_LAYERS, BOOK_NET, FUNCTION_NET, KEEPING_NET, NAIVE_LAYERS, watched, wires
from waiting import work_until

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


@pytest.mark.parametrize(
    ("program", "where", "said"),
    [
        ("x = 1\ndef f(:\n", "program.py:2:7", "SyntaxError: invalid syntax"),
        ("x = '苹果' +\n", "program.py:1:11", "SyntaxError: invalid syntax"),
        ("import helper\n", "helper.py:2:5", "SyntaxError: '(' was never closed"),
        ("x = 1\neval('1 +')\n", "program.py:2", "SyntaxError: invalid syntax (<string>, line 1)"),
    ],
)
def test_a_mistake_in_the_grammar_is_told_with_its_line_and_column(
    tmp_path: Path, program: str, where: str, said: str
) -> None:
    (tmp_path / "helper.py").write_text("x = 1\ny = (\n")
    with watched(tmp_path, program) as run:
        assert run.failure is not None
        assert str(run.failure.where).endswith(where)
        assert run.failure.message == said


def test_an_interrupt_ends_a_program_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"{ARRIVE}\nwhile True: pass\n")
    run = ProgramRun(read_program(str(program)))
    work_until(Path(f"{program}.arrived").exists)
    monkeypatch.setattr(run, "advance", interrupt)
    run.finish()
    run.outlast()
    run.close()
    with pytest.raises(KeyboardInterrupt):
        run.raise_failure()


def interrupt(_: float) -> None:
    raise KeyboardInterrupt


def test_an_exception_is_the_run_s_failure_at_the_line_of_the_person_s_code(tmp_path: Path) -> None:
    program = BOOK_NET + "network.predict(np.zeros((2, 3)))\n"
    with watched(tmp_path, program) as run:
        assert run.failure is not None
        assert run.failure.message.startswith("ValueError")
        assert "book_layers.py:" in str(run.failure.where)
        assert "Traceback" in run.printed.text


def test_functions_with_caches_are_groups_of_nodes_and_the_parameters_are_those_of_the_dictionary(
    tmp_path: Path,
) -> None:
    with watched(tmp_path, FUNCTION_NET, WatchLimits(passes=2)) as run:
        assert wires(run) == {
            "affine1": ("out", "W1", "b1"),
            "relu1": ("affine1",),
            "affine2": ("relu1", "W2", "b2"),
            "relu2": ("affine2",),
            "affine3": ("relu2", "W3", "b3"),
            "softmax_loss1": ("affine3", "y"),
        }
        assert wires(run, 2) == wires(run)
        groups = {node.name: node.group for node in run.tape.graph.nodes if node.group}
        assert groups == {f"{layer}{n}": f"affine_relu{n}" for layer in ("affine", "relu") for n in (1, 2)}
        assert [run.tape.order.passes(it).lengths for it in (0, 1)] == [(6, 6, 6)] * 2
        update = run.tape[12]
        assert isinstance(update, UpdateStep)
        assert update.gradient is not None
        np.testing.assert_allclose(update.after, update.before - 0.1 * (update.gradient + 0.1 * update.before))


def test_classes_that_keep_their_results_begin_the_backward_pass_with_1(tmp_path: Path) -> None:
    with watched(tmp_path, KEEPING_NET, WatchLimits(passes=1)) as run:
        assert wires(run) == {
            "dense1": ("X", "dense1.weights", "dense1.biases"),
            "activation1": ("dense1",),
            "dense2": ("activation1", "dense2.weights", "dense2.biases"),
            "loss_activation": ("dense2", "y"),
        }
        backward = run.tape[4]
        assert isinstance(backward, BackwardStep)
        assert backward.dout == 1.0
        assert run.tape.order.passes(0).lengths == (4, 4, 4)


def test_an_exception_is_shown_at_its_node_after_the_steps_before(tmp_path: Path) -> None:
    program = BOOK_NET + "network.layers['Affine2'].W = np.zeros((2, 2))\nnetwork.loss(x_batch, t_batch)"
    with watched(tmp_path, program) as run:
        assert [step.name for step in run.tape] == ["Affine1", "Relu1"]
        assert run.tape.order[3].name == "Affine2"
        assert not run.tape.is_complete


def test_an_exception_that_the_program_handles_leaves_nothing_behind(tmp_path: Path) -> None:
    program = (
        BOOK_NET + "try:\n    network.predict(np.zeros((2, 3)))\nexcept ValueError:\n    network.predict(x_batch)\n"
    )
    with watched(tmp_path, program) as run:
        assert [step.name for step in run.tape] == ["Affine1", "Relu1", "Affine2"]
        assert run.failure is None


def test_a_recording_is_replayed_from_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "recorded.jsonl"
    with watched(tmp_path, TRAINING, WatchLimits(passes=3)) as run:
        with Recorder(path, run, lambda: 0.0) as recorder:
            recorder.moved(None, run.tape.at(len(run.tape)))
        before, printed, rule = list(program_records(run)), run.printed.text, run.tape.optimizer
    (tmp_path / "program.py").unlink()
    replayed = read_transcript(path)
    assert isinstance(replayed, ProgramRecording)
    assert replayed.has_end
    assert rule is not None
    assert replayed.tape.optimizer == rule
    assert "".join(text for _, text in replayed.pieces) == printed
    steps = [encode_line(step_record(step)) for step in replayed.tape]
    assert steps == [encode_line(it) for it in before if it.kind == "step"]


def test_records_of_a_program_keep_to_their_schema(tmp_path: Path) -> None:
    with watched(tmp_path, FUNCTION_NET, WatchLimits(passes=1)) as run:
        records = [json.loads(encode_line(it)) for it in program_records(run)]
        run.tape.failure = LayerError("no")
        assert "end" not in {encode_record(it)["kind"] for it in program_records(run)}
    validator = jsonschema.Draft202012Validator(record_schema())
    for record in records:
        validator.validate(record)
    kinds = [record["kind"] for record in records]
    assert kinds[:2] == ["header", "graph"]
    assert kinds.count("end") == 1
    assert "source" not in records[0]
    assert records[0]["program"]["path"].endswith("program.py")
    forward = next(record for record in records if record["kind"] == "step")
    assert (forward["group"], forward["call"]["line"]) == ("affine_relu1", 27)


def test_of_a_numerical_gradient_the_first_passes_are_seen_and_the_one_that_goes_back(tmp_path: Path) -> None:
    program = (
        BOOK_NET + "for _ in range(200):\n    network.loss(x_batch, t_batch)\nnetwork.gradient(x_batch, t_batch)\n"
    )
    with watched(tmp_path, program) as run:
        lengths = [run.tape.order.passes(it).lengths for it in range(len(run.tape.iterations))]
        assert len(lengths) < 30
        assert lengths[-1] == (4, 4, 0)
        assert run.watched.followed[0] == run.watched.followed[1]


def test_passes_that_begin_where_many_have_never_gone_back_are_passed_over(tmp_path: Path) -> None:
    program = BOOK_NET + dedent("""
        def loss():
            return network.loss(x_batch, t_batch)

        for times in (200, 10):
            for _ in range(times):
                loss()
            network.gradient(x_batch, t_batch)
        for _ in range(30):
            network.gradient(x_batch, t_batch)
    """)
    with watched(tmp_path, program, limits=WatchLimits(passes=40)) as run:
        lengths = [run.tape.order.passes(it).lengths for it in range(len(run.tape.iterations))]
        assert lengths == [(4, 0, 0)] * 20 + [(4, 4, 0)] + [(4, 0, 0)] * 10 + [(4, 4, 0)] * 31


def test_where_the_memory_is_full_the_program_ends_after_its_passes(tmp_path: Path) -> None:
    program = BOOK_NET + dedent("""
        for step in range(1000):
            x_batch = np.random.randn(6, 4)
            network.gradient(x_batch, t_batch)
            network.params["W1"] += 0.1
            print(step, flush=True)
    """)
    with watched(tmp_path, program, limits=WatchLimits(passes=30, memory=1 << 15)) as run:
        assert run.end is not None
        assert run.end.how == "memory"
        run.outlast()
        assert run.printed.text.split()[-1] == "29"


TIME_LAYERS = """
import numpy as np


class Cell:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]

    def forward(self, x, h):
        W, = self.params
        self.cache = x, np.tanh(x @ W + h)
        return self.cache[1]

    def backward(self, dh):
        x, h = self.cache
        da = dh * (1 - h ** 2)
        self.grads[0][...] = x.T @ da
        return da @ self.params[0].T, da


class TimeCell:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]

    def forward(self, xs):
        self.layers = []
        hs, h = np.empty_like(xs), np.zeros_like(xs[:, 0])
        for t in range(xs.shape[1]):
            layer = Cell(*self.params)
            h = layer.forward(xs[:, t, :], h)
            hs[:, t, :] = h
            self.layers.append(layer)
        return hs

    def backward(self, dhs):
        dxs, dh = np.empty_like(dhs), 0
        for t in reversed(range(dhs.shape[1])):
            dx, dh = self.layers[t].backward(dhs[:, t, :] + dh)
            dxs[:, t, :] = dx
        return dxs


rng = np.random.RandomState(0)
xs = rng.randn(2, 3, 4)
rnn, affine = TimeCell(rng.randn(4, 4)), Cell(rng.randn(4, 4))
for step in range(2):
    out = affine.forward(rnn.forward(xs).reshape(-1, 4), np.zeros((6, 4)))
    dx, _ = affine.backward(np.ones((6, 4)))
    rnn.backward(dx.reshape(2, 3, 4))
"""


def test_slices_stacks_and_reshapes_between_layers_are_nodes_with_gradients(tmp_path: Path) -> None:
    with watched(tmp_path, TIME_LAYERS, WatchLimits(passes=2)) as run:
        slices = {f"xs[:, {t}, :]": ("xs",) for t in range(3)}
        found = wires(run)
        assert {name: found[name] for name in slices} == slices
        assert [found[f"Cell{t}"][:2] for t in (1, 2, 3)] == [
            ("xs[:, 0, :]", "h"),
            ("xs[:, 1, :]", "Cell1"),
            ("xs[:, 2, :]", "Cell2"),
        ]
        assert found["Cell1"][2] == found["Cell3"][2] == "Cell1.W"
        assert found["rnn.out"] == ("Cell1", "Cell2", "Cell3")
        assert run.watched.followed[0] == run.watched.followed[1]
        assert wires(run, 2) == found
        gradient = run.tape.gradients["rnn.out"]
        assert gradient is not None
        assert gradient.shape == (2, 3, 4)
        assert run.tape.gradients["xs"] is not None


SKIP_CONNECTIONS = """
import numpy as np
class Linear:
    def __init__(self, n, m, rng):
        self.W = rng.randn(n, m) * 0.3
        self.b = np.zeros(m)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(0)
        return dout @ self.W.T
class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out
    def backward(self, dout):
        return dout * (1 - self.out ** 2)
class Block:
    def __init__(self, n, rng):
        self.fc = Linear(n, n, rng)
        self.act = Tanh()
    def forward(self, x):
        return x + self.act.forward(self.fc.forward(x))
    def backward(self, dout):
        return dout + self.fc.backward(self.act.backward(dout))
class MSE:
    def forward(self, y, t):
        self.d = y - t
        return (self.d ** 2).mean()
    def backward(self):
        return 2 * self.d / self.d.size
rng = np.random.RandomState(0)
blocks = [Block(4, rng) for _ in range(3)]
head = Linear(8, 2, rng)
loss = MSE()
x, t = rng.randn(5, 4), rng.randn(5, 2)
for step in range(3):
    h = x
    for block in blocks:
        h = block.forward(h)
    both = np.concatenate([h, x], axis=1)
    y = head.forward(both)
    print(loss.forward(y, t))
    d = head.backward(loss.backward())
    d = d[:, :4]
    for block in reversed(blocks):
        d = block.backward(d)
    for l in [head] + [b.fc for b in blocks]:
        l.W -= 0.1 * l.dW
        l.b -= 0.1 * l.db
"""


def test_skip_connections_are_sums_and_objects_of_one_name_bear_their_holders_too(tmp_path: Path) -> None:
    with watched(tmp_path, SKIP_CONNECTIONS, WatchLimits(passes=2)) as run:
        found = wires(run)
        assert {name: inputs[:2] for name, inputs in found.items()} == {
            "fc": ("h", "fc.W"),
            "act": ("fc",),
            "Block1.out": ("h", "act"),
            "Block2.fc": ("Block1.out", "Block2.fc.W"),
            "Block2.act": ("Block2.fc",),
            "Block2.out": ("Block1.out", "Block2.act"),
            "Block3.fc": ("Block2.out", "Block3.fc.W"),
            "Block3.act": ("Block3.fc",),
            "Block3.out": ("Block2.out", "Block3.act"),
            "both": ("Block3.out", "h"),
            "head": ("both", "head.W"),
            "loss": ("head", "t"),
        }
        assert wires(run, 2) == found


def test_a_training_computes_the_same_bit_for_bit_watched_and_unwatched(tmp_path: Path) -> None:
    program = TRAINING + "print([value.tobytes().hex() for value in network.params.values()])\n"
    with watched(tmp_path, program, WatchLimits(passes=2, runs_on=True)) as run:
        run.wait_for(lambda: run.is_serving, 60)
        run.take_output()
        alone = [sys.executable, str(tmp_path / "program.py")]
        assert run.printed.text == subprocess.run(alone, capture_output=True, text=True, check=True).stdout


def test_a_program_that_runs_on_comes_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book_layers.py").write_text(BOOK_LAYERS)
    end = tmp_path / "end.txt"
    program = tmp_path / "program.py"
    program.write_text(f"{TRAINING}\nopen({str(end)!r}, 'w').write('done')\n")
    assert main(["trace", "--passes", "1", str(program)]) == 0
    assert not end.exists()
    assert main(["trace", "--passes", "1", "--then-run-on", str(program)]) == 0
    assert end.read_text() == "done"
    assert capsys.readouterr().out.count("\n  4 ") == 1


@pytest.mark.parametrize("back", ["y", "y * 1.0", "y + 0.5"])
def test_a_value_handed_back_as_its_own_gradient_is_what_arrives(tmp_path: Path, back: str) -> None:
    """The gradient of half the sum of y² is y: that the node has made it does not make it a prediction."""
    text = f"""
        import numpy as np
        class Twice:
            def forward(self, x): return 2 * x
            def backward(self, dout): return 2 * dout
        twice = Twice()
        x = np.array([[1.0, -3.0]])
        y = twice.forward(x)
        twice.backward({back})
    """
    y = np.array([[2.0, -6.0]])
    dout = {"y": y, "y * 1.0": y, "y + 0.5": y + 0.5}[back]
    with watched(tmp_path, dedent(text)) as run:
        np.testing.assert_array_equal(np.asarray(run.tape.gradients["twice"]), dout)
        np.testing.assert_array_equal(np.asarray(run.tape.gradients["x"]), 2 * dout)


def test_a_loss_that_is_handed_prediction_and_targets_starts_with_1(tmp_path: Path) -> None:
    text = """
        import numpy as np
        class Loss:
            def forward(self, y_pred, y_true):
                self.count = len(y_pred)
                return (y_pred - y_true) ** 2
            def backward(self, y_pred, y_true):
                self.dinputs = 2 * (y_pred - y_true)
        loss = Loss()
        y_pred, y_true = np.array([1.0, -3.0]), np.array([0.5, 0.5])
        loss.forward(y_pred, y_true)
        loss.backward(y_pred, y_true)
    """
    with watched(tmp_path, dedent(text)) as run:
        np.testing.assert_array_equal(np.asarray(run.tape.gradients["loss"]), [1.0, 1.0])


BY_NAME = """
import numpy as np

def cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(parameters["W"] @ xt + parameters["U"] @ a_prev)
    y = 2 * a_next
    return a_next, y, (a_next, a_prev, xt, parameters)

def cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    d = (1 - a_next ** 2) * da_next
    return {"dW": d @ xt.T, "da_prev": parameters["U"].T @ d, "dxt": parameters["W"].T @ d}

parameters = {"W": np.array([[0.5, -1.0]]), "U": np.array([[0.75]])}
x1, x2 = np.array([[1.0], [2.0]]), np.array([[3.0], [1.5]])
a1, y1, cache1 = cell_forward(x1, np.array([[0.25]]), parameters)
a2, y2, cache2 = cell_forward(x2, a1, parameters)
second = cell_backward(np.array([[1.0]]), cache2)
first = cell_backward(second["da_prev"], cache1)
"""


def test_gradients_that_a_backward_gives_by_name_come_to_the_inputs_of_that_name(tmp_path: Path) -> None:
    a1 = np.tanh(0.5 - 2 + 0.75 * 0.25)
    a2 = np.tanh(1.5 - 1.5 + 0.75 * a1)
    d2 = 1 - a2**2
    d1 = (1 - a1**2) * 0.75 * d2
    with watched(tmp_path, BY_NAME) as run:
        steps = [it for it in run.tape if isinstance(it, BackwardStep)]
        gradients = [[None if it is None else it.ravel().tolist() for it in step.gradients] for step in steps]
        assert gradients == [
            [pytest.approx([0.5 * d2, -d2]), pytest.approx([0.75 * d2])],
            [pytest.approx([0.5 * d1, -d1]), pytest.approx([0.75 * d1])],
        ]


def test_what_code_makes_of_results_in_several_steps_is_said_to_be_computed(tmp_path: Path) -> None:
    """A result may be taken from its layer, and go through variables; what comes from outside is only an input."""
    program = """
import numpy as np
from book_layers import *


class Keeping:
    def forward(self, x):
        self.output = x * 3

    def backward(self, dout):
        self.dinputs = dout * 3


x = np.arange(6.0).reshape(2, 3) / 7
first, relus = Keeping(), [Relu() for _ in range(4)]
first.forward(x)
half = first.output / 2
joined = np.sqrt(half)
relus[0].forward(joined[:, 1:])
relus[1].forward(first.output - 1)
relus[2].forward(x[:1] * 2)
"""
    with watched(tmp_path, BOOK_LAYERS + program.replace("from book_layers import *", "")) as run:
        computed = run.tape.graph.computed
        sources = {node.inputs[0]: node.inputs[0] in computed for node in run.tape.graph.nodes}
    assert list(sources.values()) == [False, True, True, False]
