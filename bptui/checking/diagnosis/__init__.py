"""What kind of mistake a wrong gradient is: its name, and what to say about it.

``recognise`` has the order of the kinds; each family of kinds is a file of small functions from ``Evidence`` to a
``Mistake``.
"""

from __future__ import annotations

from bptui.checking.diagnosis.evidence import Evidence
from bptui.checking.diagnosis.mistake import Mistake
from bptui.checking.diagnosis.recognise import recognise

__all__ = ["Evidence", "Mistake", "recognise"]
