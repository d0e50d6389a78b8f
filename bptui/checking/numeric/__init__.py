"""Slopes by finite differences with a known error, and the judgement of a gradient, element by element."""
