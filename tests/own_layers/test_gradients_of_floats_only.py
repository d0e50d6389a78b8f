"""A backward may return gradients for the inputs alone that take one, as ``word_embedding_backward`` of CS231n does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import bptui
from bptui.checking import Verdict
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.stepping.step_into import step_into
from guests import layer_file

EMBEDDING = """
def embedding_forward(words, W):
    return W[words], (words, W)
def embedding_backward(dout, cache):
    words, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, words, dout)
    return dW
"""

TEXT = """
[inputs]
words = { value = [[0, 2], [2, 2]], dtype = "int64" }
[parameters]
W = [[1.0, -2.0], [0.5, 3.0], [0.25, 1.5]]
[nodes]
e = "embedding(words, W)"
loss = "Sum(e * e)"
"""


def test_what_is_returned_belongs_to_them_in_order(tmp_path: Path) -> None:
    scenario = loads(TEXT, layers=[layer_file(tmp_path, EMBEDDING).path])
    run = Run(scenario)
    run.finish()
    try:
        start = scenario.values["W"]
        np.testing.assert_allclose(run.tape.gradients["W"], 2 * start * [[1], [0], [3]], rtol=1e-15)  # type: ignore[arg-type]
        assert step_into(run, run.tape.at(len(run.tape))).is_repeatable
    finally:
        run.close()
    assert {it.verdict for it in bptui.check(scenario).findings} == {Verdict.PASS}


def test_a_wrong_one_is_found_at_its_own_input(tmp_path: Path) -> None:
    wrong = EMBEDDING.replace("return dW", "return 2 * dW")
    report = bptui.check(loads(TEXT, layers=[layer_file(tmp_path, wrong).path]))
    assert [(it.node, it.input, it.mistake) for it in report.findings if it.verdict is Verdict.FAIL] == [
        ("e", "W", "twice")
    ]
