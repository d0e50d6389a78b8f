"""Formulas: ``"Relu(x @ W + b)"``, read as operations on named values. Nothing in them is ever run as Python."""

from bptui.scenario.formula.parser import LARGEST_INTEGER, LayerArgument, Operation, Option, parse_formula
from bptui.scenario.formula.tokens import WORDS, FormulaError, is_name, normal_form

__all__ = [
    "LARGEST_INTEGER",
    "WORDS",
    "FormulaError",
    "LayerArgument",
    "Operation",
    "Option",
    "is_name",
    "normal_form",
    "parse_formula",
]
