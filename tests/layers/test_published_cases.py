"""Networks whose inputs and numbers others have published, in our formulas; each file in ``published`` says who.

Beside what was printed, a file has every number as another engine computes it, of which the print had some digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bptui.core.tape import Tape
from runs import tape_of

FOLDER = Path(__file__).with_name("published")

HEAD = {
    "q{n}": "wq{n} @ X + bq{n}",
    "k{n}": "wk{n} @ X + bk{n}",
    "v{n}": "wv{n} @ X + bv{n}",
}
"""Self-attention of tokens that are columns."""


def head(number: str) -> dict[str, str]:
    """Return the formulas of one head, its names followed by ``number``."""
    return {name.format(n=number): formula.format(n=number) for name, formula in HEAD.items()}


FORMULAS: Mapping[str, Mapping[str, str]] = {
    "burn_avgpool2d_pad_excluded": {
        "y": "AvgPool2d(x, size=[3, 4], stride=[1, 2], pad=[1, 2], count_include_pad=false)"
    },
    "burn_maxpool2d_k3s1": {"y": "MaxPool2d(x, size=3, stride=1)"},
    "burn_unfold_overlaps": {
        "y": "Transpose(Unfold(Reshape(x, shape=[1, 1, 1, 4]), size=[1, 2]), axes=[0, 2, 1])",
    },
    "deepml_conv2d_5x5": {"y": "Conv2d(x, w)"},
    "deepml_conv2d_pad2_stride2": {"y": "Conv2d(x, w, stride=2, pad=2)"},
    "deepml_self_attention_2": {"y": "Attention(X @ Wq, X @ Wk, X @ Wv)"},
    "dfdx_conv2d_dilation2": {"y": "Conv2d(x, w, dilation=2)"},
    "dlai_pool_backward_max": {
        "A": "Transpose(MaxPool2d(Transpose(x, axes=[0, 3, 1, 2]), size=2, stride=1), axes=[0, 2, 3, 1])",
    },
    "dlai_rnn_backward": {
        "hs": "RNN(Transpose(x, axes=[1, 2, 0]), Transpose(a0), Transpose(Wax), Transpose(Waa), Reshape(ba, shape=5))",
        "a": "Transpose(hs, axes=[2, 0, 1])",
    },
    "keras_simplernn": {
        "hs": "RNN(Transpose(xs, axes=[1, 0, 2]), h0, Wx, Wh, b)",
        "last": "Reshape(Slice(hs, axis=1, start=-1), shape=[2, 4])",
    },
    "neu_col2im": {"col": "Transpose(Reshape(Unfold(x, size=2, pad=1), shape=[4, 9]))"},
    "nnlib_conv1d_dilation2": {"y": "Conv2d(x, w, dilation=[1, 2])"},
    "nnlib_conv1d_plain": {
        "y": "Reshape(Conv1d(Reshape(x, shape=[1, 1, 5]), Reshape(w, shape=[1, 1, 2])), shape=[1, 1, 1, 4])"
    },
    "nnlib_conv2d_dilation2": {"y": "Conv2d(x, w, dilation=2)"},
    "nnlib_conv2d_pad1": {"y": "Conv2d(x, w, pad=1)"},
    "nnlib_conv2d_stride2": {"y": "Conv2d(x, w, stride=2)"},
    "nnlib_dot_product_attention": {
        "heads": "Transpose(Reshape(x, shape=[3, 2, 2]), axes=[1, 0, 2])",
        "y": "Reshape(Transpose(Attention(heads, heads, heads), axes=[1, 0, 2]), shape=[3, 4])",
    },
    "nnlib_maxpool1d_k2s2": {"y": "MaxPool2d(x, size=[1, 2])"},
    "nnlib_maxpool1d_k2s2pad1": {"y": "MaxPool2d(x, size=[1, 2], pad=[0, 1])"},
    "nnlib_maxpool2d_k2s2pad1": {"y": "MaxPool2d(x, size=2, pad=1)"},
    "nnlib_meanpool2d_k2s1": {"y": "AvgPool2d(x, size=2, stride=1)"},
    "nnlib_meanpool2d_k2s2pad1": {"y": "AvgPool2d(x, size=2, pad=1)"},
    "tf_conv2d_backprop_filter_stride1x2": {"y": "Conv2d(x, w, stride=[1, 2])"},
    "tf_maxpool_chessboard": {"y": "MaxPool2d(x, size=2, stride=1)"},
    "udl_conv1d_k3_dilation2": {"y": "Conv2d(x, w, pad=[0, 2], dilation=[1, 2])", "total": "Sum(y)"},
    "udl_conv1d_k5": {"y": "Conv2d(x, w, pad=[0, 2])", "total": "Sum(y)"},
    "udl_multihead_attention": {
        **head("1"),
        **head("2"),
        "one": "Attention(Transpose(q1), Transpose(k1), Transpose(v1))",
        "two": "Attention(Transpose(q2), Transpose(k2), Transpose(v2))",
        "Y": "wc @ Transpose(Concat(one, two, axis=1))",
    },
    "udl_self_attention": {
        **head(""),
        "Y": "Transpose(Attention(Transpose(q) * 2, Transpose(k), Transpose(v)))",  # its scores are not scaled by 1/√4
    },
}
"""For each file the formulas of its network, in the names that it has for its values."""

FILES = sorted(path.stem for path in FOLDER.glob("*.json"))
every_case = pytest.mark.parametrize("name", FILES)


def read_case(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def tape_of_case(name: str) -> Tape:
    """Return the run of a file's network, the file's dout entering at its output."""
    case = read_case(name)
    output, dout = next(iter(it for it in (case["dout"] or {"total": 1.0}).items() if np.any(it[1])))
    lines = ["[inputs]", *(f"{key} = {json.dumps(it['value'])}" for key, it in case["inputs"].items())]
    lines += ["[nodes]", *(f'{node} = "{formula}"' for node, formula in FORMULAS[name].items())]
    return tape_of("\n".join([*lines, "[run]", f'output = "{output}"', f"dout = {json.dumps(dout)}"]))


def found(tape: Tape, of: str, name: str, index: Any = ...) -> Any:
    array = (tape.gradients if of == "gradient" else tape.values)[name]
    assert array is not None
    return array[tuple(index) if isinstance(index, list) else index]


@every_case
def test_the_numbers_are_those_that_were_printed(name: str) -> None:
    tape, printed = tape_of_case(name), read_case(name)["published"]
    digits = {"atol": printed["tolerance"]["abs"], "rtol": printed["tolerance"]["rel"]}
    elements = [
        *[("value", value, ..., want) for value, want in printed["outputs"].items() if value in FORMULAS[name]],
        *[("gradient", value, ..., want) for value, want in printed["gradients"].items()],
        *[(it["of"], it["name"], it["index"], it["value"]) for it in printed["elements"]],
    ]
    assert elements
    for of, value, index, want in elements:
        np.testing.assert_allclose(found(tape, of, value, index), want, **digits, err_msg=f"{of} of {value}")


@every_case
def test_all_numbers_are_those_of_another_engine(name: str) -> None:
    tape, computed = tape_of_case(name), read_case(name)["computed"]
    for value, want in computed["outputs"].items():
        if value in FORMULAS[name]:
            np.testing.assert_allclose(found(tape, "value", value), want, rtol=1e-9, atol=1e-12, err_msg=value)
    for value, want in computed["gradients"].items():
        np.testing.assert_allclose(found(tape, "gradient", value), want, rtol=1e-9, atol=1e-12, err_msg=value)
