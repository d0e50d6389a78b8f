"""The pytest plugin is off unless asked for; then each node and each expectation is a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

pytest_plugins = ["pytester"]

SCENARIO = """
[inputs]
x = [0.5, -1.5]
[nodes]
a = "Relu(x)"
y = "Sum(a)"
[expect.values]
y = {expected}
[expect.gradients]
x = [1.0, 0.0]
"""

WRONG = """
import numpy as np
class Relu:
    def forward(self, x):
        return np.maximum(x, 0)
    def backward(self, dout):
        return dout
"""


Run: TypeAlias = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> Run:
    """Return pytest in a folder of its own, with the plugin, whether it is installed or not."""
    is_installed = request.config.pluginmanager.has_plugin("bptui")
    plugin = [] if is_installed else ["-p", "bptui.pytest_plugin"]
    pytester.makefile(".toml", good=SCENARIO.format(expected=0.5))
    return lambda *arguments: pytester.runpytest(*plugin, "-p", "no:asyncio", *arguments)


def test_it_is_off_unless_asked_for(run: Run) -> None:
    run().assert_outcomes()


def test_each_node_and_each_expectation_is_a_test(run: Run) -> None:
    result = run("--bptui", "-v")
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(
        [
            "*good.toml::check*a* PASSED*",
            "*good.toml::check*y* PASSED*",
            "*good.toml::network PASSED*",
            "*good.toml::value*y* PASSED*",
            "*good.toml::gradient*x* PASSED*",
        ]
    )


def test_the_ini_setting_names_files(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", other=SCENARIO.format(expected=7))
    pytester.makeini("[pytest]\nbptui_files = good*.toml\n")
    run().assert_outcomes(passed=5)


def test_a_failure_reads_like_the_report(run: Run, pytester: pytest.Pytester) -> None:
    layers = pytester.makepyfile(my_layers=WRONG)
    result = run("--bptui", "--bptui-layers", str(layers))
    result.assert_outcomes(passed=2, failed=2, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "good.toml:4: check[[]a]",
            "*gradient of x: *",
            "*at *[[]1]",
            "*backward says *",
            "*forward's slope *0  ± *",
        ]
    )


def test_an_expectation_that_is_not_met_fails(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", good=SCENARIO.format(expected=7))
    result = run("--bptui")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["*got * 0.5", "*expected * 7  off by -6.5"])


def test_a_scenario_that_cannot_be_read_is_an_error(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", good="[inputs")
    result = run("--bptui")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*good.toml:1:*error: *"])
