"""What backward handed back, mended where that can be done: each fault is reported, and the numbers are checked on."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np

from bptui.checking.compare_arrays import misshapen, summed_to, wrong_kind
from bptui.checking.fault import FaultError
from bptui.checking.subject import Subject
from bptui.core import text
from bptui.guest.child.returned_list import holds_gradients

Shapes: TypeAlias = tuple[tuple[int, ...], ...]


class Handed(NamedTuple):
    """One gradient for each input, None where there is none; ``unfit`` are the inputs for which it was past mending."""

    gradients: tuple[Any, ...]
    faults: tuple[FaultError, ...] = ()
    unfit: frozenset[int] = frozenset()


def mended(handed: Any, subject: Subject, shapes: Shapes, dout: tuple[int, ...]) -> Handed:
    """Return what backward handed back as a gradient for each input, with the faults that had to be mended.

    ``shapes`` are those of the inputs, ``dout`` is that of dout. Raises FaultError where there is no telling which
    gradient belongs to which input.
    """
    faults: list[FaultError] = []
    gradients = list(one_each(handed, subject, faults))
    unfit = set()
    for position, part in enumerate(gradients):
        if part is None or not subject.takes_gradient[position]:
            continue
        floats = as_floats(part, position, subject, faults)
        wanted = shapes[position]
        if np.shape(floats) != wanted:
            faults.append(misshapen_fault(floats, position, subject, wanted, dout))
            floats = reshaped(np.asarray(floats), wanted)
        gradients[position] = floats
        if floats is None:
            unfit.add(position)
    return Handed(tuple(gradients), tuple(faults), frozenset(unfit))


def one_each(handed: Any, subject: Subject, faults: list[FaultError]) -> tuple[Any, ...]:
    """Return gradients as a tuple with one for each input; those left out at the end are none.

    As many as there are inputs that take one are theirs, in order.
    """
    wanted = len(subject.inputs)
    if isinstance(handed, list):
        is_row = holds_gradients(handed, wanted)
        reason = "backward returns a list; several gradients are a tuple, and one is an array"
        told = f"{reason}: the list is taken for one" if is_row else reason
        faults.append(FaultError("gradients", told, mistake="list instead of array", is_caution=is_row))
        handed = tuple(handed) if is_row else np.asarray(numeric_array(handed))
    gradients = handed if isinstance(handed, tuple) else (handed,)
    if 0 < len(gradients) < wanted and len(gradients) == len(subject.taking):
        ones = iter(gradients)
        gradients = tuple([next(ones) if takes else None for takes in subject.takes_gradient])
    told = f"backward returns {text.counted(len(gradients), 'gradient')} for {text.counted(wanted, 'input')}"
    if len(gradients) > wanted:
        if any(part is not None for part in gradients[wanted:]):
            raise FaultError("gradients", told, mistake="wrong number of gradients")
        reason = f"{told}: the None for what is an option is one too many"
        faults.append(FaultError("gradients", reason, mistake="surplus None"))
    missing = [at for at in range(len(gradients), wanted) if subject.takes_gradient[at] and not subject.is_spared(at)]
    if missing:
        names = ", ".join(subject.called(at) for at in missing)
        faults.append(FaultError("gradients", f"{told}: none for {names}", mistake="wrong number of gradients"))
    return (*gradients, *[None] * wanted)[:wanted]


def numeric_array(handed: Any) -> Any:
    """Return nested lists as an array. Raises FaultError where they are not numbers in rows."""
    try:
        array = np.asarray(handed)
    except ValueError:
        array = np.empty((), object)
    if array.dtype.kind not in "fiub":
        raise FaultError(
            "gradients", "backward returns a list of what are not numbers", mistake="list instead of array"
        )
    return array


def as_floats(part: Any, position: int, subject: Subject, faults: list[FaultError]) -> Any:
    """Return a gradient as floats; a list and integers are mended."""
    kind = wrong_kind(part)
    if kind is None:
        return part
    reason = f"the gradient of {subject.called(position)} is {kind}"
    faults.append(FaultError("dtype", reason, position, kind))
    array = numeric_array(part) if isinstance(part, list | tuple) else np.asarray(part)
    if array.dtype.kind not in "fiub":
        raise faults.pop()
    return array.astype(np.float64)


def misshapen_fault(
    gradient: Any, position: int, subject: Subject, wanted: tuple[int, ...], dout: tuple[int, ...]
) -> FaultError:
    """Return the fault of a gradient that has another shape than its input."""
    mistake = misshapen(np.shape(gradient), wanted, dout)
    name = subject.called(position)
    told = f": {mistake}" if mistake else ""
    x = text.shape(subject.inputs[position])
    reason = f"the gradient of {name} has shape {text.shape(gradient)}, and {name} has {x}{told}"
    return FaultError("shape", reason, position, mistake)


def reshaped(gradient: Any, wanted: tuple[int, ...]) -> Any:
    """Return a gradient in a shape that it was meant to have, None where that cannot be told."""
    if [size for size in gradient.shape if size != 1] == [size for size in wanted if size != 1]:
        return gradient.reshape(wanted)
    if (summed := summed_to(gradient, wanted)).shape == wanted:
        return summed
    return gradient.T if gradient.shape == wanted[::-1] else None
