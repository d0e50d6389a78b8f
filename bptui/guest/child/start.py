"""Where the child starts: the keeper splits off before NumPy, and anything of the user's, is there."""

from __future__ import annotations

from bptui.guest.child.keeper import split_off_keeper


def main(control: int, lifeline: int, last_words: int) -> None:
    """Become the guest's process, and answer requests until there are no more."""
    split_off_keeper(lifeline, (control, last_words))
    from bptui.guest.child.program import answer_requests  # noqa: PLC0415  (it imports NumPy)

    answer_requests(control, last_words)
