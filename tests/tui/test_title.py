from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.core.moment import Moment
from bptui.core.order import Pass
from bptui.lines.line import Line, line_width
from bptui.tui.title import MOST_DOTS, dots, progress, title_line

TRAINED = """
[inputs]
x = 2
[parameters]
w = 3
[nodes]
y = "x * w"
[train]
optimizer = "SGD"
lr = 0.1
steps = 3
"""

MomentAt = Callable[..., Moment]


def text_of(line: Line) -> str:
    return "".join(text for text, _ in line)


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120, 200])
@pytest.mark.parametrize(
    "title", ["t", "a title that is much longer than there is room for on any narrow terminal", "苹果"]
)
def test_the_title_line_fits_and_always_tells_the_step(moment_at: MomentAt, width: int, title: str) -> None:
    line = title_line(moment_at(3), title, "rec 12", width)
    assert line_width(line) == width
    assert re.search(r"step 3/4 · ● rec 12", text_of(line))


def test_progress_tells_both_passes(moment_at: MomentAt) -> None:
    assert text_of(progress(moment_at(3), is_worded=True)) == "forward ▶▶│◀○ backward"


def test_a_training_run_tells_its_update_and_iteration(moment_at: MomentAt) -> None:
    assert text_of(progress(moment_at(6, TRAINED), is_worded=True)) == "forward ▶│◀ backward · ↻ update"
    assert "step 4/9 · iteration 2/3" in text_of(title_line(moment_at(4, TRAINED), "t", "", 100))


@given(st.integers(1, 10**6), st.data())
def test_progress_is_bounded_and_shows_the_first_and_the_last_step(total: int, data: st.DataObject) -> None:
    done = data.draw(st.integers(0, total))
    ahead, open_ = (text for text, _ in dots(Pass.FORWARD, done, total))
    assert len(ahead + open_) == min(total, MOST_DOTS)
    assert (ahead == "") == (done == 0)
    assert (open_ == "") == (done == total)
