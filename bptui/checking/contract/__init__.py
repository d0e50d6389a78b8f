"""The contract that every layer keeps, whatever it computes: a small check for each rule, on visits of its own.

``lint`` has the order of the rules; each family of rules is a file of functions from a ``LintPoint`` to faults.
"""

from __future__ import annotations

from bptui.checking.contract.dout_linearity import IGNORES_DOUT, PART_WITHOUT_DOUT
from bptui.checking.contract.lint import RULES, lint
from bptui.checking.contract.lint_point import LintPoint
from bptui.checking.contract.random_draws import DRAWS_AGAIN, draws, is_repeatable

__all__ = [
    "DRAWS_AGAIN",
    "IGNORES_DOUT",
    "PART_WITHOUT_DOUT",
    "RULES",
    "LintPoint",
    "draws",
    "is_repeatable",
    "lint",
]
