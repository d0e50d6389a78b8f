"""A layer of the user's own, as the process that has run its file describes it: its inputs, its options, its lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from bptui.core.graph import Node
from bptui.core.pass_functions import PassFunctions, name_of_function
from bptui.core.text import counted, visible
from bptui.deferred_dataclass import dataclass
from bptui.errors import Location

DOUT = re.compile(
    r"d(?!im|ata|rop)[a-zA-Z]{0,3}(_|\d|$)|d[A-Z]|dnext|dprev|dout|d(cell|hidden|state|memory|context|carry)|grad|g(?!t$)[a-z0-9]{0,2}$|g_|cache$"
)
"""What the parameter of a backward is called that takes the gradient of one more output, or in its place the cache."""

GIVES_BOTH = frozenset({"loss function with its gradient"})
"""Styles in which one function gives the value and the gradient."""

MULTIPLIED = GIVES_BOTH | {"function with its derivative", "function beside its derivative", "loss with its gradient"}
"""Styles in which dout is multiplied by what comes back."""

TARGETS = frozenset({"t", "target", "targets", "label", "labels", "y_true", "y_label", "y_labels", "y_target"})
"""What an input is called that is labels: integers stay integers there, and need no gradient."""


@dataclass(frozen=True)
class LayerFile:
    """A file with layers, as it was when it was read and allowed; ``name`` is what the user calls it."""

    path: Path
    text: str
    name: str = field(default="", compare=False)

    @property
    def displayed_name(self) -> str:
        """The file as errors write it."""
        return visible(self.name or str(self.path), limit=4_096)

    def line(self, where: Location) -> str:
        """Return what stands at a line of it; nothing where the place is in another file."""
        lines = self.text.splitlines()
        is_here = where.path == self.displayed_name and where.line is not None and 0 < where.line <= len(lines)
        return lines[where.line - 1].strip() if is_here and where.line else ""


@dataclass(frozen=True)
class Method:
    """What a function takes of a formula: ``required`` ones, ``optional`` ones with a default, ``named`` options.

    ``takes_any_input`` and ``takes_any_option`` tell of ``*xs`` and ``**options``; ``called`` is its name in its file.
    """

    called: str = ""
    where: Location | None = None
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    named_required: tuple[str, ...] = ()
    takes_any_input: bool = False
    takes_any_option: bool = False

    def takes_apart(self, douts: int) -> bool:
        """Return whether a backward takes several ``douts`` one by one, and not as a tuple: ``backward(dh, dc)``."""
        names = (*self.required, *self.optional)[: douts - 1]
        return self.takes_any_input or (len(names) == douts - 1 and all(map(DOUT.match, names)))

    def after_douts(self, douts: int) -> Method:
        """Return what a backward takes beside its ``douts``, one by one, the first of which does not count."""
        more = douts - 1
        return replace(self, required=self.required[more:], optional=self.optional[max(0, more - len(self.required)) :])

    def names(self, option: str) -> bool:
        """Return whether an option is one of its parameters."""
        return option in (*self.required, *self.optional, *self.named)

    def knows(self, option: str) -> bool:
        """Return whether it takes an option of that name."""
        return self.takes_any_option or self.names(option)

    def chosen(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of a formula's options that it takes."""
        return {name: value for name, value in options.items() if self.knows(name)}


@dataclass(frozen=True)
class Share:
    """How a node's values are shared out: the first go to forward, by its ``inputs``, the next are ``held``.

    The last are parameters that the layer has ``made`` itself. ``again`` names the inputs that backward takes once
    more; each of the three functions has its options. There are so many ``outputs``; backward takes the gradients of
    those ``taken`` one by one, and where there are none of these, all of them as a tuple.
    """

    inputs: tuple[str, ...]
    held: tuple[str, ...]
    made: tuple[str, ...]
    again: tuple[str, ...]
    init_options: Mapping[str, Any]
    forward_options: Mapping[str, Any]
    backward_options: Mapping[str, Any]
    outputs: int = 1
    taken: tuple[int, ...] = ()

    @property
    def slots(self) -> tuple[str, ...]:
        """The layer's name for each value."""
        return self.inputs + self.held + self.made


@dataclass(frozen=True)
class OwnLayer:
    """A layer that the user's ``file`` gives by ``name``, defined at ``where``: what a formula may give to it.

    ``backward`` tells what that takes beside dout. ``taken`` are the places of those outputs whose gradients it takes,
    where its parameters are named after them: ``return a, y, cache`` and ``backward(da, cache)``.
    """

    name: str
    style: str
    file: LayerFile
    where: Location
    forward: Method
    backward: Method
    init: Method
    taken: tuple[int, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """The options that it may be given by name."""
        names = (*self.init.required, *self.init.optional, *self.init.named, *self.forward.optional)
        return tuple(dict.fromkeys((*names, *self.forward.named, *self.backward_options)))

    @property
    def backward_options(self) -> tuple[str, ...]:
        """What backward takes beside dout, and forward and ``__init__`` do not."""
        names = (*self.backward.required, *self.backward.optional, *self.backward.named)
        forward = (*self.forward.required, *self.forward.optional)
        return tuple(name for name in names if name not in forward and not DOUT.match(name))

    @property
    def functions(self) -> PassFunctions:
        """What its passes are called in its file."""
        forward = name_of_function(self.name, self.forward.called)
        backward = forward if self.style in GIVES_BOTH else name_of_function(self.name, self.backward.called)
        return PassFunctions(forward, backward, self.style in MULTIPLIED)

    @property
    def targets(self) -> frozenset[str]:
        """Those of its inputs that are labels."""
        return TARGETS.intersection((*self.forward.required, *self.forward.optional))

    def __str__(self) -> str:
        inputs = [*self.forward.required, *self.init.required]
        if self.forward.takes_any_input:
            inputs.append("...")
        options = [f"{option}=" for option in self.options if option not in self.init.required]
        return f"{self.name}({', '.join((*inputs, *options))})"

    def share(self, count: int, options: Mapping[str, Any], *, outputs: int = 1) -> Share:
        """Return what ``count`` values and the ``options`` are to the layer, of so many outputs. Raises ValueError."""
        if outputs > 1:
            all_of_them = tuple(range(outputs)) if self.backward.takes_apart(outputs) else ()
            taken = self.taken if self.taken and max(self.taken) < outputs else all_of_them
            backward = self.backward.after_douts(len(taken)) if taken else self.backward
            share = replace(self, backward=backward).share(count, options)
            return replace(share, outputs=outputs, taken=taken)
        for option in options:
            if not any(method.knows(option) for method in (self.forward, self.init, self.backward)):
                raise ValueError(f"{self.name} has no option {visible(option)}")
        inputs = tuple(name for name in self.forward.required if name not in options)
        held = tuple(name for name in (*self.init.required, *self.init.optional) if name not in options)
        if self.forward.takes_any_input:
            inputs += tuple(f"input {place}" for place in range(len(inputs) + 1, count + 1))
            held = ()
        elif not held and count > len(inputs):
            inputs += tuple(name for name in self.forward.optional if name not in options)[: count - len(inputs)]
        if not len(inputs) <= count <= len(inputs) + len(held):
            raise ValueError(
                f"{self.name} takes {input_count_words(len(inputs), len(inputs) + len(held))}, got {count}"
            )
        held = held[: count - len(inputs)]
        again = tuple(name for name in (*self.backward.required, *self.backward.optional) if name in inputs)
        self.check_needed((*held, *again), options)
        return Share(
            inputs,
            held,
            (),
            again,
            self.for_making(options),
            self.for_forward(options),
            self.for_backward(options),
        )

    def share_at(self, node: Node) -> Share:
        """Return what the values and options of a node are to the layer. Raises ValueError."""
        share = self.share(len(node.inputs) - len(node.made), node.options, outputs=len(node.outputs))
        return replace(share, made=tuple(name.removeprefix(f"{node.name}.") for name in node.made))

    def for_making(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that ``__init__`` takes; under any name, it takes none that forward names."""
        forward = (*self.forward.required, *self.forward.optional, *self.forward.named)
        chosen = self.init.chosen(options).items()
        return {name: value for name, value in chosen if self.init.names(name) or name not in forward}

    def for_forward(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that forward takes; under any name, it takes none that ``__init__`` or backward names."""
        chosen = self.forward.chosen(options).items()
        elsewhere = (*self.init.required, *self.init.optional, *self.init.named, *self.backward_options)
        return {name: value for name, value in chosen if self.forward.names(name) or name not in elsewhere}

    def for_backward(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that backward takes; of what it would take under any name only what nothing else takes."""
        named = (*self.backward.required, *self.backward.optional, *self.backward.named)
        chosen = self.backward.chosen(options).items()
        return {
            name: value
            for name, value in chosen
            if name in named or not (self.init.knows(name) or self.forward.knows(name))
        }

    def check_needed(self, held: Collection[str], options: Mapping[str, Any]) -> None:
        """Raise ValueError for a call that leaves out what has no default."""
        needed = [*self.init.required, *self.init.named_required, *self.forward.named_required]
        missing = [name for name in needed if name not in options and name not in held]
        if missing:
            raise ValueError(f"{self.name} needs {missing[0]}")
        more = [*self.backward.required, *self.backward.named_required]
        missing = [name for name in more if name not in options and name not in held]
        if missing:
            name = visible(missing[0])
            if DOUT.match(name):
                told = f"{self.backward.called or self.name} takes {name} beside dout: it goes back from other outputs"
                raise ValueError(f'{told}, which have a name each: "h, c" = "{visible(self.name)}(...)"')
            raise ValueError(f"{self.backward.called or self.name} takes {name} beside dout: {name}=... is missing")


def input_count_words(least: int, most: int) -> str:
    """Return in words how many inputs there may be."""
    return counted(least, "input") if least == most else f"{least} to {most} inputs"
