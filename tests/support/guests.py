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
from bptui.guest.host_supply import HostSupply
from bptui.guest.observation import Remark
from bptui.own_layers.layer_descriptions import GivenLayers
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


def given_by(host: Host) -> list[GivenLayers]:
    """Return what each file of a host gives; the process goes on."""
    supply = HostSupply(host.files, host.styles)
    supply.ready = host
    given = supply.given(lambda _: None)
    assert supply.take() is host
    return given


def layers_in(given: GivenLayers) -> dict[str, OwnLayer]:
    """Return the layers of a file that are its own."""
    return {
        name: it for name, it in given.items() if isinstance(it, OwnLayer) and it.where.path == it.file.displayed_name
    }


def line_of(file: LayerFile, mark: str) -> int:
    """Return the number of the one line that has ``mark`` in it."""
    found = [number for number, line in enumerate(file.text.splitlines(), start=1) if mark in line]
    assert len(found) == 1
    return found[0]


def forget_arrival(file: LayerFile) -> None:
    """Let a layer of the file arrive once more: loading a scenario has gone through it already."""
    Path(f"{file.path}.arrived").unlink(missing_ok=True)


def wait_for_arrival(file: LayerFile) -> None:
    """Return once a layer of the file has carried out ``ARRIVE``."""
    work_until(Path(f"{file.path}.arrived").exists)


@contextmanager
def guest(file: LayerFile, *inputs: str, **options: Any) -> Iterator[GuestLayer]:
    """Yield the one layer of a file at a node ``y``, and end its process. Its remarks are in ``heard``."""
    host = Host([file])
    (own,) = layers_in(given_by(host)[0]).values()
    heard: list[Remark] = []
    layer = GuestLayer(own, host, Node("y", own.name, inputs or ("x",), options), notice=heard.append)
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
