"""Processes that the user's code leaves behind where it has killed its keeper: they become ours, to be ended."""

from __future__ import annotations

import sys


def adopt_orphans() -> None:
    """Let whatever loses its parent below this process become its child, where the system knows how."""
    if sys.platform == "linux":
        from bptui.guest.child.keeper import SET_SUBREAPER, control_process  # noqa: PLC0415  (it is Linux's alone)

        control_process(SET_SUBREAPER, 1)


def end_orphans() -> None:
    """End every process below this one, the layers' with them: the next call of a layer would start another."""
    if sys.platform == "linux":
        from bptui.guest.child.keeper import end_children  # noqa: PLC0415

        end_children()
