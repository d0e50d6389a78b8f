"""What each name stands for at one line of a layer's source, with as many numbers as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bptui.core import text
from bptui.explaining.array_lines import corner
from bptui.explaining.formula_words import number_list
from bptui.lines.cell_width import cells
from bptui.lines.line import Line, Span
from bptui.lines.paragraph import paragraph
from bptui.lines.signs import FAIL

if TYPE_CHECKING:
    from bptui.stepping.line_tape import LineCursor, LineStep, LineTape
    from bptui.stepping.snapshot import Snapshot

MOST_INLINE = 24
"""Elements that an array may have to be written in one line, where they fit."""

LONGEST_NAME = 30

MOST_MEASURED = 40
TALLEST = 100
"""Steps that are looked at, and lines that are counted, to find how much room the names want."""

INDENT = 6
"""Cells before the numbers of an array that stand below its name."""


class NameEntry(NamedTuple):
    """A value with what stands before it."""

    head: str
    value: Snapshot
    style: str = ""


def name_lines(cursor: LineCursor, width: int, height: int) -> list[Line]:
    """Return what the line gives, and what each name stands for, in at most ``height`` lines."""
    step = cursor.step
    lines = [line for note in cursor.tape.notes for line in paragraph(f"! {note}", width, "warning")]
    if step.has_raised and step.value:
        lines += paragraph(f"{FAIL} {step.value.text}", width, "error")
    gone = sorted(step.changed - step.names.keys())
    lines += [(Span(f"* {label(name)} is deleted", "changed"),) for name in gone]
    return [*lines, *entry_lines(entries_of(step), width, height - len(lines))][:height]


@lru_cache(maxsize=4)
def names_height(tape: LineTape, width: int) -> int:
    """Return how many lines the names take where they take most, of the steps that are not too many to look at."""
    steps = [*tape.steps[:MOST_MEASURED], tape.steps[-1]]
    return max(len(entry_lines(entries_of(step), width, TALLEST)) for step in steps) + len(tape.notes)


def entries_of(step: LineStep) -> list[NameEntry]:
    """Return what is to be shown: what is returned, then the names, changed ones marked."""
    returned = [NameEntry("→ returns", step.value, "mark")] if step.has_returned and step.value else []
    return returned + [
        NameEntry(f"* {label(name)} =", it, "changed") if name in step.changed else NameEntry(f"  {label(name)} =", it)
        for name, it in step.names.items()
    ]


def label(name: str) -> str:
    """Return a name as it is shown."""
    return text.visible(name, limit=LONGEST_NAME)


def entry_lines(entries: Sequence[NameEntry], width: int, height: int) -> list[Line]:
    """Return a line for each entry, and the numbers of those that do not fit into one where all of them have room."""
    if len(entries) > height:
        marked_first = sorted(entries, key=lambda entry: not entry.style)[: max(0, height - 1)]
        more = f"  … and {len(entries) - len(marked_first)} more"
        return [*(entry_line(entry, width) for entry in marked_first), (Span(more, "dim"),)]
    spare = height - len(entries)
    lines: list[Line] = []
    for entry in entries:
        lines.append(entry_line(entry, width))
        below = list(rows_below(entry, width))
        if len(below) <= spare:
            lines += below
            spare -= len(below)
    return lines


def entry_line(entry: NameEntry, width: int) -> Line:
    """Return a name and its value in one line."""
    head, it, style = entry
    value = typed_value(it, room_beside(entry, width))
    kind = f"  {it.dtype}" if it.shape is not None else ""
    return (Span(head, style), Span(f" {it.text if value is None else value}", "value"), Span(kind, "dim"))


def room_beside(entry: NameEntry, width: int) -> int:
    """Return how many cells there are for a value beside its name."""
    return width - cells(entry.head) - 1


def typed_value(it: Snapshot, room: int) -> str | None:
    """Return a value as a person would type it, or None where there is no room for all of it."""
    if it.parts:
        return written_parts(it, room)
    if it.shape is None:
        return it.text
    if it.array is None or not it.is_whole or it.array.size > MOST_INLINE:
        return None
    numbers = str(it.array.tolist()) if it.dtype == "bool" else number_list(it.array.tolist())
    return numbers if len(numbers) <= room else None


def written_parts(it: Snapshot, room: int) -> str | None:
    """Return a list or tuple with the numbers of its arrays, or None where there is no room for all of them."""
    parts = [typed_value(part, room) for part in it.parts]
    numbers = ", ".join(part for part in parts if part is not None)
    fits = None not in parts and len(numbers) + 2 <= room and "…" not in it.text[-3:]
    end = it.text[-2:] if it.text.endswith(",)") else it.text[-1]
    return f"{it.text[0]}{numbers}{end}" if fits else None


def rows_below(entry: NameEntry, width: int) -> Iterator[Line]:
    """Yield the numbers of an array that is not written beside its name, or those of the arrays in a list."""
    if typed_value(entry.value, room_beside(entry, width)) is None:
        for part in entry.value.parts or (entry.value,):
            yield from array_rows(part, width)


def array_rows(it: Snapshot, width: int) -> Iterator[Line]:
    """Yield the first rows and columns of an array; where more columns were not kept, an ellipsis says so."""
    if it.array is None or not it.shape:
        return
    is_cut = it.array.shape[-1] < it.shape[-1]
    for row in corner(it.array, width - INDENT - 2 * is_cut):
        more = " …" if is_cut and not row.rstrip().endswith(("…", "⋮")) else ""
        yield (Span(" " * INDENT), Span(row + more, "value"))
