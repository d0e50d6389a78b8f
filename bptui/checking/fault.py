"""What a layer may not do, as an exception: the rule that it broke, and what is said of that."""

from __future__ import annotations

from bptui.errors import Location


class FaultError(Exception):
    """A broken ``rule`` and, where it is about one, the input's position.

    ``line`` is the user's line that does it, where that is known. ``is_caution`` tells of what is right as the layer
    is used here, and would be wrong in another place.
    """

    def __init__(
        self,
        rule: str,
        reason: str,
        position: int | None = None,
        mistake: str | None = None,
        *,
        line: Location | None = None,
        is_caution: bool = False,
    ) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason
        self.position = position
        self.mistake = mistake
        self.line = line
        self.is_caution = is_caution
