"""Where a guest's process starts: its keeper splits off before anything of the user's is there."""

from __future__ import annotations

from bptui.guest.child.keeper import split_off_keeper


def main(control: int, lifeline: int, last_words: int, status: int | None = None) -> None:
    """Become the guest's process, and answer requests until there are no more.

    To ``status`` the keeper writes its number, and how the guest has ended, where nobody waits for it.
    """
    split_off_keeper(lifeline, (control, last_words), status)
    from bptui.guest.child.program import answer_requests  # noqa: PLC0415  (the keeper needs no NumPy)

    answer_requests(control, last_words)
