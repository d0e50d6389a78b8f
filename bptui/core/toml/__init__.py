"""TOML with positions: what tomllib reads, where in the text each part of it stands, and why a text is none."""

from bptui.core.toml.document import Document
from bptui.core.toml.parse import parse
from bptui.core.toml.positions import Path

__all__ = ["Document", "Path", "parse"]
