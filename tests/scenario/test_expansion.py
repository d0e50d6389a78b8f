"""A node as what its layer is made of: the same numbers, whichever layer, options and shapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptui.cli import main
from bptui.core.graph import Node
from bptui.errors import ScenarioError
from bptui.running import with_expansions
from bptui.scenario.expansion import expanded, is_composite
from bptui.scenario.load import load, loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from layer_cases import EXAMPLES, Case, case_of, cases_of, every_layer
from layers import Array, Layer
from strategies import make_scenario

COMPOSITE = [layer for layer in every_layer if is_composite(layer)]

NETWORK = """
[inputs]
x = [[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]]
t = [0, 2]
[parameters]
gamma = [1.0, 2.0, 0.5]
beta = [0.0, 0.1, 0.2]
[nodes]
y = "LayerNorm(x * 3, gamma, beta, eps=0.1)"
loss = "SoftmaxWithLoss(Gelu(y), t)"
"""


def scenario_of(case: Case) -> Scenario:
    """Return a network of a case's layer, the node y; of several outputs the elements are put in a row."""
    names = [f"in{place}" for place in range(len(case.inputs))]
    outputs = ("y", *case.layer.outputs[1:])
    nodes = [Node("y", case.layer.__name__, tuple(names), case.options, outputs=outputs)]
    if len(outputs) > 1:
        nodes += [Node(f"row_{name}", "Reshape", (name,), {"shape": [-1]}) for name in outputs]
        nodes += [Node("all", "Concat", tuple([node.name for node in nodes[1:]]))]
    return make_scenario(nodes, inputs=dict(zip(names, case.inputs, strict=True)), dout=case.dout)


def assert_close(got: Array | None, want: Array | None, *, size: float = 0.0) -> None:
    """Hold two arrays together; ``size`` is that of the numbers they are differences of."""
    assert (got is None) == (want is None)
    if got is not None and want is not None:
        largest = max(size, float(np.abs(want).max(initial=0)))
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12 * largest)


NEEDS_ELEMENTS = {"Softmax", "LogSoftmax", "SoftmaxWithLoss", "RNN", "LSTM", "GRU"}
"""Layers whose expansion has a formula for each of something, or a largest of all, so that there must be some."""


def has_an_expansion(case: Case) -> bool:
    return case.layer.__name__ not in NEEDS_ELEMENTS or case.inputs[0].size > 0


def assert_expands(case: Case) -> None:
    """Hold a layer's values and gradients and those of its expansion together."""
    scenario = scenario_of(case)
    whole, parts = run(scenario), run(expanded(scenario, ["y"]))
    assert len(parts.graph.nodes) > len(whole.graph.nodes)
    assert_close(parts.values[whole.graph.output], whole.values[whole.graph.output])
    for name, want in whole.gradients.items():
        if name in parts.graph.leaves:
            assert_close(parts.gradients[name], want, size=float(np.abs(case.dout).max(initial=0)))


@settings(max_examples=15)
@given(st.sampled_from(COMPOSITE).flatmap(cases_of).filter(has_an_expansion))
def test_an_expansion_has_its_layer_s_values_and_gradients(case: Case) -> None:
    assert_expands(case)


@pytest.mark.parametrize("layer", [layer for layer in COMPOSITE if layer.__name__ in EXAMPLES])
def test_so_it_has_with_every_option_and_shape_among_the_examples(layer: type[Layer]) -> None:
    for row in EXAMPLES[layer.__name__]:
        if has_an_expansion(case := case_of(layer, row, seed=1)):
            assert_expands(case)


def test_these_layers_have_one() -> None:
    assert {layer.__name__ for layer in COMPOSITE} >= {
        "BatchNorm",
        "LayerNorm",
        "RMSNorm",
        "GroupNorm",
        "Softmax",
        "LogSoftmax",
        "SoftmaxWithLoss",
        "CrossEntropy",
        "Gelu",
        "LSTMStep",
        "GRUStep",
        "Attention",
        "Conv1d",
        "Conv2d",
        "RNNStep",
        "RNN",
        "LSTM",
        "GRU",
    }


def test_its_nodes_are_named_after_the_node() -> None:
    graph = expanded(loads(NETWORK), ["y"]).graph
    assert [f"{node.name} = {node.layer}({', '.join(node.inputs)})" for node in graph.nodes] == [
        "y.1 = Mul(x, 3)",
        "y.mean = Mean(y.1)",
        "y.centred = Sub(y.1, y.mean)",
        "y.var.1 = Square(y.centred)",
        "y.var = Mean(y.var.1)",
        "y.std.1 = Add(y.var, 0.1)",
        "y.std = Sqrt(y.std.1)",
        "y.normal = Div(y.centred, y.std)",
        "y.scaled = Mul(gamma, y.normal)",
        "y = Add(y.scaled, beta)",
        "loss.1 = Gelu(y)",
        "loss = SoftmaxWithLoss(loss.1, t)",
    ]


def test_all_expands_every_node_that_can_be() -> None:
    graph = expanded(loads(NETWORK), ["all"]).graph
    assert not {"LayerNorm", "Gelu", "SoftmaxWithLoss"} & {node.layer for node in graph.nodes}
    assert len({node.name for node in graph.nodes}) == len(graph.nodes)


def test_several_nodes_one_after_the_other_are_as_good_as_all() -> None:
    one_by_one = expanded(loads(NETWORK), ["loss", "loss.1", "y"])
    assert {node.name for node in one_by_one.graph.nodes} == {
        node.name for node in expanded(loads(NETWORK), ["all"]).graph.nodes
    }


def test_the_whole_network_keeps_its_numbers() -> None:
    whole, parts = run(loads(NETWORK)), run(expanded(loads(NETWORK), ["all"]))
    for name, want in whole.gradients.items():
        assert_close(parts.gradients[name], want)


def test_float32_stays_float32() -> None:
    tape = run(expanded(loads(f'dtype = "float32"\n{NETWORK}'), ["all"]))
    assert {it.dtype.name for it in tape.values.values() if it is not None and it.dtype.kind == "f"} == {"float32"}


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("y.1", "y.1: Mul has no expansion", "what can be expanded: y, loss.1, loss"),
        ("los", "no node is called los", "did you mean loss?"),
        ("x", "no node is called x", "what can be expanded: y, loss.1, loss"),
    ],
)
def test_what_cannot_be_expanded_is_refused(name: str, message: str, hint: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        expanded(loads(NETWORK), [name])
    assert (caught.value.message, caught.value.hint) == (message, hint)


@given(st.sampled_from(COMPOSITE).flatmap(cases_of).filter(has_an_expansion))
def test_no_formula_of_an_expansion_takes_a_name_of_its_layer_s_inputs(case: Case) -> None:
    assert not case.make().expansion(*[x.shape for x in case.inputs]).keys() & set(case.names)


def test_the_command_line_expands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.toml"
    path.write_text(NETWORK, encoding="utf-8")
    assert main(["trace", str(path), "--expand", "y", "--expand", "loss"]) == 0
    assert "y.var" in capsys.readouterr().out
    assert main(["check", str(path), "--expand", "all"]) == 0
    assert "loss.logp" in capsys.readouterr().out
    assert main(["trace", str(path), "--expand", "x"]) == 2
    assert "no node is called x" in capsys.readouterr().err


SEQUENCE = """
[inputs]
xs = { shape = [2, 3, 2], init = "normal" }
state = [[0.1], [-0.2]]
[parameters]
Wx = { shape = [2, 4], init = "normal" }
Wh = { shape = [1, 4], init = "normal" }
b = { shape = [4], init = "zeros" }
[nodes]
"hs, h, cell" = "LSTM(xs, state, state, Wx, Wh, b)"
loss = "Sum(hs) + Sum(cell)"
"""


def test_a_layer_over_time_expands_to_its_steps_and_each_step_to_its_gates() -> None:
    steps = expanded(loads(SEQUENCE), ["hs"])
    assert [node.outputs for node in steps.graph.nodes if node.layer == "LSTMStep"] == [
        ("hs.h1", "hs.c1"),
        ("hs.h2", "hs.c2"),
        ("hs.h3", "cell"),
    ]
    gates = expanded(steps, ["hs.h2"])
    assert {"hs.h2.i", "hs.h2.f", "hs.h2.g", "hs.h2.o"} <= {node.name for node in gates.graph.nodes}
    for parts in (steps, gates):
        for name, want in run(loads(SEQUENCE)).gradients.items():
            assert_close(run(parts).gradients[name], want)


@pytest.mark.parametrize("node", ["h, cell = LSTMStep(Sum(xs, axis=1),", "hs, h, cell = LSTM(xs,"])
def test_each_output_keeps_a_gradient_of_its_own(node: str) -> None:
    outputs, call = node.split(" = ")
    uses = " + ".join(f"Sum({name} * {name})" for name in outputs.split(", "))
    lstm = '"hs, h, cell" = "LSTM(xs,', "Sum(hs) + Sum(cell)"
    scenario = loads(SEQUENCE.replace(lstm[0], f'"{outputs}" = "{call}').replace(lstm[1], uses))
    whole, parts = run(scenario), run(expanded(scenario, [outputs.partition(",")[0]]))
    for name in outputs.split(", "):
        assert_close(parts.gradients[name], whole.gradients[name])


def test_an_output_without_a_name_has_that_of_its_formula() -> None:
    lstm = '"hs, h, cell" = "LSTM(xs,', "Sum(hs) + Sum(cell)"
    step = SEQUENCE.replace(lstm[0], '"h, _" = "LSTMStep(Sum(xs, axis=1),').replace(lstm[1], "Sum(h)")
    names = [node.name for node in expanded(loads(step), ["h"]).graph.nodes]
    assert {"h.c_next", "h"} <= set(names)
    assert not any("_2" in name for name in names)


def test_a_sequence_of_no_places_has_no_steps_to_expand_to() -> None:
    with pytest.raises(ScenarioError, match=r"hs: xs of shape \(2, 0, 2\) has no places"):
        expanded(loads(SEQUENCE.replace("[2, 3, 2]", "[2, 0, 2]")), ["hs"])


OWN = """
class Twice:
    def forward(self, x):
        return 2 * x
    def backward(self, dout):
        return 2 * dout
"""

BEHIND_OWN = """
[inputs]
x = [[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]]
[nodes]
h = "Twice(x)"
y = "BatchNorm(h, 1, 0)"
loss = "Sum(y * y)"
"""


def test_behind_a_layer_of_one_s_own_a_run_tells_the_shapes(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "net.toml").write_text(BEHIND_OWN, encoding="utf-8")
    scenario = load(tmp_path / "net.toml", layers=[tmp_path / "own.py"])
    tape = run(with_expansions(scenario, ["y"]))
    assert tape.values["y.mean"] is not None
    np.testing.assert_allclose(tape.values["y.mean"], [[1.5, 1.0, 7.0]])
    with pytest.raises(ScenarioError, match="the shapes of its inputs are known only when it runs"):
        expanded(scenario, ["y"])


def test_a_layer_of_one_s_own_is_never_taken_for_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN.replace("Twice", "Sqrt"), encoding="utf-8")
    (tmp_path / "net.toml").write_text(BEHIND_OWN.replace("Twice", "Sqrt"), encoding="utf-8")
    scenario = load(tmp_path / "net.toml", layers=[tmp_path / "own.py"])
    with pytest.raises(ScenarioError, match="it expands to the built-in Sqrt, and your file gives another"):
        with_expansions(scenario, ["y"])


def test_a_note_by_its_step_stays_with_its_node() -> None:
    notes = '[[notes]]\nstep = 2\ntext = "the norm"\n[[notes]]\nnode = "loss"\npass = "backward"\ntext = "the loss"\n'
    text = f"{NETWORK}\n{notes}"
    plain, open_ = loads(text), expanded(loads(text), ["y"])
    for scenario in (plain, open_):
        order = scenario.schedule
        places = [order[at] for note in scenario.lesson.notes if (at := note.position(order)) is not None]
        assert [(turn.name, turn.pass_.value) for turn in places] == [("y", "forward"), ("loss", "backward")]
