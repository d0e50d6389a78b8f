"""The verbs that explain: what makes a number, by which paths it came, what it depends on, and how all nodes fare."""

from __future__ import annotations

from bptui.core.command import EXPLAIN, Command
from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class Why(Command, word="why", group=EXPLAIN, help="the terms that make an element: W1[0, 2] or grad(W1)[0, 2]"):
    """Answer which products sum to an element of a value or a gradient."""

    element: str


@dataclass(frozen=True)
class FindPaths(Command, word="paths", group=EXPLAIN, help="the N largest paths by which a value reaches another"):
    """Answer by which paths a value reaches another, as products of local derivatives."""

    from_name: str
    to_name: str
    count: int = 5


@dataclass(frozen=True)
class FindDependence(Command, word="depends", group=EXPLAIN, help="whether an element can reach another at all"):
    """Answer whether one element can depend on another, and by which path."""

    of_element: str
    on_element: str


class ShowHealth(
    Command, word="health", keys="!", group=EXPLAIN, help="norms, gains and shares of all nodes, the culprit first"
):
    """Show how values and gradients fare from node to node."""
