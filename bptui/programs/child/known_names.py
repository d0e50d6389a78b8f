"""In the child: the names of the objects and arrays of a program, each looked for once, and where they are held."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from bptui.guest.child.object_arrays import Spot
from bptui.programs.child.call_source import CallSites
from bptui.programs.child.layer_style import PassCall
from bptui.programs.child.object_names import HeldName, held_at, held_name, name_in_call, unpacked_name
from bptui.programs.child.open_call import OpenCall
from bptui.programs.child.value_store import Array, ValueStore

MOST_MISSES = 3
"""Times that what holds an argument is looked for in vain: a network's data is another array each time."""


class KnownNames:
    """The names that were found. ``places`` are what holds the values for which calls have no names of their own."""

    def __init__(self, values: ValueStore, sites: CallSites, is_own: Callable[[str], bool]) -> None:
        self.values = values
        self.sites = sites
        self.is_own = is_own
        self.array_names: dict[Any, str] = {}
        self.owner_names: dict[int, HeldName] = {}
        self.places: dict[str, tuple[Any, str]] = {}
        self.misses: dict[tuple[int, str], int] = {}

    def name_of(self, call: PassCall, frame: FrameType, site: int) -> HeldName:
        """Return the name of the object that a call is about."""
        if call.owner is None or call.style == "context":
            return HeldName("")
        token = self.values.token(call.owner)
        if token not in self.owner_names:
            found = name_in_call(call.owner, self.sites.receiver(site), self.sites.caller(frame.f_back))
            found = found or held_name(call.owner, frame.f_back, self.is_own)
            self.owner_names[token] = found or HeldName("")
        return self.owner_names[token]

    def find_holder(self, opened: OpenCall, parameter: str, value: Array, frame: FrameType | None) -> None:
        """Take note of the key or attribute that holds an array for which a call has no name.

        A place that was found before is looked at first. Another is looked for from a ``frame`` on, if one is given,
        until none was found a few times.
        """
        site = (opened.site, parameter)
        known = next((name for name, place in self.places.items() if held_at(place) is value), None)
        if known is None and frame is not None and self.misses.get(site, 0) < MOST_MISSES:
            found = held_name(value, frame.f_back, self.is_own)
            if found and found.place:
                known = found.text
                self.places[known] = found.place
            else:
                self.misses[site] = self.misses.get(site, 0) + 1
        if known is not None:
            opened.holders[parameter] = known

    def array_name(self, name: str, spot: Spot, call: PassCall, frame: FrameType) -> str:
        """Return the name under which the person's code holds an array that an object holds, too; looked for once."""
        if not call.is_forward:
            return ""
        keys = self.values.token(spot.array), (self.values.token(call.owner), name)
        known = next((self.array_names[key] for key in keys if key in self.array_names), None)
        if known is None:
            found = held_name(spot.array, frame.f_back, self.is_own, within=call.owner)
            known = found.text if found else own_name(spot)
        self.array_names.update(dict.fromkeys(keys if known else keys[1:], known))
        return known

    def held_now(self) -> list[tuple[str, Array]]:
        """Return what the places hold now, by name."""
        found = ((name, held_at(place)) for name, place in self.places.items())
        return [(name, it) for name, it in found if isinstance(it, np.ndarray)]


def own_name(spot: Spot) -> str:
    """Return what a class itself calls an array in a list of its objects, behind a dot; "" where that is not known."""
    is_listed = spot.container and isinstance(spot.key, int)
    name = unpacked_name(type(spot.owner), spot.container, spot.key) if is_listed else ""
    return f".{name}" if name else ""
