"""Stops that many want, ready to be set: dead units, saturated activations, gradients too large or too small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bptui.core.command import Command
from bptui.core.graph import Graph
from bptui.core.reader import write_name
from bptui.core.verbs.stops import Break

DEAD = "mean(out == 0) > 0.9"
SATURATED = {"Sigmoid": "mean(abs(out - 0.5) > 0.49) > 0.5", "Tanh": "mean(abs(out) > 0.98) > 0.5"}
LARGE, SMALL = "norm(dout) > 100", "norm(dout) > 0 and norm(dout) < 1e-06"

DYING = ("Relu", "ReLU", "relu")
"""What layers are called whose units may be dead."""


class ReadyStop(NamedTuple):
    """Stops to choose: what they are called, what they stop at, and the commands that set them."""

    title: str
    help: str
    commands: tuple[Command, ...]


def ready_stops(graph: Graph) -> Iterator[ReadyStop]:
    """Yield the stops that make sense in a graph."""
    relus = [node.name for node in graph.nodes if node.layer in DYING]
    if relus:
        yield ReadyStop("stop: dead ReLU", "where more than 90 % of a ReLU's output is 0", on_nodes(relus, DEAD))
    saturating = {layer: [node.name for node in graph.nodes if node.layer == layer] for layer in SATURATED}
    commands = tuple(it for layer, names in saturating.items() for it in on_nodes(names, SATURATED[layer]))
    if commands:
        yield ReadyStop("stop: saturated activation", "where more than half of it is at its ends", commands)
    yield ReadyStop("stop: gradient norm above 100", "where the dout that arrives is large", (Break(f"on {LARGE}"),))
    yield ReadyStop("stop: gradient norm below 1e-6", "where the dout that arrives vanishes", (Break(f"on {SMALL}"),))
    yield ReadyStop("stop: NaN or Inf", "where a number is not finite for the first time", (Break("on nan"),))
    yield ReadyStop("stop: failed check", "at the steps of a node that is wrong", (Break("on fail"),))


def on_nodes(names: list[str], condition: str) -> tuple[Command, ...]:
    """Return the commands that set a stop on the forward steps of some nodes."""
    return tuple(Break(f"{write_name(name)} forward if {condition}") for name in names)
