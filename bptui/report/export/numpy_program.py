"""An iteration of a run as a program of plain NumPy: its values, a line for each step, and what came out.

Both the test and the notebook are made of these pieces.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from bptui.core.graph import Node
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.report.export.account import Account
from bptui.report.export.numpy_source import PlainSource, import_lines, plain_source
from bptui.report.export.own_source import OwnSource
from layers import Array, Layer, library
from layers.dropout import Stochastic

NO_FILE_HINT = "give the file with it: --layers FILE; of a recorded program, export the program itself"

MOST_WRITTEN = 2_000
"""Elements of an array that is written in numbers; larger ones are packed."""


class NumpyProgram:
    """The pieces: of the first iteration, or of that of the step chosen. ``seeds`` is what layers draw from, by node.

    ``own`` are the nodes with layers of the user's own, which are imported. Raises BptuiError for those that cannot be.
    """

    def __init__(self, account: Account, seeds: Mapping[str, tuple[int, ...]], own: OwnSource) -> None:
        check_is_whole(account)
        self.account = account
        self.seeds = seeds
        self.tape = account.tape
        self.iteration = account.written_iteration
        self.passes = self.tape.order.passes(self.iteration)
        self.graph = self.passes.graph
        self.columns = self.tape.iterations[self.iteration]
        self.own = own
        self.classes = {node.name: layer_class(node) for node in self.graph.nodes if node.name not in own.nodes}

    @cached_property
    def layers(self) -> PlainSource:
        """The layers' source."""
        return plain_source(list(dict.fromkeys(self.classes.values())))

    @cached_property
    def has_packed(self) -> bool:
        """Whether an array is so large that it is written packed."""
        return any(np.size(value) > MOST_WRITTEN for value in self.columns.values)

    def imports(self, *more: str) -> str:
        """Return the imports that all of it needs."""
        packing = ("import base64", "import zlib") if self.has_packed else ()
        return import_lines({*self.layers.imports, "import numpy as np", *packing, *self.own.needed_imports, *more})

    def layer_source(self, beside: str) -> str:
        """Return the source of the layers; files of the user's own lie by their paths from ``beside``."""
        return "\n\n\n".join(filter(None, (self.layers.text, *self.own.pieces(beside))))

    def leaves(self) -> Iterator[str]:
        """Yield the lines that give the values which the run starts from."""
        yield "values = {"
        for name, value in zip(self.graph.leaves, self.columns.values, strict=False):
            yield f"    {name!r}: {array_source(value)},"
        yield "}"

    def made_layers(self) -> Iterator[str]:
        """Yield the lines that make a layer for each node."""
        yield "layers = {"
        for node in self.graph.nodes:
            yield f"    {node.name!r}: {self.made_layer(node)},"
        yield "}"
        for node in self.graph.nodes:
            if issubclass(self.classes.get(node.name, Layer), Stochastic) and node.name in self.seeds:
                seed = (*self.seeds[node.name][:-1], self.iteration)
                yield f"layers[{node.name!r}].seed = {seed!r}"

    def made_layer(self, node: Node) -> str:
        """Return the expression that makes a node's layer."""
        if node.name in self.own.nodes:
            return self.own.made(node.name)
        options = ", ".join(f"{name}={option!r}" for name, option in node.options.items())
        return f"{self.classes[node.name].__name__}({options})"

    def forward_lines(self) -> Iterator[tuple[Node, str]]:
        """Yield each node, in order, and the line that computes its value."""
        for node in self.graph.nodes:
            inputs = ", ".join(f"values[{name!r}]" for name in node.inputs)
            targets = ", ".join(f"values[{name!r}]" for name in node.outputs)
            yield node, f"{targets} = layers[{node.name!r}].forward({inputs})"

    def start_lines(self) -> Iterator[str]:
        """Yield the lines with which the backward pass begins."""
        yield f"gradients = {{{self.graph.output!r}: {array_source(self.columns.dout)}}}"

    def backward_lines(self) -> Iterator[tuple[Node, str]]:
        """Yield each node, in backward order, and the line that passes its gradient on."""
        for index, dout in zip(self.passes.backward, self.columns.douts, strict=False):
            node = self.graph.nodes[index]
            if dout is None:
                continue
            yield node, f"send_back({node.name!r}, {node.inputs!r}, {node.outputs!r})"

    def gradients(self) -> Iterator[tuple[str, Array]]:
        """Yield the gradient of each value that one reaches, as it was in this iteration."""
        graph, end = self.graph, self.tape.at(self.end)
        for name in graph.names:
            gradient = end.gradient(name)
            if gradient is not None:
                yield name, gradient

    def values(self) -> Iterator[tuple[str, Array]]:
        """Yield each node's values, as they were in this iteration."""
        graph = self.graph
        for name, value in zip(
            graph.names[len(graph.leaves) :], self.columns.values[len(graph.leaves) :], strict=False
        ):
            yield name, np.asarray(value)

    @property
    def within(self) -> str:
        """Which iteration it is, where there are several: ``, iteration 2 of 9``."""
        count = len(self.tape.iterations)
        return f", iteration {self.iteration + 1} of {count}" if count > 1 else ""

    @property
    def end(self) -> int:
        """The number of the last backward step of this iteration."""
        return self.tape.order.start(self.iteration) + len(self.graph.nodes) + len(self.passes.backward)


SEND_BACK = '''def send_back(name, inputs, outputs):
    """Send a node's gradient back to its inputs, where it adds to what has come from their other uses."""
    douts = [gradients.get(out, np.zeros_like(values[out])) for out in outputs]
    sent = layers[name].backward(*douts)
    for source, gradient in zip(inputs, sent if isinstance(sent, tuple) else (sent,)):
        if gradient is not None:
            gradients[source] = gradients[source] + gradient if source in gradients else gradient'''
"""What passes gradients on in the programs that are written."""


def check_is_whole(account: Account) -> None:
    """Raise BptuiError where a run has not come to the end of the iteration that is to be written out."""
    tape, at = account.tape, account.written_iteration
    if tape.iterations and not tape.failure:
        passes, columns = tape.order.passes(at), tape.iterations[at]
        if len(columns.values) >= len(passes.graph.names) and len(columns.douts) >= len(passes.backward):
            return
    why = tape.failure.message if tape.failure else f"it ends at step {len(tape)}: a recording goes on with --resume"
    raise BptuiError("there is no whole iteration to be written out", hint=why)


def layer_class(node: Node) -> type[Layer]:
    """Return the class of a node's layer. Raises BptuiError where it is the user's own, and there is no file of it."""
    if node.origin or node.layer not in library:
        what = f"{visible(node.name)} is made by {visible(node.layer)}, a layer of your own"
        raise BptuiError(f"{what}: there is no file that could be imported for it", hint=NO_FILE_HINT)
    return library[node.layer]


def array_source(value: Any) -> str:
    """Return a value as Python: a number as it is, an array with its dtype, a large one packed."""
    array = np.asarray(value)
    if array.dtype == np.float64 and not array.shape:
        return f"np.float64({float_source(float(array))})"
    if not array.size:
        return f"np.zeros({array.shape!r}, dtype={array.dtype.name!r})"
    if array.size > MOST_WRITTEN:
        packed = base64.b64encode(zlib.compress(np.ascontiguousarray(array).tobytes())).decode("ascii")
        return f"unpacked({packed!r}, {array.dtype.str!r}, {array.shape!r})"
    listed = re.sub(r"\b(nan|inf)\b", r"np.\1", repr(array.tolist()))
    return f"np.array({listed}, dtype={array.dtype.name!r})"


def float_source(value: float) -> str:
    """Return a float as Python reads it, with all its digits."""
    return repr(value) if np.isfinite(value) else f"'{value}'"


UNPACKED = '''def unpacked(text, dtype, shape):
    """Return a large array, which is written packed."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype).reshape(shape).copy()'''
"""What unpacks large arrays in the programs that are written."""
