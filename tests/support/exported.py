"""Accounts to be exported: of bundled scenarios, and of one whose every word is hostile."""

from __future__ import annotations

from functools import cache

from bptui.report.export.account import Account
from bptui.report.export.exporting import Exported
from bptui.running import Run
from bptui.scenario.load import load, loads

HOSTILE = "\x1b[2J\u202e\u200b</script><img src=x onerror=alert(1)>`**_[x](http://x)\x07&amp;"
"""What no terminal is to obey, and no page."""

SCENARIO = """
title = {words}
about = {words}
[inputs]
x = [1.0, -2.0]
[parameters]
"w </script><b>" = [0.5, 3.0]
[nodes]
y = "Sum(Relu(x * v))"
[[notes]]
step = 2
text = {words}
"""


@cache
def account_of(place: str) -> Exported:
    """Return a bundled scenario's run, unchecked."""
    return exported(Run(load(place)))


@cache
def hostile_account() -> Account:
    """Return a run with hostile words wherever there may be any."""
    words = '"' + "".join(f"\\u{ord(it):04x}" if not it.isprintable() or it in '"\\' else it for it in HOSTILE) + '"'
    text = SCENARIO.format(words=words).replace('"w </script><b>"', "v")
    return exported(Run(loads(text))).account


def exported(run: Run) -> Exported:
    """Return a run as it is exported, without a check."""
    run.finish()
    run.close()
    scenario = run.scenario
    notes = [(at, it.text) for it in scenario.lesson.notes if (at := it.position(scenario.schedule)) is not None]
    seeds = {node.name: scenario.drawing_seed(node, 0) for node in scenario.graph.nodes}
    return Exported(Account(scenario.title, scenario.about, run.tape, notes, printed="", source=scenario.source), seeds)
