"""What there is to start from: the bundled scenarios and the layers, one line each."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath

from bptui.core import text_file
from bptui.core.text import visible
from bptui.errors import BptuiError, ScenarioError
from bptui.lines.line import Line, styled
from bptui.own_layers.own_layer import OwnLayer
from bptui.own_layers.source_file import check_syntax
from bptui.own_layers.trust import read_layer_file
from bptui.scenario.bundled import bundled
from bptui.scenario.toml import parse_toml
from layers import Layer, library

WIDEST = 30
"""A name wider than this pushes what is said of it to the right, in its own line alone."""

SENTENCE_END = re.compile(r"\. (?=[A-Z])")
"""Not the point of an abbreviation, after which books have a number."""


def listing() -> Iterator[Line]:
    """Yield the lines of ``bptui list``."""
    yield styled("Scenarios, for bptui run and bptui trace", "heading")
    yield from two_columns({name: title(name, path) for name, path in bundled()})
    yield ()
    yield styled("Layers, for the formulas of a scenario", "heading")
    yield from two_columns(
        {layer_call(name, layer): purpose(layer) for name, layer in sorted(own_names(library).items())}
    )


def own_listing(path: Path, notice: Callable[[str], None]) -> Iterator[Line]:
    """Yield what a file with layers of the user's own gives, by style and line, and what it does not, and why.

    The file runs, in a process of its own. Raises ScenarioError where it cannot.
    """
    from bptui.guest.host_supply import HostSupply  # noqa: PLC0415  (Windows has none of this)

    file = read_layer_file(path)
    check_syntax(file)
    (given,) = HostSupply([file], {}).given(notice)
    layers = [it for it in given.values() if isinstance(it, OwnLayer)]
    others = [
        it for it in given.values() if isinstance(it, ScenarioError) and it.path == file.displayed_name and it.line
    ]
    yield styled(f"Layers in {file.displayed_name}", "heading")
    yield from two_columns({visible(str(it)): f"{it.style}, {visible(PurePath(str(it.where)).name)}" for it in layers})
    if not layers:
        yield styled("none", "quiet", indent=2)
    if others:
        yield ()
        yield styled("Not layers", "heading")
        yield from (styled(f"line {it.line}: {it.message}", indent=2) for it in others)


def two_columns(rows: Mapping[str, str]) -> Iterator[Line]:
    """Yield a line for each name and what there is to say of it, the latter in one column."""
    width = max((len(name) for name in rows if len(name) <= WIDEST), default=0)
    for name, meaning in rows.items():
        yield styled(f"{name:{width}}  {meaning}", indent=2)


def title(name: str, path: Path) -> str:
    """Return a bundled scenario's title, or what is wrong with it; its layers do not run for that."""
    try:
        document = parse_toml(text_file.read_text(path), name)
    except BptuiError as error:
        return visible(error.message)
    return visible(str(document.data.get("title", name)))


def own_names(layers: Mapping[str, type[Layer]]) -> dict[str, type[Layer]]:
    """Return the layers by their classes' names, without aliases."""
    return {name: layer for name, layer in layers.items() if name == layer.__name__}


def layer_call(name: str, layer: type[Layer]) -> str:
    """Return how a formula calls a layer: ``Sum(x, axis, keepdims)``."""
    parameters = [*inspect.signature(layer.forward).parameters.values()][1:]
    parameters += inspect.signature(layer).parameters.values()
    names = [f"{it.name}, ..." if it.kind is it.VAR_POSITIONAL else it.name for it in parameters]
    return f"{name}({', '.join(names)})"


def purpose(layer: type[Layer]) -> str:
    """Return the first sentence of what a layer's class says of itself."""
    paragraph = " ".join((inspect.getdoc(layer) or "").partition("\n\n")[0].split())
    return SENTENCE_END.split(paragraph.replace("``", ""))[0].rstrip(".")
