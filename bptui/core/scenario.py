"""A scenario as it was read: its graph, the leaves' values, and what to do with them. Nothing here reads files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bptui.core.graph import Graph
from bptui.core.optimizer import Optimizer
from layers import Array, Layer


@dataclass(frozen=True, eq=False, slots=True)
class Train:
    """What ``[train]`` asks for: ``steps`` iterations of forward, backward and an update by ``optimizer``."""

    optimizer: Optimizer
    steps: int


@dataclass(frozen=True, eq=False, slots=True)
class Expect:
    """What ``[expect]`` knows: a number passes where ``|got - want| <= atol + rtol * |want|``."""

    values: Mapping[str, Array]
    gradients: Mapping[str, Array]
    rtol: float = 1e-7
    atol: float = 1e-9


@dataclass(frozen=True, eq=False)
class Scenario:
    """A small network with its inputs, ready to run.

    ``values`` has the leaves' arrays by name (inputs, parameters and constants), read-only. ``library`` has the
    class of every layer that the graph names. ``source`` is the file's text, ``path`` None where there is no file.
    """

    title: str
    about: str
    source: str
    path: Path | None
    dtype: np.dtype[Any]
    seed: int
    graph: Graph
    values: Mapping[str, Array]
    library: Mapping[str, type[Layer]]
    dout: Array
    train: Train | None = None
    expect: Expect | None = None
    layer_files: tuple[Path, ...] = ()

    @property
    def iterations(self) -> int:
        """How many times forward and backward are run: 1, or ``[train]``'s steps."""
        return self.train.steps if self.train else 1
