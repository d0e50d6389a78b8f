"""``[expect.independent]``: elements that are not to depend on others, and whether they do."""

from __future__ import annotations

from collections.abc import Iterator

from bptui.checking.check_expectations import RULE
from bptui.checking.dependence import Dependence, dependence_words, find_dependence
from bptui.checking.finding import DEPENDS, Finding, Verdict
from bptui.core.region import Independence
from bptui.errors import BptuiError
from bptui.scenario.scenario import Scenario


def check_independence(scenario: Scenario) -> Iterator[Finding]:
    """Yield a finding for each pair of elements that a scenario expects not to depend on each other."""
    for pair in scenario.expect.independent if scenario.expect else ():
        try:
            yield independence_finding(pair, find_dependence(scenario, pair))
        except BptuiError as error:
            yield Finding(pair.of.name, None, None, RULE, Verdict.SKIP, reason=error.message, slot=str(pair.on))


def independence_finding(pair: Independence, found: Dependence | None) -> Finding:
    """Return the finding on one pair, of which a dependence was found or not."""
    name, on = pair.of.name, str(pair.on)
    if found is None:
        return Finding(name, None, None, RULE, Verdict.PASS, slot=on)
    reason = f"the element {dependence_words(pair, found)}"
    return Finding(name, None, None, RULE, Verdict.FAIL, reason=reason, mistake=DEPENDS, slot=on)
