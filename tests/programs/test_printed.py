"""What a program prints belongs to the call after which it came, however the pipes are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.programs.printed import EDGE, MOST_OUTPUT, Printed, output_mark
from programs import watched

TEXT = st.sampled_from([b"", b"loss 1\n", b"\x1e", "苹".encode(), b"\x1e00:", b"\xff"])


@given(st.lists(st.tuples(TEXT, st.integers(0, 10**6)), max_size=6), st.integers(1, 40), TEXT)
def test_marks_are_found_wherever_the_stream_is_cut(said: list[tuple[bytes, int]], size: int, last: bytes) -> None:
    printed = Printed()
    stream = b"".join(text + output_mark(printed.token, call) for text, call in said) + last
    for start in range(0, len(stream), size):
        printed.feed(stream[start : start + size])
    printed.finish()
    assert b"".join(bytes(part) for _, part in printed.parts) == b"".join(text for text, _ in said) + last
    calls = [0, *(call for _, call in said)]
    expected = [(call, text) for call, text in zip(calls, [*(text for text, _ in said), last], strict=True) if text]
    merged: list[tuple[int, bytes]] = []
    for call, text in expected:
        if merged and merged[-1][0] == call:
            merged[-1] = (call, merged[-1][1] + text)
        else:
            merged.append((call, text))
    assert [(call, bytes(part)) for call, part in printed.parts] == merged


def test_of_too_much_the_start_is_kept_and_marks_count_on() -> None:
    printed = Printed()
    printed.feed(b"a" * (MOST_OUTPUT + 10) + output_mark(printed.token, 3) + b"b")
    assert printed.size == MOST_OUTPUT
    assert printed.call == 3
    assert printed.text == "a" * MOST_OUTPUT


def test_what_looks_like_a_mark_is_output() -> None:
    printed = Printed()
    printed.feed(EDGE + b"0123456789abcdef:7" + EDGE + b"x" * 80)
    assert printed.call == 0
    assert printed.text.endswith("x" * 80)


PROGRAM = """
import sys
from naive_layers import *
mul, add = MulLayer(), AddLayer()
print("before")
a = mul.forward(2.0, 3.0)
print("a", a)
sys.stdout.write("no newline")
b = add.forward(a, 1.0)
print(" b", b, file=sys.stderr)
add.backward(1.0)
print("after")
mul.backward(1.0)
"""


@pytest.mark.parametrize("_", range(3))
def test_each_line_belongs_to_the_call_before_it(tmp_path: Path, _: int) -> None:
    with watched(tmp_path, PROGRAM) as run:
        assert run.pieces == [(0, "before\n"), (1, "a 6.0\nno newline"), (2, " b 7.0\n"), (3, "after\n")]
