"""The names of styles, and how each looks: in colours on a dark or a light background, and without colours.

Blue is forward and vermilion backward, near those of Okabe and Ito (2008), which colour-blind readers can tell
apart. Red is for what is wrong, and for nothing else. No meaning hangs on a colour alone: a sign, a word or an
attribute always says it too.
"""

from __future__ import annotations

from collections.abc import Mapping

ATTRIBUTES: Mapping[str, str] = {
    "": "",
    "dim": "dim",
    "strong": "bold",
    "title": "bold",
    "heading": "bold underline",
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
    "wire": "dim",
    "error": "bold",
    "warning": "bold",
    "key": "bold",
    "cursor": "reverse",
    "mark": "bold",
    "good": "",
    "bad": "bold",
    "keyword": "bold",
    "string": "",
}
"""The attributes of every style name; they alone are left where colours are not wanted."""

DARK: Mapping[str, str] = {
    "dim": "#8a8a8a",
    "strong": "#ffffff",
    "title": "#ffffff",
    "heading": "#ffffff",
    "frame": "#585858",
    "focus": "#ffd75f",
    "forward": "#5fafff",
    "backward": "#ff875f",
    "update": "#5fd7af",
    "value": "#87d7ff",
    "gradient": "#ffaf87",
    "changed": "#ffff5f",
    "current": "#ffffff on #005f87",
    "selected": "#ffffff on #444444",
    "wire": "#767676",
    "error": "#ff4040",
    "warning": "#ffd75f",
    "key": "#ffd75f",
    "cursor": "#1c1c1c on #ffd75f",
    "mark": "#ffff5f",
    "good": "#5fd7af",
    "bad": "#ff4040",
    "keyword": "#d7afff",
    "string": "#afd787",
}
"""Colours on a dark background, each at a contrast of at least 4.5 to 1 where it carries text."""

LIGHT: Mapping[str, str] = {
    "dim": "#626262",
    "strong": "#000000",
    "title": "#000000",
    "heading": "#000000",
    "frame": "#9e9e9e",
    "focus": "#875f00",
    "forward": "#005faf",
    "backward": "#af5f00",
    "update": "#00875f",
    "value": "#005faf",
    "gradient": "#af5f00",
    "changed": "#875f00",
    "current": "#000000 on #afd7ff",
    "selected": "#000000 on #d0d0d0",
    "wire": "#808080",
    "error": "#d70000",
    "warning": "#875f00",
    "key": "#875f00",
    "cursor": "#ffffff on #875f00",
    "mark": "#875f00",
    "good": "#00875f",
    "bad": "#d70000",
    "keyword": "#5f00af",
    "string": "#005f00",
}
"""Colours on a light background, to the same contrast."""

ANY_BACKGROUND: Mapping[str, str] = {
    "forward": "#3a8fd0",
    "backward": "#d55e00",
    "update": "#a070c0",
    "value": "#3a8fd0",
    "gradient": "#d55e00",
    "error": "#d03030",
    "warning": "#a07800",
    "good": "#00906a",
    "bad": "#d03030",
    "mark": "#a07800",
}
"""Colours that can be read on black and on white, for a report on a terminal that does not tell its background."""
