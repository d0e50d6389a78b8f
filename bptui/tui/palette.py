"""What the style names of a line look like: one table for dark and light themes, and one of attributes for NO_COLOR.

Blue is forward and vermilion backward, from the palette of Okabe and Ito (2008), which colour-blind readers can tell
apart. No meaning hangs on a colour alone: a sign, a word or an attribute always says it too.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.color import Color
from rich.errors import StyleSyntaxError
from rich.style import Style

ATTRIBUTES: Mapping[str, str] = {
    "": "",
    "dim": "dim",
    "strong": "bold",
    "title": "bold",
    "frame": "dim",
    "focus": "bold",
    "forward": "",
    "backward": "",
    "update": "",
    "value": "",
    "gradient": "",
    "changed": "bold underline",
    "current": "bold reverse",
    "selected": "reverse",
    "leaf": "",
    "wire": "dim",
    "box": "",
    "error": "bold",
    "warning": "bold",
    "key": "bold",
    "cursor": "reverse",
    "mark": "bold",
    "good": "",
    "bad": "bold",
}
"""The attributes of every style name; they alone are left where colours are not wanted."""

DARK: Mapping[str, str] = {
    "dim": "#8a93a0",
    "strong": "#ffffff",
    "title": "#ffffff",
    "frame": "#56606d",
    "focus": "#f0e442",
    "forward": "#56b4e9",
    "backward": "#ff8f57",
    "update": "#4fd6ae",
    "value": "#8fcdf2",
    "gradient": "#ffab80",
    "changed": "#f0e442",
    "current": "#ffffff on #1d4f73",
    "selected": "#ffffff on #3d4653",
    "leaf": "#c3cad3",
    "wire": "#6f7a88",
    "box": "#aab3be",
    "error": "#ff9d7a",
    "warning": "#f0c050",
    "key": "#f0e442",
    "cursor": "#14181d on #f0e442",
    "mark": "#f0e442",
    "good": "#4fd6ae",
    "bad": "#ff8f57",
}
"""Colours on a dark background, each at a contrast of at least 4.5 to 1 where it carries text."""

LIGHT: Mapping[str, str] = {
    "dim": "#5c6570",
    "strong": "#000000",
    "title": "#000000",
    "frame": "#9aa3ad",
    "focus": "#7a4d00",
    "forward": "#005f96",
    "backward": "#ab4300",
    "update": "#006b4e",
    "value": "#005f96",
    "gradient": "#ab4300",
    "changed": "#7a4d00",
    "current": "#000000 on #b5dcf5",
    "selected": "#000000 on #d5dae0",
    "leaf": "#3a424c",
    "wire": "#7c8692",
    "box": "#3a424c",
    "error": "#a32f00",
    "warning": "#7a4d00",
    "key": "#7a4d00",
    "cursor": "#ffffff on #7a4d00",
    "mark": "#7a4d00",
    "good": "#006b4e",
    "bad": "#ab4300",
}
"""Colours on a light background, to the same contrast."""

FLAT = frozenset(
    name
    for name, attributes in ATTRIBUTES.items()
    if "underline" not in attributes and "reverse" not in attributes and " on " not in DARK.get(name, "")
)
"""The styles in which a space looks like a space in any other of them."""


class Palette(dict[str, Style]):
    """Rich styles by the name that a span gives; what no table names is read as Rich writes colours."""

    def __init__(self, *, foreground: str, background: str, is_dark: bool) -> None:
        colours = DARK if is_dark else LIGHT
        self.base = Style(color=Color.parse(foreground), bgcolor=Color.parse(background))
        super().__init__(
            {
                name: self.base + Style.parse(f"{coloured(attributes)} {colours.get(name, '')}")
                for name, attributes in ATTRIBUTES.items()
            }
        )

    def __missing__(self, name: str) -> Style:
        try:
            style = self.base + Style.parse(name)
        except StyleSyntaxError:
            style = self.base
        self[name] = style
        return style


class PlainPalette(dict[str, Style]):
    """Attributes only, for NO_COLOR: colours that a span spells out are left away."""

    def __init__(self) -> None:
        super().__init__({name: Style.parse(attributes) for name, attributes in ATTRIBUTES.items()})

    def __missing__(self, name: str) -> Style:
        return self[""]


def coloured(attributes: str) -> str:
    """Return the attributes that stay beside a colour; the others only stand in for one."""
    return " ".join(attribute for attribute in attributes.split() if attribute not in {"reverse", "dim"})
