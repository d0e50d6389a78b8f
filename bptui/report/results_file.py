"""A file with the marks of a hand-in, for the programs that collect them.

Formats: plain JSON; JUnit's XML, as continuous integration reads it; and the results.json of Gradescope's autograders
(https://gradescope-autograders.readthedocs.io/en/latest/specs/).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from bptui.core.text import visible
from bptui.errors import BptuiError, reason_of
from bptui.report.hand_in import HandIn, MarkedItem, sum_of_points
from bptui.report.published_paths import without_folders


def format_for(path: Path) -> str:
    """Return the format that a file's suffix stands for: JUnit for .xml, and JSON for any other."""
    return "junit" if path.suffix.lower() == ".xml" else "json"


def check_results_place(path: Path, sources: Sequence[Path]) -> None:
    """Raise BptuiError where the marks would be written over what is to be marked."""
    try:
        is_source = path.exists() and any(it.exists() and path.samefile(it) for it in sources)
    except (OSError, ValueError):
        return  # to be told when it is written
    if is_source:
        raise BptuiError(f"{visible(str(path))} is what is to be marked: another name is wanted")


def published(hand_in: HandIn, folders: Sequence[str]) -> HandIn:
    """Return a hand-in in whose words no file is told with one of these ``folders`` before its name."""

    def told(words: str) -> str:
        return without_folders(words, folders)

    items = tuple(replace(it, name=told(it.name), message=told(it.message)) for it in hand_in.items)
    place, title, error = map(told, (hand_in.place, hand_in.title, hand_in.error))
    return replace(hand_in, place=place, title=title, error=error, items=items)


def write_results(path: Path, hand_ins: Sequence[HandIn], name: str) -> None:
    """Write the marks in the format of that name. Raises BptuiError where the file cannot be written."""
    try:
        path.write_text(RESULT_FORMATS[name](hand_ins), encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "this is not a path"
        raise BptuiError(f"{visible(str(path))}: {reason}", hint="--results FILE is written anew") from None


def plain_results(hand_ins: Sequence[HandIn]) -> str:
    """Return the marks as plain JSON: the points, and each scenario with what counts in it."""
    scenarios = [
        {
            "scenario": it.place,
            "title": it.title,
            **totals([it]),
            "passed": it.is_full,
            "error": it.error or None,
            "items": [asdict(item) for item in it.items],
        }
        for it in hand_ins
    ]
    return as_text({**totals(hand_ins), "passed": all(it.is_full for it in hand_ins), "scenarios": scenarios})


def gradescope_results(hand_ins: Sequence[HandIn]) -> str:
    """Return the marks as Gradescope reads them: a test for all that counts, with its score and what to say of it."""
    has_several = len(hand_ins) > 1
    tests = [gradescope_test(item, f"{it.place}: " * has_several) for it in hand_ins for item in it.items]
    return as_text({"score": sum_of_points(it.earned for it in hand_ins), "output_format": "text", "tests": tests})


def gradescope_test(item: MarkedItem, lead: str) -> dict[str, Any]:
    """Return one test as Gradescope reads it."""
    return {
        "name": lead + item.name,
        "name_format": "text",
        "score": item.earned,
        "max_score": item.points,
        "status": "passed" if item.outcome == "passed" else "failed",
        "output": item.message,
        "output_format": "text",
    }


def junit_results(hand_ins: Sequence[HandIn]) -> str:
    """Return the marks as JUnit's XML: a suite for each scenario, with the points as properties."""
    items = [item for it in hand_ins for item in it.items]
    root = ET.Element("testsuites", {"name": "bptui check"} | tallies(items))
    for hand_in in hand_ins:
        suite = ET.SubElement(root, "testsuite", {"name": hand_in.place} | tallies(hand_in.items))
        add_properties(suite, **totals([hand_in]))
        for item in hand_in.items:
            add_case(suite, hand_in.place, item)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def add_case(suite: ET.Element, place: str, item: MarkedItem) -> None:
    """Add a test case: what could not be checked is an error there, for nobody knows that it is right."""
    case = ET.SubElement(suite, "testcase", classname=place, name=item.name)
    add_properties(case, points=item.points, earned=item.earned)
    if item.outcome != "passed":
        kind = "failure" if item.outcome == "failed" else "error"
        first = next(iter(item.message.splitlines()), item.outcome)
        ET.SubElement(case, kind, message=first).text = item.message


def add_properties(element: ET.Element, **values: float) -> None:
    """Add numbers by name."""
    properties = ET.SubElement(element, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=f"{value:g}")


def tallies(items: Sequence[MarkedItem]) -> dict[str, str]:
    """Return how many test cases there are, and how many of them failed or could not be checked."""
    outcomes = [item.outcome for item in items]
    counts = {"tests": len(items), "failures": outcomes.count("failed"), "errors": outcomes.count("not checked")}
    return {name: str(count) for name, count in counts.items()}


def totals(hand_ins: Sequence[HandIn]) -> dict[str, float]:
    """Return the points that were earned, and those that there are."""
    return {
        "score": sum_of_points(it.earned for it in hand_ins),
        "max_score": sum_of_points(it.points for it in hand_ins),
    }


def as_text(value: Mapping[str, Any]) -> str:
    """Return JSON to be read by people too."""
    return f"{json.dumps(value, indent=2, allow_nan=False)}\n"


RESULT_FORMATS: Mapping[str, Callable[[Sequence[HandIn]], str]] = {
    "json": plain_results,
    "junit": junit_results,
    "gradescope": gradescope_results,
}
"""How the marks are written, by the name of the format."""
