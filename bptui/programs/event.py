"""What the process of a watched program tells, event by event: arrays that it has seen, and calls of layers.

Both sides share these declarations. An event crosses as a JSON list, its kind first and then its fields in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias


class SeenArray(NamedTuple):
    """A value: an array or a number as it was when it was seen, ``number`` being new for each.

    ``token`` stands for the object as long as it lives, 0 for a number that is one object wherever it occurs.
    ``memory`` stands for the block that it lies in, at ``address`` with ``strides``. Its bytes are in the shared memory
    at ``offset``, in ``order`` C or F. ``scalar`` is the type of a Python number, "" for an array.
    """

    number: int
    token: int
    memory: int
    address: int
    strides: Sequence[int]
    dtype: str
    shape: Sequence[int]
    order: str
    offset: int
    scalar: str


class ArgumentSource(NamedTuple):
    """What stands in a call for the ``parameter`` of that name: its ``text``, and the short ``name`` that it gives.

    ``names`` are the variables in it. A variable was ``made`` at a line, 0 if that is not known, from the variables
    ``made_from``. ``is_literal`` tells of a number written there, ``is_scaled`` of something times a number, there or
    in that line. ``lines`` are those that assign it, or what goes into it.
    """

    parameter: str
    text: str
    name: str
    is_literal: bool
    names: Sequence[str]
    made: int
    made_from: Sequence[str]
    is_scaled: bool = False
    lines: Sequence[int] = ()


class CallSite(NamedTuple):
    """A call in the source, by ``number``: where it stands, ``targets`` that it is assigned to, and what it is given.

    ``first`` and ``last`` are the places, line and column, at which the expression begins and ends.
    """

    number: int
    file: str
    line: int
    function: str
    first: Sequence[int]
    last: Sequence[int]
    targets: Sequence[str]
    expressions: Sequence[Sequence[Any]]


class ForwardCall(NamedTuple):
    """A forward: its ``number`` among all calls, that of the call it happened in (0: none), and its object.

    ``owner`` stands for the object, ``layer`` is its class or the functions' shared name, ``function`` what was
    called, ``name`` what holds the object, "" if nothing has a name for it. ``defaults`` are the parameters of the
    function that have one. ``inputs`` are pairs of a parameter and a value, ``held`` what was on the object before.
    ``holders`` has, by parameter, the key or attribute that holds a value for which nothing but a passing variable
    stands in the call.
    """

    number: int
    parent: int
    owner: int
    layer: str
    style: str
    name: str
    holder: str
    file: str
    line: int
    site: int
    inputs: Sequence[Sequence[Any]]
    holders: Mapping[str, str]
    options: Mapping[str, Any]
    defaults: Sequence[str]
    outs: Sequence[int]
    held: Sequence[Sequence[Any]]
    is_loss: bool
    function: str = ""


class BackwardCall(NamedTuple):
    """A backward, of the ``forward`` with that number (0: of none that was seen).

    ``douts`` are the values handed to it, ``gradients`` those returned, None where there is none; ``held`` what was on
    the object when it began, and ``held_gradients`` pairs of a spot and the gradient beside it when it had returned.
    ``adds_up`` says that it adds to what it finds on its object (``self.dW += ...``). ``parameters`` are what its
    ``function`` calls the values that it is handed.
    """

    number: int
    parent: int
    forward: int
    owner: int
    layer: str
    site: int
    douts: Sequence[int | None]
    gradients: Sequence[int | None]
    held: Sequence[Sequence[Any]]
    held_gradients: Sequence[Sequence[Any]]
    adds_up: bool = False
    parameters: Sequence[str] = ()
    function: str = ""


class CallRaised(NamedTuple):
    """The call of that number has raised; it was told of just before, without what it would have made."""

    number: int


class ChangedAt(NamedTuple):
    """An object's ``spot`` (or, where ``owner`` is 0, what holds a function's argument) is changed by that line."""

    owner: int
    spot: str
    file: str
    line: int


class FinalArray(NamedTuple):
    """What an object's ``spot`` holds when watching ends: the last updates are seen by it.

    An ``owner`` of 0 stands for what holds the values that functions were given, by the names in ``holders``.
    """

    owner: int
    spot: str
    value: int


class Ended(NamedTuple):
    """The end of watching: ``how`` is exit, raised, passes or memory; with the exit status, or the traceback.

    ``traceback`` has file, line, function and text for each of the person's own frames, the innermost last; where that
    is a mistake in the grammar, ``column`` is its place in the line.
    """

    how: str
    status: int
    error: str
    traceback: Sequence[Sequence[Any]]
    column: int | None = None


Event: TypeAlias = SeenArray | CallSite | ForwardCall | BackwardCall | CallRaised | ChangedAt | FinalArray | Ended

KINDS: tuple[type[Event], ...] = (
    SeenArray,
    CallSite,
    ForwardCall,
    BackwardCall,
    CallRaised,
    ChangedAt,
    FinalArray,
    Ended,
)
"""Every kind of event; the kind of a message is its place here."""


def as_message(event: Event) -> list[Any]:
    """Return an event as JSON knows it."""
    return [KINDS.index(type(event)), *event]


def from_message(message: Any) -> Event:
    """Return the event that a message tells of. Raises ValueError where it is none."""
    match message:
        case [int(kind), *fields] if 0 <= kind < len(KINDS) and len(fields) == len(KINDS[kind]._fields):
            return KINDS[kind](*fields)
    raise ValueError("not an event")
