"""A run turned into what people read, run and watch: one file a format, all of the same ``account``.

``numpy_source`` writes the layers out as plain NumPy, for what is to run without bptui.
"""
