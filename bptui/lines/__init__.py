"""Lines of styled text: what report, screen and exports are written in, with no terminal and no widget in sight.

A ``Line`` is spans of text, each with the name of a style; ``styles`` says which names there are and how they look.
"""
