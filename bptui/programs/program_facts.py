"""What is known of a watched program: its values and the places of its calls, as its process has told."""

from __future__ import annotations

import os
from collections.abc import Mapping

from bptui.core.text import visible
from bptui.errors import Location
from bptui.programs.event import ArgumentSource, CallSite, ForwardCall
from bptui.programs.seen_values import SeenValue

NOWHERE = CallSite(0, "", 0, "", (), (), (), ())


class ProgramFacts:
    """The values and the places, by their numbers."""

    def __init__(self) -> None:
        self.values: dict[int, SeenValue] = {}
        self.sites: dict[int, CallSite] = {}
        self.expressions: dict[int, Mapping[str, ArgumentSource]] = {}

    def add_site(self, site: CallSite) -> None:
        """Add the place of a call."""
        self.sites[site.number] = site
        self.expressions[site.number] = {it.parameter: it for it in (ArgumentSource(*one) for one in site.expressions)}

    def site(self, number: int) -> CallSite:
        """Return the place of a call."""
        return self.sites.get(number, NOWHERE)

    def expression(self, site: int, parameter: str) -> ArgumentSource | None:
        """Return what stands in a call for a parameter."""
        return self.expressions.get(site, {}).get(parameter)

    def defaults(self, call: ForwardCall) -> set[str]:
        """Return the parameters of a forward that have a default and are given a number: options, not values."""
        return {
            name
            for name, number in call.inputs
            if name in call.defaults and not self.values[number].array.shape and self.values[number].event.scalar
        }

    def where(self, site: int) -> Location | None:
        """Return the file and line of a call as a person calls them."""
        it = self.sites.get(site)
        return Location(self.shown(it.file), it.line) if it else None

    def origin(self, call: ForwardCall) -> str:
        """Return the file and line at which a layer is defined."""
        return str(Location(self.shown(call.file), call.line or None)) if call.file else ""

    def shown(self, file: str) -> str:
        """Return a file as a person calls it: from the working folder on, where that is shorter."""
        return visible(min(os.path.relpath(file), os.path.normpath(file), key=len), limit=4_096)
