"""In the child: which forward a backward goes with: its object's last, or that which has made what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from bptui.programs.child.open_call import OpenCall
from bptui.programs.child.value_store import ValueStore


class PassPartners:
    """The forwards of the pass that wait for their backward."""

    def __init__(self, values: ValueStore) -> None:
        self.values = values
        self.latest: dict[int, int] = {}
        self.caches: dict[tuple[str, int], tuple[Any, int]] = {}
        self.waiting: dict[str, dict[int, set[int]]] = {}

    def begin_pass(self) -> None:
        """Forget the functions that have gone forward; an object's last forward stays the last."""
        self.caches.clear()
        self.waiting.clear()

    def add_forward(self, opened: OpenCall, outs: Iterable[int], cache: Any) -> None:
        """Add a forward, with the values that it has made and the cache that it hands on, None for none."""
        call = opened.call
        if call.owner is not None:
            self.latest[self.values.token(call.owner)] = opened.number
            return
        given = {number for _, number in opened.inputs}
        self.waiting.setdefault(call.layer, {})[opened.number] = given.union(outs)
        if cache is not None:
            self.caches[call.layer, id(cache)] = cache, opened.number

    def cache_among(self, opened: OpenCall) -> str:
        """Return the parameter for which a call back is given what a forward of its layer has made, "" for none."""
        layer = opened.call.layer
        found = (name for name, it in opened.arguments.items() if (layer, id(it)) in self.caches)
        return next(found, "")

    def forward_of(self, opened: OpenCall) -> int:
        """Return the forward that a backward goes with: its object's last, or that which has made its cache."""
        call = opened.call
        if call.owner is not None:
            return self.latest.get(self.values.token(call.owner), 0)
        waiting = self.waiting.get(call.layer, {})
        number = self.maker_of_cache(opened)
        if not number and waiting:
            given = {value for _, value in opened.inputs}
            number = max(waiting, key=lambda it: (len(waiting[it] & given), it))
        waiting.pop(number, None)
        return number

    def maker_of_cache(self, opened: OpenCall) -> int:
        """Return the forward that has made the cache that a backward is given, 0 where it is given none."""
        for parameter, it in opened.arguments.items():
            cache, number = self.caches.get((opened.call.layer, id(it)), (None, 0))
            if number and cache is it:
                opened.inputs = [pair for pair in opened.inputs if pair[0] != parameter]
                return number
        return 0


def arrays_in_cache(cache: Any) -> Iterator[Any]:
    """Yield the arrays in what a forward has handed on for its backward: in tuples, lists and tables."""
    waiting = [cache]
    while waiting:
        match waiting.pop():
            case np.ndarray() as array:
                yield array
            case tuple() | list() as items:
                waiting += items
            case dict() as table:
                waiting += table.values()
