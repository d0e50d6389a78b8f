"""In the child: a watched call made once more, on a copy of its object and of what it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from bptui.errors import BptuiError
from bptui.guest.child.styles.loss_function import IN_FORWARD
from bptui.programs.child.kept_call import KeptCall


class CallCopy(NamedTuple):
    """A call, about to be made: a function, its positional arguments, and those by name."""

    function: Callable[..., Any]
    arguments: Sequence[Any]
    options: Mapping[str, Any]

    def make(self) -> Any:
        """Make the call."""
        return self.function(*self.arguments, **self.options)


def kept_forward(calls: Mapping[int, KeptCall], number: int) -> KeptCall:
    """Return a call forward. Raises BptuiError where no copy of its object could be made."""
    call = calls.get(number)
    if call is None or not call.is_copied:
        raise BptuiError("no copy of its object could be made, so it cannot be called once more")
    return call


def kept_backward(calls: Mapping[int, KeptCall], number: int) -> KeptCall:
    """Return a call back. Raises BptuiError where the gradient was made by a forward, or no copy could be made."""
    if number not in calls:
        raise BptuiError(IN_FORWARD)
    if not calls[number].is_copied:
        raise BptuiError("no copy of what it was given could be made, so it cannot be called once more")
    return calls[number]


def copy_of_backward(call: KeptCall, owner: Any, returned: Any) -> CallCopy:
    """Return the call back once more, with the cache that the forward has ``returned`` this time."""
    _, arguments = call.forward_copy()
    if call.cache:
        arguments[call.cache] = returned[-1]
    return copy_of_call(call, owner, arguments, forwards=False)


def copy_of_call(call: KeptCall, owner: Any, arguments: Mapping[str, Any], *, forwards: bool) -> CallCopy:
    """Return a call once more. Raises BptuiError where its function is not known."""
    names = call.call.names
    function = getattr(owner, names.forward if forwards else names.backward) if names else call.function
    if not callable(function) or isinstance(function, type):
        raise BptuiError("its function is not known by name, so it cannot be called once more")
    if call.call.style == "context":
        function = partial(function, owner)
    starred = [it for name, it in arguments.items() if name.startswith("*")]
    named = {name: it for name, it in arguments.items() if not name.startswith("*")}
    return CallCopy(function, [*named.values(), *starred], {}) if starred else CallCopy(function, (), named)


def result_of(call: KeptCall, returned: Any) -> Any:
    """Return the value, or values, of what a call has returned: of one of a pair without its cache."""
    if call.call.style == "pair" and call.call.is_forward and isinstance(returned, tuple):
        return returned[0] if len(returned) == 2 else returned[:-1]
    return returned[0] if call.call.style == "loss" else returned
