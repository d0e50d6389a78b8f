"""TOML with positions: what tomllib reads, where in the text each part of it stands, and why a text is not TOML."""

from bptui.scenario.toml.document import Document
from bptui.scenario.toml.parse import parse_toml
from bptui.scenario.toml.positions import Path

__all__ = ["Document", "Path", "parse_toml"]
