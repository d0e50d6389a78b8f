"""The verdict on a gradient: whether it is right, and if not, where it is wrong and why.

``check_node`` judges one layer at one node; ``whole.check_scenario`` judges everything that a scenario has.
"""

from __future__ import annotations

from bptui.core.check.finding import Finding, Report, Rung, Verdict, Worst
from bptui.core.check.node import check_node
from bptui.core.check.subject import Subject

__all__ = ["Finding", "Report", "Rung", "Subject", "Verdict", "Worst", "check_node"]
