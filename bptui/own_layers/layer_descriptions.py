"""What the user's files give by name, read from what the process that has run them says; nothing is taken on trust."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from bptui.core.text import visible
from bptui.errors import Location, ScenarioError
from bptui.own_layers.own_layer import LayerFile, Method, OwnLayer

GivenLayers: TypeAlias = "dict[str, OwnLayer | ScenarioError]"
"""The layers of a file by name; for what cannot be a layer, the error that says why."""

MOST_LISTED = 12
LONGEST = 300


def read_layers(file: LayerFile, descriptions: Iterable[Mapping[str, Any]]) -> GivenLayers:
    """Return what a file gives. Raises ScenarioError where the descriptions are not such."""
    try:
        return {str(it["name"]): read_one(file, it) for it in descriptions}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ScenarioError("its process has sent nonsense", where=Location(file.displayed_name)) from None


def read_one(file: LayerFile, description: Mapping[str, Any]) -> OwnLayer | ScenarioError:
    """Return one layer, or the error that says why something is not one."""
    where = where_defined(file, description)
    if "misfit" in description:
        hint = visible(str(description["hint"]), limit=LONGEST) or None
        return ScenarioError(visible(str(description["misfit"]), limit=LONGEST), hint=hint, where=where)
    layer = OwnLayer(
        str(description["name"]),
        visible(str(description["style"])),
        file,
        where,
        read_method(file, description["forward"]),
        read_method(file, description["backward"]),
        read_method(file, description["init"]) if description["init"] else Method(),
        tuple(map(int, description.get("taken", ()))),
    )
    return signature_error(layer, description) or layer


def signature_error(layer: OwnLayer, description: Mapping[str, Any]) -> ScenarioError | None:
    """Return why functions of the right names cannot be called as forward and backward are; None where they can."""
    if description["backward"].get("lacks"):
        message = f"{layer.backward.called} has to take dout"
        return ScenarioError(message, hint="def backward(self, dout):", where=layer.backward.where)
    it = layer.forward
    if not (it.required or it.optional or it.takes_any_input):
        return ScenarioError(f"{it.called} takes no input", hint="def forward(self, x):", where=it.where)
    return None


def read_method(file: LayerFile, description: Mapping[str, Any]) -> Method:
    """Return what a function takes."""
    required, optional, named, named_required = (
        names(description.get(key, ())) for key in ("required", "optional", "named", "named_required")
    )
    return Method(
        visible(str(description.get("called", ""))),
        where_defined(file, description),
        required,
        optional,
        named,
        named_required,
        takes_any_input=bool(description["any_input"]),
        takes_any_option=bool(description["any_option"]),
    )


def names(written: Sequence[object]) -> tuple[str, ...]:
    """Return names."""
    return tuple(map(str, written))


def where_defined(file: LayerFile, description: Mapping[str, Any]) -> Location:
    """Return where something is defined: in the file itself, as the user calls it, or in one that it imports."""
    path, line = str(description["file"]), description["line"]
    number = line if type(line) is int and line > 0 else None
    if not path:
        return Location(file.displayed_name)
    return Location(file.displayed_name if path == str(file.path) else imported_path(file, path), number)


def imported_path(file: LayerFile, path: str) -> str:
    """Return a file that another one imports as errors write it: from the same starting point as that one."""
    if Path(path).is_relative_to(file.path.parent):
        return visible(str(Path(file.name or file.path).parent / Path(path).relative_to(file.path.parent)), limit=4_096)
    if Path(file.name or file.path).is_absolute():
        return visible(path, limit=4_096)
    return visible(os.path.relpath(path), limit=4_096)


def none_used_error(file: LayerFile, given: GivenLayers, used: Sequence[str]) -> ScenarioError:
    """Return the error about a file that gives none of the layers that a scenario uses, and lists what it gives."""
    layers = [it for it in given.values() if isinstance(it, OwnLayer)]
    wanted = ", ".join(map(visible, list(dict.fromkeys(used))[:MOST_LISTED]))
    gives = layer_list(layers) or "no layer at all"
    message = f"gives none of the layers that the scenario uses ({wanted}); it gives {gives}"
    others = [it for it in given.values() if isinstance(it, ScenarioError) and it.path == file.displayed_name]
    reasons = [it.message for it in others if it.line]
    return ScenarioError(message, hint="; ".join(reasons[:3]) or None, where=Location(file.displayed_name))


def layer_list(layers: Sequence[OwnLayer]) -> str:
    """Return layers with their lines, as many as one can take in."""
    shown = [f"{visible(it.name)} ({it.where})" for it in layers[:MOST_LISTED]]
    more = len(layers) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
