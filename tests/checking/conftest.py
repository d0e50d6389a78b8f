from __future__ import annotations

import pytest

from bptui.checking import probe


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a check finds depend on no clock of a busy machine."""
    monkeypatch.setattr(probe, "LONGEST_WAIT", 600.0)
    monkeypatch.setattr(probe, "PATIENCE", 600.0)
