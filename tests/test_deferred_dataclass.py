"""A deferred dataclass is the dataclass of the same words, whatever is done with it first."""

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from bptui.deferred_dataclass import dataclass


@dataclass(frozen=True)
class Place:
    """A class that stays unmade until a test unpickles it."""

    name: str
    rows: tuple[int, ...] = dataclasses.field(default=(), compare=False)


def made_by(decorate: Callable[..., Any]) -> tuple[Any, Any]:
    """Return a class and one that inherits from it, made by ``decorate``."""

    @decorate(frozen=True)
    class Point:
        x: int
        tags: list[str] = dataclasses.field(default_factory=list, compare=False)

    @decorate(frozen=True)
    class Named(Point):
        name: str = "origin"

    return Point, Named


USES: dict[str, Callable[[Any, Any], object]] = {
    "an instance": lambda point, named: (point(1).x, named(2, name="a").name),
    "equality": lambda point, named: (point(1) == point(1, ["t"]), point(1) == named(1), point(1) != point(2)),
    "a hash": lambda point, named: (hash(point(1)) == hash(point(1)), hash(named(1)) == hash((1, "origin"))),
    "fields": lambda point, named: ([it.name for it in dataclasses.fields(named)], dataclasses.is_dataclass(point)),
    "words": lambda point, named: (repr(named(1)).rpartition(".")[2], repr(point(1)).rpartition(".")[2]),
    "a changed copy": lambda point, named: (dataclasses.replace(named(1), x=3).x, point(1).tags),
    "a pattern": lambda point, named: [named.__match_args__ for _ in (named(1), point(1))],
}


@pytest.mark.parametrize("use", USES)
def test_is_the_dataclass_of_the_same_words(use: str) -> None:
    assert USES[use](*made_by(dataclass)) == USES[use](*made_by(dataclasses.dataclass))


def test_stays_frozen() -> None:
    point, named = made_by(dataclass)
    for made in (named(1), point(1)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.x = 2


def test_arrives_from_another_process_before_one_was_made_here() -> None:
    arrived = [Place.__new__(Place) for _ in range(2)]
    for place, rows in zip(arrived, ((1,), (2,)), strict=True):
        place.__dict__.update(name="here", rows=rows)  # as pickle does, without __init__
    assert arrived[0] == arrived[1]
    assert pickle.loads(pickle.dumps(arrived[0])) == Place("here")
