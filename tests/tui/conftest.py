from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App

from bptui.core.moment import Moment
from bptui.running import Run
from bptui.scenario.load import loads
from bptui.scenario_tape import run
from bptui.session.session import Session
from bptui.tui.app import BptuiApp
from runs import session_on
from screens import rows

APPLE = """
[inputs]
apple = 100
count = 2
tax = 1.1
[nodes]
price = "apple * count * tax"
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screens-update", action="store_true", help="store the screens as they are now; then look at them"
    )


@pytest.fixture
def moment_at() -> Callable[..., Moment]:
    """The moment at a position of a scenario's complete tape."""

    def moment(position: int, text: str = APPLE) -> Moment:
        return run(loads(text)).at(position)

    return moment


@pytest.fixture
def session_of() -> Callable[..., Session]:
    """A session over a scenario, run as far as the first slice goes."""

    def session(text: str = APPLE, title: str = "buy_apple") -> Session:
        it = session_on(Run(loads(text)), title)
        it.work()
        return it

    return session


@pytest.fixture
def app_of(session_of: Callable[..., Session]) -> Callable[..., BptuiApp]:
    """The program over a scenario."""

    def app(text: str = APPLE) -> BptuiApp:
        return BptuiApp(session_of(text))

    return app


@pytest.fixture
def same_screen(request: pytest.FixtureRequest) -> Callable[[App[None], str], None]:
    """Hold a screen against the one that somebody has looked at and stored."""
    folder = Path(request.path).parent / "screens"

    def check(app: App[None], name: str) -> None:
        file, now = folder / f"{name}.txt", "".join(f"{row.rstrip()}\n" for row in rows(app)[: app.size.height])
        if request.config.getoption("--screens-update"):
            folder.mkdir(exist_ok=True)
            file.write_text(now, encoding="utf-8")
        stored = file.read_text(encoding="utf-8")
        assert now == stored, "\n".join(difflib.unified_diff(stored.splitlines(), now.splitlines(), "stored", "now"))

    return check
