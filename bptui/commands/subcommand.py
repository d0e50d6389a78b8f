"""What a word after ``bptui`` stands for, and how the command line is complained about."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn

from bptui.deferred_dataclass import dataclass
from bptui.ending import output
from bptui.errors import BptuiError


@dataclass(frozen=True)
class Subcommand:
    """What may stand behind a subcommand, and what carries it out: that returns the exit status."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    carry_out: Callable[[argparse.Namespace], int]


class UsageError(BptuiError):
    """bptui does not understand the command line; ``usage`` is what it could have been."""

    def __init__(self, message: str, usage: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.usage = usage

    def __str__(self) -> str:
        return f"{self.usage.strip()}\n{super().__str__()}"


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are raised, for one place to show them."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, self.format_usage())

    def _print_message(self, message: str, file: object = None) -> None:  # noqa: ARG002  (argparse's protocol)
        """Print help or the version. Raises BptuiError where the disk of standard output is full."""
        with output() as out:
            out.write(message)
