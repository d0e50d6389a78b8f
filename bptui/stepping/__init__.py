"""Into a layer: its own source, line by line, as a little tape with a cursor of its own.

``visit`` runs a layer's forward or backward again under a line tracer (``tracer``) and returns a ``line_tape`` of
``snapshot``s. ``enter`` does so for the step of a moment, and ``job`` within a guest's process, from which the lines
come back as plain data (``line_record``), never as objects.
"""
