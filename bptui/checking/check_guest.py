"""The check of a layer of the user's own: made in its own process, it comes back as records, and none is trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bptui.checking.finding import Finding, Rung, Verdict, Worst
from bptui.checking.subject import Subject
from bptui.checking.subject_record import subject_record
from bptui.core.text import visible
from bptui.errors import LayerError, Location
from bptui.guest.guest_layer import GuestLayer
from bptui.guest.pending_call import Pending
from bptui.own_layers.own_layer import LayerFile

JOB = "bptui.checking.guest_job:check_here"
"""What the process is asked to do."""

LONGEST = 60.0
"""Seconds after which the check of one node is given up."""

MOST_FINDINGS = 1_000
MOST_RUNGS = 100


def check_guest(subject: Subject, layer: GuestLayer, *, is_whole: bool = False) -> tuple[Finding, ...]:
    """Return the findings on a guest; what it does to its process is one, too."""
    try:
        call = begin_check(subject, layer, is_whole=is_whole)
    except LayerError as error:
        return (broken(subject, error),)
    return findings_of(subject, call)


def begin_check(subject: Subject, layer: GuestLayer, *, is_whole: bool = False) -> Pending:
    """Let the check of a guest begin, without waiting for it. Raises LayerError."""
    return layer.begin_job(
        JOB, *subject.inputs, is_whole=is_whole, has_unpaired=bool(subject.unpaired), about=subject_record(subject)
    )


def findings_of(subject: Subject, call: Pending) -> tuple[Finding, ...]:
    """Return the findings that the check of a guest comes to, waiting for them."""
    try:
        answer = call.result(LONGEST)
        records = answer["findings"][:MOST_FINDINGS]
        findings = [read_finding(subject, record, call.host.files) for record in records]
        return (*findings, *unpaired_findings(subject))
    except LayerError as error:
        return (broken(subject, error),)
    except (KeyError, TypeError, ValueError, AttributeError):
        reason = "the layer process has sent nonsense"
    return (Finding(subject.node, subject.layer, None, "raises", Verdict.FAIL, reason=reason),)


def unpaired_findings(subject: Subject) -> Iterator[Finding]:
    """Yield the findings on parameters of the layer's own that cannot be checked."""
    for name, reason in subject.unpaired.items():
        yield Finding(subject.node, subject.layer, name or None, "gradient", Verdict.SKIP, reason=reason)


def broken(subject: Subject, error: LayerError) -> Finding:
    """Return the finding on a layer that has broken down, or its process."""
    reason = visible(error.message, limit=500) + (f" ({error.where})" if error.where else "")
    return Finding(subject.node, subject.layer, None, "raises", Verdict.FAIL, reason=reason, where=error.where)


def read_finding(subject: Subject, record: Mapping[str, Any], files: Sequence[LayerFile]) -> Finding:
    """Return the finding that a record is. Raises KeyError, TypeError or ValueError where it is none."""
    name = record["input"]
    if name is not None and name not in subject.names:
        raise ValueError("a finding on another node's input")
    return Finding(
        subject.node,
        subject.layer,
        name,
        visible(str(record["rule"]), limit=50),
        Verdict(record["verdict"]),
        read_worst(record["worst"]),
        displayable(record["reason"]) or "",
        displayable(record["mistake"]),
        displayable(record["advice"]),
        tuple(Rung(*map(float, rung)) for rung in record["ladder"][:MOST_RUNGS]),
        read_where(record["where"], files),
        visible(str(record["slot"]), limit=50) if name is None else subject.slots[subject.names.index(name)],
        record["output"] if record["output"] in subject.outputs else "",
    )


def read_where(record: Mapping[str, Any] | None, files: Sequence[LayerFile]) -> Location | None:
    """Return a place in a file, which is called as the user calls it, or from where the user's file is seen."""
    if record is None:
        return None
    path, line = str(record["file"]), int(record["line"])
    for file in files:
        if path in {str(file.path), file.displayed_name}:
            return Location(file.displayed_name, line)
    for file in files:
        if Path(path).is_relative_to(file.path.parent):
            beside = Path(file.displayed_name).parent / Path(path).relative_to(file.path.parent)
            return Location(visible(str(beside), limit=500), line)
    return Location(visible(path, limit=500), line)


def read_worst(record: Mapping[str, Any] | None) -> Worst | None:
    """Return the element of a record; float reads "NaN" and "Infinity" as well."""
    if record is None:
        return None
    analytic, numeric, error = (float(record[name]) for name in ("analytic", "numeric", "error"))
    return Worst(tuple(map(int, record["index"])), analytic, numeric, error)


def displayable(text: object) -> str | None:
    """Return a text that can be shown, None where there is none."""
    return None if text is None else visible(str(text), limit=1_000)
