"""The verbs that play a recording as it happened."""

from __future__ import annotations

from typing import TypeAlias

from bptui.core.command import MOVE, Command


class Play(Command, word="play", keys="Space", group=MOVE, help="in a replay: play it as it happened, or pause"):
    """Play a recording from the step at the cursor on, or pause."""


class Faster(Command, word="faster", keys="+", group=MOVE, help="in a replay: play it twice as fast"):
    """Play twice as fast."""


class Slower(Command, word="slower", keys="-", group=MOVE, help="in a replay: play it half as fast"):
    """Play half as fast."""


Playing: TypeAlias = Play | Faster | Slower
"""What plays a recording."""
