"""A scenario loads as the contract says, or tells each of its mistakes in its place; nothing else can happen."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.errors import ScenarioError
from bptui.running import Run
from bptui.scenario.bundled import bundled
from bptui.scenario.load import load, loads
from bptui.scenario.scenario import Scenario
from cost import counted_calls, traced_memory

CONTRACT = """\
title = "Two-layer network"
about = "One batch through Affine, ReLU, Affine and softmax with loss."
dtype = "float64"
seed  = 0

[inputs]
x = [[1.0, 0.5], [0.2, -0.3]]
t = [0, 2]

[parameters]
W1 = { shape = [2, 3], init = "he" }
b1 = { shape = [3], init = "zeros" }
W2 = [[0.1, 0.4, 0.0], [0.2, 0.5, 0.1], [0.3, 0.6, 0.2]]

[nodes]
a1   = "Affine(x, W1, b1)"
z1   = "Relu(a1)"
a2   = "z1 @ W2"
loss = "SoftmaxWithLoss(a2, t)"

[run]
output = "loss"
dout   = 1.0

[train]
optimizer = "SGD"
lr = 0.1
steps = 3

[expect]
rtol = 1e-7
atol = 1e-9
[expect.values]
loss = 1.0986
[expect.gradients]
x = [[0.1, 0.2], [0.0, 0.0]]
"""


def test_the_contracts_example_loads() -> None:
    scenario = loads(CONTRACT)
    assert (scenario.title, scenario.dtype, scenario.seed) == ("Two-layer network", np.float64, 0)
    assert scenario.graph.inputs == ("x", "t")
    assert scenario.graph.parameters == ("W1", "b1", "W2")
    assert [(node.name, node.layer, node.inputs) for node in scenario.graph.nodes] == [
        ("a1", "Affine", ("x", "W1", "b1")),
        ("z1", "Relu", ("a1",)),
        ("a2", "MatMul", ("z1", "W2")),
        ("loss", "SoftmaxWithLoss", ("a2", "t")),
    ]
    assert scenario.graph.output == "loss"
    assert scenario.dout == 1.0
    assert scenario.train is not None
    assert scenario.train.steps == scenario.iterations == 3
    assert scenario.expect is not None
    assert scenario.expect.values["loss"] == 1.0986
    assert scenario.source == CONTRACT
    assert scenario.library.keys() == {"Affine", "Relu", "MatMul", "SoftmaxWithLoss"}


def test_nested_expressions_become_nodes_in_evaluation_order() -> None:
    scenario = loads('[inputs]\napple = 100\ncount = 2\ntax = 1.1\n[nodes]\nprice = "apple * count * tax"\n')
    assert [(node.name, node.layer, node.inputs) for node in scenario.graph.nodes] == [
        ("price.1", "Mul", ("apple", "count")),
        ("price", "Mul", ("price.1", "tax")),
    ]
    assert {name: float(value) for name, value in scenario.values.items()} == {"apple": 100, "count": 2, "tax": 1.1}
    assert all(value.dtype == np.float64 for value in scenario.values.values())


def test_constants_are_named_as_written_and_of_the_dtype() -> None:
    scenario = loads('dtype = "float32"\n[inputs]\nx = 1\n[nodes]\ny = "x * -0.5 + 2 * x + 2"\n')
    assert scenario.graph.constants == ("-0.5", "2")
    assert scenario.values["-0.5"] == np.float32(-0.5)
    assert {value.dtype for value in scenario.values.values()} == {np.dtype(np.float32)}
    assert not any(value.flags.writeable for value in scenario.values.values())


def test_nodes_may_stand_in_any_order_and_keep_theirs_where_it_is_valid() -> None:
    scenario = loads('[nodes]\nc = "a + b"\nb = "x * 2"\na = "x + 1"\n[inputs]\nx = 1\n')
    assert [node.name for node in scenario.graph.nodes] == ["b", "a", "c"]


def test_a_nodes_place_is_its_expression() -> None:
    scenario = loads('[inputs]\nx = 1\n[nodes]\ny = """\n  Exp(\\u0078\n * x)"""\n')
    places = {node.name: (node.where.line, node.where.column) for node in scenario.graph.nodes if node.where}
    assert places == {"y.1": (5, 7), "y": (5, 3)}


def test_aliases_options_and_unicode_names() -> None:
    scenario = loads(
        '[inputs]\n"苹果" = 2\n"e\\u0301" = [3, 4]\n'
        '[nodes]\ny = "MulLayer(苹果, \\u00e9)"\nz = "Sum(y, axis=0, keepdims=true)"\n'
    )
    assert scenario.graph.inputs == ("苹果", "é")
    assert scenario.graph.nodes[1].options == {"axis": 0, "keepdims": True}


def test_dout_is_ones_of_the_outputs_shape_or_what_run_says() -> None:
    text = '[inputs]\nx = [[1, 2], [3, 4]]\n[nodes]\ny = "x * x"\n'
    assert loads(text).dout.tolist() == [[1, 1], [1, 1]]
    assert loads(text + "[run]\ndout = 2\n").dout.tolist() == [[2, 2], [2, 2]]
    assert loads(text + "[run]\ndout = [[1, 2], [3, 4]]\n").dout.tolist() == [[1, 2], [3, 4]]


def test_the_title_is_the_files_stem_where_it_has_none(tmp_path: Path) -> None:
    file = tmp_path / "my_net.toml"
    file.write_bytes(b'\xef\xbb\xbf[inputs]\r\nx = 1\r\n[nodes]\r\ny = "x + 1"\r\n')
    scenario = load(file)
    assert (scenario.title, scenario.path) == ("my_net", file)
    assert load(str(file)).title == "my_net"


def test_non_finite_inputs_and_empty_batches_are_values() -> None:
    scenario = loads('[inputs]\nx = [nan, inf, -inf]\ne = []\n[nodes]\ny = "Sum(x) * Sum(e)"\n')
    assert np.isnan(scenario.values["x"][0])
    assert scenario.values["e"].shape == (0,)


Mistake = tuple[int | None, str, str]

WRONG: dict[str, tuple[str, list[Mistake]]] = {
    "nothing": ("", [(None, "no network in it", "")]),
    "only comments": ("# a\n\n# b\n", [(None, "no network in it", "")]),
    "only inputs": ("[inputs]\nx = 1\n", [(None, "no network in it", "")]),
    "no formulas": ("[inputs]\nx = 1\n[nodes]\n", [(3, "no network in it", "")]),
    "unknown key": ("tilte = 'a'\n[inputs]\nx = 1\n[nodes]\ny = 'x + 1'", [(1, "no key tilte", "did you mean title?")]),
    "unknown table": ("[inputs]\nx = 1\n[node]\ny = 'x + 1'", [(3, "no key node", "did you mean nodes?")]),
    "newer format": ("bptui = 2\n[inputs]\nx = 1\n[nodes]\ny = 'x + 1'", [(1, "made by a newer bptui", "format 1")]),
    "section of another type": (
        "inputs = 3\n[nodes]\ny = '1 + 1'",
        [(1, "inputs: got an integer, wanted a table", "")],
    ),
    "array of tables": ("[[inputs]]\nx = 1\n[nodes]\ny = '1 + 1'", [(1, "inputs: got a list, wanted a table", "")]),
    "title of another type": ("title = 3\n[nodes]\ny = '1 + 1'", [(1, "title: got an integer, wanted text", "")]),
    "dtype": ("dtype = 'float46'\n[nodes]\ny = '1 + 1'", [(1, "no dtype float46", "did you mean float64?")]),
    "seed": ("seed = -1\n[nodes]\ny = '1 + 1'", [(1, "seed: wanted a whole number from 0", "")]),
    "huge seed": ("seed = 0x" + "f" * 40 + "\n[nodes]\ny = '1 + 1'", [(1, "seed: wanted a whole number from 0", "")]),
    "name with a digit first": ("[inputs]\n1x = 1\n[nodes]\ny = '1 + 1'", [(2, "1x is not a name", "letters")]),
    "name as markup": ("[inputs]\n'[/red]' = 1\n[nodes]\ny = '1 + 1'", [(2, "[/red] is not a name", "letters")]),
    "name as format": ("[inputs]\n'{0.__class__}%s' = 1\n[nodes]\ny = '1 + 1'", [(2, "is not a name", "letters")]),
    "name with an escape": (
        "[inputs]\n\"a\\u001b[2J\" = 1\n[nodes]\ny = '1 + 1'",
        [(2, "a\\x1b[2J is not a name", "")],
    ),
    "empty name": ("[inputs]\n'' = 1\n[nodes]\ny = '1 + 1'", [(2, "an empty text is not a name", "")]),
    "endless name": (f"[inputs]\n{'x' * 99_999} = 1\n[nodes]\ny = '1 + 1'", [(2, "is not a name", "at most 200")]),
    "constant as a name": ("[inputs]\nNone = 1\n[nodes]\ny = '1 + 1'", [(2, "None is a constant", "")]),
    "names equal in NFC": (
        '[inputs]\n"é" = 1\n"e\\u0301" = 2\n[nodes]\ny = "é + 1"',
        [(3, "an input already (line 2)", "")],
    ),
    "name of two things": (
        "[inputs]\nx = 1\n[parameters]\nx = 2\n[nodes]\ny = 'x + 1'",
        [(4, "x is an input already (line 2)", "")],
    ),
    "formula of another type": ("[inputs]\nx = 1\n[nodes]\ny = 3", [(4, "y: got an integer, wanted a formula", "")]),
    "dotted node": ("[inputs]\nx = 1\n[nodes]\ny.1 = 'x + 1'", [(4, "y: got a table, wanted a formula", "dots")]),
    "formula that is none": ("[inputs]\nx = 1\n[nodes]\ny = 'x +* 2'", [(4, "expected a value, found *", "")]),
    "unknown layer": (
        "[inputs]\nx = 1\n[nodes]\ny = 'Rleu(x)'",
        [(4, "no layer is called Rleu", "did you mean Relu?")],
    ),
    "unknown option": (
        "[inputs]\nx = 1\n[nodes]\ny = 'Sum(x, axs=0)'",
        [(4, "Sum has no option axs", "did you mean axis?")],
    ),
    "too few inputs": (
        "[inputs]\nx = 1\n[nodes]\ny = 'Affine(x)'",
        [(4, "Affine takes 3 inputs (x, W, b), got 1", "")],
    ),
    "no inputs": ("[nodes]\ny = 'Relu()'", [(2, "Relu takes 1 input (x), got 0", "")]),
    "nothing to concatenate": ("[nodes]\ny = 'Concat()'", [(2, "Concat takes", "")]),
    "bad option": ("[inputs]\nx = [[1]]\n[nodes]\ny = 'Sum(x, axis=7)'", [(4, "y: Sum: axis 7", "")]),
    "option of another type": (
        "[inputs]\nx = [1]\n[nodes]\ny = \"Sum(x, keepdims='no')\"",
        [(4, "keepdims must be", "")],
    ),
    "undefined name": (
        "[inputs]\napple = 1\n[nodes]\ny = 'aple * 2'",
        [(4, "nothing is called aple", "did you mean apple?")],
    ),
    "layer without parentheses": (
        "[inputs]\nx = 1\n[nodes]\ny = 'Relu + x'",
        [(4, "nothing is called Relu", "a layer")],
    ),
    "self-loop": ("[nodes]\ny = 'y + 1'", [(2, "a cycle: y → y", "")]),
    "cycle": ("[nodes]\na = 'c + 1'\nb = 'Exp(a * 2)'\nc = 'b + 1'\nd = 'c + 1'", [(2, "a cycle: a → b → c → a", "")]),
    "two losses": (
        "[inputs]\nx = 1\n[nodes]\na = 'x + 1'\nb = 'x + 2'",
        [(5, "several nodes could be the output: a, b", "[run] output")],
    ),
    "unknown output": (
        "[inputs]\nx = 1\n[nodes]\nloss = 'x + 1'\n[run]\noutput = 'los'",
        [(6, "no node is called los", "loss")],
    ),
    "input as output": ("[inputs]\nx = 1\n[nodes]\ny = 'x + 1'\n[run]\noutput = 'x'", [(6, "no node is called x", "")]),
    "unknown run key": ("[nodes]\ny = '1 + 1'\n[run]\nduot = 1", [(4, "no key duot", "did you mean dout?")]),
    "dout of another shape": (
        "[inputs]\nx = [1, 2]\n[nodes]\ny = 'x + 1'\n[run]\ndout = [1, 2, 3]",
        [(6, "dout is [3], but y is [2]", "")],
    ),
    "unknown optimizer": (
        "[nodes]\ny = '1 + 1'\n[train]\noptimizer = 'Adm'",
        [(4, "no optimizer is called Adm", "did you mean Adam?")],
    ),
    "another optimizer's option": (
        "[nodes]\ny = '1 + 1'\n[train]\nbeta1 = 0.9",
        [(4, "no key beta1", "there are optimizer, steps, lr")],
    ),
    "lr out of range": ("[nodes]\ny = '1 + 1'\n[train]\nlr = -0.1", [(4, "lr: wanted a positive number", "")]),
    "momentum out of range": (
        "[nodes]\ny = '1 + 1'\n[train]\noptimizer = 'Momentum'\nmomentum = 1",
        [(5, "momentum: wanted a number from 0 to below 1", "")],
    ),
    "lr of another type": ("[nodes]\ny = '1 + 1'\n[train]\nlr = '0.1'", [(4, "lr: got text, wanted a number", "")]),
    "no steps": ("[nodes]\ny = '1 + 1'\n[train]\nsteps = 0", [(4, "steps: wanted a whole number from 1", "")]),
    "unknown expected name": (
        "[nodes]\nloss = '1 + 1'\n[expect.values]\nlos = 2",
        [(4, "nothing is called los", "did you mean loss?")],
    ),
    "expected value instead of a table": (
        "[nodes]\ny = '1 + 1'\n[expect]\nvalues = 3",
        [(4, "values: got an integer, wanted a table", "")],
    ),
    "expected shape": (
        "[nodes]\ny = '1 + 1'\n[expect.values]\ny = [2]",
        [(4, "y: wanted scalar, got [1]", "")],
    ),
    "unquoted dot": (
        "[nodes]\ny = '1 + 1 + 1'\n[expect.values]\ny.1 = 2",
        [(4, "y: got a table, wanted numbers", 'quotes: "y.1"')],
    ),
    "unknown expect key": ("[nodes]\ny = '1 + 1'\n[expect]\nrotl = 2", [(4, "no key rotl", "did you mean rtol?")]),
    "negative tolerance": ("[nodes]\ny = '1 + 1'\n[expect]\nrtol = -1", [(4, "rtol: a tolerance is not negative", "")]),
    "layers": (
        "layers = ['my.py']\n[nodes]\ny = '1 + 1'",
        [(1, "my.py will not be run without permission", "--layers my.py")],
    ),
    "layers of another type": ("layers = 'my.py'\n[nodes]\ny = '1 + 1'", [(1, "layers: wanted a list", "")]),
    "matmul": (
        "[inputs]\nx = [[1, 2, 3], [4, 5, 6]]\nW = [[1, 2]]\n[nodes]\ny = 'Exp(x) @ W'",
        [(5, "y.1 is [2, 3] (line 5), W is [1, 2] (line 3)", "")],
    ),
    "broadcast": (
        "[inputs]\nx = [1, 2, 3]\ny = [1, 2]\n[nodes]\nz = 'x + y'",
        [(5, "x is [3] (line 2), y is [2] (line 3)", "")],
    ),
    "label out of range": (
        "[inputs]\nx = [[1, 2], [3, 4]]\nt = [0, 2]\n[nodes]\ny = 'SoftmaxWithLoss(x, t)'",
        [(5, "label 2 in row 1 is outside the 2 classes", "")],
    ),
    "computed target out of range": (
        "[inputs]\nx = [1, 2]\nt = [0, 2]\n[nodes]\nq = 't * 1'\ny = 'SigmoidWithLoss(x * 2, q)'",
        [(6, "target 2.0 in row 1 is outside 0 to 1", "")],
    ),
    "too large": (
        "[inputs]\nx = 1\n[nodes]\ny = 'Max(BroadcastTo(x, shape=[1000000, 1000000]))'",
        [(4, "y.1: BroadcastTo: its value would be [1000000, 1000000], which is more than 50,000,000", "smaller")],
    ),
    "too many axes": (
        "[inputs]\nx = 1\n[nodes]\ny = 'Sum(Gather(BroadcastTo(x, shape=[" + "1, " * 63 + "1]), indices=[[0]]))'",
        [(4, "y.2: Gather: a value of 65 axes, and at most 64 are possible; y.1 is [1, 1", "smaller")],
    ),
    "labels as floats": (
        "[inputs]\nx = [[1, 2], [3, 4]]\nt = [0.0, 1.0]\n[nodes]\ny = 'SoftmaxWithLoss(x, t)'",
        [(5, "labels must be integers", "")],
    ),
    "constant beyond float32": (
        "dtype = 'float32'\n[inputs]\nx = 1\n[nodes]\ny = 'x * 1e39'",
        [(5, "1e+39 is beyond the largest float32", "")],
    ),
    "independent mistakes": (
        "sed = 0\n[inputs]\nx = [1, '2']\n[nodes]\na = 'Rleu(x)'\nb = 'q + r'\nc = 'a +'\n[train]\nlr = 'x'",
        [
            (1, "no key sed", "seed"),
            (3, "x[1]", ""),
            (5, "no layer is called Rleu", ""),
            (6, "nothing is called q", ""),
            (6, "nothing is called r", ""),
            (7, "a value is missing", ""),
            (9, "lr: got text", ""),
        ],
    ),
    "independent shapes": (
        "[inputs]\nx = [1, 2]\ny = [1, 2, 3]\n[nodes]\na = 'x + y'\nb = 'Exp(a)'\nc = 'x @ y'\nd = 'b + c'",
        [(5, "a: Add", ""), (7, "c: MatMul", "")],
    ),
}


LEAVES = """
[inputs]
a = { shape = [1000000], init = "ones" }
b = { shape = [1000000, 1], init = "ones" }
t = { shape = [1000000], init = "zeros" }
[nodes]
"""


@pytest.mark.parametrize(
    "formula",
    [
        "a + b",
        "Max(a * b)",
        "Sum(Exp(Relu(a) - Sigmoid(b)))",
        "Sum(b @ Reshape(a, shape=[1, -1]))",
        "Affine(b, Reshape(a, shape=[1, 1000000]), a)",
        "Sum(BroadcastTo(a, shape=[1000, 1000000]))",
        "Sum(Gather(BroadcastTo(a, shape=[2, 1000000]), indices=[" + "0, 1, " * 30 + "0]))",
        "Sum(Concat(" + "a, " * 60 + "a))",
        "SigmoidWithLoss(a, Clip(a * b, min=0, max=1))",
        "SoftmaxWithLoss(Maximum(a, b), t)",
    ],
)
def test_a_value_that_would_be_too_large_is_refused_before_anything_of_its_size_is_made(formula: str) -> None:
    for text in (LEAVES.replace('"ones"', '"zeros"'), LEAVES):
        with traced_memory() as memory, pytest.raises(ScenarioError, match="more than 50,000,000 elements") as caught:
            loads(text + f"y = '{formula}'\n", Path("a.toml"))
        assert [(problem.line, problem.hint is not None) for problem in caught.value.problems] == [(7, True)]
        assert memory.peak < 100 * 2**20


def test_no_number_is_computed_to_find_shapes() -> None:
    before = loads('[inputs]\nx = { shape = [1000, 1000], init = "ones" }\n[nodes]\ny = "Sum(x)"\n')
    with traced_memory() as memory:
        loads(
            '[inputs]\nx = 1\n[nodes]\ny = "Sum(Exp(BroadcastTo(x, shape=[7000, 7000])) @ BroadcastTo(x, shape=7000))"'
        )
    assert before.dout.shape == ()
    assert memory.peak < 20 * 2**20


@pytest.mark.parametrize("case", WRONG)
def test_every_mistake_is_told_in_its_line(case: str) -> None:
    text, expected = WRONG[case]
    with pytest.raises(ScenarioError) as caught:
        loads(text, Path("a.toml"))
    assert [problem.line for problem in caught.value.problems] == [line for line, _, _ in expected]
    for problem, (_, message, hint) in zip(caught.value.problems, expected, strict=True):
        assert problem.path == "a.toml"
        assert message in problem.message
        assert hint in (problem.hint or "")
        assert len(str(problem)) < 700
        assert "\x1b" not in str(problem)


def test_a_formulas_mistake_is_told_in_its_column() -> None:
    with pytest.raises(ScenarioError) as caught:
        loads('[inputs]\nx = 1\n[nodes]\ny = "Exp(\\u0078) * \\U00000071"\n')
    assert (caught.value.line, caught.value.column) == (4, 20)


def test_many_mistakes_are_counted_and_not_listed() -> None:
    for count, more in ((50, "30 more"), (2_000, "80 more")):
        text = "[nodes]\n" + "".join(f"n{number} = 'q{number} + 1'\n" for number in range(count))
        with pytest.raises(ScenarioError) as caught:
            loads(text)
        assert [problem.line for problem in caught.value.problems] == [*range(2, 22), None]
        assert more in caught.value.problems[-1].message


def test_layers_named_by_a_scenario_are_not_executed(tmp_path: Path) -> None:
    witness = tmp_path / "executed"
    (tmp_path / "my.py").write_text(f"open({str(witness)!r}, 'w')\n")
    (tmp_path / "a.toml").write_text("layers = ['my.py']\n[nodes]\ny = 'Mine(1)'\n")
    with pytest.raises(ScenarioError, match="without permission"):
        load(tmp_path / "a.toml")
    assert not witness.exists()


FILES: dict[str, tuple[bytes, str, int | None]] = {
    "UTF-16": ('[inputs]\nx = "é"\n'.encode("utf-16"), "not UTF-8 text", 1),
    "Latin-1": ('[inputs]\nx = "é"\n'.encode("latin-1"), "not UTF-8 text", 2),
    "overlong UTF-8": (b"[inputs]\n\nx = '\xc0\xaf'\n", "not UTF-8 text", 3),
    "NUL": (b"[inputs]\nx = '\x00'\n", "not UTF-8 text", 2),
    "PNG": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not UTF-8 text", 1),
    "random bytes": (random.Random(0).randbytes(1_000), "not UTF-8 text", 1),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_text_is_told_in_its_line(case: str, tmp_path: Path) -> None:
    content, message, line = FILES[case]
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        load(file)
    assert message in caught.value.message
    assert (caught.value.path, caught.value.line) == (str(file), line)


def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    for place, message in {
        tmp_path / "pipe.toml": "is a pipe",
        tmp_path / "folder.toml": "is a folder",
        Path("/dev/zero"): "is a device",
        tmp_path / "nowhere.toml": "no such file",
        tmp_path / "loop.toml": "",
        Path("a\x00b.toml"): "no such file",
        Path("x" * 5_000): "cannot be read",
    }.items():
        with pytest.raises(ScenarioError) as caught:
            load(place)
        assert message in caught.value.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.touch(mode=0)
    with pytest.raises(ScenarioError, match="Permission denied"):
        load(file)


def test_a_file_of_100_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    with file.open("wb") as sparse:
        sparse.truncate(100 * 2**20)
    with traced_memory() as memory, pytest.raises(ScenarioError, match="is 100 MB"):
        load(file)
    assert memory.peak < 20 * 2**20


def test_bundled_scenarios_load_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "buy_apple.toml").write_text("[nodes]\ny = '2 * 3'\n")
    monkeypatch.setattr("bptui.scenario.bundled.PLACES", (tmp_path / "nowhere", tmp_path))
    assert bundled() == [("buy_apple", tmp_path / "buy_apple.toml")]
    assert load("buy_apple").title == "buy_apple"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "buy_apple").mkdir()
    assert load("buy_apple").title == "buy_apple"
    with pytest.raises(ScenarioError) as caught:
        load("by_aple")
    assert caught.value.hint == "did you mean buy_apple?"


def test_a_long_chain_loads_without_recursion() -> None:
    assert len(loads(chain_text(5_000)).graph.nodes) == 5_000


def test_loading_takes_as_much_work_as_there_are_nodes() -> None:
    with counted_calls() as short:
        loads(chain_text(500))
    with counted_calls() as long:
        loads(chain_text(1_000))
    assert long.calls < 2.1 * short.calls


def chain_text(count: int) -> str:
    """A scenario of ``count`` nodes, one after the other."""
    return "[inputs]\nn0 = 1.0\n[nodes]\n" + "".join(f"n{it} = 'n{it - 1} + 1'\n" for it in range(1, count + 1))


def test_trying_a_network_out_keeps_no_value_longer_than_needed() -> None:
    chain = "".join(f"n{number} = 'n{number - 1} + 1'\n" for number in range(1, 100))
    with traced_memory() as memory:
        loads(f"[inputs]\nn0 = {{ shape = [1_000_000], init = 'zeros' }}\n[nodes]\n{chain}")
    assert memory.peak < 10 * 8 * 1_000_000


def test_many_inline_numbers_load() -> None:
    numbers = np.random.default_rng(0).normal(size=30_000)
    scenario = loads(f"[inputs]\nx = {numbers.tolist()}\n[nodes]\ny = 'Sum(x)'\n")
    np.testing.assert_array_equal(scenario.values["x"], numbers)


pieces = st.sampled_from(
    [
        *"""[]{}()=.,@#'"é\\\n\r\x00|0 """,
        "**",
        "-1",
        "nan",
        "inf",
        "true",
        "x",
        "t",
        "W1",
        "loss",
        "init",
        "shape",
        "[1]",
    ]
)


@st.composite
def mutations(draw: Any) -> str:
    """The contract's example after some cuts, insertions and swaps of characters and lines."""
    text = CONTRACT
    for _ in range(draw(st.integers(1, 4))):
        lines = text.splitlines(keepends=True) or [""]
        at = draw(st.integers(0, len(text)))
        line = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["insert", "cut", "line", "swap", "double"])):
            case "insert":
                text = text[:at] + draw(pieces) + text[at:]
            case "cut":
                text = text[:at] + text[at + draw(st.integers(0, 12)) :]
            case "line":
                text = "".join(lines[:line] + lines[line + 1 :])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[line], lines[other] = lines[other], lines[line]
                text = "".join(lines)
            case "double":
                text = "".join(lines[: line + 1] + lines[line:])
    return text


@given(mutations())
def test_any_change_to_a_scenario_gives_a_scenario_or_its_mistakes(text: str) -> None:
    try:
        scenario = loads(text, Path("a.toml"))
    except ScenarioError as error:
        for problem in error.problems:
            assert problem.path == "a.toml"
            assert problem.line is None or problem.line <= text.count("\n") + 1
    else:
        assert isinstance(scenario, Scenario)
        assert scenario.values.keys() == set(scenario.graph.leaves)


def test_targets_that_do_not_sum_to_one_are_accepted_with_a_remark_at_their_node() -> None:
    rows = "[[0, 1], [0.5, 0.4], [2, 0], [1e-7, 1]]"
    scenario = loads(
        f"[inputs]\nx = [[1, 2], [3, 4], [5, 6], [7, 8]]\nt = {rows}\n[nodes]\ny = 'SoftmaxWithLoss(x, t)'"
    )
    wanted = "t[1] sums to 0.9, not to 1, nor does one more row; the gradient is Σt × softmax(x) - t all the same"
    assert scenario.remarks == {"y": wanted}
    assert [(it.node, it.text) for it in Run(scenario).remarks] == [("y", wanted)]


def test_targets_that_sum_to_one_are_not_remarked_on() -> None:
    labels = "[inputs]\nx = [[1, 2], [3, 4]]\nt = [0, 1]\n[nodes]\ny = 'SoftmaxWithLoss(x, t)'"
    shares = "[inputs]\nx = [[1, 2], [3, 4]]\nt = [[0, 1], [0.3, 0.7]]\n[nodes]\ny = 'SoftmaxWithLoss(x, t)'"
    assert not loads(labels).remarks
    assert not loads(shares).remarks


@pytest.mark.parametrize("layers", ["", 'layers = ["mine.py"]\n'])
def test_a_key_of_styles_that_means_nothing_is_refused_with_the_nearest(layers: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class Double:\n    def forward(self, x): return 2 * x\n")
    path = tmp_path / "s.toml"
    path.write_text(f'{layers}[inputs]\nx = 1.0\n[nodes]\ny = "Neg(x)"\n[styles.Base]\nforwrd = "run"\n')
    with pytest.raises(ScenarioError, match="no key forwrd here") as caught:
        load(str(path), layers=[tmp_path / "mine.py"] if layers else [])
    assert caught.value.problems[0].hint == "did you mean forward?"
