"""In the child: what it takes to make a watched call once more: its object as it was, what it was given, and the style.

The object is pickled when the call begins; arrays in it stand for the copies that were made of them anyway, and what
cannot be pickled, functions and modules for a part, stands for itself. A copy is made when it is wanted.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from types import BuiltinFunctionType, FrameType, FunctionType, GeneratorType, MethodType, ModuleType
from typing import Any, TypeAlias

import numpy as np

from bptui.programs.child.layer_style import PassCall
from bptui.programs.child.value_store import Array

ITSELF = (
    FunctionType, BuiltinFunctionType, MethodType, ModuleType, type, GeneratorType, FrameType, io.IOBase, np.ufunc,
)  # fmt: skip
"""What stands for itself in a copy."""


LEFT_OUT = object()
"""What stands for an array of which there is no copy, and in whose place there will be None."""

CopyOf: TypeAlias = Callable[[Array], "Array | object | None"]
"""What returns the copy of an array, None where the array stands for itself."""


class KeptCall:
    """A call as it was when it began: ``forward_copy`` is the object, and the arguments by parameter, once more.

    ``function`` is what was called, for a method its class. A call back is kept without its object, and without the
    argument ``cache``, which is what its forward hands over. ``backward`` is the number of the call back that went with
    a forward, None before there was one. ``inputs`` names the arguments that are values, in order, and ``built`` tells
    what the object was made with. ``text`` is empty where no copy can be made.
    """

    def __init__(
        self,
        call: PassCall,
        function: Callable[..., Any] | None,
        arguments: Mapping[str, Any],
        copy_of: CopyOf,
        cache: str = "",
    ) -> None:
        self.call = call
        self.cache = cache
        self.function = function
        self.live: list[Any] = []
        self.text = b""
        self.backward: int | None = None
        self.inputs: Sequence[str] = ()
        self.built: Mapping[str, Mapping[str, Any]] = {}
        buffer = io.BytesIO()
        pickler = CallPickler(buffer, self.live, copy_of)
        try:
            given = {name: it for name, it in arguments.items() if name != cache}
            pickler.dump((call.owner if call.is_forward else None, given))
            self.text = buffer.getvalue()
        except Exception:  # noqa: BLE001  (the fence around the user's objects, which may refuse in any way)
            self.live.clear()

    @property
    def is_copied(self) -> bool:
        """Whether there is a copy."""
        return bool(self.text)

    def forward_copy(self) -> tuple[Any, dict[str, Any]]:
        """Return a new copy of the object (None for a function) and of the arguments, as they were before the call."""
        owner, arguments = CallUnpickler(io.BytesIO(self.text), self.live).load()
        return owner, arguments


class CallPickler(pickle.Pickler):
    """Pickles all but arrays, for which it takes the copies, and what stands for itself: those are ``live``."""

    def __init__(self, file: io.BytesIO, live: list[Any], copy_of: CopyOf) -> None:
        super().__init__(file, protocol=5)
        self.live = live
        self.copy_of = copy_of
        self.places: dict[int, int] = {}

    def persistent_id(self, obj: Any) -> int | None:
        if isinstance(obj, np.ndarray):
            return self.place(obj, lambda: self.copied(obj))
        return self.place(obj, lambda: obj) if isinstance(obj, ITSELF) else None

    def place(self, it: Any, kept: Callable[[], Any]) -> int:
        """Return the place of an object among those that are ``live``."""
        if id(it) not in self.places:
            self.places[id(it)] = len(self.live)
            self.live.append(kept())
        return self.places[id(it)]

    def copied(self, array: Array) -> Any:
        """Return the copy of an array; one that is of no kind that is seen, or too large, stands for itself."""
        copy = self.copy_of(array)
        return array if copy is None else copy


class CallUnpickler(pickle.Unpickler):
    """Makes the copy: arrays of its own, that may be written into."""

    def __init__(self, file: io.BytesIO, live: list[Any]) -> None:
        super().__init__(file)
        self.live = live
        self.arrays: dict[int, Array] = {}

    def persistent_load(self, pid: int) -> Any:
        it = self.live[pid]
        if not isinstance(it, np.ndarray):
            return None if it is LEFT_OUT else it
        return self.arrays.setdefault(pid, np.array(it, order="K"))
