"""The subcommands of bptui: one module each, which gives a ``SUBCOMMAND`` and is imported when it is the one asked for.

What a subcommand does is imported when it runs, so that help and complaints are there at once, and ``trace`` never
waits for a screen.
"""
