"""The computational graph as a circuit in text cells: laid out once a sheet, painted where it is visible."""

from bptui.core.circuit.drawing import Box, Drawing, Label
from bptui.core.circuit.painter import Highlight, Painter, Spans
from bptui.core.circuit.sheet import Circuit
from bptui.core.circuit.window import Window

__all__ = ["Box", "Circuit", "Drawing", "Highlight", "Label", "Painter", "Spans", "Window"]
