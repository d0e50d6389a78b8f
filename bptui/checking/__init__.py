"""The verdict on a gradient: whether it is right, and if not, where it is wrong and why.

``check_node.check_node`` judges one layer at one node; ``check_scenario.check_scenario`` everything that a scenario
has. Both are loaded when they are wanted: whoever shows verdicts only, as the screen at its start, needs the words for
them alone.
"""

from __future__ import annotations

from bptui.checking.finding import Finding, Report, Rung, Verdict, Worst

__all__ = ["Finding", "Report", "Rung", "Verdict", "Worst"]
