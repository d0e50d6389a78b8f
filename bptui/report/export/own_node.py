"""A node with a layer of the user's own in an exported program: the expression that makes what calls it.

What a program has to know of the layer is asked in the layer's own process, at the values of the exported iteration.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

import numpy as np

from bptui.core.graph import Node
from bptui.core.tape import Tape
from bptui.core.text import visible
from bptui.errors import BptuiError
from bptui.guest.wire import Message
from bptui.own_layers.own_layer import OwnLayer, Share
from bptui.report.export.own_forms import DERIVATIVE, FORMS, LOSS, METHODS, OPTIONS_FROM, PAIR, CallForm
from bptui.running import guests_of
from bptui.scenario.scenario import Scenario
from layers import Array

JOB = "bptui.guest.child.call_facts:call_facts"
"""What tells in the child how a layer is called."""

TORCH = "torch.autograd.Function"

OTHERS = "the other formats tell of it: .md, .html, .svg, .cast"


@dataclass(frozen=True)
class OwnNode:
    """A node with a layer of the user's own; ``takes`` tells which of its inputs take a gradient.

    ``facts`` are what its process has told, and ``seed`` is what it draws from.
    """

    layer: OwnLayer
    node: Node
    takes: Sequence[bool]
    share: Share
    facts: Message
    seed: Sequence[int]

    @property
    def form(self) -> CallForm:
        """What calls it in the program."""
        return FORMS[self.layer.style]

    @property
    def is_class(self) -> bool:
        """Whether it is made of a class."""
        return self.form in (METHODS, DERIVATIVE)

    @property
    def draws(self) -> bool:
        """Whether it draws at random."""
        return self.facts["draws"] == "seed"

    def source(self, module: str, put: str = "", gradients: str = "") -> str:
        """Return the expression that makes it, given what its file is called, and the functions for its parameters."""
        takes = tuple(self.takes[: len(self.share.inputs)])
        functions = [f"{name}={it}" for name, it in (("put", put), ("gradients", gradients)) if it]
        return f"{self.form.name}({', '.join((*self.called(module), repr(takes), *self.more(), *functions))})"

    def called(self, module: str) -> Sequence[str]:
        """Return what is called of the file, as Python."""
        passes = (self.layer.forward.called, self.layer.backward.called)
        names = {PAIR: passes, LOSS: passes[:1]}.get(self.form, (self.layer.name,))
        return [f"{module}.{name}" for name in names]

    def more(self) -> Iterator[str]:
        """Yield what else it is told, as keywords: what is not as in the form."""
        share, facts, is_class = self.share, self.facts, self.is_class
        methods = tuple(it.called.rpartition(".")[2] for it in (self.layer.forward, self.layer.backward))
        first = OPTIONS_FROM[self.form.name]
        options = (share.init_options, share.forward_options, share.backward_options)[
            first : 2 if self.form is LOSS else 3
        ]
        told: list[tuple[str, Any, bool]] = [
            ("held", len(share.held), is_class and bool(share.held)),
            ("methods", methods, is_class and methods != ("forward", "backward")),
            ("makes_late", True, bool(facts["makes_late"])),
            ("names", share.inputs, has_option_before_input(self.layer, share)),
            ("again", tuple((name, share.inputs.index(name)) for name in share.again), bool(share.again)),
            ("taken", share.taken, bool(share.taken)),
            ("keys", tuple(facts["keys"]), bool(facts["keys"])),
            ("places", tuple(facts["places"]), bool(facts["places"])),
            ("behind", tuple(facts["behind"]), bool(facts["behind"])),
            ("needs", tuple(facts.get("needs", ())), "needs" in facts),
            ("predicted", facts.get("predicted", 0), bool(facts.get("predicted"))),
            ("given", tuple(facts.get("again", ())), "again" in facts),
            ("is_mean", True, bool(facts.get("is_mean"))),
            ("seed", tuple(self.seed), self.draws),
            ("options", tuple(map(dict, options)), any(options)),
        ]
        yield from (f"{name}={value!r}" for name, value, is_told in told if is_told)

    def put_lines(self) -> Sequence[str]:
        """Return the lines that write values onto the object for the parameters that it has made."""
        return [line for place, it in enumerate(self.facts["parameters"]) for line in lines_that_put(it, place)]

    def gradient_terms(self) -> Sequence[str]:
        """Return the expressions of the gradients that are read from the object: of what is held, and has been made."""
        ways = self.facts["gradients"]
        is_read = self.is_class and not self.facts["behind"]
        return [" + ".join(map(access_source, it)) or "None" for it in ways] if is_read else []


def lines_that_put(place: Mapping[str, Any], number: int) -> Iterator[str]:
    """Yield the lines that write a value where a parameter is."""
    for path in place["paths"]:
        at = access_source(path)
        value = f"made[{number}]" if place["is_array"] else f"made[{number}][()]"
        yield f"{at}[...] = {value}" if place["in_place"] else f"{at} = {value}"


def access_source(path: Sequence[Sequence[Any]]) -> str:
    """Return the expression that a way on an object is. Raises ValueError for one that is no such way."""
    return f"layer{''.join(step_source(*step) for step in path)}"


def step_source(kind: str, key: Any) -> str:
    """Return one step of a way, as Python. Raises ValueError for what is neither an attribute nor a plain key."""
    if kind == "." and isinstance(key, str) and key.isidentifier() and not iskeyword(key):
        return f".{key}"
    if kind == "[]" and isinstance(key, str | int):
        return f"[{key!r}]"
    raise ValueError(key)


def own_nodes(scenario: Scenario, tape: Tape, iteration: int) -> dict[str, OwnNode]:
    """Return the nodes of a run that have layers of the user's own, by name, in an iteration (from 0).

    Raises BptuiError for one that a program could not call as bptui does.
    """
    if not scenario.guests:
        return {}
    places = {node.name: at for at, node in enumerate(tape.order.passes(iteration).graph.nodes)}
    guests = guests_of(scenario)
    found = {}
    try:
        for at, layer in scenario.guests.items():
            node = scenario.graph.nodes[at]
            check_form(layer, node)
            guest = guests.make(at, iteration)
            seed, inputs = [*guest.seed, iteration], tape.inputs(iteration, places[node.name])
            facts = guest.begin_job(JOB, *inputs, seed=seed).result()
            check_facts(layer, node, facts, recorded_outs(tape, iteration, node))
            found[node.name] = OwnNode(layer, node, tuple(scenario.takes_gradient[at]), guest.share, facts, seed)
    finally:
        guests.close()
    return found


def recorded_outs(tape: Tape, iteration: int, node: Node) -> list[Array]:
    """Return what a node has made in an iteration."""
    slots = tape.order.passes(iteration).graph.slots
    return [np.asarray(tape.iterations[iteration].values[slots[name]]) for name in node.outputs]


def check_form(layer: OwnLayer, node: Node) -> None:
    """Raise BptuiError for a layer of a style that the program has no form for."""
    if layer.style == TORCH:
        raise not_written_error(layer, node, "is made of torch, and the program is plain NumPy")
    if layer.style not in FORMS:
        raise not_written_error(layer, node, f"is a {layer.style}, which is not written out")
    called = (layer.name, layer.forward.called, layer.backward.called)
    if not all(part.isidentifier() for it in called if it for part in it.split(".")):
        raise not_written_error(layer, node, "is defined where no name of its file leads to it")


def check_facts(layer: OwnLayer, node: Node, facts: Message, outs: Iterable[Array]) -> None:
    """Raise BptuiError for a layer that, made anew and called alone, would give other numbers than in the run."""
    if facts["draws"] == "elsewhere":
        raise not_written_error(
            layer, node, "draws from a generator of its own, whose numbers are other ones outside of bptui"
        )
    if not all(np.array_equal(one, other, equal_nan=True) for one, other in zip(facts["arrays"], outs, strict=True)):
        raise not_written_error(
            layer,
            node,
            "gives another value when it is made anew: it keeps something from pass to pass",
            hint="the first iteration can be written out: leave out --step",
        )
    if facts["parameters"] and FORMS[layer.style] not in (METHODS, DERIVATIVE):
        raise not_written_error(layer, node, "keeps parameters, and not on an object of a class")
    if None in facts["behind"]:
        raise not_written_error(layer, node, "returns the gradients of some parameters, and keeps those of others")
    paths = [path for it in facts["parameters"] for path in it["paths"]]
    paths += [path for it in facts["gradients"] for path in it if not facts["behind"]]
    try:
        for path in paths:
            access_source(path or [("", None)])
    except (TypeError, ValueError):
        raise not_written_error(layer, node, "keeps a parameter or its gradient where no name leads to it") from None


def not_written_error(layer: OwnLayer, node: Node, why: str, *, hint: str = OTHERS) -> BptuiError:
    """Return the error about a layer that is not written out."""
    return BptuiError(f"{visible(node.name)}: {visible(layer.name)} {why}", hint=hint, where=layer.where)


def has_option_before_input(layer: OwnLayer, share: Share) -> bool:
    """Return whether an option stands before an input of forward, so that inputs have to be given by name."""
    options = share.forward_options
    first = next((at for at, name in enumerate(layer.forward.required) if name in options), sys.maxsize)
    return first < len(share.inputs)
