"""The signs that stand for a pass and for a verdict, the same wherever one is written."""

from __future__ import annotations

from collections.abc import Mapping

from bptui.core.order import Pass

PASS_SIGNS: Mapping[Pass, str] = {Pass.FORWARD: "▶", Pass.BACKWARD: "◀", Pass.UPDATE: "↻"}

PASS, FAIL, KINK, SKIP = "✓", "✗", "◇", "·"
"""Verdicts. ✗ also stands before everything else that went wrong."""

CAUTION = "▲"
"""Stands before what is not wrong, and should be looked at."""

NON_FINITE = "!"
"""Stands at a value that has NaN or infinity in it, or in its gradient."""

STOP, DISABLED_STOP = "●", "○"
"""A stop on a node, and a disabled one."""

SIGN_STYLES: Mapping[str, str] = {
    PASS: "good",
    FAIL: "bad",
    KINK: "warning",
    SKIP: "dim",
    NON_FINITE: "error",
    CAUTION: "warning",
    STOP: "mark",
    DISABLED_STOP: "dim",
}
"""The style of a sign that stands by itself."""
