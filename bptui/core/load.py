"""Loading a scenario: all its mistakes at once and in their places, or a network that is ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bptui.core import sections, source
from bptui.core.bundled import bundled
from bptui.core.document import Document
from bptui.core.formula import WORDS, is_name, normal
from bptui.core.graph import Graph, Node, find_cycle, forward_order
from bptui.core.leaves import LeafReader, refuse_unknown
from bptui.core.nodes import NodeReader
from bptui.core.positions import Path as KeyPath
from bptui.core.problems import Problems, nearest
from bptui.core.scenario import Scenario
from bptui.core.text import number, visible
from bptui.core.toml import parse
from bptui.core.trial import shapes_of
from bptui.core.values import kind_of, read_only
from bptui.errors import ScenarioError, Where
from layers import Array, Layer
from layers import library as built_in

NAMELESS = "<text>"
"""What errors call a scenario that is no file."""

LONGEST_NAME = 200
MOST_NAMED = 20
MOST_OFF = 1e-6
"""How far from 1 a target distribution may sum: what rounding to float32 or to six printed digits does."""


SINGULAR = {"inputs": "an input", "parameters": "a parameter", "nodes": "a node"}


def load(place: str | Path) -> Scenario:
    """Return the scenario at a path, or the bundled one of that name. Raises ScenarioError."""
    path = found(Path(place))
    return loads(source.read(path), path)


def found(path: Path) -> Path:
    """Return ``path`` itself, or where the bundled scenario of that name lies if no file does."""
    name = str(path)
    try:
        exists = path.exists()
    except (OSError, ValueError):
        return path  # reading it tells what is wrong with it
    known = {} if exists else dict(bundled())
    if exists or name in known:
        return known.get(name, path)
    hint = nearest(path.stem, known) or "bptui list tells the names of the scenarios that come with it"
    raise ScenarioError("there is no such file, nor a bundled scenario", hint=hint, where=Where(source.shown(path)))


def loads(text: str, path: Path | None = None, *, library: Mapping[str, type[Layer]] = built_in) -> Scenario:
    """Return the scenario that ``text`` is, with layers from ``library``. Files that it names lie beside ``path``.

    Raises ScenarioError, whose ``problems`` are all the mistakes that one reading can tell apart.
    """
    return Loader(parse(text, source.shown(path) if path else NAMELESS), path, library).scenario()


class Loader:
    """One reading of one document."""

    def __init__(self, document: Document, path: Path | None, library: Mapping[str, type[Layer]]) -> None:
        self.document = document
        self.path = path
        self.library = library
        self.problems = Problems()

    def scenario(self) -> Scenario:
        """Read everything, then try it."""
        document, problems = self.document, self.problems
        sections.check_keys(document, problems)
        self.refuse_layers()
        dtype, seed = sections.dtype(document, problems), sections.seed(document, problems)
        title = sections.text(document, "title", self.path.stem if self.path else "scenario", problems)
        about = sections.text(document, "about", "", problems)
        places = self.places()
        reader = NodeReader(document, self.library, places, problems)
        nodes = self.nodes(reader)
        values = self.leaves(LeafReader(document, dtype, seed, self.folder, reader.labels), places)
        known = places | dict.fromkeys(node.name for node in nodes)
        expect = sections.expect(document, known, problems)
        train = sections.train(document, problems)
        output = self.output(nodes)
        problems.raise_any()
        graph = self.graph(nodes, list(reader.constants), output)
        values |= {name: read_only(np.array(value, dtype)) for name, value in reader.constants.items()}
        shapes = shapes_of(graph, values, self.library, problems, self.lines(graph, places).get)
        self.check_distributions(graph, values, shapes, places)
        sections.check_expected_shapes(document, expect, shapes, problems)
        dout = np.ones(())
        if output in shapes:
            with problems.collecting():
                dout = sections.dout(document, output, shapes[output], dtype)
        problems.raise_any()
        return Scenario(
            title=title,
            about=about,
            source=document.text,
            path=self.path,
            dtype=dtype,
            seed=seed,
            graph=graph,
            values=values,
            library={node.layer: self.library[node.layer] for node in nodes},
            dout=dout,
            train=train,
            expect=expect,
        )

    @property
    def folder(self) -> Path:
        """Where the files lie that the scenario names."""
        return self.path.parent if self.path else Path()

    def refuse_layers(self) -> None:
        """Refuse files with layers: opening a scenario never makes bptui execute code."""
        if "layers" not in self.document.data:
            return
        files = self.document.data["layers"]
        with self.problems.collecting():
            if type(files) is not list or not all(isinstance(file, str) for file in files):
                raise self.document.error("layers: wanted a list of file names", "layers", hint='layers = ["my.py"]')
            if files:
                named = visible(str(files[0]))
                raise self.document.error(
                    f"{named} will not be run without permission",
                    "layers",
                    0,
                    hint=f"read it, then allow it once with --layers {named}, or until it changes: bptui trust {named}",
                )

    def places(self) -> dict[str, KeyPath]:
        """Return where each input, parameter and node is defined."""
        places: dict[str, KeyPath] = {}
        for section in SINGULAR:
            for key in sections.section(self.document, section, self.problems):
                with self.problems.collecting():
                    name = self.checked_name(section, key)
                    if name in places:
                        raise self.twice(section, key, places[name])
                    places[name] = (section, key)
        return places

    def checked_name(self, section: str, key: str) -> str:
        """Return the name that ``key`` spells."""
        name = normal(key)
        if not is_name(name) or len(name) > LONGEST_NAME:
            raise self.document.key_error(
                f"{visible(name, limit=40) or 'nothing'} is no name",
                section,
                key,
                hint=f"a name has letters, digits and _, no digit first, and at most {LONGEST_NAME} characters",
            )
        if name in WORDS:
            raise self.document.key_error(f"{name} is a constant, not a name", section, key)
        return name

    def twice(self, section: str, key: str, first: KeyPath) -> ScenarioError:
        """Return the error about a name for two things."""
        line = self.document.where_key(*first).line
        what = SINGULAR[str(first[0])]
        message = f"{visible(key)} is {what} already (line {line})"
        return self.document.key_error(message, section, key, hint="inputs, parameters and nodes share one name space")

    def nodes(self, reader: NodeReader) -> list[Node]:
        """Return the nodes of all formulas, in file order."""
        nodes = []
        for name, path in reader.places.items():
            if path[0] == "nodes":
                with self.problems.collecting():
                    nodes += reader.read(name, path, self.document.data["nodes"][path[1]])
        return nodes

    def leaves(self, reader: LeafReader, places: Mapping[str, KeyPath]) -> dict[str, Array]:
        """Return the arrays of all inputs and parameters that can be read."""
        values = {}
        for name, path in places.items():
            if path[0] != "nodes":
                with self.problems.collecting():
                    values[name] = reader.read(name, path, self.document.data[str(path[0])][path[1]])
        return values

    def output(self, nodes: Sequence[Node]) -> str:
        """Return the node that a run ends at: the one that is named, or the one that no other consumes."""
        run = sections.section(self.document, "run", self.problems)
        for key in run:
            with self.problems.collecting():
                refuse_unknown(self.document, ("run",), {key: None}, ("output", "dout"))
        with self.problems.collecting():
            if self.problems.found and not nodes:
                return ""
            if not self.document.data.get("nodes"):
                where = self.document.where_key("nodes") if "nodes" in self.document.data else Where(self.document.path)
                raise ScenarioError("no network in it", hint='[nodes]\n      y = "x * W"', where=where)
            if "output" in run:
                return self.named_output(run["output"], [node.name for node in nodes])
            if not self.problems.found:
                return self.only_output(nodes)
        return ""

    def named_output(self, written: object, names: Sequence[str]) -> str:
        """Return the node that ``[run] output`` names."""
        if not isinstance(written, str):
            raise self.document.error(f"output: got {kind_of(written)}, wanted a node's name", "run", "output")
        name = normal(written)
        if name not in names:
            raise self.document.error(f"no node is called {visible(name)}", "run", "output", hint=nearest(name, names))
        return name

    def only_output(self, nodes: Sequence[Node]) -> str:
        """Return the one node that no other consumes."""
        consumed = {name for node in nodes for name in node.inputs}
        ends = [node for node in nodes if node.name not in consumed]
        if len(ends) > 1:
            names = ", ".join(visible(node.name) for node in ends[:10]) + (", ..." if len(ends) > 10 else "")
            raise ScenarioError(
                f"several nodes could be the output: {names}",
                hint=f'name one: [run] output = "{visible(ends[-1].name)}"',
                where=ends[1].where,
            )
        return ends[0].name if ends else ""

    def graph(self, nodes: Sequence[Node], constants: Sequence[str], output: str) -> Graph:
        """Return the graph with its nodes in forward order. Raises ScenarioError for a cycle."""
        ordered, held = forward_order(nodes)
        if held:
            raise self.cyclic(find_cycle(held), {node.name: node for node in held})
        return Graph(
            inputs=tuple(map(normal, self.document.data.get("inputs", {}))),
            parameters=tuple(map(normal, self.document.data.get("parameters", {}))),
            constants=tuple(constants),
            nodes=tuple(ordered),
            output=output,
        )

    def cyclic(self, cycle: Sequence[str], nodes: Mapping[str, Node]) -> ScenarioError:
        """Return the error about nodes that wait for each other."""
        whole = list(dict.fromkeys(name.partition(".")[0] for name in cycle))
        order = {name: place for place, name in enumerate(nodes)}
        first = min(range(len(whole)), key=lambda place: order[whole[place]])
        names = [visible(name) for name in (*whole[first:], *whole[: first + 1])]
        round_trip = " → ".join(names if len(names) <= MOST_NAMED else [*names[:MOST_NAMED], "..."])
        return ScenarioError(
            f"a cycle: {round_trip}",
            hint="no node can wait for its own value",
            where=nodes[whole[first]].where,
        )

    def check_distributions(
        self,
        graph: Graph,
        values: Mapping[str, Array],
        shapes: Mapping[str, tuple[int, ...]],
        places: Mapping[str, KeyPath],
    ) -> None:
        """Find target distributions that do not sum to 1. No layer can, for it may be fed sums on purpose."""
        for node in graph.nodes:
            if self.library[node.layer] is not built_in["SoftmaxWithLoss"]:
                continue
            x, t = node.inputs
            if t in graph.inputs and shapes.get(x) == shapes[t]:
                with self.problems.collecting():
                    self.check_sums(places[t], values[t])

    def check_sums(self, path: KeyPath, distributions: Array) -> None:
        """Refuse an array whose rows do not sum to 1."""
        sums = distributions.sum(axis=-1)
        wrong = np.argwhere(~(np.abs(sums - 1) <= MOST_OFF))
        if len(wrong):
            row = tuple(wrong[0].tolist())
            index = "".join(f"[{place}]" for place in row)
            message = (
                f"{visible(str(path[-1]))}{index}: a target distribution sums to 1, this one to {number(sums[row], 7)}"
            )
            raise self.document.error(message, *path, *row)

    def lines(self, graph: Graph, places: Mapping[str, KeyPath]) -> dict[str, int | None]:
        """Return the line that each input, parameter and node comes from."""
        lines = {node.name: node.where.line for node in graph.nodes if node.where}
        return lines | {name: self.document.where_key(*places[name]).line for name in graph.inputs + graph.parameters}
