"""The options that say whose layers a scenario is run with, and how closely they are seen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_layers(command: argparse.ArgumentParser) -> None:
    """Let a command be given files with layers of the user's own."""
    command.add_argument(
        "--layers",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a Python file with layers of your own, which this allows to run; may be given several times",
    )


def add_expand(command: argparse.ArgumentParser) -> None:
    """Let a command be given nodes that are to be seen as what they are made of."""
    command.add_argument(
        "--expand",
        metavar="NODE",
        action="append",
        default=[],
        help="run a node as those that its layer is made of, or (all) every node; may be given several times",
    )


def print_notice(words: str) -> None:
    """Tell that one of the user's files takes its time."""
    print(words, file=sys.stderr, flush=True)
