"""One thing that happened: a node's forward, a node's backward, or a parameter's update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TypeAlias

from bptui.core.graph import Node
from bptui.core.order import Pass
from bptui.deferred_dataclass import dataclass
from bptui.errors import Location
from layers import Array

Local: TypeAlias = tuple[Array | None, ...]
"""Per input, what ``dout`` is multiplied by, or None where that is not a single array."""


@dataclass(frozen=True, eq=False, slots=True)
class ForwardStep:
    """A node's forward: its value is ``out``, the first of its ``outs`` where it has several outputs."""

    number: int
    iteration: int
    node: Node
    outs: tuple[Array, ...]

    @property
    def out(self) -> Array:
        """The value that bears the node's name."""
        return self.outs[0]

    @property
    def pass_(self) -> Pass:
        """The forward pass."""
        return Pass.FORWARD

    @property
    def name(self) -> str:
        """Whose step it is."""
        return self.node.name


@dataclass(frozen=True, eq=False, slots=True)
class BackwardStep:
    """A node's backward: ``dout`` arrives, and one contribution per input leaves.

    ``douts`` has one gradient per output: all of them None where none reaches the node, otherwise zeros where none
    reaches an output. ``gradients`` has None where an input takes none. ``call`` is where a program calls it.
    """

    number: int
    iteration: int
    node: Node
    douts: tuple[Array | None, ...]
    gradients: tuple[Array | None, ...]
    look_up_local: Callable[[], Local] = field(repr=False)
    call: Location | None = None

    @property
    def dout(self) -> Array | None:
        """What arrives at the output that bears the node's name; None where no gradient reaches the node."""
        return self.douts[0]

    @property
    def pass_(self) -> Pass:
        """The backward pass."""
        return Pass.BACKWARD

    @property
    def name(self) -> str:
        """Whose step it is."""
        return self.node.name

    @property
    def local(self) -> Local:
        """The local derivatives, one per input."""
        return self.look_up_local()


@dataclass(frozen=True, eq=False, slots=True)
class UpdateStep:
    """A parameter's update: from ``before`` to ``after`` by ``gradient``, which is None where none reached it.

    In a program a line has made it, the ``call``; it is None where that is not known.
    """

    number: int
    iteration: int
    parameter: str
    gradient: Array | None
    before: Array
    after: Array
    call: Location | None = None

    @property
    def pass_(self) -> Pass:
        """The update, which follows the two passes."""
        return Pass.UPDATE

    @property
    def name(self) -> str:
        """Whose step it is."""
        return self.parameter


Step: TypeAlias = ForwardStep | BackwardStep | UpdateStep
