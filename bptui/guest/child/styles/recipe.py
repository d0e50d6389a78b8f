"""What every style gives: a recipe, by which a layer is made, and a handle, by which one at work is called."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Options: TypeAlias = Mapping[str, Any]


class UserCall(NamedTuple):
    """A call of a function of the user's own, about to be made: by us, or line by line."""

    function: Callable[..., Any]
    arguments: Sequence[Any]
    options: Options

    def __call__(self) -> Any:
        """Make the call."""
        return self.function(*self.arguments, **self.options)


def in_place(call: UserCall) -> UserCall:
    """Return a call whose options that stand before an argument go to their own place: ``f(x, conv_param, w)``."""
    places = positional_names(call.function) if call.options else ()
    if not call.options.keys() & set(places[: len(call.arguments) + len(call.options)]):
        return call
    arguments, options, waiting = [], dict(call.options), list(call.arguments)
    for name in places:
        if not waiting:
            break
        arguments.append(options.pop(name) if name in options else waiting.pop(0))
    return UserCall(call.function, [*arguments, *waiting], options)


def positional_names(function: Callable[..., Any]) -> Sequence[str]:
    """Return the names of what a function takes by place; none where it does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return [it.name for it in parameters if it.kind in (it.POSITIONAL_ONLY, it.POSITIONAL_OR_KEYWORD)]


def needed_names(function: Callable[..., Any], *, skips: int) -> list[str]:
    """Return the names of the parameters that a function needs, but for the first few."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[skips:]
    except (TypeError, ValueError):
        return []
    plain = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
    return [it.name for it in parameters if it.default is it.empty and it.kind in plain]


class Handle(ABC):
    """One layer at work. ``object`` is what keeps its results, and its parameters if it has any of its own."""

    object: Any

    @abstractmethod
    def forward_call(self, inputs: Sequence[Any], options: Options) -> UserCall:
        """Return the call that goes forward."""

    @abstractmethod
    def backward_call(self, douts: Sequence[Any], more: Options) -> UserCall:
        """Return the call that goes back with ``douts``; ``more`` is what backward takes beside them."""

    def value(self, returned: Any) -> Any:
        """Return the value, a tuple where there are several, given what the call forward has returned."""
        return returned

    def gradients(self, returned: Any, dout: Any) -> Any:  # noqa: ARG002  (for styles that return a derivative)
        """Return the gradients, given what the call back has returned."""
        return returned

    def forward(self, inputs: Sequence[Any], options: Options) -> Any:
        """Return the value at ``inputs``."""
        return self.value(self.forward_call(inputs, options)())

    def backward(self, dout: Any, more: Options) -> Any:
        """Return the gradients."""
        return self.gradients(self.backward_call((dout,), more)(), dout)


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a layer is made: ``make`` takes what it holds and its options, as ``init`` does, and returns a handle.

    ``thing`` is the class or function of that name, ``forward``, ``backward`` and ``init`` are the user's own
    functions, to be looked at. ``forward_skips`` and ``backward_skips`` tell how many of their first parameters are
    not the formula's: self or ctx; of backward's, dout, and the cache or the inputs that it is given again. ``taken``
    are the places of those of several values whose gradients backward takes, where names tell.
    """

    name: str
    style: str
    thing: Any
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    make: Callable[..., Handle]
    init: Callable[..., Any] | None = None
    forward_skips: int = 1
    backward_skips: int = 2
    taken: tuple[int, ...] = ()


class Misfit(NamedTuple):
    """Why something that the user's file gives is in no style: ``words`` say so, ``thing`` has the line."""

    words: str
    thing: Any
    hint: str = ""
