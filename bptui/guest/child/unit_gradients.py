"""In the child: what gradients for unit douts show of a local derivative, for a layer that does not tell its own."""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_UNITS = 1024
"""Elements of a value for which a unit dout each is affordable."""

LONGEST = 1.0
"""Seconds that all of them may take."""

MOST_JACOBIAN = 32
"""Rows and columns of a Jacobian worth looking at."""


class UnitGradients:
    """One input's gradients for unit douts, as they come in: a diagonal as long as it is one, or a small Jacobian."""

    def __init__(self, value: np.ndarray[Any, Any], shape: tuple[int, ...]) -> None:
        self.value = value
        rows, columns = int(np.prod(shape)), value.size
        self.is_diagonal = shape == value.shape
        self.is_small = rows <= MOST_JACOBIAN and columns <= MOST_JACOBIAN
        self.rows: list[Any] = []
        self.is_wanted = value.dtype.kind == "f" and (self.is_diagonal or self.is_small)

    def add(self, place: int, gradient: Any) -> None:
        """Take the gradient for the unit dout at ``place``."""
        if not self.is_wanted:
            return
        if gradient is None or np.shape(gradient) != self.value.shape:
            self.is_wanted = False
            return
        row = np.array(gradient).reshape(-1)
        if self.is_diagonal and np.count_nonzero(row) > np.count_nonzero(row[place]):
            self.is_diagonal = False
            self.is_wanted = self.is_small
        self.rows.append(row if self.is_small else row[place])

    @property
    def local(self) -> Any:
        """The diagonal in the input's shape, the Jacobian with a row for each element of the value, or None."""
        if not self.is_wanted:
            return None
        rows = np.array(self.rows)
        if not self.is_diagonal:
            return rows
        return (np.diagonal(rows) if rows.ndim == 2 else rows).reshape(self.value.shape)
