"""Scenario files as tests for pytest: one for each node, one for the network and one for each expectation.

Off unless asked for: with ``--bptui``, or with patterns of file names as ``bptui_files`` in the configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest._code import ExceptionInfo

    from bptui.checking.finding import Finding

OTHERS = {"pyproject.toml", "pytest.toml", ".pytest.toml", "uv.lock"}
"""Files in TOML that are not scenarios."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pytest be asked."""
    group = parser.getgroup("bptui", "scenario files as gradient checks")
    group.addoption("--bptui", action="store_true", help="check the gradients of all scenario files (*.toml) found")
    group.addoption(
        "--bptui-layers",
        metavar="FILE",
        action="append",
        default=[],
        help="a Python file with layers of your own, which this allows to run; may be given several times",
    )
    parser.addini("bptui_files", "patterns of scenario files to check", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known that every check bears."""
    config.addinivalue_line("markers", "bptui: a gradient check from a scenario file")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Return a collector for a scenario file, if it is one that was asked for."""
    if file_path.suffix != ".toml":
        return None
    config = parent.config
    is_named = any(file_path.match(pattern) for pattern in config.getini("bptui_files"))
    if is_named or (config.getoption("--bptui") and file_path.name not in OTHERS):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A scenario: its file is loaded when tests are collected, and checked when the first of them runs."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield a test for each node, for the network, and for each number that is expected."""
        from bptui.errors import BptuiError  # noqa: PLC0415
        from bptui.scenario.load import load  # noqa: PLC0415  (whoever does not ask for checks waits for nothing)

        try:
            self.scenario = load(self.path, layers=self.config.getoption("--bptui-layers"))
        except BptuiError as error:
            raise self.CollectError(str(error)) from None
        self.checked: Sequence[Finding] | None = None
        for node in self.scenario.graph.nodes:
            line = node.where.line if node.where else None
            yield ScenarioItem.from_parent(self, name=f"check[{node.name}]", about=("node", node.name), line=line)
        yield ScenarioItem.from_parent(self, name="network", about=("network", None), line=None)
        if self.scenario.expect:
            for name in self.scenario.expect.values:
                yield ScenarioItem.from_parent(self, name=f"value[{name}]", about=("value", name), line=None)
            for name in self.scenario.expect.gradients:
                yield ScenarioItem.from_parent(self, name=f"gradient[{name}]", about=("gradient", name), line=None)
            for name in dict.fromkeys(pair.of.name for pair in self.scenario.expect.independent):
                yield ScenarioItem.from_parent(
                    self, name=f"independent[{name}]", about=("independent", name), line=None
                )

    @property
    def findings(self) -> Sequence[Finding]:
        """All findings on the scenario."""
        if self.checked is None:
            from bptui.checking.check_scenario import check_scenario  # noqa: PLC0415

            self.checked = check_scenario(self.scenario).findings
        return self.checked


class CheckFailedError(Exception):
    """Some findings are failures."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"{len(findings)} failed")
        self.findings = findings


class ScenarioItem(pytest.Item):
    """One test: ``about`` says what it is about, a node, the network, or an expected value or gradient, by name."""

    parent: ScenarioFile

    def __init__(self, *, about: tuple[str, str | None], line: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.about = about
        self.line = line
        self.add_marker("bptui")

    def runtest(self) -> None:
        """Fail if a finding does; skip if there was nothing to measure."""
        from bptui.checking.finding import Verdict  # noqa: PLC0415

        found = list(self.own(self.parent.findings))
        failed = [finding for finding in found if finding.verdict is Verdict.FAIL]
        if failed:
            raise CheckFailedError(failed)
        if all(finding.verdict is Verdict.SKIP for finding in found):
            pytest.skip(next((finding.reason for finding in found), "other tests have failed, or nothing to measure"))

    def own(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings that this test is about."""
        kind, name = self.about
        for finding in findings:
            what = "node"
            if finding.rule == "expect":
                what = "gradient" if finding.input else "independent" if finding.slot else "value"
            elif finding.rule == "network":
                what = "network"
            if what == kind and name in {None, finding.node}:
                yield finding

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what is wrong, as the report tells it."""
        if not isinstance(excinfo.value, CheckFailedError):
            return super().repr_failure(excinfo, style)
        from bptui.checking.finding_lines import finding_lines  # noqa: PLC0415
        from bptui.lines.line import plain  # noqa: PLC0415
        from bptui.lines.paragraph import UNFOLDED  # noqa: PLC0415

        lines = [plain(line) for finding in excinfo.value.findings for line in finding_lines(finding, UNFOLDED)]
        place = f"{self.path.name}:{self.line}: " if self.line else f"{self.path.name}: "
        return f"{place}{self.name}\n" + "\n".join(lines)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the test stands and what it is called."""
        return self.path, self.line and self.line - 1, self.name
