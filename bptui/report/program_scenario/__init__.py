"""A scenario from a watched program: its network and numbers of one pass, to be edited, taught, and kept as a test.

Begin with ``written.py``: it puts the file together, from names, formulas, numbers and the files with the layers.
"""
