"""Expressions over a run, ``norm(grad(W1)) > 10``: conditions, watches, what is printed and what a value is set to.

They are parsed by a grammar of their own and never run as Python, and no text can take long or much memory.
"""

from bptui.core.expression.evaluation import Result, evaluate, holds
from bptui.core.expression.functions import FUNCTIONS
from bptui.core.expression.known_names import check_names
from bptui.core.expression.parser import parse_expression
from bptui.core.expression.syntax import Expression, names_in

__all__ = ["FUNCTIONS", "Expression", "Result", "check_names", "evaluate", "holds", "names_in", "parse_expression"]
