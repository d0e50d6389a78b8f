"""Formulas: ``"Relu(x @ W + b)"``, read as operations on named values. Nothing in them is ever run as Python."""

from bptui.scenario.formula.parser import LARGEST_INTEGER, Argument, Operation, parse
from bptui.scenario.formula.tokens import WORDS, FormulaError, is_name, normal

__all__ = ["LARGEST_INTEGER", "WORDS", "Argument", "FormulaError", "Operation", "is_name", "normal", "parse"]
