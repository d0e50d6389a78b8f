"""``bptui list``: tell the bundled scenarios and the layers, or what a file gives."""

from __future__ import annotations

import argparse

from bptui.commands.layer_options import add_layers, print_notice
from bptui.commands.subcommand import Subcommand
from bptui.ending import FINE, output


def add_list_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui list``."""
    add_layers(command)


def list_all(options: argparse.Namespace) -> int:
    """Tell what there is, or what files of the user's own give."""
    from bptui.report.listing import listing, own_listing
    from bptui.report.printing import print_lines

    with output() as file:
        for path in options.layers:
            print_lines(own_listing(path, print_notice), file)
        if not options.layers:
            print_lines(listing(), file)
    return FINE


SUBCOMMAND = Subcommand(add_list_arguments, list_all)
