"""``bptui replay``: open a recorded session."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bptui.commands.screen_options import add_teaching, add_theme, check_terminal, opening_commands
from bptui.commands.subcommand import Subcommand


def add_replay_arguments(command: argparse.ArgumentParser) -> None:
    """Tell what may stand behind ``bptui replay``."""
    command.add_argument("transcript", type=Path, help="a file that `bptui run --record` has written")
    add_theme(command)
    add_teaching(command)


def replay_recording(options: argparse.Namespace) -> int:
    """Open a recorded session."""
    check_terminal()
    from bptui.core.text import visible
    from bptui.recording.transcript import read_transcript
    from bptui.tui import app

    recording = read_transcript(options.transcript)
    if recording.dropped:
        print(f"{visible(str(options.transcript))}: {recording.dropped}", file=sys.stderr)
    return app.open_replay(recording, options.theme, opening=opening_commands(options))


SUBCOMMAND = Subcommand(add_replay_arguments, replay_recording)
