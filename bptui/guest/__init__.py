"""Guests: layers of the user's own, run in a process of their own, where nothing that they do can hurt.

``host`` starts that process and ``child`` is the program in it; they talk as ``wire`` says. ``layer`` is the proxy that
stands for a guest on our side. What runs in the child imports nothing of ours but this package.
"""
