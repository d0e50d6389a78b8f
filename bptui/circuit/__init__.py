"""The computational graph as a circuit in text cells: laid out once a sheet, painted where it is visible.

A ``Circuit`` gives the ``Drawing`` of each sheet, on which nothing changes; a ``Painter`` turns the cells that a
``Window`` shows, with the numbers at the wires and what stands out, into spans of text and style name.
"""

from bptui.circuit.circuit import Circuit, least_width
from bptui.circuit.drawing import Box, Drawing, Label
from bptui.circuit.folding import Folding, composites, fold, unfolded
from bptui.circuit.groups import closed_groups, find_groups, group_to_toggle
from bptui.circuit.layout import Room
from bptui.circuit.painter import Highlight, Painter
from bptui.circuit.scale import Scale
from bptui.circuit.window import Window

__all__ = [
    "Box",
    "Circuit",
    "Drawing",
    "Folding",
    "Highlight",
    "Label",
    "Painter",
    "Room",
    "Scale",
    "Window",
    "closed_groups",
    "composites",
    "find_groups",
    "fold",
    "group_to_toggle",
    "least_width",
    "unfolded",
]
