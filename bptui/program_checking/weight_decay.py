"""What a call back adds to the gradient of a parameter for a penalty on it: the loss that it belongs to is elsewhere.

A dense layer with ``self.dweights += 2 * self.l2 * self.weights`` is no wrong layer: its forward is not the place for
the penalty. What is added shows where dout is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from bptui.checking.finding import Finding, Verdict
from bptui.core.text import number, visible
from bptui.program_checking.called_again import CalledAgain
from layers import Array

PRECISE = 1e-6
"""How far what is added may be from a multiple of the parameter, compared with its size."""


def decayed_spots(make: Callable[[], CalledAgain], values: Sequence[Array]) -> dict[str, tuple[float, float]]:
    """Return, by spot, the ``decay_shares`` of each parameter to whose gradient a penalty on it is added.

    Looked at where no parameter is 0 anywhere, for there the two kinds cannot be told apart.
    """
    again = make()
    shared = again.values
    if not shared.held or not any(role and role[0] == "dout" for role in shared.roles):
        return {}
    count = len(shared.arguments)
    draw = np.random.default_rng(7)
    held = [draw.choice([-1, 1], it.shape) * draw.uniform(0.5, 1.5, it.shape) for it in values[count:]]
    again.forward(*values[:count], *held)
    added = again.backward(*[np.zeros_like(np.asarray(out, np.float64)) for out in again.outs])[count:]
    shares = {spot: decay_shares(*pair) for spot, *pair in zip(shared.held, added, held, strict=True)}
    return {spot: found for spot, found in shares.items() if any(found)}


def decay_shares(added: Array | None, parameter: Array) -> tuple[float, float]:
    """Return how many times a parameter, and its signs, are added to its gradient; 0 and 0 where that is not all."""
    if added is None or added.shape != parameter.shape or parameter.size < 2 or not np.any(added):
        return 0.0, 0.0
    terms = np.stack([parameter.ravel(), np.sign(parameter).ravel()], axis=1)
    shares, *_ = np.linalg.lstsq(terms, np.asarray(added, np.float64).ravel(), rcond=None)
    if np.abs(terms @ shares - added.ravel()).max() > PRECISE * np.abs(added).max():
        return 0.0, 0.0
    of_values, of_signs = np.where(np.abs(shares) > PRECISE * np.abs(shares).max(), shares, 0).tolist()
    return of_values, of_signs


def decay_findings(
    node: str, layer: str, names: Mapping[str, str], decays: Mapping[str, tuple[float, float]]
) -> Iterator[Finding]:
    """Yield a caution for each parameter to whose gradient a penalty is added; ``names`` are theirs by spot."""
    for spot, (of_values, of_signs) in decays.items():
        name = visible(names[spot])
        shares = {name: of_values, f"sign({name})": of_signs}
        parts = [f"{number(share, 4)} · {of}" for of, share in shares.items() if share]
        reason = f"backward adds {' + '.join(parts)} to the gradient: right if the loss has that penalty elsewhere"
        yield Finding(node, layer, None, "linear", Verdict.SKIP, reason=reason, mistake="weight decay")
