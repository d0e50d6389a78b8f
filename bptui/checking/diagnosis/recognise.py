"""Where a mistake gets its name: evidence goes through one small file a family, and what is found is tried elsewhere.

A wrong name is worse than none. So a name stands only if the same mistake is seen once more, at other values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bptui.checking.diagnosis.added_in_log import added_inside_log
from bptui.checking.diagnosis.arrangements import (
    another_s,
    changed_input,
    dout_turned,
    operand_turned,
    result_turned,
    summed_along_others,
)
from bptui.checking.diagnosis.contributions import counted_twice, lost_contributions, other_axis
from bptui.checking.diagnosis.elements import forward_ignores, not_finite, only_zeros, some_left_out, wrong_mask
from bptui.checking.diagnosis.evidence import Evidence
from bptui.checking.diagnosis.factors import one_factor, wrong_sign
from bptui.checking.diagnosis.local_derivatives import (
    batch_spread,
    by_row,
    dout_alone,
    factor_swapped,
    local_alone,
    of_x_for_out,
    one_for_all,
    one_of_another,
)
from bptui.checking.diagnosis.missing_terms import dout_missing, multiple_of_an_input, statistics
from bptui.checking.diagnosis.mistake import Finder, Mistake
from bptui.checking.diagnosis.states import saved_and_overwritten, updated_first

FINDERS: Sequence[Finder] = (
    not_finite,
    only_zeros,
    forward_ignores,
    added_inside_log,
    updated_first,
    saved_and_overwritten,
    wrong_sign,
    one_factor,
    result_turned,
    another_s,
    summed_along_others,
    dout_alone,
    local_alone,
    dout_missing,
    multiple_of_an_input,
    lost_contributions,
    counted_twice,
    of_x_for_out,
    by_row,
    one_for_all,
    one_of_another,
    statistics,
    other_axis,
    operand_turned,
    dout_turned,
    changed_input,
    batch_spread,
    factor_swapped,
    some_left_out,
    wrong_mask,
)
"""Tried in this order; the first that fits is told."""

ONLY_THERE: Sequence[Finder] = (added_inside_log,)
"""What shows at values like these alone, and fits every element both of forward and of backward."""


def recognise(evidence: Evidence, elsewhere: Callable[[], Evidence | None]) -> Mistake | None:
    """Return the known mistake that explains the numbers, here and ``elsewhere``, if one does."""
    for find in FINDERS:
        for mistake in find(evidence):
            other = elsewhere()
            if other is None or find in ONLY_THERE or any(mistake.is_confirmed_by(it) for it in find(other)):
                return mistake
    return None
