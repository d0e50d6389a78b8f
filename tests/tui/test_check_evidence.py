"""The evidence behind a verdict, as lines: it says all that the check has found, in any width."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bptui.checking import Finding, Rung, Verdict, Worst
from bptui.checking.evidence_lines import elements, evidence_lines
from bptui.checking.verdict_words import findings_in_order, summary
from bptui.checking.verdicts import Judged
from bptui.core.text import UNSAFE
from bptui.lines.line import Line, line_width

LADDER = tuple(Rung(2.0**-step, 0.25 + 2.0**-step, 0.25 - 2.0**-step, 0.25) for step in range(4, 12))
PASS = Finding("y", "Relu", "x", "gradient", Verdict.PASS, Worst((0,), 1.0, 1.0, 1e-12))
FAIL = Finding(
    "y",
    "Affine",
    "W",
    "gradient",
    Verdict.FAIL,
    Worst((1, 2), 0.5, 0.25, 3e-12),
    "backward's gradient of W is not the slope of forward",
    "mean instead of sum",
    "Backward divides by the batch size once too often.",
    LADDER,
)
KINK = Finding(
    "y", "Relu", "x", "gradient", Verdict.KINK, Worst((3,), 0.0, 0.5, 0.5), "a kink", ladder=(Rung(2.0**-9, 0, 1, 0.5),)
)
SKIP = Finding("y", "Log", "x", "finite", Verdict.SKIP, reason="an input is not finite here")
KEPT = Finding("y", "Relu", None, "mutates", Verdict.PASS)
BROKEN = replace(KEPT, verdict=Verdict.FAIL, reason="backward writes into dout", mistake="writes into dout")

CAUTION = replace(KEPT, rule="second-backward", verdict=Verdict.SKIP, reason="grows", mistake="adds up")
INFINITE = replace(KEPT, rule="finite", verdict=Verdict.FAIL, reason="0 / 0", mistake="NaN of finite numbers")


def judged(*findings: Finding, is_quick: bool = False) -> Judged:
    return Judged("y", "Relu", 0, findings, is_quick)


def text(lines: list[Line]) -> str:
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


def test_the_steps_are_told_of_the_chosen_element_and_where_they_decide() -> None:
    other = replace(FAIL, input="b")
    both = judged(FAIL, other, KINK)
    assert text(evidence_lines(both, 78)).count("0.0625") == 2
    assert text(evidence_lines(both, 78, other)).count("0.0625") == 1
    assert text(evidence_lines(both, 78, other)).count("0.00195") == 2


def test_a_failure_shows_the_element_both_numbers_the_error_the_mistake_the_advice_and_the_steps() -> None:
    shown = text(evidence_lines(judged(PASS, FAIL, KEPT), 78))
    for part in ("✗ Relu at y is wrong", "mean instead of sum", "W[1, 2]", "0.5", "0.25  ± 3e-12", "once too often"):
        assert part in shown
    assert shown.count("0.0625") == 1
    assert "0.000488" in shown
    assert "writes into nothing" in shown


def test_what_failed_is_told_before_all_else() -> None:
    assert [it.verdict for it in findings_in_order(judged(PASS, SKIP, KINK, KEPT, FAIL))] == [
        Verdict.FAIL,
        Verdict.KINK,
        Verdict.SKIP,
        Verdict.PASS,
    ]
    assert elements(judged(PASS, KINK, BROKEN, FAIL)) == [FAIL, KINK, PASS]


def test_a_kink_shows_both_slopes_and_not_one_number() -> None:
    shown = text(evidence_lines(judged(KINK), 60))
    assert "◇ Relu at y is right, at a kink." in shown
    assert "0 to 1  on its two sides" in shown


def test_a_broken_promise_is_told_as_what_does_not_hold() -> None:
    shown = text(evidence_lines(judged(PASS, BROKEN), 60))
    assert "✗ writes into dout" in shown
    assert "Backward writes into dout." in shown


def test_a_look_in_passing_says_that_it_is_no_more() -> None:
    assert "the full check is still to come" in text(evidence_lines(judged(PASS, is_quick=True), 100))


def test_the_element_that_enter_jumps_to_is_marked() -> None:
    lines = text(evidence_lines(judged(PASS, FAIL), 60, FAIL)).splitlines()
    assert [line for line in lines if "➤" in line] == [" ➤ at W[1, 2]"]


@pytest.mark.parametrize(
    ("findings", "verdict", "words"),
    [
        ((PASS, KEPT), Verdict.PASS, "✓ y: Relu is right"),
        ((PASS, KINK), Verdict.KINK, "◇ y: Relu is right, at a kink"),
        ((PASS, BROKEN), Verdict.FAIL, "✗ y: Relu is wrong: writes"),
        ((PASS, CAUTION), Verdict.PASS, "✓ y: Relu is right, with a caution: adds up"),
        ((KEPT, INFINITE), Verdict.FAIL, "✗ y: Relu gives a value that is not finite: NaN of"),
        ((KEPT, SKIP), Verdict.PASS, "✓ y"),
        ((SKIP,), Verdict.SKIP, "· y: Relu could not be checked: an input is not finite here"),
    ],
)
def test_findings_come_to_one_verdict_and_one_line(findings: tuple[Finding, ...], verdict: Verdict, words: str) -> None:
    assert judged(*findings).verdict is verdict
    assert summary(judged(*findings)).startswith(words)


def test_kept_rules_make_no_gradient_right_that_could_not_be_measured() -> None:
    unmeasured = Finding("y", "Relu", "x", "gradient", Verdict.SKIP, reason="no slope")
    assert judged(KEPT, unmeasured).verdict is Verdict.SKIP


@pytest.mark.parametrize("width", [40, 47, 58, 78, 100])
@pytest.mark.parametrize("kind", [PASS, FAIL, KINK, SKIP, BROKEN])
def test_no_line_is_wider_than_its_pane(width: int, kind: Finding) -> None:
    lines = evidence_lines(judged(kind, KEPT), width, kind)
    assert {line_width(line) for line in lines} <= {0, width}


@given(st.text(max_size=50), st.text(max_size=300), st.integers(40, 100))
def test_hostile_names_and_reasons_neither_break_a_line_nor_reach_the_terminal(
    name: str, reason: str, width: int
) -> None:
    finding = Finding(name, name, name, "gradient", Verdict.FAIL, Worst((0,), float("nan"), 1.0, 0.0), reason, reason)
    judged = Judged(name, name, 0, (finding,))
    lines = evidence_lines(judged, width, finding)
    assert {line_width(line) for line in lines} <= {0, width}
    shown = "".join(span.text for line in lines for span in line) + summary(judged)
    assert not UNSAFE.intersection(map(unicodedata.category, shown))


def test_a_ladder_keeps_its_columns_in_the_narrowest_pane() -> None:
    rows = [line for line in text(evidence_lines(judged(FAIL), 40)).splitlines() if "0.0625" in line]
    assert len(rows) == 1
    assert len(rows[0].split()) == 4
