"""Arrays by name, each looked up when it is asked for: of a hundred thousand, few are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from layers import Array


class ArraysByName(Mapping[str, Array | None]):
    """A mapping of ``names`` to what ``look_up`` returns for each: an array, or None where there is none yet."""

    def __init__(self, names: Collection[str], look_up: Callable[[str], Array | None]) -> None:
        self.names = names
        self.look_up = look_up

    def __getitem__(self, name: str) -> Array | None:
        if name not in self.names:
            raise KeyError(name)
        return self.look_up(name)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return repr(dict(self))
