"""Dataclasses whose methods are written when they are first needed.

To write the methods of one class six functions are compiled, which takes a millisecond. The first picture needs modules
with over a hundred such classes and instances of some, so these modules take ``dataclass`` from here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  (for type checkers it is that one)
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """Return ``cls``, which becomes a dataclass with its first instance, or when its fields are asked for."""
        if cls is None:
            return partial(dataclass, **options)
        if options.get("slots") or "__init__" in cls.__dict__:  # another class is made of it, or no instance tells
            return dataclasses.dataclass(cls, **options)
        names = ["__init__", "__repr__", *(("__eq__", "__hash__") if options.get("eq", True) else ())]
        pending = [name for name in names if name not in cls.__dict__]
        for name in pending:
            setattr(cls, name, pending_method(cls, name))
        cls.__dataclass_fields__ = PendingFields(cls, pending, options)
        return cls


def pending_method(cls: type, name: str) -> Callable[..., object]:
    """Return a method that makes ``cls`` a dataclass, and then does what its method of that name does."""

    def call(self: object, /, *args: object, **kwargs: object) -> object:
        dataclasses.fields(cls)
        return getattr(cls, name)(self, *args, **kwargs)

    return call


class PendingFields:
    """The fields of a class that is not a dataclass yet: whoever asks for them makes it one."""

    def __init__(self, cls: type, pending: list[str], options: dict[str, bool]) -> None:
        self.cls = cls
        self.pending = pending
        self.options = options

    def __get__(self, instance: object, owner: type) -> object:
        for name in ("__dataclass_fields__", *self.pending):
            delattr(self.cls, name)
        dataclasses.dataclass(self.cls, **self.options)
        return owner.__dataclass_fields__  # type: ignore[attr-defined]  # it has them now
