"""bptui: the debugger for backpropagation, in the terminal; from Python ``load``, ``run`` and ``check``.

Names are looked up when they are used: ``bptui trace`` has to say how NumPy shall start before NumPy is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bptui.errors import BptuiError, LayerError, ScenarioError, TranscriptError

if TYPE_CHECKING:
    from bptui.core.check.whole import check
    from bptui.core.engine import run
    from bptui.core.load import load, loads
    from bptui.core.scenario import Scenario
    from bptui.core.tape import Tape

__all__ = [
    "BptuiError",
    "LayerError",
    "Scenario",
    "ScenarioError",
    "Tape",
    "TranscriptError",
    "__version__",
    "check",
    "load",
    "loads",
    "run",
]

__version__ = "0.1.0"

HOMES = {
    "Scenario": "bptui.core.scenario",
    "Tape": "bptui.core.tape",
    "check": "bptui.core.check.whole",
    "load": "bptui.core.load",
    "loads": "bptui.core.load",
    "run": "bptui.core.engine",
}
"""The modules of the names that are not imported yet."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(HOMES[name]), name)
