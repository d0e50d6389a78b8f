"""The verdict on a gradient: whether it is right, and if not, where it is wrong and why.

``check_node`` judges one layer at one node; ``whole.check_scenario`` judges everything that a scenario has.
"""

from __future__ import annotations

from bptui.checking.check_node import check_node
from bptui.checking.finding import Finding, Report, Rung, Verdict, Worst
from bptui.checking.subject import Subject

__all__ = ["Finding", "Report", "Rung", "Subject", "Verdict", "Worst", "check_node"]
