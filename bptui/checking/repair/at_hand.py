"""What a function of the user's has at hand that may be missing in one of its lines: names, by what they stand for."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from bptui.checking.repair.edit import CodePlace
from bptui.checking.repair.named_values import NamedKinds, NumberKind

ALIKE = 0.5
"""How much of two names has to be the same where one was written for the other."""


class AtHand:
    """What a function has at hand to put in: its own names, and those that forward keeps."""

    def __init__(self, known: Sequence[CodePlace], forward: Sequence[CodePlace], kinds: NamedKinds) -> None:
        self.known = known
        self.kinds = kinds
        has_self = any(it.arg == "self" for place in known[:1] for it in place.owner.inner.args.args)
        kept = {name: None for name in written_names(forward) if has_self and name.startswith("self.")}
        self.own = self.numbers(written_names(known) | surrounding_names(known))
        self.all = self.numbers(kept) | self.own
        self.saved = {name: None for name in self.all if not self.kind_of(name).is_gradient}

    def numbers(self, names: Mapping[str, None]) -> dict[str, None]:
        """Return the names that stand for numbers, as far as that is known."""
        return {name: None for name in names if name not in self.kinds or self.kinds[name].letter}

    @cached_property
    def masks(self) -> list[str]:
        """The names that may stand for masks."""
        return [name for name in self.saved if self.is_mask(name)]

    def is_mask(self, name: str) -> bool:
        """Return whether a name may stand for a mask: for truth values, or for integers in an array."""
        kind = self.kind_of(name)
        is_unknown = not kind.letter and "[" not in name
        return is_unknown or kind.letter == "b" or (kind.letter in {"i", "u"} and bool(kind.shape))

    def floats(self, low: float, high: float) -> list[str]:
        """Return the names that may stand for arrays of numbers with a fraction, all between two."""
        kinds = {name: self.kind_of(name) for name in self.saved}
        return [name for name, it in kinds.items() if it.letter in {"", "f"} and low <= it.low and it.high <= high]

    @cached_property
    def scalars(self) -> list[str]:
        """The names of plain numbers that make a difference as a factor."""
        kinds = {name: self.kinds[name] for name in self.all if name in self.kinds}
        return [name for name, it in kinds.items() if not it.shape and it.low not in {0, 1}]

    def kind_of(self, name: str) -> NumberKind:
        """Return what a name stands for, or what a part of it is of; what is not known may be anything."""
        return self.kinds.get(name) or self.kinds.get(name.split("[", 1)[0], NumberKind())

    def is_meant(self, name: str, other: str) -> bool:
        """Return whether a name may have been meant where another stands: for it is spelt alike, or is used nowhere."""
        uses = sum(isinstance(it.node, ast.expr) and is_read_as(it.node, name) for it in self.known)
        return not uses or SequenceMatcher(None, name.lower(), other.lower()).ratio() >= ALIKE

    def is_alike(self, name: str, other: str) -> bool:
        """Return whether one name may stand in the place of another, going by their shapes."""
        return name not in self.kinds or other not in self.kinds or self.kinds[name].shape == self.kinds[other].shape


def is_read_as(node: ast.expr, name: str) -> bool:
    """Return whether an expression reads a name, or an attribute, as it is written."""
    is_load = isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Load)
    return is_load and ast.unparse(node) == name


def written_names(known: Sequence[CodePlace]) -> dict[str, None]:
    """Return the names, the attributes and the parts of arrays that a function works with, as they are written."""
    found: dict[str, None] = {}
    for place in known:
        match place.node:
            case ast.Attribute(attr="T"):
                continue
            case ast.Name(id=name) if name not in {"self", "np", "numpy"} and place.field != "func":
                found[name] = None
            case ast.Attribute(value=ast.Name(id="self")) as node if place.field != "func":
                found[ast.unparse(node)] = None
            case ast.Subscript(value=ast.Name() | ast.Attribute()) as node:
                found[ast.unparse(node)] = None
    return found


def surrounding_names(known: Sequence[CodePlace]) -> dict[str, None]:
    """Return the names of the function within which another is made."""
    owner = known[0].owner
    around = ast.walk(owner.tree) if owner.inner is not owner.tree else ()
    stores = (it for it in around if isinstance(it, ast.Name) and isinstance(it.ctx, ast.Store))
    return {it.id: None for it in stores}
