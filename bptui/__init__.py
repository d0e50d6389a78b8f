"""bptui: the debugger for backpropagation, in the terminal; from Python ``load``, ``run``, ``check`` and ``watch``.

Names are looked up when they are used: ``bptui trace`` has to say how NumPy shall start before NumPy is imported.
"""

# Nothing of the standard library, not even __future__, is imported before the path is safe.
from bptui.working_folder import drop_working_folder

drop_working_folder()

# ruff: noqa: E402
# isort: split
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bptui.errors import BptuiError, ExpressionError, LayerError, NotReachedError, ScenarioError, TranscriptError
from bptui.version import __version__

if TYPE_CHECKING:
    from bptui.checking.check_scenario import check
    from bptui.core.expression import evaluate
    from bptui.core.tape import Tape
    from bptui.scenario.load import load, loads
    from bptui.scenario.scenario import Scenario
    from bptui.scenario_tape import run
    from bptui.watching import watch

__all__ = [
    "BptuiError",
    "ExpressionError",
    "LayerError",
    "NotReachedError",
    "Scenario",
    "ScenarioError",
    "Tape",
    "TranscriptError",
    "__version__",
    "check",
    "evaluate",
    "load",
    "loads",
    "run",
    "watch",
]

HOMES = {
    "Scenario": "bptui.scenario.scenario",
    "Tape": "bptui.core.tape",
    "check": "bptui.checking.check_scenario",
    "evaluate": "bptui.core.expression",
    "load": "bptui.scenario.load",
    "loads": "bptui.scenario.load",
    "run": "bptui.scenario_tape",
    "watch": "bptui.watching",
}
"""The modules of the names that are not imported yet."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(HOMES[name]), name)
