"""A wrong layer is told in the first lines that a person reads, and what is right beside it too."""

from __future__ import annotations

from bptui.checking.finding import Finding, Verdict, Worst
from bptui.checking.verdicts import Judged, Verdicts
from bptui.core.moment import Moment
from bptui.errors import Location
from bptui.lines.line import Line, line_width
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from bptui.tui.content.verdict_lines import invitation_lines, verdict_lines
from bptui.tui.panels.gradients_panel import GradientsPanel
from bptui.tui.title import title_line

NETWORK = """
[inputs]
x = [[1.0, 0.5], [0.2, -0.3]]
[parameters]
W = [[0.1, -0.2], [0.2, 0.4]]
b = [0.1, 0.2]
[nodes]
a1 = "Affine(x, W, b)"
y = "Sum(a1)"
"""

WRONG = Finding(
    "a1",
    "Affine",
    "x",
    "gradient",
    Verdict.FAIL,
    worst=Worst((1, 0), 1.8, 0.0, 1e-9),
    mistake="wrong mask",
    where=Location("/home/me/my_layers.py", 7),
)
RIGHT = tuple(Finding("a1", "Affine", name, "gradient", Verdict.PASS) for name in ("W", "b"))


def known(moment: Moment, *findings: Finding) -> Verdicts:
    verdicts = Verdicts(moment.graph)
    verdicts.add(Judged("a1", "Affine", 0, findings))
    verdicts.add(Judged("y", "Sum", 0, (Finding("y", "Sum", "a1", "gradient", Verdict.PASS),)))
    return verdicts


def at(position: int) -> Moment:
    return run(loads(NETWORK)).at(position)


def text(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def test_a_wrong_node_begins_with_its_mistake_its_element_its_line_and_the_key() -> None:
    lines = verdict_lines(known(at(4), WRONG, *RIGHT), at(4), "a1", 80, 5)
    assert text(lines) == ["✗ wrong mask at x[1, 0] · my_layers.py:7 · Enter shows why"]
    assert {span.style for line in lines for span in line} == {"bad"}


def test_where_there_is_room_both_numbers_and_what_is_right_all_the_same_are_told() -> None:
    lines = text(verdict_lines(known(at(4), WRONG, *RIGHT), at(4), "a1", 80, 30))
    assert lines[1:3] == ["  in the check backward says 1.8, forward's slope is 0", "  ✗ d x  ✓ d W  ✓ d b"]


def test_whatever_the_width_no_line_is_wider() -> None:
    moment = at(4)
    for width in range(8, 90):
        assert all(line_width(it) <= width for it in verdict_lines(known(moment, WRONG), moment, "a1", width, 30))


def test_a_leaf_says_only_of_the_gradient_that_is_wrong_where_that_comes_from() -> None:
    moment, verdicts = at(4), known(at(4), WRONG, *RIGHT)
    assert text(verdict_lines(verdicts, moment, "x", 80, 30)) == ["✗ this gradient comes through a1, which is wrong"]
    assert verdict_lines(verdicts, moment, "W", 80, 30) == []
    assert verdict_lines(verdicts, at(1), "x", 80, 30) == []  # no gradient has come yet


def test_what_is_right_says_nothing() -> None:
    assert verdict_lines(known(at(4), *RIGHT), at(4), "a1", 80, 30) == []
    assert invitation_lines(known(at(0), *RIGHT), at(0), 80) == []


def test_before_the_first_step_it_is_said_that_x_goes_to_what_is_wrong() -> None:
    assert text(invitation_lines(known(at(0), WRONG), at(0), 80)) == [
        "✗ a1 · Affine: wrong mask at x[1, 0] · my_layers.py:7",
        "  x goes there",
    ]


def test_the_title_counts_what_is_wrong_in_red_at_any_width() -> None:
    moment, verdicts = at(0), known(at(0), WRONG)
    for width in (60, 80, 120):
        assert ("1 ✗", "bad") in title_line(moment, "a long name of a network", "", width, verdicts)


def test_marks_in_the_gradients_panel_are_per_input() -> None:
    moment = at(4)
    panel = GradientsPanel(moment)
    panel.verdicts = known(moment, WRONG, *RIGHT)
    rows = {line[1].text.strip(): "".join(span.text for span in line) for line in panel.view(60, 10)}
    assert "✗ wrong at a1" in rows["x"]
    assert "✓" in rows["W"]
    assert "✗" not in rows["W"] + rows["b"]


def test_a_verdict_that_changes_is_counted_once() -> None:
    verdicts = known(at(0), WRONG)
    verdicts.add(Judged("a1", "Affine", 0, RIGHT))
    assert (verdicts.wrong(0), verdicts.odd(0), verdicts.told(0)) == ([], {}, "checked 2 of 2")
    verdicts.add(Judged("y", "Sum", 0, (WRONG,)))
    verdicts.add(Judged("a1", "Affine", 0, (WRONG,)))
    assert [judged.node for judged in verdicts.wrong(0)] == ["a1", "y"]
    assert verdicts.odd(0) == {Verdict.FAIL: 2}


def test_what_could_not_be_decided_is_counted_in_a_word() -> None:
    moment = at(4)
    verdicts = known(moment)
    verdicts.add(Judged("a1", "Affine", 0, (Finding("a1", "Affine", "x", "gradient", Verdict.SKIP),)))
    assert verdicts.told(0) == "checked 2 of 2 · 1 undecided"
    shown = "".join(span.text for span in title_line(moment, "t", "", 100, verdicts))
    assert "checked 2 of 2 · 1 undecided" in shown
