"""Formulas say what a node does with the options that it has, and printed arithmetic adds up or says ≈."""

from __future__ import annotations

import pytest

from bptui.explaining.equations import Equation, forward_equation, gradient_equations
from bptui.explaining.local_derivatives import rules
from bptui.explaining.printed_arithmetic import adds_up
from runs import tape_of

INPUTS = """
[inputs]
x = [[1, 2, 3], [4, 5, 6]]
v = [1, 2]
w = [3, 4, 5]
i = [[[[1, 2, 3], [4, 5, 6]]]]
k = [[[[1, 2], [3, 4]]]]
b = [1]
m = [[1, 0], [1, 1]]
s = [[0.5, 0.25, 0.25], [1, 0, 0]]
t = [0, 2]
[nodes]
y = "FORMULA"
[run]
output = "y"
"""


@pytest.mark.parametrize(
    ("formula", "forward", "backward"),
    [
        ("MeanSquaredError(x, s, reduction='sum')", "Σ (x - s)²", "dout × 2 × (x - s)"),
        ("MeanSquaredError(x, s, reduction='half_sum')", "Σ (x - s)² / 2", "dout × (x - s)"),
        ("MeanSquaredError(x, s)", "Σ (x - s)² / n", "dout × 2 × (x - s) / n"),
        ("SoftmaxWithLoss(x, t)", "-Σ log softmax(x)[t] / samples", "dout × (softmax(x) - one_hot(t)) / samples"),
        ("SoftmaxWithLoss(x, s)", "-Σ s × log softmax(x) / samples", "dout × (softmax(x) × Σs - s) / samples"),
        ("SoftmaxWithLoss(x, t, reduction='sum')", "-Σ log softmax(x)[t]", "dout × (softmax(x) - one_hot(t))"),
        (
            "SoftmaxWithLoss(x, t, ignore_index=2)",
            "-Σ log softmax(x)[t] / samples, samples labelled 2 left out",
            "dout × (softmax(x) - one_hot(t)) / samples where t is not 2, else 0",
        ),
        (
            "NegativeLogLikelihood(x, t, reduction='none', ignore_index=-1)",
            "-x[t], samples labelled -1 left out",
            "-dout × one_hot(t) where t is not -1, else 0",
        ),
        ("Slice(x, axis=1, start=0, stop=2)", "x[:, 0:2]", "dout within [:, 0:2], else 0"),
        ("Slice(x, start=1)", "x[1:]", "dout within [1:], else 0"),
        ("Slice(x, axis=-1, stop=2)", "x[..., :2]", "dout within [..., :2], else 0"),
        ("Gather(x, indices=[1, 0])", "x[[1, 0]]", "dout, added up at the rows [1, 0]"),
        ("Gather(w, t)", "w[t]", "dout, added up where it was taken"),
        ("Sum(x, axis=0)", "Σ x over axis 0", "dout, repeated over axis 0"),
        ("Max(x, axis=1)", "max x over axis 1", "dout for the largest over axis 1, shared evenly in a tie"),
        ("Softmax(x, axis=0)", "exp(x) / Σ exp(x) over axis 0", "y × (dout - Σ dout × y) over axis 0"),
        ("Clip(x, min=2)", "max(x, 2)", "dout where 2 <= x, else 0"),
        ("Clip(x, max=2)", "min(x, 2)", "dout where x <= 2, else 0"),
        ("Norm(x, axis=1)", "√Σ x² over axis 1", "dout × x / y over axis 1 where y > 0, else 0"),
        ("Prod(x, axis=0)", "Π x over axis 0", "dout × the product of the others over axis 0"),
        ("CumSum(x, axis=1)", "running Σ x along axis 1", "running Σ dout along axis 1, from its end"),
        (
            "Pad(x, widths=[0, 1], value=9)",
            "x with a margin of [0, 1], filled with 9",
            "dout without the margin of [0, 1]",
        ),
        ("Stack(x, s, axis=1)", "x and s, side by side along axis 1", "the part of dout that x filled"),
        ("Gelu(x)", "x × (1 + erf(x / √2)) / 2", "dout × (Φ(x) + x × φ(x))"),
        (
            "Gelu(x, approximate='tanh')",
            "x × (1 + tanh(√(2/π) × (x + 0.044715 × x³))) / 2",
            "dout × (Φ(x) + x × φ(x)), Φ and φ by tanh",
        ),
        ("Elu(x, alpha=0.5)", "x where x > 0, else 0.5 × (exp(x) - 1)", "dout where x > 0, else dout × 0.5 × exp(x)"),
        ("CrossEntropy(s, t, eps=0)", "-Σ log(s[t]) / samples", "-dout × one_hot(t) / s / samples"),
        (
            "CrossEntropy(s, s, reduction='sum', eps=0.5)",
            "-Σ s × log(s + 0.5)",
            "-dout × s / (s + 0.5)",
        ),
        ("NegativeLogLikelihood(x, t)", "-Σ x[t] / samples", "-dout × one_hot(t) / samples"),
        ("KLDivergence(x, s, reduction='sum')", "Σ s × (log(s) - x)", "-dout × s"),
        ("KLDivergence(x, s, reduction='batchmean')", "Σ s × (log(s) - x) / samples", "-dout × s / samples"),
        ("L1Loss(x, s, reduction='none')", "|x - s|", "dout × sign(x - s)"),
        ("Huber(x, s, delta=2)", "Σ huber(x - s, 2) / n", "dout × min(max(x - s, -2), 2) / n"),
        (
            "MulticlassHinge(x, t, margin=2)",
            "Σ max(0, x - x[t] + 2) over the wrong classes / samples",
            "dout × (1 for each wrong class that costs, minus their count for the true one) / samples",
        ),
        ("Transpose(x)", "xᵀ", "doutᵀ"),
        ("Reshape(x, shape=[3, 2])", "x in the shape [3, 2]", "dout in x's shape"),
        ("v @ x", "v · x", "dout · xᵀ"),
        ("Conv2d(i, k)", "k ⋆ i", "dout convolved with the turned kernels of k"),
        (
            "Conv2d(i, k, b, stride=1, pad=[1, 0])",
            "k ⋆ i + b, pad [1, 0]",
            "dout convolved with the turned kernels of k",
        ),
        ("Conv2d(i, k, stride=2, pad=0)", "k ⋆ i, stride 2", "dout convolved with the turned kernels of k"),
        ("Unfold(i, size=2)", "the patches of i as columns, 2 × 2", "Σ dout at the copies of each pixel"),
        (
            "MaxPool2d(i, size=[1, 2])",
            "max i in each window of 1 × 2",
            "dout at the largest pixel of each window, the first of equals",
        ),
        (
            "MaxPooling(i, size=2, stride=1)",
            "max i in each window of 2 × 2, stride 1",
            "dout at the largest pixel of each window, the first of equals",
        ),
        (
            "AvgPool2d(i, size=2, pad=1)",
            "Σ i / n in each window of 2 × 2, pad 1",
            "Σ dout / n over the windows that hold a pixel",
        ),
        (
            "Attention(x, x, x, m)",
            "softmax(x · xᵀ / √d where m is 1) · x",
            "dscores · x / √d, where dscores is what softmax makes of dout · xᵀ",
        ),
        (
            "Attention(x, x, x, causal=true)",
            "softmax(x · xᵀ / √d) · x, looking at no later key",
            "dscores · x / √d, where dscores is what softmax makes of dout · xᵀ",
        ),
    ],
)
def test_a_formula_follows_the_options(formula: str, forward: str, backward: str) -> None:
    tape = tape_of(INPUTS.replace("FORMULA", formula.replace("'", '\\"')))
    equation = forward_equation(tape.at(1), "y")
    assert equation is not None
    assert equation.rule == forward
    assert rules(tape.at(1), "y")[0].rule == backward
    assert gradient_equations(tape.at(2), "y")[0].rule == backward


RECURRENT = """
[inputs]
x = [1, 2]
h = [3]
c = [4]
Wx = { shape = [2, 3], init = "ones" }
Wh = { shape = [1, 3], init = "ones" }
b = { shape = [3], init = "ones" }
Vx = { shape = [2, 4], init = "ones" }
Vh = { shape = [1, 4], init = "ones" }
d = { shape = [4], init = "ones" }
[nodes]
"""


@pytest.mark.parametrize(
    ("reset", "candidate", "backward"),
    [
        ("after", "r × (h · Wh + b)", "hᵀ · dsums, n's being multiplied by r"),
        ("before", "(r × h) · Wh + b", "hᵀ · dsums, n's with r × h in h's place"),
    ],
)
def test_a_gru_tells_where_it_resets(reset: str, candidate: str, backward: str) -> None:
    tape = tape_of(f"{RECURRENT}y = \"GRUStep(x, h, Wx, Wh, b, b, reset='{reset}')\"")
    equation = forward_equation(tape.at(1), "y")
    assert equation is not None
    assert equation.rule == (
        f"(1 - z) × n + z × h, where n is tanh(x · Wx + b + {candidate}) "
        "and r, z are σ(x · Wx + b + h · Wh + b), each with its own columns"
    )
    assert gradient_equations(tape.at(2), "y")[3].rule == backward


def test_an_lstm_step_tells_what_each_of_its_two_values_is() -> None:
    tape = tape_of(f'{RECURRENT}\'y, cell\' = "LSTMStep(x, h, c, Vx, Vh, d)"\nz = "y * cell"')
    told = {name: forward_equation(tape.at(1), name) for name in ("y", "cell")}
    assert {name: it.rule for name, it in told.items() if it} == {
        "y": "o × tanh(cell)",
        "cell": "f × c + i × g, where i, f, o are σ and g is tanh of their columns of x · Vx + h · Vh + d",
    }
    rules_back = [it.rule for it in gradient_equations(tape.at(4), "y")]
    assert rules_back[2] == "(d cell + d y × o × (1 - tanh(cell)²)) × f"


def test_an_lstm_over_time_does_not_take_its_last_state_for_that_of_each_step() -> None:
    text = RECURRENT.replace("x = [1, 2]", "x = [[1, 2], [3, 4]]")
    tape = tape_of(f'{text}\'hs, last, cell\' = "LSTM(x, h, c, Vx, Vh, d)"\nz = "Sum(hs)"')
    told = forward_equation(tape.at(1), "last")
    assert told is not None
    assert told.rule == "the last of hs"
    assert not any("last" in it.rule for it in gradient_equations(tape.at(4), "hs"))


def test_a_product_of_two_vectors_is_an_outer_product() -> None:
    tape = tape_of(INPUTS.replace("FORMULA", "v @ x"))
    for equation in (rules(tape.at(1), "y")[1], gradient_equations(tape.at(2), "y")[1]):
        assert equation.rule == "v ⊗ dout"
    assert gradient_equations(tape.at(2), "y")[1].shapes == "[2] ⊗ [3] → [2, 3]"


def test_a_bias_of_one_sample_is_not_summed_over_a_batch() -> None:
    for names, rule in (("v, v, q, q, v", "dout × (1 - y²)"), ("q, q, q, q, v", "Σ dout × (1 - y²) over the batch")):
        tape = tape_of(INPUTS.replace("FORMULA", f"RNNStep({names})").replace("t = [", "q = [[1, 2], [3, 4]]\nt = ["))
        assert gradient_equations(tape.at(2), "y")[4].rule == rule


def test_what_broadcasting_repeats_is_summed_from_the_first_look_on() -> None:
    tape = tape_of(INPUTS.replace("FORMULA", "x * w"))
    assert [it.rule for it in rules(tape.at(1), "y")] == ["dout × w", "Σ dout × x"]
    assert [it.rule for it in gradient_equations(tape.at(2), "y")] == ["dout × w", "Σ dout × x"]


@pytest.mark.parametrize(
    ("numbers", "result", "is_exact"),
    [
        ("100 × 2", "200", True),
        ("1.1 × 2", "2.2", True),
        ("1.2346e+08 - 1.2346e+08", "0.12346", False),
        ("0.33333 × 3", "1", False),
        ("1 / (1 + exp(-1.2))", "0.76852", True),
        ("max([1, -2], 0)", "[1, 0]", True),
        ("(-2)² × 3", "12", True),
        ("√4", "2", True),
        ("[1, 2] · [3, 4]", "11", True),
        ("[0.2, -0.46667, 1.5333] · [0.86667, -1.8, -1.1333]", "-0.7244", False),
        ("[1, 2] · 3 + [1, 1]", "[4, 7]", True),
        ("3 / 0", "Inf", True),
        ("dout where 3 > 2, else 0", "7", True),
        ("", "3", True),
    ],
)
def test_printed_arithmetic_adds_up_or_says_so(numbers: str, result: str, *, is_exact: bool) -> None:
    assert adds_up(numbers, result) is is_exact
    sign = "=" if is_exact else "≈"
    written = str(Equation("y", "rule", numbers, result))
    assert written == (f"y = rule = {numbers} {sign} {result}" if numbers else f"y = rule = {result}")
