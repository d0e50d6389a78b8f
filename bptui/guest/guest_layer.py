"""The proxy for a layer that runs in the child: it is called as any layer is, or without waiting."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from bptui.core.graph import Node
from bptui.core.order import Pass
from bptui.core.text import visible
from bptui.errors import LayerError, Location, MisnamedOutputsError, UnansweredError
from bptui.guest.fault import ELSEWHERE, MISSING_MODULE, Fault, MisnamedOutputs, Unanswered
from bptui.guest.host import Host
from bptui.guest.observation import Remark, remarks_on
from bptui.guest.pending_call import Pending
from bptui.guest.returned_value import Returned
from bptui.guest.wire import Message
from bptui.own_layers.own_layer import Method, OwnLayer

FLOAT64: np.dtype[Any] = np.dtype(np.float64)

PASSES = frozenset(it.value for it in (Pass.FORWARD, Pass.BACKWARD))
"""The requests that go through one function of the user's; others go through both."""


ERRORS: Mapping[type[Fault], type[LayerError]] = {
    MisnamedOutputs: MisnamedOutputsError,
    Unanswered: UnansweredError,
}
"""What some faults are raised as."""


class GuestLayer:
    """One instance of the user's class ``own``, at ``node``, in the process of ``host``.

    ``forward``, ``backward`` and ``local`` wait and return what a built-in layer's do; each ``begin_`` returns the
    pending call. Both raise LayerError, with the user's line. ``iteration`` and ``seed`` fix what the layer draws at
    random. ``notice`` gets the remarks.
    """

    def __init__(
        self,
        own: OwnLayer,
        host: Host,
        node: Node,
        *,
        takes_gradient: Sequence[bool] | None = None,
        needs_gradient: Sequence[bool] | None = None,
        dtype: np.dtype[Any] = FLOAT64,
        seed: int = 0,
        notice: Callable[[Remark], None] = lambda _: None,
    ) -> None:
        self.own = own
        self.host = host
        self.node = node
        self.share = own.share_at(node)
        takes = takes_gradient or [True] * len(node.inputs)
        self.returned = Returned(self.share, takes, needs_gradient or takes, dtype)
        self.seed = [seed, zlib.crc32(node.name.encode())]
        self.iteration = 0
        self.notice = notice
        self.values: Sequence[Any] = ()
        self.instance = host.new_instance(self)
        self.generation = -1

    @property
    def targets(self) -> frozenset[str]:
        """Those of its inputs that are labels."""
        return self.own.targets

    def forward(self, *values: Any) -> Any:
        """Return the value at ``values``."""
        return self.begin_forward(*values).result()

    def backward(self, *douts: Any) -> tuple[Any, ...]:
        """Return one gradient per value, None where there is none."""
        return tuple(self.begin_backward(*douts).result())

    def local(self) -> tuple[Any, ...]:
        """Return the local derivatives at the values of the last forward, None where they are not a single array."""
        return self.another().begin_local(*self.values).result()[1]

    def another(self) -> GuestLayer:
        """Return a fresh instance of the same node."""
        it = GuestLayer(self.own, self.host, self.node)
        it.returned, it.seed, it.iteration, it.notice = self.returned, self.seed, self.iteration, self.notice
        return it

    def begin_forward(self, *values: Any) -> Pending:
        """Call forward."""
        self.values = values
        self.make()
        return self.call("forward", values, self.take_value)

    def begin_backward(self, *douts: Any) -> Pending:
        """Begin to call backward, after a forward. Raises LayerError where the process has been started anew since."""
        if self.generation != self.host.generation or self.host.process is None:
            raise self.error("backward", Fault("the layer process, which knew what forward was given, has ended"))
        return self.call("backward", douts, self.take_gradients)

    def begin_local(self, *values: Any) -> Pending:
        """Go forward and work out the local derivatives; the result is the value and a tuple of them."""
        self.make()
        return self.call("local", values, lambda answer: take_local(answer, len(values)), method="backward")

    def begin_kept(self, *values: Any) -> Pending:
        """Go forward; the result is what the layer then keeps on itself, by attribute."""
        self.make()
        return self.call("kept", values, take_kept, method="forward")

    def begin_parameter_search(self, *values: Any) -> Pending:
        """Go through the layer to find the parameters that it makes itself; the result is what was found."""
        self.make()
        return self.call("parameters", values, self.take_made_parameters)

    def begin_job(self, job: str, *values: Any, **arguments: Any) -> Pending:
        """Let ``job``, ``"module:function"`` of ours, run in the child as ``function(instance, values, **arguments)``.

        It returns a message, as the result is one: plain JSON, with its arrays in a list under ``arrays``. Its module
        is imported in the child, so it imports little. ``instance`` is a ``guest.instance.Instance``.
        """
        self.make()
        request = {"job": job, "arguments": arguments}
        return self.call("job", values, lambda answer: answer, more=request)

    def make(self) -> None:
        """Let there be a fresh instance in the child where this one has none there."""
        self.host.start()
        if self.generation == self.host.generation:
            return
        self.generation = self.host.generation
        self.host.call(
            {
                "do": "new",
                "instance": self.instance,
                "file": str(self.own.file.path),
                "layer": self.own.name,
                "order": asdict(self.share),
            }
        )

    def call(
        self,
        verb: str,
        arrays: Sequence[Any],
        take: Callable[[Message], Any],
        *,
        method: str = "",
        more: Mapping[str, Any] | None = None,
    ) -> Pending:
        """Send a request about this instance; ``take`` makes the result of the answer."""
        method = method or verb
        request = {"do": verb, "instance": self.instance, "arrays": arrays, **(more or {})}
        if verb != "backward":
            request["seed"] = [*self.seed, self.iteration]

        def finish(answer: Message) -> Any:
            try:
                if verb in PASSES:
                    self.note(remarks_on(self.node.name, self.called(method), Pass(method), answer))
                return take(answer)
            except Fault as fault:
                raise self.error(method, fault) from None
            except (KeyError, IndexError, TypeError, ValueError, AttributeError):
                raise self.error(method, Fault("the layer process has sent nonsense")) from None

        return self.host.call(request, finish, lambda fault: self.error(method, fault))

    def take_value(self, answer: Message) -> Any:
        """Return what forward has returned, a tuple where the node has several outputs."""
        outs = self.returned.outs(answer)
        for value in outs:
            self.note(self.odd("forward", it) for it in self.returned.value_oddities(value))
        return tuple(outs) if len(outs) > 1 else outs[0]

    def take_gradients(self, answer: Message) -> list[Any]:
        """Return what backward has returned, and left for what is held."""
        gradients = self.returned.gradients(answer, self.values)
        self.note(self.odd("backward", it) for it in self.returned.gradient_oddities(gradients))
        return gradients

    def take_made_parameters(self, answer: Message) -> MadeByLayer:
        """Return what was found on a layer."""
        count = len(answer["parts"])
        arrays = answer["arrays"]
        outs = tuple(self.returned.outs({**answer, "arrays": arrays[:count]}))
        names = [str(name) for name in answer["names"]]
        parameters = {name: it for name, it in zip(names, arrays[count:], strict=False) if it is not None}
        return MadeByLayer(outs, parameters, tuple(str(name)[:MOST_NAME] for name in answer["unpaired"]))

    def odd(self, method: str, text: str) -> Remark:
        """Return the remark about something odd."""
        return Remark(self.node.name, "returns", f"{self.called(method)} {text}", Pass(method))

    def called(self, method: str) -> str:
        """Return what the user calls forward or backward; the layer's name where a request has gone through both."""
        if method not in PASSES:
            return self.own.name
        return self.method(method).called or f"{self.own.name}.{method}"

    def method(self, method: str) -> Method:
        """Return the function that goes forward or back."""
        return self.own.forward if method == "forward" else self.own.backward

    def where(self, method: str) -> Location:
        """Return where the function is that goes forward or back; the layer where a request has gone through both."""
        return (self.method(method).where if method in PASSES else None) or self.own.where

    def note(self, remarks: Iterable[Remark]) -> None:
        """Hand remarks on."""
        for remark in remarks:
            self.notice(remark)

    def error(self, method: str, fault: Fault) -> LayerError:
        """Return the error about what ``method`` did, at the user's line."""
        where = self.path_as_called(fault.where) if fault.where else self.where(method)
        text = fault.text or self.own.file.line(where)
        hint = f"line {where.line}: {visible(text)}" if text else None
        if fault.message.startswith(MISSING_MODULE):
            hint = ELSEWHERE
        if isinstance(fault, MisnamedOutputs):
            hint = f'a name for each of its values: "h, c" = "{visible(self.own.name)}(...)", _ where nobody needs it'
        message = f"{visible(self.node.name)}: {self.called(method)}: {visible(fault.message, limit=1_000)}"
        return ERRORS.get(type(fault), LayerError)(message, hint=hint, where=where)

    def path_as_called(self, where: Location) -> Location:
        """Return a place in one of the files as the user calls it."""
        file = self.host.file(where.path)
        return where._replace(path=file.displayed_name) if file else where


def take_local(answer: Message, count: int) -> tuple[Any, tuple[Any, ...]]:
    """Return the value and the local derivatives that an answer has."""
    out, *locals_ = answer["arrays"]
    return out, tuple((locals_ + [None] * count)[:count])


class MadeByLayer(NamedTuple):
    """A layer's outputs, the parameters that it has made itself by name, and those of them that have no gradient."""

    outs: tuple[Any, ...]
    parameters: Mapping[str, Any]
    unpaired: tuple[str, ...]


MOST_NAME = 100


def take_kept(answer: Message) -> dict[str, Any]:
    """Return the attributes that an answer has: arrays, and words for all else."""
    described = zip(answer["names"], answer["arrays"], answer["words"], strict=True)
    return {str(name): InWords(visible(str(words))) if array is None else array for name, array, words in described}


class InWords:
    """Something that is not an array, as it was written down in the child."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        return self.words
