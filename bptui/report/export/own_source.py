"""The user's own layers in an exported program: imported from their file, and called as bptui calls them.

Nothing of a file is copied: the program is a test of what stands there, and whoever runs it runs that file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bptui.core.graph import Node
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.own_layers.own_layer import LayerFile, OwnLayer, Share

COMMON = '''def placed(sent, takes):
    """Return what a backward has sent, with None for each input that it leaves out."""
    sent = list(sent) if isinstance(sent, tuple) else [sent]
    if len(sent) < len(takes) and len(sent) == sum(takes):
        parts = iter(sent)
        return [next(parts) if it else None for it in takes]
    return sent + [None] * (len(takes) - len(sent))'''

METHODS = '''def kept(layer, names):
    """Return what a layer keeps under the first of some names."""
    return next((getattr(layer, name) for name in names if hasattr(layer, name)), None)


def kept_gradient(layer, name, place):
    """Return the gradient of a parameter that backward has left: in ``self.dW``, or among ``self.grads``."""
    found = kept(layer, (f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad", f"dL_d{name}"))
    grads = getattr(layer, "grads", ())
    if found is None and isinstance(grads, dict):
        return grads.get(name, grads.get(f"d{name}"))
    return grads[place] if found is None and place < len(grads) else found


class OwnLayer:
    """A class at a node: it gets copies, as in bptui, and is made anew of its parameters at each forward."""

    def __init__(self, make, takes, held=(), methods=("forward", "backward"), again=(), options=({}, {}, {})):
        self.make, self.takes, self.held, self.methods, self.again = make, takes, held, methods, again
        self.options = options

    def forward(self, *values):
        copies = [np.array(it) for it in values]
        self.inputs, parameters = copies[: len(self.takes)], copies[len(self.takes) :]
        self.layer = self.make(*parameters, **self.options[0])
        out = getattr(self.layer, self.methods[0])(*self.inputs, **self.options[1])
        return kept(self.layer, ("output", "outputs", "out")) if out is None else out

    def backward(self, *douts):
        more = {name: self.inputs[place] for name, place in self.again}
        sent = getattr(self.layer, self.methods[1])(*[np.array(it) for it in douts], **self.options[2], **more)
        sent = kept(self.layer, ("dinputs", "dinput", "dx", "dX")) if sent is None else sent
        sent = placed(sent, self.takes)
        if self.held and len(sent) == len(self.takes) + len(self.held):
            return tuple(sent)
        return (*sent, *[kept_gradient(self.layer, name, place) for place, name in enumerate(self.held)])'''

PAIR = '''class OwnPair:
    """Two functions at a node, and the cache that the first hands on to the second."""

    def __init__(self, go_forward, go_back, takes, options=({}, {})):
        self.go_forward, self.go_back, self.takes, self.options = go_forward, go_back, takes, options

    def forward(self, *values):
        *outs, self.cache = self.go_forward(*[np.array(it) for it in values], **self.options[0])
        return outs[0] if len(outs) == 1 else tuple(outs)

    def backward(self, *douts):
        sent = self.go_back(*[np.array(it) for it in douts], self.cache, **self.options[1])
        return tuple(placed(sent, self.takes))'''

LOSS = '''class OwnLoss:
    """A function at a node that returns its gradients beside the loss."""

    def __init__(self, function, takes, options=({},)):
        self.function, self.takes, self.options = function, takes, options

    def forward(self, *values):
        loss, *self.sent = self.function(*[np.array(it) for it in values], **self.options[0])
        return loss

    def backward(self, dout):
        return tuple(placed(tuple(None if it is None else dout * it for it in self.sent), self.takes))'''

FORMS: Mapping[str, tuple[str, str]] = {
    "class": ("OwnLayer", METHODS),
    "class that keeps its results": ("OwnLayer", METHODS),
    "class with other method names": ("OwnLayer", METHODS),
    "pair of functions": ("OwnPair", PAIR),
    "loss function with its gradient": ("OwnLoss", LOSS),
}
"""What calls a layer of a style in the program, and its source."""


@dataclass(frozen=True)
class OwnNode:
    """A node with a layer of the user's own; ``takes`` tells which of its inputs take a gradient."""

    layer: OwnLayer
    node: Node
    takes: Sequence[bool]

    def source(self, module: str) -> str:
        """Return the expression that makes it, given what its file is called in the program. Raises BptuiError."""
        try:
            share = self.layer.share_at(self.node)
        except ValueError as error:
            raise BptuiError(str(error)) from None
        self.check_form(share)
        name, _ = FORMS[self.layer.style]
        takes = tuple(self.takes[: len(share.inputs)])
        return f"{name}({', '.join((*self.called(module), repr(takes), *self.more(share)))})"

    def check_form(self, share: Share) -> None:
        """Raise BptuiError for a layer that the program could not call as bptui does."""
        if self.layer.style not in FORMS:
            raise self.refused(f"a {self.layer.style}")
        if share.made:
            raise self.refused("a layer that makes its own parameters")
        if share.outputs > 1 and len(share.taken) < share.outputs:
            raise self.refused("a layer of several outputs whose backward does not take a dout for each")
        if share.again and not self.is_class:
            raise self.refused("a function whose backward takes its inputs again")
        if values_before_option(self.layer.forward.required, share.forward_options) < len(share.inputs):
            raise self.refused("a layer with an option before an input")
        if not all(part.isidentifier() for it in self.names for part in it.split(".")):
            raise self.refused("a layer without a name of its own")

    def refused(self, what: str) -> BptuiError:
        """Return the error about a layer that is not written out."""
        told = f"{visible(self.node.name)}, {visible(self.layer.name)}, is {what}: that is not written out"
        return BptuiError(told, hint="the other formats tell of it: .md, .html, .svg, .cast")

    @property
    def is_class(self) -> bool:
        """Whether it is a class and not a function."""
        return FORMS[self.layer.style][0] == "OwnLayer"

    @property
    def names(self) -> tuple[str, ...]:
        """What is called of the file: the class, or the functions."""
        called = (self.layer.forward.called, self.layer.backward.called)
        match FORMS[self.layer.style][0]:
            case "OwnLayer":
                return (self.layer.name, *called)
            case "OwnPair":
                return called
        return called[:1]

    def called(self, module: str) -> Sequence[str]:
        """Return what is called of the file, as Python."""
        return [f"{module}.{name}" for name in (self.names[:1] if self.is_class else self.names)]

    def more(self, share: Share) -> Iterable[str]:
        """Yield what else it is made with, as keywords."""
        methods = tuple(name.rpartition(".")[2] for name in self.names[1:])
        if self.is_class and share.held:
            yield f"held={share.held!r}"
        if self.is_class and methods != ("forward", "backward"):
            yield f"methods={methods!r}"
        if share.again:
            yield f"again={tuple((name, share.inputs.index(name)) for name in share.again)!r}"
        options = tuple(dict(it) for it in (share.init_options, share.forward_options, share.backward_options))
        if any(options):
            kept = {"OwnLayer": options, "OwnPair": options[1:], "OwnLoss": options[1:2]}
            yield f"options={kept[FORMS[self.layer.style][0]]!r}"


def values_before_option(required: Sequence[str], options: Mapping[str, object]) -> int:
    """Return how many of the values that a function needs stand before the first that is an option."""
    return next((place for place, name in enumerate(required) if name in options), sys.maxsize)


@dataclass(frozen=True)
class OwnSource:
    """The nodes with layers of the user's own, by name, for a program in a ``folder``."""

    nodes: Mapping[str, OwnNode]
    folder: Path

    @property
    def modules(self) -> Mapping[LayerFile, str]:
        """What each file is called in the program."""
        files = dict.fromkeys(it.layer.file for it in self.nodes.values())
        return {file: "own" if not place else f"own{place + 1}" for place, file in enumerate(files)}

    @property
    def text(self) -> str:
        """The source of what calls them."""
        forms = dict.fromkeys(FORMS[it.layer.style][1] for it in self.nodes.values() if it.layer.style in FORMS)
        return "\n\n\n".join((COMMON, *forms)) if self.nodes else ""

    def imports(self, beside: str) -> str:
        """Return the lines that import the files; ``beside`` is the program's folder, as Python."""
        return "\n".join(self.import_line(file, name, beside) for file, name in self.modules.items())

    def import_line(self, file: LayerFile, name: str, beside: str) -> str:
        """Return the lines that import one file."""
        place = os.path.relpath(file.path, self.folder)
        return f"{name} = imported({beside} / {Path(place).as_posix()!r})"

    def made(self, name: str) -> str:
        """Return the expression that makes the layer of a node. Raises BptuiError."""
        it = self.nodes[name]
        return it.source(self.modules[it.layer.file])

    @property
    def file_names(self) -> Sequence[str]:
        """The files, as a person calls them."""
        return [it.displayed_name for it in self.modules]


IMPORTED = '''def imported(path):
    """Return the module of a file, which runs as any Python does; it may import what lies beside it."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module'''
"""What imports the files of the user's own layers in the programs that are written."""
