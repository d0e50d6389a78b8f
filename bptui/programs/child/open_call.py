"""In the child: a call that is under way, and what can be told of it from its frame and from what it returns."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any

import numpy as np

from bptui.guest.child.object_arrays import Spot, attribute_dict
from bptui.guest.child.own_gradients import by_place
from bptui.guest.child.styles.method_pair import VALUES, kept
from bptui.programs.child.layer_style import PassCall, class_of_static
from bptui.programs.child.object_names import HeldName

RETURNS = frozenset(dis.opmap[name] for name in ("RETURN_VALUE", "RETURN_CONST") if name in dis.opmap)


@dataclass(eq=False)
class OpenCall:
    """A call that has begun: its ``number``, the call it happens in, its code, and what was seen of it so far."""

    number: int
    parent: int
    call: PassCall
    code: CodeType
    site: int
    name: HeldName
    arguments: dict[str, Any]
    spots: dict[str, Spot] = field(default_factory=dict)
    held: list[tuple[str, str, int]] = field(default_factory=list)
    arrays: dict[str, int] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    inputs: list[tuple[str, int]] = field(default_factory=list)
    is_hidden: bool = False

    @property
    def function(self) -> str:
        """What was called: a method of a layer, or a function by its name."""
        is_alone = self.call.style in ("pair", "loss")
        return self.code.co_name if is_alone else f"{self.call.layer}.{self.code.co_name}"

    @property
    def is_tentative(self) -> bool:
        """Whether it may turn out to be no layer's: a network has methods called loss and gradient, too."""
        return self.is_hidden or self.call.style == "derivative"


def unseen_call(call: PassCall, frame: FrameType) -> OpenCall:
    """Return a call of which no more is known than that it is under way."""
    return OpenCall(0, 0, call, frame.f_code, 0, HeldName(""), {}, is_hidden=True)


def is_detail(call: PassCall, around: PassCall) -> bool:
    """Return whether a call is the affair of that around it: ``super().forward(x)``, and a forward that goes back."""
    is_same = call.owner is not None and call.owner is around.owner and call.is_forward == around.is_forward
    return is_same or (call.is_forward and not around.is_forward)


def is_function_in_derivative(call: PassCall, around: PassCall) -> bool:
    """Return whether a derivative asks for its function's value: ``s = self(x)`` and then ``s * (1 - s)``."""
    is_pair = call.style == around.style == "derivative" and call.is_forward and not around.is_forward
    return is_pair and call.owner is around.owner


def where(frame: FrameType) -> tuple[int, int]:
    """Return the place at which a function is called, as good as any other name for it."""
    return (id(frame.f_back.f_code), frame.f_back.f_lasti) if frame.f_back else (0, 0)


def objects_given(frame: FrameType) -> list[Any]:
    """Return what a function is given, and what arrays are views of."""
    found = list(frame.f_locals.values())
    return found + [it.base for it in found if isinstance(it, np.ndarray) and it.base is not None]


def is_whole_step(call: PassCall, around: PassCall) -> bool:
    """Return whether a call inside another shows that to be a training step, and not a pass.

    A call back begins by going forward with its own object, or what looks like a loss goes back through layers.
    """
    if around.style == "loss":
        return not call.is_forward
    return call.owner is not None and call.owner is around.owner and call.is_forward and not around.is_forward


def ids_of_arrays(owner: Any) -> dict[str, int]:
    """Return which array each attribute of an object is."""
    return {name: id(it) for name, it in (attribute_dict(owner) or {}).items() if isinstance(it, np.ndarray)}


def has_returned(frame: FrameType) -> bool:
    """Return whether a frame ends by a return, and not by an exception."""
    return frame.f_code.co_code[frame.f_lasti] in RETURNS


def function_called(call: PassCall, frame: FrameType) -> Any:
    """Return what was called, as far as its module knows it by name: a function, or the class of a method's object."""
    if call.style == "context":
        return getattr(frame.f_globals.get(call.layer), frame.f_code.co_name, None)
    if call.owner is not None:
        return type(call.owner)
    cls = class_of_static(frame.f_code, frame.f_globals)
    name = frame.f_code.co_name
    return frame.f_globals.get(name) if cls is None else getattr(cls, name)


def returns_loss(returned: Any, opened: OpenCall) -> bool:
    """Return whether what a function has returned is one number, and gradients: of what it was given, or by name."""
    if not isinstance(returned, tuple) or not is_one_number(returned[0]):
        return False
    shapes = {np.shape(it) for it in opened.arguments.values() if isinstance(it, np.ndarray | float | np.number)}
    return all(isinstance(it, Mapping) or it is None or np.shape(it) in shapes for it in returned[1:])


def is_one_number(it: Any) -> bool:
    """Return whether something is one number, as a loss is."""
    return isinstance(it, int | float | np.number) or (isinstance(it, np.ndarray) and it.size == 1)


@lru_cache(maxsize=1_000)
def adds_in_place(code: CodeType) -> bool:
    """Return whether a function adds to what an attribute or a container holds: ``self.dW += ...``."""
    found = list(dis.get_instructions(code))
    sums = (at for at, it in enumerate(found) if it.opname == "BINARY_OP" and it.argrepr == "+=")
    return any(stored_next(found[at + 1 : at + 6]) in {"STORE_ATTR", "STORE_SUBSCR", "STORE_SLICE"} for at in sums)


def stored_next(instructions: Sequence[dis.Instruction]) -> str:
    """Return the name of the first of some instructions that stores something, "" for none."""
    return next((it.opname for it in instructions if it.opname.startswith("STORE_")), "")


def arguments_of(frame: FrameType, call: PassCall) -> dict[str, Any]:
    """Return what a function was given, by parameter; self and ctx are left out."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    names = list(code.co_varnames[:count])
    if call.owner is not None:
        del names[0]
    found = {name: frame.f_locals[name] for name in names}
    if code.co_flags & 0x04:
        found |= {f"*{at}": it for at, it in enumerate(frame.f_locals[code.co_varnames[count]])}
    return found


def call_options(opened: OpenCall) -> dict[str, Any]:
    """Return the arguments that are not values, as far as they can be written down."""
    values = {name for name, _ in opened.inputs}
    return {
        name: it
        for name, it in opened.arguments.items()
        if name not in values and (isinstance(it, bool | str) or it is None)
    }


def default_parameters(code: CodeType, frame: FrameType, call: PassCall) -> tuple[str, ...]:
    """Return the parameters of a function that have a default."""
    function = frame.f_globals.get(code.co_name)
    if call.names is not None:
        function = inspect.unwrap(getattr(type(call.owner), call.names.forward))
    elif call.owner is not None:
        return ()
    defaults = getattr(function, "__defaults__", None) or ()
    named = getattr(function, "__kwdefaults__", None) or {}
    names = code.co_varnames[: code.co_argcount]
    return (*names[len(names) - len(defaults) :], *named)


def split_result(call: PassCall, value: Any) -> tuple[Sequence[Any], Any]:
    """Return the outputs of a forward, and the cache that its backward is given."""
    if value is None and call.owner is not None:
        return (kept(call.owner, VALUES),), None
    if call.style == "loss":
        return value[:1], None
    if call.style == "pair" and isinstance(value, tuple) and len(value) > 1:
        return value[:-1], value[-1]
    return (value if isinstance(value, tuple) else (value,)), None


def gradients_of_loss(returned: Sequence[Any], inputs: Sequence[str]) -> Sequence[Any]:
    """Return the gradients that a loss has returned beside itself; those in a table in the order of its inputs."""
    match returned[1:]:
        case (Mapping() as table,):
            found = by_place(table, inputs)
            return found if isinstance(found, tuple) else (found,)
    return list(gradients_in(tuple(returned[1:])))


def gradients_in(value: Any) -> Iterator[Any]:
    """Yield what a backward has returned, one after the other."""
    if isinstance(value, tuple | list):
        for it in value:
            yield from gradients_in(it) if isinstance(it, tuple) else (it,)
    else:
        yield value
