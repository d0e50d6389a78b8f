"""Contributions that are lost on the way to their sum: overwritten, left out of a loop, off the diagonal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bptui.checking.diagnosis.evidence import Evidence
from bptui.checking.diagnosis.jacobians import Jacobians, Mask
from bptui.checking.diagnosis.mistake import Mistake
from bptui.checking.function_source import writes_into_elements

OVERWRITTEN = (
    "Where several contributions meet in one element, only one of them is kept and the others are overwritten: "
    "= stands where += belongs, or += has an index with repeats (np.add.at adds them all up)."
)


def lost_contributions(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a gradient that has some of its contributions right, and none of the others."""
    jacobians = evidence.jacobians
    if jacobians is None:
        return
    if is_counted_once(jacobians) and is_written(evidence):
        yield Mistake("contributions overwritten", OVERWRITTEN)
    if not is_partly_lost(jacobians):
        return
    if is_diagonal(jacobians, jacobians.is_given) and not is_diagonal(jacobians, jacobians.is_there):
        yield Mistake(
            "only the diagonal",
            "Only the diagonal of the local derivative is used: each output also depends on other elements of "
            f"{evidence.name}, and those cross terms are missing.",
        )
        return
    kept = jacobians.is_there & jacobians.is_given
    if (slab := kept_slab(jacobians, kept)) is not None:
        yield loop_mistake(*slab)
        return
    if is_overwriting(evidence, jacobians, kept):
        yield Mistake("contributions overwritten", OVERWRITTEN)
    elif not is_written(evidence) and is_one_of_many(jacobians, kept):
        told = f"Each element of {evidence.name} moves several elements of the value, and dout arrives from one of "
        yield Mistake("one of many used", told + "them only: all are to be added up.")
    elif keeps_one_each(jacobians, kept):
        told = f"Some of the ways by which {evidence.name} reaches the value are right, and others are missing: "
        yield Mistake("a use is missing", told + "a value that is used several times gets the sum of all its uses.")


def contributions_left_out(evidence: Evidence) -> Mistake | None:
    """Return what is true of contributions that are lost, whatever loses them; None where some are wrong."""
    if evidence.jacobians is None or not is_partly_lost(evidence.jacobians):
        return None
    told = f"Each way by which {evidence.name} reaches the value is either right or left out: those left out do not "
    return Mistake("contributions left out", told + "get to the sum.")


def is_partly_lost(jacobians: Jacobians) -> bool:
    """Return whether every local derivative is right or left out, and some elements have both kinds."""
    lost = jacobians.is_lost
    kept = jacobians.is_there & jacobians.is_right
    return bool((jacobians.is_right | lost).all() and lost.any() and (lost.any(axis=0) & kept.any(axis=0)).any())


def is_diagonal(jacobians: Jacobians, where: Mask) -> bool:
    """Return whether each output has a derivative in the element of its own place only."""
    return jacobians.is_square and not (where & ~np.eye(len(where), dtype=np.bool_)).any()


def kept_slab(jacobians: Jacobians, kept: Mask) -> tuple[int, int, int] | None:
    """Return the axis of the output, its length, and the one place along it that contributes; None if there is none."""
    rows, needed = (np.asarray(it.any(axis=1)).reshape(jacobians.out_shape) for it in (kept, jacobians.is_there))
    for axis, length in enumerate(jacobians.out_shape):
        others = tuple(at for at in range(rows.ndim) if at != axis)
        gives = rows.any(axis=others)
        if length > 1 and gives.sum() == 1 and needed.any(axis=others).sum() > 1:
            place = int(np.argmax(gives))
            chosen = np.take(kept.reshape(*jacobians.out_shape, -1), place, axis=axis)
            if (chosen == np.take(jacobians.is_there.reshape(*jacobians.out_shape, -1), place, axis=axis)).all():
                return axis, length, place
    return None


def loop_mistake(axis: int, length: int, place: int) -> Mistake:
    """Return the mistake of a loop of which one round alone counts."""
    which = {0: "first", length - 1: "last"}.get(place)
    if which is None:
        return Mistake("one of many used", f"Only place {place} of {length} along axis {axis} contributes.")
    told = f"Of {length} contributions along axis {axis} only the {which} one arrives: "
    why = "return or break may end the loop too soon, = may stand where += belongs, "
    return Mistake(f"only the {which} of a loop", f"{told}{why}or what one round hands on to the next is lost.")


def is_overwriting(evidence: Evidence, jacobians: Jacobians, kept: Mask) -> bool:
    """Return whether one writer wins in each element: seen in the numbers, and in the lines where there are any."""
    if not keeps_one_each(jacobians, kept) or not jacobians.is_lost.any():
        return False
    return not evidence.trees or is_written(evidence)


def is_written(evidence: Evidence) -> bool:
    """Return whether backward stores into elements, as far as its lines are known."""
    return any(map(writes_into_elements, evidence.trees))


def is_one_of_many(jacobians: Jacobians, kept: Mask) -> bool:
    """Return whether each element that moves several outputs has the contribution of one of them."""
    there, arrived = jacobians.is_there.sum(axis=0), kept.sum(axis=0)
    return bool((arrived[there > 0] == 1).all() and (there != 1).all())


def is_counted_once(jacobians: Jacobians) -> bool:
    """Return whether what comes several times within one output is counted once, and all else is right or lost."""
    there = jacobians.is_there & jacobians.is_given
    times = jacobians.forward[there] / jacobians.backward[there]
    is_whole = np.isclose(times, np.round(times), rtol=1e-3) & (np.round(times) >= 1)
    is_explained = not (jacobians.is_given & ~jacobians.is_there).any() and bool(is_whole.all())
    return is_explained and bool((times > 1.5).any() and (times < 1.5).any())


def keeps_one_each(jacobians: Jacobians, kept: Mask) -> bool:
    """Return whether each element that moves the value keeps a contribution at least."""
    return not (np.asarray(jacobians.is_there.any(axis=0)) & ~np.asarray(kept.any(axis=0))).any()


def counted_twice(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise contributions that are added more often than they come."""
    jacobians = evidence.jacobians
    if jacobians is None or not (jacobians.is_there == jacobians.is_given).all():
        return
    if is_diagonal(jacobians, jacobians.is_there) and not is_written(evidence):
        return
    there = jacobians.is_there
    times = jacobians.backward[there] / jacobians.forward[there]
    is_whole = np.isclose(times, np.round(times), rtol=1e-3) & (np.round(times) >= 1)
    if is_whole.all() and (times > 1.5).any() and (times < 1.5).any():
        yield Mistake("counted twice", "Some contributions are right, and others are added more than once.")


def other_axis(evidence: Evidence) -> Iterator[Mistake]:
    """Recognise a forward that sums or normalises along other axes than its backward."""
    jacobians = evidence.jacobians
    if jacobians is None or not jacobians.is_square:
        return
    forward, backward = coupled(jacobians, jacobians.is_there), coupled(jacobians, jacobians.is_given)
    if forward and backward and not forward <= backward and not backward <= forward:
        told = f"Forward mixes elements along {axes_in_words(forward)}, and backward along {axes_in_words(backward)}."
        yield Mistake("another axis than forward", told)


def coupled(jacobians: Jacobians, where: Mask) -> frozenset[int]:
    """Return the axes along which an output depends on other elements than that of its own place."""
    shape = jacobians.shape
    found = []
    for axis in range(len(shape)):
        index = np.unravel_index(np.arange(int(np.prod(shape))), shape)[axis]
        if (where & (index[:, np.newaxis] != index[np.newaxis, :])).any():
            found.append(axis)
    return frozenset(found)


def axes_in_words(numbers: frozenset[int]) -> str:
    """Return axes in words."""
    return f"ax{'i' if len(numbers) == 1 else 'e'}s {' and '.join(map(str, sorted(numbers)))}"
