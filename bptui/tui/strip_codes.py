"""A row as it goes to the terminal: between two spans only what changes of their look, which is half the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rich.cells import cached_cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

SWITCHES = (("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("reverse", "7"))
"""The attributes that palettes use, and the codes that switch them on."""

PLAIN = Style.null()


class PaintedRow(Strip):
    """A strip that Textual paints as any other, but for the codes: it writes each change of look, not each look."""

    codes: str | None = None

    def crop(self, start: int, end: int | None = None) -> Strip:
        if start <= 0 and end is not None and 0 < end < self.cell_length:
            return PaintedRow(beginning(self, end), end)
        cropped = super().crop(start, end)
        return cropped if isinstance(cropped, PaintedRow) else PaintedRow(cropped, cropped.cell_length)

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        places = list(cuts)
        return [self] if places == [self.cell_length] else super().divide(places)

    def render(self, console: Console) -> str:
        if self.codes is None:
            colours = COLOR_SYSTEMS[console.color_system or "truecolor"]
            parts: list[str] = []
            look = PLAIN
            for text, style, _ in self:
                parts += (change(look, style or PLAIN, colours), text)
                look = style or PLAIN
            self.codes = "".join((*parts, change(look, PLAIN, colours)))
        return self.codes


def beginning(segments: Iterable[Segment], width: int) -> Iterator[Segment]:
    """Yield the first ``width`` cells of segments that are longer."""
    for segment in segments:
        text = segment.text
        wide = len(text) if text.isascii() else cached_cell_len(text)
        if wide >= width:
            yield segment if wide == width else segment.split_cells(width)[0]
            return
        yield segment
        width -= wide


@lru_cache(maxsize=4096)
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
