"""A node as ``[nodes]`` writes it: the names of its outputs, its formula, and where both stand in the document."""

from __future__ import annotations

from collections.abc import Sequence

from bptui.deferred_dataclass import dataclass
from bptui.errors import Location
from bptui.scenario.toml import Document, Path


@dataclass(frozen=True, slots=True)
class Definition:
    """A node that is to be: ``outputs = formula``. ``written`` is what stands there where that is not a text.

    ``key`` is the path of its key in the document, ``path`` that of its formula. Of a node that a template makes,
    ``origins`` has for each character of the formula the one in the template that it comes from.
    """

    outputs: tuple[str, ...]
    written: object
    key: Path
    path: Path
    origins: Sequence[int] | None = None

    @property
    def name(self) -> str:
        """The node's name, which is its first output's."""
        return self.outputs[0]

    @property
    def named_outputs(self) -> list[str]:
        """The outputs that the document names: the others have a dot in the names that we gave them."""
        return [name for name in self.outputs if "." not in name]

    def where(self, document: Document, at: int) -> Location:
        """Return the place of the formula's character ``at``."""
        origins = self.origins
        return document.where_character(self.path, at if origins is None else origins[min(at, len(origins) - 1)])
