"""Findings as JSON: what the check's process sends, and what ``bptui check --json`` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from bptui.checking.finding import Finding, Report, Verdict
from bptui.core.text import json_number


def finding_record(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain JSON. Numbers that are not finite are strings."""
    worst = finding.worst
    return {
        "kind": finding.kind,
        "node": finding.node,
        "layer": finding.layer,
        "input": finding.input,
        "rule": finding.rule,
        "verdict": finding.verdict.value,
        "worst": worst
        and {
            "index": list(worst.index),
            "analytic": json_number(worst.analytic),
            "numeric": json_number(worst.numeric),
            "error": json_number(worst.error),
        },
        "reason": finding.reason,
        "mistake": finding.mistake,
        "where": finding.where and {"file": finding.where.path, "line": finding.where.line},
        "advice": finding.advice,
        "slot": finding.slot,
        "output": finding.output or None,
        "ladder": [[json_number(number) for number in rung] for rung in finding.ladder],
    }


def printed_record(finding: Finding) -> dict[str, Any]:
    """Return a finding as others read it: a parameter that the layer made itself has the name it has there.

    Everywhere else ``h.W`` is its name; beside ``"node": "h"`` it is ``"input": "W"``.
    """
    is_own = bool(finding.slot) and finding.input == f"{finding.node}.{finding.slot}"
    return finding_record(finding) | ({"input": finding.slot} if is_own else {})


def summary_record(reports: Iterable[Report]) -> dict[str, Any]:
    """Return how many findings of all reports have each verdict."""
    counts = sum((report.counts for report in reports), Counter[Verdict]())
    return {"kind": "summary", **{verdict.value: counts[verdict] for verdict in Verdict}}
