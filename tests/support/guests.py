"""Guests for tests: the user's layers from text, in a real process."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bptui.core.graph import Node
from bptui.guest.guest_layer import GuestLayer
from bptui.guest.host import Host
from bptui.guest.observation import Remark
from bptui.own_layers.layers_file import read_layers
from bptui.own_layers.own_layer import LayerFile, OwnLayer
from waiting import work_until

HEAD = "import numpy as np\n"

ARRIVE = "open(__file__ + '.arrived', 'w').close()"
"""What a layer does on the very line that it never leaves, so that a test need not guess when it is there."""


def layer_file(folder: Path, text: str, name: str = "my_layers.py") -> LayerFile:
    """Return a file of that text, which stands on the disk as well."""
    path = folder / name
    path.write_text(HEAD + textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return LayerFile(path, path.read_text(encoding="utf-8"))


def own(file: LayerFile, name: str) -> OwnLayer:
    """Return a class of the file."""
    layer = read_layers(file)[name]
    assert isinstance(layer, OwnLayer)
    return layer


def line_of(file: LayerFile, mark: str) -> int:
    """Return the number of the one line that has ``mark`` in it."""
    found = [number for number, line in enumerate(file.text.splitlines(), start=1) if mark in line]
    assert len(found) == 1
    return found[0]


def wait_for_arrival(file: LayerFile) -> None:
    """Return once a layer of the file has carried out ``ARRIVE``."""
    work_until(Path(f"{file.path}.arrived").exists)


@contextmanager
def guest(file: LayerFile, *inputs: str, **options: Any) -> Iterator[GuestLayer]:
    """Yield the one layer of a file at a node ``y``, and end its process. Its remarks are in ``heard``."""
    name, *others = read_layers(file)
    assert not others
    host = Host([file])
    heard: list[Remark] = []
    layer = GuestLayer(own(file, name), host, Node("y", name, inputs or ("x",), options), notice=heard.append)
    layer.heard = heard  # type: ignore[attr-defined]
    try:
        yield layer
    finally:
        host.close()


def heard(layer: GuestLayer) -> list[Remark]:
    """Return the remarks on a layer so far."""
    remarks: list[Remark] = layer.heard  # type: ignore[attr-defined]
    return remarks


def rules(layer: GuestLayer) -> set[str]:
    """Return the rules of the remarks on a layer so far."""
    return {remark.rule for remark in heard(layer)}


def array(*numbers: float) -> np.ndarray[Any, Any]:
    """Return a read-only array, as the tape has them."""
    made = np.array(numbers, dtype=np.float64)
    made.flags.writeable = False
    return made
