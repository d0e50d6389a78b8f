"""A call back that is right for the dout that the program hands over, and for no other: one with a single element, say.

A softmax behind which the loss takes one probability may be written so that it looks at no other element of dout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bptui.program_checking.called_again import CalledAgain
from layers import Array


class WithOwnDout:
    """A watched call as a layer with one number: its values times the douts that the program has handed over."""

    def __init__(self, again: CalledAgain, douts: Sequence[Array]) -> None:
        self.again = again
        self.douts = douts

    @property
    def owner(self) -> Any:
        """The person's object."""
        return self.again.owner

    def forward(self, *given: Any) -> Any:
        """Return the sum of the values times their douts."""
        self.again.forward(*given)
        pairs = zip(self.again.outs, self.douts, strict=False)
        return np.float64(sum(np.vdot(np.asarray(out, np.float64), dout) for out, dout in pairs))

    def backward(self, *_: Any) -> Any:
        """Return the gradient of each value, for the douts of the program."""
        return self.again.backward(*self.douts)


def sparse_douts(make: Callable[[], CalledAgain]) -> Sequence[Array]:
    """Return the douts that the program has handed over where they are mostly zeros, and otherwise none."""
    again = make()
    if again.kept_back is None:
        return ()
    _, arguments = again.kept_back.forward_copy()
    names = [name for name in again.kept_back.inputs if name != again.kept_back.cache]
    roles = zip(names, again.values.roles, strict=False)
    douts = [np.asarray(arguments[name], np.float64) for name, role in roles if role and role[0] == "dout"]
    used = sum(np.count_nonzero(it) for it in douts)
    return douts if 0 < used <= sum(it.size for it in douts) / 2 else ()
