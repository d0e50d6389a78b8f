"""What the style names of a line look like: Rich's styles, and the codes that lead a terminal from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product

from rich.color import Color, ColorSystem
from rich.errors import StyleSyntaxError
from rich.style import Style

from bptui.lines.styles import ATTRIBUTES, DARK, LIGHT

SAME: Mapping[str, str] = {"box": "", "leaf": ""}
"""Names that look like others, so that one span does where they meet."""

FLAT = frozenset(
    name
    for name, attributes in ATTRIBUTES.items()
    if "underline" not in attributes and "reverse" not in attributes and " on " not in DARK.get(name, "")
)
"""The styles in which a space looks like a space in any other of them."""


SWITCHES = (("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("reverse", "7"))
"""The attributes that palettes use, and the codes that switch them on."""

PLAIN = Style.null()


class Looks(dict[str, Style]):
    """Rich styles by the name that a span gives."""

    def __init__(self, styles: Mapping[str, Style]) -> None:
        super().__init__(styles)
        self.changes_by_system: dict[ColorSystem, Changes] = {}

    def changes(self, colours: ColorSystem) -> Changes:
        """Return the codes that change one look into another, on a terminal of so many colours."""
        if colours not in self.changes_by_system:
            self.changes_by_system[colours] = Changes(self, colours)
        return self.changes_by_system[colours]


class Changes(dict[tuple[str | None, str | None], str]):
    """Codes by the names of the looks before and after; None is how a terminal looks before anything is said."""

    def __init__(self, looks: Looks, colours: ColorSystem) -> None:
        super().__init__()
        self.looks = looks
        self.colours = colours

    def __missing__(self, names: tuple[str | None, str | None]) -> str:
        before, after = (PLAIN if name is None else self.looks[name] for name in names)
        self[names] = change(before, after, self.colours)
        return self[names]


def change(before: Style, after: Style, colours: ColorSystem) -> str:
    """Return the sequence that leads from one look to another; none between equal ones."""
    if before == after:
        return ""
    if after == PLAIN:
        return "\x1b[0m"
    codes: list[str] = []
    if any(getattr(before, name) and not getattr(after, name) for name, _ in SWITCHES):
        before, codes = PLAIN, ["0"]
    codes += [code for name, code in SWITCHES if getattr(after, name) and not getattr(before, name)]
    if before.color != after.color:
        codes += after.color.downgrade(colours).get_ansi_codes() if after.color else ("39",)
    if before.bgcolor != after.bgcolor:
        codes += after.bgcolor.downgrade(colours).get_ansi_codes(foreground=False) if after.bgcolor else ("49",)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


class Palette(Looks):
    """The styles of a theme; what no table names is read as Rich writes colours."""

    def __init__(self, *, foreground: str, background: str, is_dark: bool) -> None:
        colours = DARK if is_dark else LIGHT
        self.base = Style(color=short(Color.parse(foreground)), bgcolor=short(Color.parse(background)))
        super().__init__(
            {
                name: self.base + shortened(Style.parse(f"{coloured(attributes)} {colours.get(name, '')}"))
                for name, attributes in ATTRIBUTES.items()
            }
        )

    def __missing__(self, name: str) -> Style:
        if name in SAME:
            return self[SAME[name]]
        try:
            style = self.base + shortened(Style.parse(name))
        except StyleSyntaxError:
            style = self.base
        self[name] = style
        return style


@lru_cache(maxsize=8)
def palette_of(foreground: str, background: str, is_dark: bool) -> Palette:  # noqa: FBT001  (a key of the cache)
    """Return a theme's palette, one for all panes."""
    return Palette(foreground=foreground, background=background, is_dark=is_dark)


class PlainPalette(Looks):
    """Attributes only, for NO_COLOR: colours that a span spells out are left away."""

    def __init__(self) -> None:
        super().__init__({name: Style.parse(attributes) for name, attributes in ATTRIBUTES.items()})

    def __missing__(self, name: str) -> Style:
        return self[""]


def coloured(attributes: str) -> str:
    """Return the attributes that stay beside a colour; the others only stand in for one."""
    return " ".join(attribute for attribute in attributes.split() if attribute not in {"reverse", "dim"})


def shortened(style: Style) -> Style:
    """Return ``style`` with its colours written in as few bytes as may be."""
    return style + Style(
        color=short(style.color) if style.color else None, bgcolor=short(style.bgcolor) if style.bgcolor else None
    )


def short(color: Color) -> Color:
    """Return the same colour by its number among the 256, where it is one of them: half the bytes on each change."""
    number = NUMBERS.get(color.get_truecolor())
    return color if number is None else Color.from_ansi(number)


def colour_numbers() -> dict[tuple[int, int, int], int]:
    """Return the numbers of the colours that every terminal agrees on: a cube of six levels, and greys."""
    levels = (0, 95, 135, 175, 215, 255)
    cube = {(red, green, blue): 16 + place for place, (red, green, blue) in enumerate(product(levels, levels, levels))}
    return {(grey, grey, grey): 232 + place for place, grey in enumerate(range(8, 248, 10))} | cube


NUMBERS = colour_numbers()
