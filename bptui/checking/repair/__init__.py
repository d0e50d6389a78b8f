"""A claim about the user's lines, tested by mending them: what makes the gradient right was what was wrong.

``edits`` are small changes of a function, each of a kind that has a name; ``edited`` lets a layer run as if one had
been made, and ``repaired`` tries them. Nothing is written to any file, and afterwards everything is as it was.
"""

from __future__ import annotations
