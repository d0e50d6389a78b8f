"""Nodes with several outputs and templates of nodes: what they stand for, and where their mistakes are."""

from __future__ import annotations

import numpy as np
import pytest

from bptui.errors import ScenarioError
from bptui.scenario.load import loads
from bptui.scenario.scenario import Scenario
from bptui.scenario_tape import run
from layers import library
from two_outputs import LIBRARY

LEAVES = "[inputs]\nx = [1.0, -2.0, 0.5, 3.0]\n[parameters]\ny = [0.25, 2.0, -1.0, 0.5]\n[nodes]\n"
FIRST_LINE = 6


def scenario(nodes: str) -> Scenario:
    return loads(LEAVES + nodes, library={**library, **LIBRARY})


def mistake(nodes: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        scenario(nodes)
    return caught.value


def test_each_output_is_a_value_with_the_gradient_that_nodes_of_its_own_would_give() -> None:
    several = scenario('"s, p" = "SumAndProduct(x, y)"\nz = "s * p + s"\nloss = "Sum(z)"\n')
    single = scenario('s = "x + y"\np = "x * y"\nz = "s * p + s"\nloss = "Sum(z)"\n')
    one, other = run(several), run(single)
    for name in ("s", "p", "z", "loss", "x", "y"):
        np.testing.assert_array_equal(one.values[name], other.values[name])
        np.testing.assert_allclose(one.gradients[name], other.gradients[name], rtol=1e-15)  # type: ignore[arg-type]
    assert one.values.keys() - {"z.1"} == one.gradients.keys() - {"z.1"}


def test_an_output_that_nobody_uses_gets_zeros_and_one_that_nobody_needs_no_name() -> None:
    tape = run(scenario('"s, _" = "SumAndProduct(x, y)"\nloss = "Sum(s)"\n'))
    node = tape.graph.nodes[0]
    assert (node.name, node.outputs[0], len(node.outputs)) == ("s", "s", 2)
    (step,) = [it for it in tape if it.name == "s" and it.pass_.value == "backward"]
    assert [np.asarray(it).tolist() for it in step.douts] == [[1.0] * 4, [0.0] * 4]  # type: ignore[union-attr]
    np.testing.assert_array_equal(tape.gradients["x"], np.ones(4))


def test_any_output_may_be_the_run_s_or_be_expected() -> None:
    text = LEAVES + '"s, p" = "SumAndProduct(x, y)"\n[run]\noutput = "p"\n[expect.gradients]\ns = 0\n'
    it = loads(text.replace("s = 0", "p = [1.0, 1.0, 1.0, 1.0]"), library={**library, **LIBRARY})
    tape = run(it)
    np.testing.assert_array_equal(tape.gradients["x"], it.values["y"])


def test_how_many_outputs_there_are_may_depend_on_an_option() -> None:
    it = scenario('"a, b, c, d" = "Parts(x, parts=4)"\nz = "a * b * c * d"\n')
    assert run(it).values["z"].tolist() == [-3.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("nodes", "column", "message", "hint"),
    [
        ('"s, p, q" = "SumAndProduct(x, y)"', 1, "gives 2 values (s, p), and the node has 3 names", '"s, p" = '),
        ('z = "SumAndProduct(x, y)"', 1, "gives 2 values (s, p), and the node has 1 name", "_ for a value"),
        ('"s, p" = "Relu(x)"', 1, "Relu gives one value, and the node has 2 names", "s = ..."),
        ('"s, p" = "x + y"', 1, "Add gives one value, and the node has 2 names", "s = ..."),
        ('z = "x * SumAndProduct(x, y)"', 10, "gives 2 values (s, p), and here one is needed", "a node of its own"),
        ('"a, b, c" = "Parts(x, parts=4)"', 1, "gives 4 values", '"part1, part2, part3, part4"'),
        ('"_, _" = "SumAndProduct(x, y)"', 1, "none of these outputs has a name", "name one"),
        ('"s, s" = "SumAndProduct(x, y)"', 1, "s is named twice here", "each output"),
        ('"s, x" = "SumAndProduct(x, y)"', 1, "x is an input already (line 2)", "share one name space"),
        ('"s, 2p" = "SumAndProduct(x, y)"', 5, "2p is not a name", "no digit first"),
        ('"s," = "SumAndProduct(x, y)"', 4, "an empty text is not a name", "letters"),
        ('"s, \\u0032p" = "SumAndProduct(x, y)"', 5, "2p is not a name", "no digit first"),
    ],
)
def test_outputs_that_do_not_fit_are_a_mistake_in_their_place(nodes: str, column: int, message: str, hint: str) -> None:
    it = mistake(nodes)
    assert message in it.message
    assert hint in str(it.hint)
    assert (it.line, it.column) == (FIRST_LINE, column)


def test_a_template_stands_for_a_node_at_each_number() -> None:
    template = scenario('s0 = "x * 1"\n"s{t}" = { formula = "Tanh(s{t-1} * y + x)", t = [1, 3] }\n')
    written = scenario("\n".join(['s0 = "x * 1"', *(f's{t} = "Tanh(s{t - 1} * y + x)"' for t in (1, 2, 3))]))
    assert [(it.name, it.layer, it.inputs) for it in template.graph.nodes] == [
        (it.name, it.layer, it.inputs) for it in written.graph.nodes
    ]
    assert template.graph.output == "s3"


def test_a_template_may_have_several_outputs_and_shifts_either_way() -> None:
    it = scenario(
        's0 = "x * 1"\np0 = "y * 1"\n"s{t}, p{t}" = { formula = "SumAndProduct(s{ t - 1 }, p{t-1})", t = [1, 4] }\n'
        '"q{t}" = { formula = "s{t} * p{t+2}", t = [0, 2] }\nz = "Sum(q0 + q1 + q2)"'
    )
    assert [node.outputs for node in it.graph.nodes if len(node.outputs) > 1] == [
        (f"s{t}", f"p{t}") for t in range(1, 5)
    ]
    assert it.graph.node("q1").inputs == ("s1", "p3")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("nodes", "line", "column", "message"),
    [
        ('"s{t}" = "Relu(x)"', 6, 1, "s{t} is a template, and nothing says what stands in its braces"),
        ('"s{t}" = { t = [1, 5] }', 6, 1, "a template has no formula"),
        ('"s{t}" = { formula = "Relu(x)" }', 6, 1, "a template has no range"),
        ('"s{t}" = { formula = 3, t = [1, 5] }', 6, 22, "wanted a formula in quotes"),
        ('"s{t}" = { formula = "Relu(x)", t = [5, 1] }', 6, 37, "the last number, 1, is before the first, 5"),
        ('"s{t}" = { formula = "Relu(x)", t = 5 }', 6, 37, "wanted the first number and the last"),
        ('"s{t}" = { formula = "Relu(x)", t = [0, 1.5] }', 6, 41, "wanted a whole number"),
        ('"s{t}" = { formula = "Relu(x)", t = [1, 10_000_000] }', 6, 37, "10,000,000 nodes"),
        ('"s{t}" = { formula = "Relu(s{u})", t = [1, 2] }', 6, 29, "nothing says what u runs through"),
        ('"s{u}" = { formula = "Relu(x)", t = [1, 2] }', 6, 3, "nothing says what u runs through"),
        ('"s{t}" = { formula = "Relu(s{t-1})", t = [0, 2] }', 6, 29, "{t-1} is -1 where t is 0"),
        ('"s{t}" = { formula = "Relu(xx{t} * y)", t = [10, 12] }', 6, 28, "nothing is called xx10"),
        ('"s{t}" = { formula = "Relu(x) + (y", t = [1, 2] }', 6, 35, "expected )"),
        ('s = { formula = "Relu(x)", t = [1, 2] }', 6, 1, "s is named twice here"),
        ('s2 = "x * y"\n"s{t}" = { formula = "Relu(x)", t = [1, 2] }', 7, 1, "s2 is a node already (line 6)"),
    ],
)
def test_a_template_s_mistakes_are_found_in_their_place(nodes: str, line: int, column: int, message: str) -> None:
    it = mistake(nodes)
    assert message in it.message
    assert (it.line, it.column) == (line, column)


def test_a_mistake_in_a_template_is_told_once() -> None:
    assert len(mistake('"s{t}" = { formula = "Relu(nothing)", t = [1, 50] }').problems) == 1
