"""Where the value comes from that a call is given: from a node, from code between layers, or from outside.

The object itself decides, then where it lies in memory, then its numbers; where several could be meant, the names in
the source do. What cannot be told is left open: a false wire is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

from bptui.programs.array_sums import recognise_array
from bptui.programs.array_views import Derived, view_of
from bptui.programs.event import ArgumentSource, CallSite
from bptui.programs.scaled_sums import find_scaled_sums
from bptui.programs.seen_values import SeenValue

MOST_VIEWED = 400
"""Values of a pass that a view may be of, the latest."""


class GivenValue(NamedTuple):
    """A value as a call is given it: ``expression`` is what stands there, None where the source does not tell.

    ``passed`` are the parameters of the call around, the ``group``, whose values come from nodes or from outside.
    """

    value: SeenValue
    site: CallSite
    expression: ArgumentSource | None
    passed: frozenset[str] = frozenset()
    group: int = 0

    @property
    def text(self) -> str:
        """What stands there."""
        return self.expression.text if self.expression else ""


class Product(NamedTuple):
    """A value that a node has made, of ``made_of`` those by number, and the call that it stands in."""

    value: SeenValue
    made_of: frozenset[int]
    site: CallSite


@dataclass(frozen=True)
class Scope:
    """A function in a file: what a variable is known in."""

    file: str
    function: str


class KnownValues:
    """The values of a pass so far: ``products`` of nodes by number, and all that calls were given.

    ``objects`` are the names of the layers that have gone forward: what is taken of them may be what they have made.
    """

    def __init__(self) -> None:
        self.products: dict[int, Product] = {}
        self.by_token: dict[int, list[Product]] = {}
        self.bound: dict[tuple[Scope, str], Product] = {}
        self.given: dict[int, GivenValue] = {}
        self.objects: set[str] = set()

    def add_product(self, product: Product, target: str) -> None:
        """Add what a node has made, and what it is assigned to, "" for nothing."""
        number = product.value.number
        self.products[number] = product
        self.by_token.setdefault(product.value.event.token, []).append(product)
        if target:
            self.bound[scope_of(product.site), target] = product

    def add_given(self, given: GivenValue) -> None:
        """Add what a call was given."""
        self.given.setdefault(given.value.number, given)

    def bound_names(self, site: CallSite) -> Iterator[tuple[str, Product]]:
        """Yield the variables in the function around a call that what a node made is assigned to."""
        scope = scope_of(site)
        yield from ((text, it) for (where, text), it in self.bound.items() if where == scope)

    def is_made_from_products(self, given: GivenValue) -> bool:
        """Return whether the source says that a value was computed from what nodes have made."""
        bound = {text for text, _ in self.bound_names(given.site)}
        used = self.names_used(given)
        is_named = not used.isdisjoint(bound | given.passed) or any(self.is_of_layer(it) for it in used)
        return is_named or self.has_products_in_its_lines(given)

    def has_products_in_its_lines(self, given: GivenValue) -> bool:
        """Return whether nodes were called where a value is assigned, or what goes into it."""
        lines = set(given.expression.lines) if given.expression else set()
        scope = scope_of(given.site)
        return any(it.site.line in lines and scope_of(it.site) == scope for it in self.products.values())

    def is_of_layer(self, text: str) -> bool:
        """Return whether an attribute of a layer that has gone forward is written."""
        holder = holder_in(text)
        return bool(holder) and holder in self.objects

    def names_used(self, given: GivenValue) -> set[str]:
        """Return the variables that a value was computed from, as far as the source tells."""
        it = given.expression
        if it is None:
            return set()
        return {*it.made_from} if it.text == it.name else {*it.names, *it.made_from} - {it.text}

    def find(self, given: GivenValue) -> Product | Derived | None:
        """Return where a value comes from, None where that is not known or it comes from outside."""
        return self.by_name(given) or self.by_identity(given) or self.by_place(given) or self.by_numbers(given)

    def by_name(self, given: GivenValue) -> Product | None:
        """Return the product that is assigned to the very variable that stands in the call, if it is that value."""
        product = self.bound.get((scope_of(given.site), given.text)) if given.text else None
        return product if product and is_like(product.value, given.value) else None

    def by_identity(self, given: GivenValue) -> Product | None:
        """Return the product that is the same object.

        Where several nodes hand on one object, the last of those is meant that each take it from the one before.
        """
        token = given.value.event.token
        if not token:
            return self.by_nesting(given)
        found = [it for it in self.by_token.get(token, ()) if is_like(it.value, given.value)]
        for before, after in pairwise(found):
            if before.value.number not in after.made_of:
                return None
        return found[-1] if found else None

    def by_nesting(self, given: GivenValue) -> Product | None:
        """Return the product of the call that stands in the very place of the argument: ``g(f(2), 3)``."""
        latest = next(reversed(self.products.values()), None)
        if latest is None or given.expression is None or not is_like(latest.value, given.value):
            return None
        is_within = (
            latest.site.file == given.site.file
            and tuple(given.site.first) <= tuple(latest.site.first)
            and tuple(latest.site.last) < tuple(given.site.last)
        )
        return latest if is_within and not given.expression.is_literal and "(" in given.text else None

    def by_place(self, given: GivenValue) -> Derived | None:
        """Return of which value it is a view."""
        if not given.value.event.memory or given.value.number in self.products:
            return None
        block, number = given.value.event.memory, given.value.number
        before = [it for it in self.known_values() if it.number < number and it.event.memory == block]
        views = (view_of(it, given.value) for it in reversed(before[-MOST_VIEWED:]))
        return next((it for it in views if it is not None), None)

    def by_numbers(self, given: GivenValue) -> Derived | None:
        """Return what it was made of by its numbers: one way only, and the source must not speak against it."""
        if given.value.number in self.products:
            return None
        before = [it for it in self.known_values() if it.number < given.value.number]
        found = list(islice(recognise_array(given.value, before), 8))
        if not found and given.expression is not None and given.expression.is_scaled:
            products = [it for it in before if it.number in self.products]
            found = list(islice(find_scaled_sums(given.value, products), 8))
        if given.value.is_whole:
            found = [it for it in found if self.is_named(given, it)]
        if not found:
            return None
        alike = {tuple(sorted(source.content for source in it.sources)) for it in found if it.layer == found[0].layer}
        return found[0] if len(alike) == 1 and self.is_certain(found, given) else None

    def is_named(self, given: GivenValue, derived: Derived) -> bool:
        """Return whether the source names one of the sources where the value is made."""
        used = self.names_used(given) | {given.text}
        named = {it.value.number for text, it in self.bound_names(given.site) if text in used}
        named |= {it.value.number for it in self.given.values() if it.text in used and it.site.file == given.site.file}
        return any(source.number in named for source in derived.sources)

    def is_certain(self, found: Sequence[Derived], given: GivenValue) -> bool:
        """Return whether only one set of objects is meant, or each of the others is handed on to the first."""
        first = {it.number for it in found[0].sources}
        objects = set(map(identity_of, found[0].sources))
        for other in found[1:]:
            numbers = {it.number for it in other.sources}
            if (
                other.layer == found[0].layer
                and set(map(identity_of, other.sources)) != objects
                and not self.is_handed_on(numbers - first, first - numbers)
            ):
                return self.is_named(given, found[0]) and not self.is_named(given, other)
        return True

    def is_handed_on(self, earlier: set[int], later: set[int]) -> bool:
        """Return whether nodes have handed on some values as they were, so that the later ones stand for them."""
        made_of: set[int] = set()
        for number in later:
            if number in self.products:
                made_of |= self.products[number].made_of
        return earlier <= made_of

    def known_values(self) -> Iterator[SeenValue]:
        """Yield all values of the pass, in the order in which they were seen."""
        values: Mapping[int, SeenValue] = {
            **{number: it.value for number, it in self.given.items()},
            **{number: it.value for number, it in self.products.items()},
        }
        yield from (values[number] for number in sorted(values))


def holder_in(text: str) -> str:
    """Return what holds the attribute that is written: ``a`` in ``net.a.output``; "" where there is none."""
    holder, dot, _ = text.rpartition(".")
    return re.findall(r"\w+", holder)[-1] if dot and holder else ""


def scope_of(site: CallSite) -> Scope:
    """Return the function around a call."""
    return Scope(site.file, site.function)


def identity_of(value: SeenValue) -> tuple[int, int]:
    """Return what two values have in common that were the same object when they were seen."""
    return value.event.token, 0 if value.event.token else value.number


def is_like(one: SeenValue, other: SeenValue) -> bool:
    """Return whether two values are the same numbers, as the same kind of thing."""
    return one.event.scalar == other.event.scalar and one.equals(other)
