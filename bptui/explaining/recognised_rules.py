"""What a layer's backward does to any dout, recognised by the numbers of one step: for layers that do not run here.

A replay and a watched program run no layers. But where what came back is, in every element, the product of ``dout``
and another array of the step, that is how the layer makes it of any ``dout``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bptui.core.moment import Moment
from bptui.core.step import BackwardStep
from layers import Array
from layers.layer import unbroadcast

MOST_RECOGNISED = 4_000_000
"""Elements of a product that are computed to compare with."""


@dataclass(frozen=True, eq=False)
class RecognisedRule:
    """A rule for one input's gradient: ``product`` is one of matrices, ``i0ᵀ · dout``, by the inputs' positions.

    Otherwise ``dout`` is multiplied by ``local``, element for element, which is the input at ``factor`` where there is
    one. ``send`` returns the gradient of any dout.
    """

    send: Callable[[Array], Array]
    product: str = ""
    local: Array | None = None
    factor: int | None = None


def recognised_rule(moment: Moment, step: BackwardStep, position: int) -> RecognisedRule | None:
    """Return the rule by which a step has made the gradient of an input; None where none is recognised."""
    dout, gradient = step.dout, step.gradients[position]
    if len(step.douts) > 1 or dout is None or gradient is None or not np.any(gradient) or not np.isfinite(dout).all():
        return None
    if max(dout.size, gradient.size) > MOST_RECOGNISED:
        return None
    return next((rule for rule in candidate_rules(moment, step, position) if is_rule(rule, dout, gradient)), None)


def is_rule(rule: RecognisedRule, dout: Array, gradient: Array) -> bool:
    """Return whether a rule makes a gradient of a dout, but for rounding."""
    try:
        with np.errstate(all="ignore"):
            made = rule.send(dout)
    except ValueError:
        return False
    if made.shape != gradient.shape:
        return False
    rounding = 1e3 * np.finfo(gradient.dtype).eps if gradient.dtype.kind == "f" else 0.0
    return bool(np.all(np.abs(made - gradient) <= rounding * np.abs(gradient).max()))


def candidate_rules(moment: Moment, step: BackwardStep, position: int) -> Iterator[RecognisedRule]:
    """Yield rules that a gradient may have been made by, the plainest first."""
    inputs = [moment.value(name) for name in step.node.inputs]
    own, out, dout = inputs[position], moment.value(step.name), step.dout
    assert dout is not None
    if own is None:
        return
    if (recorded := step.local[position]) is not None:
        yield elementwise_rule(recorded, own)
    for sign in (1.0, -1.0):
        yield elementwise_rule(np.full(dout.shape, sign), own)
    others = [(at, it) for at, it in enumerate(inputs) if it is not None and it.dtype.kind == "f" and at != position]
    for at, other in others:
        yield elementwise_rule(other, own, factor=at)
        if own.ndim == other.ndim == dout.ndim == 2:
            yield from products(at, other)
    if own.shape == dout.shape and out is not None and out.shape == dout.shape:
        for local in (own > 0, out * (1 - out), 1 - out * out, out):
            yield elementwise_rule(np.asarray(local, own.dtype), own)
    if dout.size == 1 and dout.reshape(()) == 1 and (gradient := step.gradients[position]) is not None:
        yield of_one_number(gradient)


def elementwise_rule(local: Array, own: Array, factor: int | None = None) -> RecognisedRule:
    """Return the rule that multiplies by a local derivative, and sums over what was broadcast."""
    return RecognisedRule(lambda dout: np.asarray(unbroadcast(dout * local, own.shape)), "", local, factor)


def products(at: int, other: Array) -> Iterator[RecognisedRule]:
    """Yield the rules that are a product of matrices, of ``dout`` and the input at a position."""
    yield RecognisedRule(lambda dout: dout @ other.T, f"dout · i{at}ᵀ")
    yield RecognisedRule(lambda dout: other.T @ dout, f"i{at}ᵀ · dout")
    yield RecognisedRule(lambda dout: dout @ other, f"dout · i{at}")
    yield RecognisedRule(lambda dout: other @ dout, f"i{at} · dout")


def of_one_number(slopes: Array) -> RecognisedRule:
    """Return the rule of a dout that is one number, and was 1: what came back are the slopes."""
    return RecognisedRule(lambda dout: np.asarray(slopes * dout.reshape(())))
