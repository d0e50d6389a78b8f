"""Where the child of a watched program starts: the keeper splits off before NumPy, and anything of the person's."""

from __future__ import annotations

from bptui.guest.child.keeper import split_off_keeper


def main(control: int, lifeline: int, last_words: int, memory: int) -> None:
    """Become the program's process."""
    split_off_keeper(lifeline, (control, last_words, memory))
    import faulthandler  # noqa: PLC0415
    import os  # noqa: PLC0415

    from bptui.programs.child.program_process import run_program  # noqa: PLC0415  (it imports NumPy)

    faulthandler.enable(os.fdopen(last_words, "wb", buffering=0, closefd=False), all_threads=False)
    run_program(control, memory)
