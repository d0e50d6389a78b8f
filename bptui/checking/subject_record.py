"""What is checked, as JSON: what the check in another process is told of it, beside its inputs' numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bptui.checking.subject import Checked, Subject, widened
from bptui.core.text import visible


def subject_record(subject: Subject) -> dict[str, Any]:
    """Return what is to be said of a subject beside its inputs, as plain JSON."""
    return {
        "node": visible(subject.node),
        "layer": visible(subject.layer),
        "names": list(subject.names),
        "slots": list(subject.slots),
        "takes_gradient": list(subject.takes_gradient),
        "dtype": subject.dtype.name,
        "spared": list(subject.spared),
        "sought": list(subject.sought),
        "is_last": subject.is_last,
        "is_judged_nearby": subject.is_judged_nearby,
        "outputs": list(subject.outputs),
        "ignored": list(subject.ignored),
        "lost": list(subject.lost),
    }


def read_subject(record: Mapping[str, Any], inputs: Sequence[Any], make: Callable[[], Checked]) -> Subject:
    """Return the subject that a record is, where its layer can be made: ``make`` does so."""
    return Subject(
        node=record["node"],
        layer=record["layer"],
        make=make,
        names=tuple(record["names"]),
        slots=tuple(record["slots"]),
        inputs=tuple(map(widened, inputs)),
        takes_gradient=tuple(record["takes_gradient"]),
        dtype=np.dtype(record["dtype"]),
        spared=tuple(record["spared"]),
        sought=tuple(record["sought"]),
        is_last=record["is_last"],
        is_judged_nearby=record["is_judged_nearby"],
        outputs=tuple(record["outputs"]),
        ignored=tuple(record["ignored"]),
        lost=tuple(record["lost"]),
    )
