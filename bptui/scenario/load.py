"""Loading a scenario: all its mistakes at once and in their places, or a network that is ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bptui.core import text_file
from bptui.core.graph import Graph
from bptui.core.lesson import Lesson
from bptui.core.order import Schedule
from bptui.core.stop import Stop
from bptui.errors import Location, ScenarioError
from bptui.own_layers.own_layer import OwnLayer
from bptui.scenario.bundled import bundled
from bptui.scenario.problems import Problems, nearest
from bptui.scenario.reading.definitions import read_definitions
from bptui.scenario.reading.entering_gradient import distribution_remarks, distributions, read_dout
from bptui.scenario.reading.expect import check_shapes, read_expect
from bptui.scenario.reading.given_made import read_given_made, with_given
from bptui.scenario.reading.leaves import LeafReader, read_leaves
from bptui.scenario.reading.made_parameters import MadeParameters, infer_made_parameters
from bptui.scenario.reading.names import Places, read_names
from bptui.scenario.reading.network import read_graph, read_nodes
from bptui.scenario.reading.nodes import NodeReader
from bptui.scenario.reading.settings import Settings, read_settings
from bptui.scenario.reading.shape_inference import infer_shapes
from bptui.scenario.reading.styles import read_styles
from bptui.scenario.reading.training import read_train
from bptui.scenario.reading.value_size import check_computed
from bptui.scenario.scenario import Expect, Scenario, Train
from bptui.scenario.toml import Document, parse_toml
from layers import Array, Layer
from layers import library as built_in

if TYPE_CHECKING:
    from bptui.scenario.reading.permission import OwnLayers

NAMELESS = "<text>"
"""What errors call a scenario that is not a file."""


def keep_quiet(_: str) -> None:
    """Ignore that a file takes its time."""


def load(
    place: str | Path, *, layers: Sequence[str | Path] = (), notice: Callable[[str], None] = keep_quiet
) -> Scenario:
    """Return the scenario at a path, or the bundled one of that name. Raises ScenarioError.

    ``layers`` are files with layers of the user's own, which this allows to run, in a process of their own; ``notice``
    is told of one that takes its time.
    """
    path = existing_path(Path(place))
    return loads(text_file.read_text(path), path, layers=layers, notice=notice)


def loads(
    text: str,
    path: str | Path | None = None,
    *,
    layers: Sequence[str | Path] = (),
    library: Mapping[str, type[Layer]] = built_in,
    notice: Callable[[str], None] = keep_quiet,
) -> Scenario:
    """Return the scenario that ``text`` is, with layers from ``library``. Files that it names lie beside ``path``.

    Raises ScenarioError, whose ``problems`` are all the mistakes that one reading can tell apart.
    """
    file = Path(path) if path is not None else None
    return Loader(
        parse_toml(text, text_file.displayed_path(file) if file else NAMELESS), file, layers, library, notice
    ).load()


def existing_path(path: Path) -> Path:
    """Return ``path`` itself, or where the bundled scenario of that name lies if no file does.

    Raises ScenarioError where there is neither.
    """
    try:
        if path.is_file():
            return path
        exists = path.exists()
    except (OSError, ValueError):
        return path  # reading it tells what is wrong with it
    known = dict(bundled())
    if exists or str(path) in known:
        return known.get(str(path), path)
    hint = nearest(path.stem, known) or "bptui list tells the names of the scenarios that come with it"
    raise ScenarioError(
        "there is no such file, nor a bundled scenario", hint=hint, where=Location(text_file.displayed_path(path))
    )


class Loader:
    """One reading of one document: first what is written, then what it amounts to."""

    def __init__(
        self,
        document: Document,
        path: Path | None,
        layers: Sequence[str | Path],
        library: Mapping[str, type[Layer]],
        notice: Callable[[str], None],
    ) -> None:
        self.document = document
        self.path = path
        self.layers = layers
        self.library: Mapping[str, type[Layer] | OwnLayer] = library
        self.notice = notice
        self.problems = Problems()

    def load(self) -> Scenario:
        """Return the scenario, or raise everything that is wrong with it."""
        document, problems = self.document, self.problems
        settings = read_settings(document, self.path.stem if self.path else "scenario", problems)
        own = self.own_layers()
        if own:
            self.library = {**self.library, **own.layers}
        definitions = read_definitions(document, problems)
        places = read_names(document, definitions, problems)
        reader = NodeReader(document, self.library, places, settings.dtype, problems, own.refused if own else {})
        nodes = read_nodes(reader, definitions)
        leaf_reader = LeafReader(document, settings.dtype, settings.seed, self.folder, reader.labels)
        values: Mapping[str, Array] = read_leaves(leaf_reader, places, problems) | reader.constants
        given = read_given_made(leaf_reader, problems)
        train = read_train(document, problems)
        graph = read_graph(document, places, nodes, reader.constants, problems)
        made = MadeParameters()
        if own:
            own.check_used((node.layer for node in nodes), problems)
            problems.raise_any()
            made = infer_made_parameters(graph, values, self.library, own.hosts, settings)
        made = with_given(made, given, document, problems)
        expect = read_expect(
            document, {*places, *(name for node in nodes for name in node.outputs), *made.values}, problems
        )
        whole = made.added_to(graph)
        stops, lesson = self.stops(whole), self.lesson(whole, train)
        dout = self.fit(graph, values, places, settings, expect)
        return Scenario(
            title=settings.title,
            about=settings.about,
            source=document.text,
            path=self.path,
            dtype=settings.dtype,
            seed=settings.seed,
            graph=whole,
            values={**values, **made.integers, **made.values},
            library={node.layer: self.library[node.layer] for node in nodes},
            dout=dout,
            train=train,
            expect=expect,
            hosts=own.hosts if own else None,
            unpaired=made.unpaired,
            remarks=distribution_remarks(distributions(graph, values, self.library)),
            stops=stops,
            lesson=lesson,
            data_digests=leaf_reader.digests,
            meant_instead=own.meant_instead(node.layer for node in nodes) if own else {},
        )

    def own_layers(self) -> OwnLayers | None:
        """Return what the user's own files give, which comes before what is built in; None where there are none."""
        if not self.layers and "layers" not in self.document.data:
            read_styles(self.document, self.problems)
            return None
        from bptui.scenario.reading.permission import allowed_layers  # noqa: PLC0415  (few scenarios have any)

        return allowed_layers(self.document, self.path, self.layers, self.problems, self.notice)

    def stops(self, graph: Graph) -> tuple[Stop, ...]:
        """Return the stops that the scenario begins with."""
        if "breakpoints" not in self.document.data:
            return ()
        from bptui.scenario.reading.stops import read_stops  # noqa: PLC0415  (few scenarios have any)

        return tuple(read_stops(self.document, graph, self.problems))

    def lesson(self, graph: Graph, train: Train | None) -> Lesson:
        """Return what the scenario has for a class."""
        if not {"notes", "predict", "points"} & set(self.document.data):
            return Lesson()
        from bptui.scenario.reading.lesson import read_lesson  # noqa: PLC0415  (few scenarios have any)

        order = Schedule(graph, iterations=train.steps if train else 1, trains=train is not None)
        return read_lesson(self.document, order, self.problems)

    @property
    def folder(self) -> Path:
        """Where the files lie that the scenario names."""
        return self.path.parent if self.path else Path()

    def fit(
        self, graph: Graph, values: Mapping[str, Array], places: Places, settings: Settings, expect: Expect | None
    ) -> Array:
        """Raise what does not fit in the network, and return the gradient that enters at its output."""
        document, problems = self.document, self.problems
        origins = {name: node.where for node in graph.nodes if node.where for name in node.outputs}
        origins |= {name: document.where_key(*places[name]) for name in graph.inputs + graph.parameters}
        shapes = infer_shapes(graph, values, self.library, problems, {name: it.line for name, it in origins.items()})
        with problems.collecting():
            check_computed(graph, shapes, settings.dtype.itemsize)
        if expect:
            check_shapes(document, expect, shapes, problems)
        problems.raise_any()
        return read_dout(document, graph.output, shapes.get(graph.output), settings.dtype)
