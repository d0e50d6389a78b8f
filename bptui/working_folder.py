"""``python -m`` puts the working folder first on the path, where a stranger's ``typing.py`` may lie: it goes at once.

The package imports this before all else, so it stands on nothing but what every interpreter has loaded at its start.
What ``-m`` itself imports before that, ``bptui/bptui-start.pth`` has had imported before there was that folder.
"""

import os
import sys


def drop_working_folder() -> None:
    """Take the working folder off the path in ``python -m bptui``, unless bptui itself was found there."""
    if is_started_as_module() and not sys.flags.safe_path and sys.path[0] != package_folder():
        del sys.path[0]


def is_started_as_module() -> bool:
    """Return whether this is ``python -m bptui`` and Python is still looking for what to run."""
    if sys.argv[:1] != ["-m"]:
        return False
    name = sys.orig_argv[-len(sys.argv)].removeprefix("-m")
    return name.partition(".")[0] == "bptui"


def package_folder() -> str:
    """Return the folder in which bptui lies."""
    return os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120  (pathlib is what may lie in the working folder)
